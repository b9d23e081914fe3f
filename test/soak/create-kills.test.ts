// The built program is killed at random moments of a create, and run again until it ends well: there is never a job
// more than was asked for, and every job is told to somebody.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

const wantedKills = Number(process.env['SOAK_KILLS'] ?? 240);
const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** A create whose job is not there after so long is taken not to have happened. */
const hopeEndsAfterMs = 10 * 60_000;

/** From 0 up to 1, the same for the same seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = randomFrom(seed);
const upTo = (most: number) => Math.floor(random() * (most + 1));
const oneOf = <T>(...choices: readonly [T, ...T[]]): T => choices[upTo(choices.length - 1)] as T;

let world: BinaryWorld;
let jobsBefore: number;
beforeAll(async () => {
  world = await createBinaryWorld();
  jobsBefore = world.emulator.jobCount('prod');
});
afterAll(() => world.close());

const directory = () => join(world.env['XDG_STATE_HOME'] ?? '', 'segjobs', 'creates');
const intentFiles = () =>
  existsSync(directory()) ? readdirSync(directory()).filter((name) => /^[^.].*\.json$/.test(name)) : [];
const posts = () => world.emulator.requests.filter(({ operation }) => operation === 'create').length;
const jobsMade = () => world.emulator.jobCount('prod') - jobsBefore;

/** Lets ten minutes and more pass, for the service and for what is remembered, once nothing is under way any more. */
async function passTime(): Promise<void> {
  await sleep(longestDelayMs + 50);
  const passedMs = hopeEndsAfterMs + 60_000;
  world.emulator.advance(passedMs);
  for (const name of intentFiles()) {
    const path = join(directory(), name);
    const intent = JSON.parse(readFileSync(path, 'utf8'));
    // The service's clock has really moved; the local one only seems to have, for this file.
    writeFileSync(path, JSON.stringify({ ...intent, sentAt: intent.sentAt - passedMs }));
  }
}

/** Milliseconds; what the service takes before or after the work, so that each window is open long enough. */
const longestDelayMs = 250;
function slowService(mayLose: boolean): void {
  world.emulator.clearFaults();
  const delay = () => `${1 + upTo(longestDelayMs - 1)}ms`;
  const faults = [
    () => [],
    () => [`create:delay=${delay()}`],
    () => [`create:delay=${delay()},after`],
    () => [`create:delay=${delay()},after`, 'list:delay=60ms', 'get:delay=60ms'],
    () => [`create:delay=${delay()},reset,after`],
    () => [`create:delay=${delay()},status=504,after`],
    () => [`create:cut=30,after`, 'list:delay=40ms'],
    // Without an answer and without a job the program would look for twenty seconds: only for those to be killed.
    () => (mayLose ? ['create:reset'] : []),
    () => (mayLose ? ['create:status=429', 'token:delay=80ms'] : []),
  ] as const;
  for (const fault of oneOf(...faults)()) world.emulator.addFault(fault);
}

/** Makes what changes the names of files slow, so that a kill finds the moments between two system calls. */
const slowDisk = `
const fs = require('node:fs');
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.env.SLOW_DISK_MS));
for (const name of ['renameSync', 'unlinkSync', 'rmSync', 'fsyncSync']) {
  const real = fs[name];
  fs[name] = (...given) => {
    pause();
    const result = real(...given);
    pause();
    return result;
  };
}
`;

const triggers = [
  'time',
  'lock',
  'intent',
  'post',
  'answered',
  'job',
  'stdout',
  'told',
  'forgotten',
] as const;
type Trigger = (typeof triggers)[number];

/** Resolves when the moment to kill has come, or the process has ended. */
async function untilMoment(trigger: Trigger, told: () => string, hasEnded: () => boolean): Promise<void> {
  if (trigger === 'time') return sleep(upTo(500));
  const before = { posts: posts(), jobs: jobsMade(), files: new Set(intentFiles()) };
  let hadIntent = false;
  const fresh = () => intentFiles().filter((name) => !before.files.has(name));
  const has: Record<Exclude<Trigger, 'time'>, () => boolean> = {
    lock: () => existsSync(directory()) && readdirSync(directory()).some((name) => name.endsWith('.lock')),
    intent: () => fresh().length > 0,
    post: () => posts() > before.posts,
    answered: () => fresh().some((name) => /"jobId"/.test(readFileSync(join(directory(), name), 'utf8'))),
    job: () => jobsMade() > before.jobs,
    stdout: () => told() !== '',
    told: () => told() !== '' && fresh().length === 0,
    forgotten: () => {
      hadIntent ||= fresh().length > 0;
      return hadIntent && fresh().length === 0;
    },
  };
  const isDue = () => {
    try {
      return has[trigger]();
    } catch {
      // It was removed between two looks.
      return true;
    }
  };
  const patience = performance.now() + 2000;
  while (!isDue() && !hasEnded() && performance.now() < patience) {
    await new Promise((next) => setImmediate(next));
  }
  await sleep(oneOf(0, 0, 0, upTo(30)));
}

