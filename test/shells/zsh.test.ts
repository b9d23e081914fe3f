import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPty, startPty } from '../support/pty-session.ts';
import { createShellWorld, hasShell, oddIds, type ShellWorld, typeLines } from './shell-world.ts';

// zsh, typed into on a terminal: its completion system does not work without one.

const hasZsh = hasShell('zsh');
let world: ShellWorld;

beforeAll(() => {
  world = createShellWorld();
  writeFileSync(
    join(world.home, '.zshrc'),
    `PS1='ready> '
fpath=('${dirname(world.scriptPath('_segjobs'))}' $fpath)
autoload -Uz compinit && compinit -u -d "$HOME/.zcompdump"
unsetopt bang_hist beep auto_menu
LISTMAX=1000
show() { printf '<%s>' "$@"; echo; } >> '${world.home}/got'
compdef _segjobs show`,
  );
});

afterAll(() => {
  world.remove();
});

/**
 * What zsh lists, or inserts, for each line: the screen between Tab and a comment typed behind it. One Tab inserts; a
 * second one lists where the first could insert a part.
 */
async function complete(lines: readonly string[], tabs = '\t\t'): Promise<string[]> {
  const size = { columns: 150, rows: 100 };
  const session = startPty(`cd '${world.home}' && exec zsh -i`, { ...world.env, TERM: 'dumb' }, size);
  await session.until(/ready> /);
  const screens: string[] = [];
  for (const [at, line] of lines.entries()) {
    const before = session.screen().length;
    session.type(`${line}${tabs}#${at}done`);
    await session.until(new RegExp(`#${at}done`));
    screens.push(
      session
        .screen()
        .slice(before)
        .replaceAll(/[\r\u0007]| +$/gm, ''),
    );
    session.type('\x15');
  }
  session.type('exit\r');
  await session.exitCode;
  return screens;
}

/** The candidates listed with a description. */
function described(screen: string | undefined): (readonly [value: string, about: string])[] {
  const rows = new Map(
    [...(screen ?? '').matchAll(/^(\S+).*? -- (.*?) *$/gm)].map(([, v = '', d = '']) => [v, d]),
  );
  return [...rows];
}

/** The command line as it stood at the end. */
function inserted(screen: string | undefined): string {
  const text = (screen ?? '').split('\n').at(-1) ?? '';
  let shown = '';
  for (const character of text) shown = character === '\b' ? shown.slice(0, -1) : shown + character;
  return shown
    .replace(/^.*ready> /, '')
    .replace(/ ?#\d+done$/, '')
    .trim();
}

describe.skipIf(!hasZsh || !hasPty)('completion in zsh', () => {
  it('completes commands with their summaries, and those below them', async () => {
    const [all, some, below] = await complete(['segjobs ', 'segjobs wat', 'segjobs auth ']);
    expect(described(all)).toEqual(
      expect.arrayContaining([
        ['watch', 'follow jobs until they finish'],
        ['auth', expect.stringContaining('log in')],
        ['help', expect.anything()],
      ]),
    );
    expect(inserted(some)).toMatch(/^segjobs watch/);
    expect(described(below).map(([value]) => value)).toEqual(['login', 'logout', 'status', 'token']);
  });

  it('completes flags with their summaries, but none that was given', async () => {
    const [own, given] = await complete(['segjobs list --s', 'segjobs list --status NEW --start 3 --s']);
    const names = (screen: string | undefined) => described(screen).map(([value]) => value);
    expect(names(own)).toEqual(expect.arrayContaining(['--sandbox', '--start', '--status']));
    expect(names(given)).toContain('--status');
    expect(names(given)).not.toContain('--start');
  });

  it('completes values: choices, comma lists, formats of the command, sort fields', async () => {
    const screens = await complete(
      [
        'segjobs list --status PRO',
        'segjobs list --status NEW,FA',
        'segjobs list --status=QU',
        'segjobs list --status fail',
        'segjobs list --status NEW,fa',
        'segjobs list --status=new,fail',
        'segjobs list --fields id,segmenti',
        'segjobs list --source sch',
        'segjobs list --sort updateTime:a',
        'segjobs list -qo nd',
        'segjobs config get im',
        'segjobs auth status -o ',
      ],
      '\t',
    );
    // Behind a list zsh puts a comma that goes away with the next blank.
    const lines = screens.slice(0, -1).map((screen) => inserted(screen).replace(/,$/, ''));
    expect(lines).toEqual([
      'segjobs list --status PROCESSING',
      'segjobs list --status NEW,FAILED',
      'segjobs list --status=QUEUED',
      'segjobs list --status FAILED',
      'segjobs list --status NEW,FAILED',
      'segjobs list --status=new,FAILED',
      'segjobs list --fields id,segmentIds',
      'segjobs list --source scheduler',
      'segjobs list --sort updateTime:asc',
      'segjobs list -qo ndjson',
      'segjobs config get imsUrl',
    ]);
    expect(screens.at(-1)).toMatch(/json +ndjson +table +tsv/);
    expect(screens.at(-1)).not.toMatch(/\bids\b/);
  });

  it('offers each word of a comma list once, whatever its case', async () => {
    const [rest] = await complete(['segjobs list --status new,FAILED,']);
    expect(rest).toMatch(/PROCESSING/);
    expect(rest).not.toMatch(/\bNEW\b|FAILED .*FAILED/);
  });

  it('completes profiles and sandboxes, and says whose they are', async () => {
    const [profiles, sandboxes] = await complete(['segjobs --profile ', 'segjobs list --sandbox ']);
    expect(described(profiles)).toEqual([
      ['prod', 'sandbox prod, active'],
      ['dev-2', 'sandbox dev'],
    ]);
    expect(described(sandboxes)).toEqual([
      ['prod', 'of profile prod'],
      ['dev', 'of profile dev-2'],
      ['odd', 'used lately'],
    ]);
  });

  it('completes ids with status, age and segments, newest first, in the profile and sandbox of the line', async () => {
    const [all, rest, cancel, dev] = await complete([
      'segjobs get ',
      'segjobs watch job-3 ',
      'segjobs cancel j',
      'segjobs --sandbox dev get --quiet d',
    ]);
    expect(described(all)).toEqual([
      ['job-3', 'PROCESSING, 3 min ago, seg-1 +1'],
      ['job-2', 'SUCCEEDED, 2 h ago, seg-1 +1'],
      ['job-1', 'FAILED, 3 d ago, seg-1 +1'],
    ]);
    expect(described(rest).map(([value]) => value)).toEqual(['job-2', 'job-1']);
    expect(inserted(cancel)).toContain('segjobs cancel job-3');
    expect(inserted(dev)).toContain('get --quiet dev-job');
  });

  it('completes files, and the command line behind emulator exec --', async () => {
    const [file, inner] = await complete(['segjobs watch -f note', 'segjobs emulator exec -- segjobs wat']);
    expect(inserted(file)).toContain('segjobs watch -f notes.txt');
    expect(inserted(inner)).toContain('exec -- segjobs watch');
  });

  it('inserts odd ids so that the command gets them as they are, and runs nothing of them', async () => {
    const lines = oddIds.map((id) => `show --sandbox odd get ${id.slice(0, 2)}`);
    const got = await typeLines(world, 'zsh -i', lines);
    expect(got.map((words) => words.at(-1))).toEqual(oddIds);
    expect(world.isHarmed()).toBe(false);
  }, 60_000);
});
