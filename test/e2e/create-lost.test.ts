// The built program when the answer to a create is lost, or the program is: one POST, one job, and nobody misled.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

let world: BinaryWorld;
let sets = 0;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());

/** Segments that no other test names. */
const freshSet = () => [`SEG-${++sets}`, `OTHER-${sets}`];
const jobsIn = () => world.emulator.jobCount('prod');
const sentTo = (operation: string) =>
  world.emulator.requests.filter((request) => request.operation === operation).length;
const directory = () => join(world.env['XDG_STATE_HOME'] ?? '', 'segjobs', 'creates');
const remembered = () =>
  (existsSync(directory()) ? readdirSync(directory()) : []).filter((name) => !name.endsWith('.told')).length;

/** Runs the work, and counts what it made and sent. */
async function counting<T>(work: () => Promise<T>) {
  const before = [jobsIn(), sentTo('create'), remembered()] as const;
  const done = await work();
  return {
    ...done,
    jobs: jobsIn() - before[0],
    posts: sentTo('create') - before[1],
    remembered: remembered() - before[2],
  };
}
async function untilPosted(before: number): Promise<void> {
  while (sentTo('create') === before) await sleep(5);
}

describe('a create that was done and whose answer was lost is found, after one POST', () => {
  it.each([
    ['fault 40: reset', 'reset,after'],
    ['fault 40: closed', 'close,after'],
    ['fault 41: 502', 'status=502,after'],
    ['fault 41: 503', 'status=503,after'],
    ['fault 41: 504', 'status=504,after'],
    ['fault 41: a 502 as HTML', 'status=502,html,after'],
    ['fault 42: never answered', 'hang,after'],
    ['fault 42: silence after the head', 'stall,after'],
    ['fault 43: the answer is cut', 'cut=40'],
    ['fault 43: the answer is cut, and the framing valid', 'cut=40,framed'],
    ['fault 43: chunks without their end', 'cut=40,chunked'],
    ['fault 43: not JSON', 'not-json,after'],
    ['fault 43: empty', 'empty,after'],
    ['fault 43: a 200 that is no job', 'body="{\\"ok\\":true}",after'],
    ['fault 43: HTML with 200', 'html,after'],
    ['fault 43: bytes that are not HTTP', 'garbage,after'],
  ])('%s', async (_, fault) => {
    world.emulator.addFault(`create:${fault},times=1`);
    const { exitCode, stdout, stderr, ...counts } = await counting(() =>
      world.run(['create', ...freshSet(), '-o', 'ids'], { env: { SEGJOBS_HTTP_TIMEOUT: '1500ms' } }),
    );
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 0, jobs: 1, posts: 1, remembered: 0 });
    expect(stderr).toContain('The answer to the create was lost; the job was found at the service.');
    expect(stderr).toContain(`Created job ${stdout.trim()} (2 segments)`);
  });
});

