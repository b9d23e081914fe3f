import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPty } from '../support/pty-session.ts';
import { createShellWorld, hasShell, oddIds, type ShellWorld, typeLines } from './shell-world.ts';

// bash, asked as readline asks it (COMP_WORDS split at its word breaks), and typed into on a terminal.

const hasBash = hasShell('bash');
let world: ShellWorld;

beforeAll(() => {
  world = createShellWorld();
});

afterAll(() => {
  world.remove();
});

/** The words as bash splits them for a completion function: at blanks, and = and : are words of their own. */
function compWords(line: string): string[] {
  const words = line
    .split(/ +/)
    .flatMap((word) => (word === '' ? [] : word.split(/([=:]+)/).filter((part) => part !== '')));
  return line.endsWith(' ') ? [...words, ''] : words;
}

/** What bash would show or insert for each line, one call of bash for all. */
function complete(
  lines: readonly string[],
  given: { readonly env?: Record<string, string> } = {},
): string[][] {
  const script = [
    `source '${world.scriptPath('segjobs.bash')}'`,
    "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'",
    ...lines.map((line) => {
      const words = compWords(line).map((word) => `'${word}'`);
      return `COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${words.join(' ')}) COMP_CWORD=${words.length - 1}
        _segjobs; printf '%s\\n' "\${COMPREPLY[@]}"; echo .`;
    }),
  ].join('\n');
  const ran = spawnSync('bash', ['--norc', '--noprofile', '-c', script], {
    env: { ...world.env, ...given.env },
    cwd: world.home,
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  return ran.stdout
    .split(/^\.\n/m)
    .slice(0, -1)
    .map((text) => text.split('\n').filter((word) => word !== ''));
}

describe.skipIf(!hasBash)('completion in bash', () => {
  it('completes commands, and those below them', () => {
    const [all = [], some, below, rest] = complete([
      'segjobs ',
      'segjobs c',
      'segjobs auth ',
      'segjobs config un',
    ]);
    expect(all).toEqual(expect.arrayContaining(['list', 'create', 'watch', 'auth', 'completion', 'help']));
    expect(some).toEqual(['create', 'cancel', 'config', 'completion']);
    expect(below).toEqual(['login', 'logout', 'status', 'token']);
    expect(rest).toEqual(['unset']);
  });

  it('completes flags of the command and global ones, but none that was given', () => {
    const [own, given, global, before, none] = complete([
      'segjobs list --st',
      'segjobs list --status NEW --start 3 --st',
      'segjobs get --q',
      'segjobs --no-',
      'segjobs get -- --q',
    ]);
    expect(own).toEqual(['--status', '--start']);
    // It may be given again; --start may not.
    expect(given).toEqual(['--status']);
    expect(global).toContain('--quiet');
    expect(before).toEqual(['--no-input', '--no-color']);
    expect(none).toEqual([]);
    const [short] = complete(['segjobs get -q --q']);
    expect(short).not.toContain('--quiet');
  });

  it('completes values: choices, comma lists, formats of the command, sort fields', () => {
    expect(
      complete([
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
        'segjobs help q',
      ]),
    ).toEqual([
      ['PROCESSING'],
      ['NEW,FAILED'],
      ['QUEUED'],
      ['api', 'scheduler'],
      ['json'],
      ['table', 'tsv', 'json', 'ndjson'],
      ['table', 'tsv'],
      ['desc', 'asc'],
      ['imsUrl'],
      ['bash', 'zsh', 'fish', 'powershell'],
      ['id,segmentIds'],
      ['quota'],
    ]);
  });

  it('completes profiles, and sandboxes of profiles and of jobs shown lately', () => {
    const [profiles, used, sandboxes] = complete([
      'segjobs --profile ',
      'segjobs config use d',
      'segjobs list --sandbox ',
    ]);
    expect(profiles).toEqual(['prod', 'dev-2']);
    expect(used).toEqual(['dev-2']);
    expect(sandboxes).toEqual(['prod', 'dev', 'odd']);
  });

  it('completes ids of jobs shown lately, newest first, in the profile and sandbox of the line', () => {
    expect(
      complete([
        'segjobs get ',
        'segjobs cancel ',
        'segjobs watch job-3 ',
        'segjobs get job-3 ',
        'segjobs get job-2 --compare job-',
        'segjobs get -p dev-2 ',
        'segjobs get --profile=dev-2 ',
        'segjobs --sandbox dev get ',
        'segjobs get -p nobody ',
        'segjobs list --segment ',
      ]),
    ).toEqual([
      ['job-3', 'job-2', 'job-1'],
      ['job-3'],
      ['job-2', 'job-1'],
      expect.arrayContaining(['--compare']),
      ['job-3', 'job-1'],
      ['dev-job'],
      ['dev-job'],
      ['dev-job'],
      [],
      ['seg-1'],
    ]);
  });

  it('completes the command line behind emulator exec --', () => {
    const [dashes, inner, program] = complete([
      'segjobs emulator exec ',
      'segjobs emulator exec --speed 60 -- segjobs li',
      'segjobs emulator exec -- segjob',
    ]);
    expect(dashes).toEqual(['--']);
    expect(inner).toEqual(['list']);
    expect(program).toContain('segjobs');
  });

  it('is silent where there is nothing to tell, and where segjobs is missing or too old', () => {
    const path = { PATH: '/usr/bin:/bin' };
    expect(
      complete(['segjobs get ', 'segjobs frobnicate --nothing=x', 'segjobs list --limit '], { env: path }),
    ).toEqual([[], [], []]);
  });
});

describe.skipIf(!hasBash || !hasPty)('completion in bash on a terminal', () => {
  const type = (lines: readonly string[]) => {
    const startup = join(world.home, '.bashrc');
    writeFileSync(
      startup,
      `PS1='ready> '; source '${world.scriptPath('segjobs.bash')}'; complete -o nosort -F _segjobs show
show() { printf '<%s>' "$@"; echo; } >> '${world.home}/got'`,
    );
    return typeLines(world, `bash --rcfile '${startup}' -i`, lines);
  };

  it('inserts odd ids so that the command gets them as they are, and runs nothing of them', async () => {
    const lines = oddIds.map((id) => `show --sandbox odd get ${id.slice(0, 2)}`);
    const got = await type(lines);
    expect(got.map((words) => words.at(-1))).toEqual(oddIds);
    expect(world.isHarmed()).toBe(false);
  }, 60_000);

  it('goes on within quotes, values behind = and file names', async () => {
    const got = await type([
      "show get 'job-3",
      'show get "job-3',
      'show list --status=qu',
      'show list --status=NEW,qu',
      'show list --sort=updateTime:a',
      'show watch -f notab',
      'show watch --file=notes',
      'show watch -f some',
      'show --sandbox odd get "a1',
    ]);
    expect(got.map((words) => words.at(-1))).toEqual([
      'job-3',
      'job-3',
      '--status=QUEUED',
      '--status=NEW,QUEUED',
      '--sort=updateTime:asc',
      'notable/',
      '--file=notes.txt',
      'some ids.txt',
      'a1 blank',
    ]);
  }, 60_000);
});
