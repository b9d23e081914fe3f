import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPty } from '../support/pty-session.ts';
import { createShellWorld, hasShell, oddIds, type ShellWorld, typeLines } from './shell-world.ts';

// fish, asked by its own `complete -C`, and typed into on a terminal.

const hasFish = hasShell('fish');
let world: ShellWorld;

beforeAll(() => {
  world = createShellWorld();
});

afterAll(() => {
  world.remove();
});

/** Candidates for each line with their descriptions, one call of fish for all. */
function complete(lines: readonly string[]): (readonly [value: string, about: string])[][] {
  const script = [
    `source '${world.scriptPath('segjobs.fish')}'`,
    ...lines.map((line) => `complete -C '${line}'; echo .`),
  ].join('\n');
  const ran = spawnSync('fish', ['--no-config', '-c', script], {
    env: world.env,
    cwd: world.home,
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  return ran.stdout
    .split(/^\.\n/m)
    .slice(0, -1)
    .map((text) =>
      text
        .split('\n')
        .filter((row) => row !== '')
        .map((row) => [row.split('\t')[0] ?? '', row.split('\t')[1] ?? '']),
    );
}

function values(lines: readonly string[]): string[][] {
  return complete(lines).map((rows) => rows.map(([value]) => value));
}

describe.skipIf(!hasFish)('completion in fish', () => {
  it('completes commands with their summaries, and those below them', () => {
    const [some, below] = complete(['segjobs wa', 'segjobs auth log']);
    expect(some).toEqual([['watch', 'follow jobs until they finish']]);
    expect(below?.map(([value]) => value)).toEqual(['login', 'logout']);
  });

  it('completes flags with their summaries, but none that was given', () => {
    const [own = [], given = [], none] = complete([
      'segjobs list --st',
      'segjobs list --status NEW --start 3 --st',
      'segjobs get -- --q',
    ]);
    expect(own.map(([value]) => value)).toEqual(['--status', '--start']);
    expect(own[0]?.[1]).toContain('statuses');
    expect(given.map(([value]) => value)).toEqual(['--status']);
    expect(none).toEqual([]);
    // fish also offers what merely holds the letters.
    expect(values(['segjobs get -q --quie'])[0]).not.toContain('--quiet');
  });

  it('completes values: choices, comma lists, formats of the command, sort fields', () => {
    expect(
      values([
        'segjobs list --status pro',
        'segjobs list --status NEW,fa',
        'segjobs list --status=qu',
        'segjobs list --source ',
        'segjobs list -o j',
        'segjobs auth status -o ',
        'segjobs list -qo t',
        'segjobs list --sort updateTime:',
        'segjobs config get im',
        'segjobs completion ',
        'segjobs list --fields id,segmenti',
        'segjobs help quota',
      ]),
    ).toEqual([
      ['PROCESSING'],
      ['NEW,FAILED'],
      ['--status=QUEUED'],
      ['api', 'scheduler'],
      ['json'],
      ['table', 'tsv', 'json', 'ndjson'],
      ['table', 'tsv'],
      ['updateTime:desc', 'updateTime:asc'],
      ['imsUrl'],
      ['bash', 'zsh', 'fish', 'powershell'],
      ['id,segmentIds'],
      ['quota'],
    ]);
  });

  it('completes profiles and sandboxes, and says whose they are', () => {
    expect(complete(['segjobs --profile ', 'segjobs list --sandbox '])).toEqual([
      [
        ['prod', 'sandbox prod, active'],
        ['dev-2', 'sandbox dev'],
      ],
      [
        ['prod', 'of profile prod'],
        ['dev', 'of profile dev-2'],
        ['odd', 'used lately'],
      ],
    ]);
  });

  it('completes ids with status, age and segments, newest first, in the profile and sandbox of the line', () => {
    const [all, ...rest] = complete([
      'segjobs get ',
      'segjobs cancel ',
      'segjobs watch job-3 ',
      'segjobs get job-2 --compare job-3',
      'segjobs get --profile=dev-2 ',
      'segjobs --sandbox dev get ',
    ]);
    expect(all).toEqual([
      ['job-3', 'PROCESSING, 3 min ago, seg-1 +1'],
      ['job-2', 'SUCCEEDED, 2 h ago, seg-1 +1'],
      ['job-1', 'FAILED, 3 d ago, seg-1 +1'],
    ]);
    expect(rest.map((rows) => rows.map(([value]) => value))).toEqual([
      ['job-3'],
      ['job-2', 'job-1'],
      ['job-3'],
      ['dev-job'],
      ['dev-job'],
    ]);
  });

  it('completes files where a flag takes one', () => {
    expect(values(['segjobs watch -f no', 'segjobs watch --file=no'])).toEqual([
      ['notable/', 'notes.txt'],
      ['--file=notable/', '--file=notes.txt'],
    ]);
  });

  it('completes the command line behind emulator exec --', () => {
    const [dashes, inner, program] = values([
      'segjobs emulator exec ',
      'segjobs emulator exec --speed 60 -- segjobs li',
      'segjobs emulator exec -- segjob',
    ]);
    expect(dashes).toEqual(['--']);
    expect(inner).toEqual(['list']);
    expect(program).toContain('segjobs');
  });
});

describe.skipIf(!hasFish || !hasPty)('completion in fish on a terminal', () => {
  it('inserts odd ids so that the command gets them as they are, and runs nothing of them', async () => {
    const startup = join(world.home, 'startup.fish');
    writeFileSync(
      startup,
      `source '${world.scriptPath('segjobs.fish')}'
complete -c show -f -k -a '(__segjobs)'
function show; printf '<%s>' $argv >> '${world.home}/got'; echo >> '${world.home}/got'; end
function fish_prompt; echo 'ready> '; end
set -g fish_greeting`,
    );
    const lines = oddIds.map((id) => `show --sandbox odd get ${id.slice(0, 2)}`);
    const got = await typeLines(world, `fish --no-config --private -C "source '${startup}'"`, lines);
    expect(got.map((words) => words.at(-1))).toEqual(oddIds);
    expect(world.isHarmed()).toBe(false);
  }, 60_000);
});