describe('a create that was not done', () => {
  it.each([
    ['fault 46: a 301', 'status=301', 3],
    ['fault 46: a 302', 'status=302', 3],
    ['fault 46: a 307', 'status=307', 3],
  ])('%s is an error: no GET, no second POST, and nothing is remembered', async (_, fault, expected) => {
    world.emulator.addFault(
      `create:redirect=${world.emulator.url}/data/core/ups/segment/jobs,${fault},times=1`,
    );
    const all = world.emulator.requests.length;
    const { exitCode, stderr, ...counts } = await counting(() => world.run(['create', ...freshSet()]));
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: expected, jobs: 0, posts: 1, remembered: 0 });
    expect(stderr).toMatch(/^error: .*redirect/m);
    const rest = world.emulator.requests.slice(all).filter(({ operation }) => operation !== 'token');
    expect(rest.map(({ method }) => method)).toEqual(['POST']);
  });

  it('fault 44: because of 429 is exit 7 after a few tries', async () => {
    world.emulator.addFault('create:status=429,times=4');
    const { exitCode, stderr, ...counts } = await counting(() => world.run(['create', ...freshSet()]));
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 7, jobs: 0, posts: 4, remembered: 0 });
    expect(stderr).toMatch(/^error: no job was created: .*\(tried 4 times\)$/m);
  });

  it('fault 45: because the connection was refused is exit 7, and says that there is no job', async () => {
    const { exitCode, stderr, ...counts } = await counting(() =>
      world.run(['create', ...freshSet()], {
        env: {
          SEGJOBS_API_URL: 'http://127.0.0.1:1',
          AEP_ACCESS_TOKEN: 'a-token',
          AEP_CLIENT_SECRET: undefined,
        },
      }),
    );
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 7, jobs: 0, posts: 0, remembered: 0 });
    expect(stderr).toContain('nothing was sent, so no job was created');
  });

  it('fault 48: for want of segments is a usage error; the same segment twice is sent once', async () => {
    expect((await world.run(['create'])).exitCode).toBe(2);
    const [segment = ''] = freshSet();
    const { exitCode, ...counts } = await counting(() => world.run(['create', segment, segment]));
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 0, jobs: 1, posts: 1 });
    expect(world.emulator.requests.findLast(({ operation }) => operation === 'create')?.body).toBe(
      JSON.stringify([{ segmentId: segment }]),
    );
  });

  // Each of these looks for twenty seconds, so they look beside each other, in worlds of their own.
  describe.concurrent('although nobody can know', () => {
    it.each(['reset', 'status=504', 'hang'])(
      'fault 40: is exit 9 (%s), and again the next time, until --new',
      { timeout: 60_000 },
      async (fault) => {
        const own = await createBinaryWorld({ faults: [`create:${fault},times=1`] });
        try {
          const before = own.emulator.jobCount('prod');
          const create = (...flags: string[]) =>
            own.run(['create', 'A', 'B', '--json', ...flags], {
              env: { SEGJOBS_HTTP_TIMEOUT: '1500ms' },
              limitMs: 45_000,
            });
          const first = await create();
          expect([first.exitCode, first.stdout]).toEqual([9, '']);
          expect(JSON.parse(first.stderr.trim().split('\n').at(-1) ?? '').error).toMatchObject({
            code: 'OUTCOME_UNKNOWN',
            retryable: false,
            message: expect.stringMatching(/^a job may have been created: .*; no job of it was found$/),
            hint: expect.stringContaining('segjobs list --since 2026-03-10T08:59:5'),
          });
          const second = await create();
          expect([second.exitCode, second.stdout]).toEqual([9, '']);
          expect(second.stderr).toContain('an earlier create of the same segments');
          const posts = () => own.emulator.requests.filter(({ operation }) => operation === 'create').length;
          expect([posts(), own.emulator.jobCount('prod') - before]).toEqual([1, 0]);
          const third = await create('--new');
          expect([third.exitCode, posts()]).toEqual([0, 2]);
          const fourth = await create();
          expect([fourth.exitCode, posts()]).toEqual([0, 3]);
          expect(own.emulator.jobCount('prod') - before).toBe(2);
        } finally {
          await own.close();
        }
      },
    );
  });
});

describe.runIf(isPosix)('fault 47: a create that was killed', () => {
  it('before its answer came is found by the same create, in any order of its segments', async () => {
    const [one = '', two = ''] = freshSet();
    world.emulator.addFault('create:delay=800ms,after,times=1');
    const { exitCode, stdout, stderr, ...counts } = await counting(async () => {
      const posts = sentTo('create');
      const killed = world.start(['create', one, two]);
      await untilPosted(posts);
      await sleep(100);
      killed.child.kill('SIGKILL');
      expect((await killed.ended).stdout).toBe('');
      return world.run(['create', two, one, two, '-o', 'ids']);
    });
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 0, jobs: 1, posts: 1, remembered: 0 });
    expect(stderr).toContain(
      `Job ${stdout.trim()} (2 segments) in sandbox "prod" was made by an earlier create`,
    );
  });

  it('while another one waited for its turn: that one takes over at once, and finds the job', async () => {
    const set = freshSet();
    world.emulator.addFault('create:delay=3s,after,times=1');
    const { exitCode, stderr, tookMs, ...counts } = await counting(async () => {
      const posts = sentTo('create');
      const killed = world.start(['create', ...set]);
      await untilPosted(posts);
      const waiting = world.start(['create', ...set, '-o', 'ids']);
      await waiting.until(
        'stderr',
        /^waiting for another create of the same segments to end \(process \d+\)$/m,
      );
      killed.child.kill('SIGKILL');
      const killedAt = performance.now();
      const ended = await waiting.ended;
      return { ...ended, tookMs: performance.now() - killedAt };
    });
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 0, jobs: 1, posts: 1, remembered: 0 });
    expect(stderr).toContain('was made by an earlier create');
    expect(tookMs).toBeLessThan(1500);
  });

  it('while it followed its job: the same create goes on following that job', async () => {
    const set = freshSet();
    const { exitCode, stderr, stdout, ...counts } = await counting(async () => {
      const killed = world.start(['create', ...set, '--watch', '--json']);
      await killed.until('stderr', /Watching 1 job/);
      killed.child.kill('SIGKILL');
      await killed.ended;
      const again = world.start(['create', ...set, '--watch', '--json', '--interval', '1s']);
      await again.until('stderr', /Watching 1 job/);
      world.emulator.advance(3_600_000);
      return again.ended;
    });
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 0, jobs: 1, posts: 1, remembered: 0 });
    expect(stderr).toMatch(/^Job \S+ .* was made by an earlier create/m);
    expect(Object.values(JSON.parse(stdout).results)).toMatchObject([{ status: 'SUCCEEDED' }]);
  });
});

