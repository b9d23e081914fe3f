// A home for completion in real shells: profiles, jobs that were shown lately (some with odd ids), and the scripts.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { programTree } from '../../src/command-tree.ts';
import { completionFiles } from '../../src/completion/scripts.ts';
import { keepRecentJobs, type RecentJob } from '../../src/config/recent-jobs.ts';
import { startPty } from '../support/pty-session.ts';
import { programDirectory } from '../support/transcript.ts';

/** Whether a shell can be run here. Under CI the absence of one that `.ci/run` installs is an error, not a skipped test. */
export function hasShell(name: string, isInstalledByCi = true): boolean {
  const isHere = spawnSync(name, ['-c', 'exit 0'], { stdio: 'ignore' }).status === 0;
  if (!isHere && isInstalledByCi && process.platform === 'linux' && process.env['CI'] === 'true') {
    throw new Error(`these tests need ${name}`);
  }
  return isHere;
}

/** Ids that a shell would do something about, were they not quoted; by their first two letters. */
export const oddIds = [
  'a1 blank',
  "a2'quote",
  'a3"double',
  'a4$(touch pwned)',
  'a5`touch pwned`',
  'a6;touch pwned',
  'a7:colon:x',
  'a8=equal=x',
  'a9\\back',
  'b1ümläut',
  'b2*glob?',
  'b3~tilde',
  'b4&amp|pipe',
  'b5#hash',
  'b6!bang',
  'b7(par)en',
  'b8{br,ace}',
  'b9$HOME',
  'c1<in>out',
  'c2@host',
  'c3%percent^',
  'c4[class]',
  'c5日本語',
  'c6,comma',
] as const;

/** What a service could say to do harm in a terminal or a shell; none of it is offered. */
const hostileIds = [
  'd1\nsecond line',
  'd2\ttab',
  'd3\u001b[31mred',
  '-d4',
  'd5\u202egnp.exe',
  'd6\u0000',
  'd7\ud800',
];

const orgId = '1234@AdobeOrg';
const now = Date.now();

function job(id: string, status: string, ageMinutes: number): RecentJob {
  return {
    id,
    status,
    creationTime: now - ageMinutes * 60_000 - 1000,
    segmentId: 'seg-1',
    segmentCount: 2,
  };
}

export interface ShellWorld {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the script for a shell. */
  scriptPath(name: string): string;
  /** Whether any text of an id was run. */
  isHarmed(): boolean;
  remove(): void;
}

export function createShellWorld(): ShellWorld {
  const home = mkdtempSync(join(tmpdir(), 'segjobs-shell-'));
  const program = programDirectory();
  const userId = process.getuid?.();
  const cacheDir = join(home, 'cache', 'segjobs');
  mkdirSync(join(home, 'config'), { mode: 0o700 });
  writeFileSync(
    join(home, 'config', 'config.json'),
    JSON.stringify({
      version: 1,
      activeProfile: 'prod',
      profiles: {
        prod: { clientId: 'x', clientSecret: 'hush-hush', orgId, sandbox: 'prod' },
        'dev-2': { clientId: 'x', clientSecret: 'hush-hush', orgId, sandbox: 'dev' },
      },
    }),
    { mode: 0o600 },
  );
  const keep = (sandbox: string, jobs: readonly RecentJob[]) =>
    keepRecentJobs(
      { locations: { cacheDir }, userId, orgId, sandbox },
      new Map(jobs.map((each) => [each.id, each])),
      new Set(),
    );
  keep('prod', [
    job('job-3', 'PROCESSING', 3),
    job('job-2', 'SUCCEEDED', 125),
    job('job-1', 'FAILED', 60 * 24 * 3),
  ]);
  keep('dev', [job('dev-job', 'QUEUED', 0)]);
  keep(
    'odd',
    [...oddIds, ...hostileIds].map((id) => job(id, "NEW $(touch pwned) `touch pwned` it's; ", 1)),
  );
  const scripts = join(home, 'scripts');
  mkdirSync(scripts);
  for (const [name, text] of completionFiles(programTree())) writeFileSync(join(scripts, name), text);
  for (const name of ['notes.txt', 'some ids.txt']) writeFileSync(join(home, name), '');
  mkdirSync(join(home, 'notable'));
  return {
    home,
    env: {
      PATH: `${program.path}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: home,
      ZDOTDIR: home,
      SEGJOBS_CONFIG_DIR: join(home, 'config'),
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_CONFIG_HOME: join(home, 'xdg'),
      XDG_DATA_HOME: join(home, 'data'),
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
    },
    scriptPath: (name) => join(scripts, name),
    isHarmed: () => existsSync(join(home, 'pwned')),
    remove: () => {
      program.remove();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * Types command lines of a function `show` into a shell on a terminal, Tab and Enter behind each, and returns the words
 * that the function got. `show` appends them to `got` in the home directory as `<word>`, a line for each call.
 */
export async function typeLines(
  world: ShellWorld,
  shell: string,
  lines: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const path = join(world.home, 'got');
  rmSync(path, { force: true });
  const got = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
  const session = startPty(`cd '${world.home}' && exec ${shell}`, { ...world.env, TERM: 'xterm' });
  await session.until(/ready> /);
  for (const [at, line] of lines.entries()) {
    session.type(`${line}\t\r`);
    for (let waitedMs = 0; got().length <= at; waitedMs += 10) {
      if (waitedMs > 10_000) throw new Error(`no answer to ${line} on this screen:\n${session.screen()}`);
      await new Promise((next) => setTimeout(next, 10));
    }
  }
  session.type('exit\r');
  await session.exitCode;
  return got().map((line) => [...line.matchAll(/<(.*?)>(?=<|$)/g)].map(([, word = '']) => word));
}

/** The file of a shell's script as it is committed. */
export function committedScript(name: string): string {
  return readFileSync(resolve(import.meta.dirname, '../../completions', name), 'utf8');
}