/** Where the kill found the create. */
function windowOf(
  stdout: string,
  before: { readonly posts: number; readonly jobs: number; readonly intents: number },
): string {
  const hasIntent = intentFiles().length > before.intents;
  if (stdout !== '') return hasIntent ? 'after stdout, before settling' : 'after settling';
  if (jobsMade() > before.jobs) return 'after the work, before stdout';
  if (posts() > before.posts) return 'sent, before the work';
  return hasIntent ? 'intent written, before sending' : 'before the intent';
}

it.runIf(isPosix)(
  `${wantedKills} kills, and no job too many or lost (seed ${seed})`,
  { timeout: 3_600_000 },
  async () => {
    process.stderr.write(`create-kills: SOAK_SEED=${seed} SOAK_KILLS=${wantedKills}\n`);
    mkdirSync(directory(), { recursive: true });
    const preload = world.file('slow-disk.cjs', slowDisk);
    const told = new Set<string>();
    const windows = new Map<string, number>();
    const endings = new Map<string, number>();
    const count = (counts: Map<string, number>, name: string) =>
      counts.set(name, (counts.get(name) ?? 0) + 1);
    let kills = 0;
    let asked = 0;

    /** One run of the program; whether it told a job. */
    async function run(set: readonly string[], isToBeKilled: boolean): Promise<boolean> {
      slowService(isToBeKilled);
      const flags = random() < 0.15 ? ['--reuse-active'] : [];
      const before = { posts: posts(), jobs: jobsMade(), intents: intentFiles().length };
      // Without a cached token the time before the intent is longer.
      const env = random() < 0.2 ? { XDG_CACHE_HOME: join(world.home, `cache-${asked}-${kills}`) } : {};
      const disk = random() < 0.5 ? { SLOW_DISK_MS: String(1 + upTo(40)) } : {};
      const started = world.start(['create', ...set, '-o', 'ids', ...flags], {
        env: { ...env, ...disk },
        nodeFlags: 'SLOW_DISK_MS' in disk ? ['--require', preload] : [],
        limitMs: 60_000,
      });
      let out = '';
      let hasEnded = false;
      started.child.stdout?.on('data', (text: string) => {
        out += text;
      });
      void started.ended.then(() => {
        hasEnded = true;
      });
      if (isToBeKilled) {
        await untilMoment(
          oneOf(...triggers),
          () => out,
          () => hasEnded,
        );
        started.child.kill('SIGKILL');
      }
      const { exitCode, signal, stdout, stderr } = await started.ended;
      const where = `asked ${asked}, kills ${kills}, exit ${exitCode ?? signal}: ${stderr}`;
      expect(jobsMade(), where).toBeLessThanOrEqual(asked);
      if (signal === 'SIGKILL') {
        expect(isToBeKilled, where).toBe(true);
        kills += 1;
        count(windows, windowOf(stdout, before));
      }
      if (/^\S+\n$/.test(stdout)) {
        told.add(stdout.trim());
        if (signal === null) expect(exitCode, where).toBe(0);
        if (signal === null)
          count(endings, stderr.includes('was made by an earlier create') ? 'found' : 'made');
        return true;
      }
      expect(stdout, where).toBe('');
      if (signal === null && !(isToBeKilled && exitCode === 7)) {
        expect(exitCode, where).toBe(9);
        count(endings, 'exit 9');
        if (random() < 0.7) await passTime();
      }
      return false;
    }

    while (kills < wantedKills) {
      asked += 1;
      const set = oneOf(['A', 'B'], ['B', 'A', 'A'], ['C'], ['D', 'E', 'F']);
      let isDone = false;
      for (let runs = 0; !isDone; runs++) {
        expect(runs, 'it never ends').toBeLessThan(60);
        isDone = await run(set, runs === 0 || random() < 0.4);
      }
      // Jobs under way when their program was killed have come into being by now, or they never do.
      if (random() < 0.1) await sleep(longestDelayMs);
    }
    // What the last ones left behind is what the next of each finds.
    for (const set of [['A', 'B'], ['C'], ['D', 'E', 'F']]) {
      asked += 1;
      await passTime();
      for (let runs = 0; !(await run(set, false)); runs++) expect(runs).toBeLessThan(5);
    }
    world.emulator.clearFaults();
    const { stdout } = await world.segjobs([
      'list',
      '--limit',
      'all',
      '-o',
      'ids',
      '--since',
      '2026-03-10T09:00:00Z',
    ]);
    const made = stdout.trim().split('\n');
    const counts = (of: ReadonlyMap<string, number>) =>
      [...of]
        .sort()
        .map(([name, times]) => `  ${times} ${name}\n`)
        .join('');
    process.stderr.write(
      `create-kills: ${kills} kills, ${asked} creates asked for, ${made.length} jobs, ${told.size} told\n` +
        `killed\n${counts(windows)}ended\n${counts(endings)}`,
    );
    expect(made).toHaveLength(jobsMade());
    expect(made.length).toBeLessThanOrEqual(asked);
    expect(new Set(made)).toEqual(told);
    // Fewer kills need not find every moment.
    if (wantedKills < 200) return;
    expect([...windows.keys()].sort()).toEqual([
      'after settling',
      'after stdout, before settling',
      'after the work, before stdout',
      'before the intent',
      'intent written, before sending',
      'sent, before the work',
    ]);
  },
);