describe('a create that ended well', () => {
  it('is not what the next one finds: two creates are two jobs', async () => {
    const set = freshSet();
    const counts = await counting(async () => {
      const [first, second] = [
        await world.run(['create', ...set, '-o', 'ids']),
        await world.run(['create', ...set, '-o', 'ids']),
      ];
      expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
      expect(first.stdout).not.toBe(second.stdout);
      return {};
    });
    expect(counts).toEqual({ jobs: 2, posts: 2, remembered: 0 });
  });

  it('beside one of the same segments takes turns with it: two creates are two jobs', async () => {
    const set = freshSet();
    world.emulator.addFault('create:delay=300ms,times=2');
    const counts = await counting(async () => {
      const both = await Promise.all([world.run(['create', ...set]), world.run(['create', ...set])]);
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      return {};
    });
    expect(counts).toEqual({ jobs: 2, posts: 2, remembered: 0 });
  });

  it('tells of its events job.created, after which the next one makes its own', async () => {
    const set = freshSet();
    const counts = await counting(async () => {
      const watched = world.start(['create', ...set, '--watch', '-o', 'ndjson']);
      await watched.until('stdout', /"type":"watch\.(started|ended)"|"type":"job\.status"/);
      const { exitCode } = await world.run(['create', ...set]);
      expect(exitCode).toBe(0);
      watched.child.kill('SIGKILL');
      await watched.ended;
      return {};
    });
    expect(counts).toEqual({ jobs: 2, posts: 2, remembered: 0 });
  });

  it.runIf(isPosix && existsSync('/dev/full'))(
    'but whose job could not be printed is found by the next one',
    async () => {
      const set = freshSet();
      const { failed, again, ...counts } = await counting(async () => ({
        failed: await world.shell(`segjobs create ${set.join(' ')} -q -o ids > /dev/full`),
        again: await world.run(['create', ...set, '-o', 'ids']),
      }));
      expect([failed.exitCode, again.exitCode]).toEqual([1, 0]);
      expect(failed.stderr).toContain(`Job ${again.stdout.trim()} exists, but could not be printed.`);
      expect(counts).toEqual({ jobs: 1, posts: 1, remembered: 0 });
    },
  );

  it.runIf(isPosix)('but whose job nobody read is found by the next one', async () => {
    const set = freshSet();
    const { again, ...counts } = await counting(async () => {
      await world.shell(`segjobs create ${set.join(' ')} | true`);
      return { again: await world.run(['create', ...set, '-o', 'ids']) };
    });
    expect(again.stderr).toContain('was made by an earlier create');
    expect(counts).toEqual({ jobs: 1, posts: 1, remembered: 0 });
  });

  it('and had no place to be remembered in warned of that', async () => {
    const file = world.file('not-a-directory', '');
    const { exitCode, stdout, stderr, ...counts } = await counting(() =>
      world.run(['create', ...freshSet(), '-o', 'ids'], { env: { XDG_STATE_HOME: file } }),
    );
    expect({ exitCode, ...counts }).toMatchObject({ exitCode: 0, jobs: 1, posts: 1, remembered: 0 });
    expect(stderr).toMatch(/^This create is not remembered \(/m);
    expect(stdout).toMatch(/^\S+\n$/);
  });
});

describe('flags that speak of other creates', () => {
  it('--new and --reuse-active exclude each other', async () => {
    const { exitCode, stderr } = await world.run(['create', 'A', '--new', '--reuse-active']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--new and --reuse-active exclude each other');
  });

  it('twenty racing --reuse-active end with one job', { timeout: 90_000 }, async () => {
    const set = freshSet();
    const { all, ...counts } = await counting(async () => ({
      all: await Promise.all(
        Array.from({ length: 20 }, () =>
          world.run(['create', ...set, '--reuse-active', '-o', 'ids'], { limitMs: 80_000 }),
        ),
      ),
    }));
    expect(all.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 20 }, () => 0));
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
    expect(all.filter(({ stderr }) => stderr.includes('Created job'))).toHaveLength(1);
    expect(counts).toEqual({ jobs: 1, posts: 1, remembered: 0 });
  });
});
