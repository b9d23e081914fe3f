import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';
import { hasPty, type PtySession, startPty } from '../support/pty-session.ts';
import { screenAfter } from '../support/screen.ts';

// The built program on a real terminal of every kind, and off one.

let world: BinaryWorld;
let finished: string;
beforeAll(async () => {
  world = await createBinaryWorld();
  finished = (await world.segjobs(['list', '--status', 'succeeded', '-L', '1', '-o', 'ids'])).stdout.trim();
});
afterAll(() => world.close());

/** Colours and their like (SGR). */
const colour = /\u001b\[[\d;]*m/;
const spinnerFrame = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

describe.runIf(hasPty).concurrent('on a terminal', () => {
  /** Runs a line, then tells what is left of the terminal: `code 0`, and `sane` when keys are echoed and lines edited. */
  const start = (line: string, env: Record<string, string | undefined> = {}): PtySession =>
    startPty(
      `trap : INT; ${line}; echo "code $?"; stty -a | tr ';' '\\n' | grep -Eqw -- '-echo|-icanon|-isig|-icrnl|-opost' || echo sane`,
      world.environment(env),
    );

  async function screenOf(line: string, env: Record<string, string | undefined> = {}): Promise<string> {
    const session = start(line, env);
    await session.exitCode;
    return session.screen().replaceAll('\r\n', '\n');
  }

  it('the default is a table with a heading, and off it tsv without', async () => {
    const [onTerminal, inPipe] = await Promise.all([
      screenOf('segjobs list -L 2 -q'),
      screenOf('segjobs list -L 2 2>/dev/null | cat'),
    ]);
    expect(stripVTControlCharacters(onTerminal)).toMatch(/^STATUS +ID +CREATED +DURATION\n/);
    expect(inPipe).toMatch(/^(\w+\t[\w-]{36}\t\d+\t[^\n]*\n){2}code 0\nsane\n$/);
  });

  it('JSON is indented, and compact in a pipe', async () => {
    const [onTerminal, inPipe] = await Promise.all([
      screenOf(`segjobs get ${finished} --json -q`),
      screenOf(`segjobs get ${finished} --json -q | cat`),
    ]);
    expect(onTerminal).toMatch(/^\{\n {2}"/);
    expect(inPipe).toMatch(/^\{"[^\n]*\}\ncode 0\n/);
  });

  it('a slow answer shows a spinner, which is gone when it has come', async () => {
    const own = await createBinaryWorld({ faults: ['any:delay=500ms'] });
    const session = start('segjobs list -L 2', own.env);
    await session.exitCode;
    await own.close();
    expect(session.screen()).toMatch(spinnerFrame);
    const screen = await screenAfter(session.screen(), { columns: 80, rows: 24 });
    expect(screen.everything().join('\n')).toMatch(/^STATUS .*\n(\w+ .*\n){2}Showing 2 of .*\ncode 0\nsane$/);
    expect(screen.isCursorHidden).toBe(false);
  });

  it.each([
    ['0 columns', 'stty cols 0 rows 0;', {}],
    ['TERM=dumb', '', { TERM: 'dumb' }],
    ['CI=1', '', { CI: '1' }],
  ])('with %s nothing is animated, and little is printed [fault 108]', async (_, before, env) => {
    const id = await world.activeJob();
    const session = start(`${before} segjobs watch ${id}`, env);
    await session.until(/NEW|QUEUED|PROCESSING/);
    await sleep(700);
    session.type('\x03');
    await session.exitCode;
    expect(session.screen().replaceAll(new RegExp(colour, 'g'), '')).not.toContain('\u001b');
    expect(session.screen().length).toBeLessThan(2000);
    expect(session.screen()).toMatch(/code 130\r\nsane\r\n$/);
  });

  it.each([
    ['colour by default', '', {}, true],
    ['none with NO_COLOR=1', '', { NO_COLOR: '1' }, false],
    ['colour with an empty NO_COLOR', '', { NO_COLOR: '' }, true],
    ['none with NO_COLOR=1 and FORCE_COLOR=1', '', { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['none with --no-color and FORCE_COLOR=1', '--no-color', { FORCE_COLOR: '1' }, false],
    ['none with TERM=dumb', '', { TERM: 'dumb' }, false],
    ['colour with TERM=dumb and FORCE_COLOR=1', '', { TERM: 'dumb', FORCE_COLOR: '1' }, true],
    ['none with FORCE_COLOR=0', '', { FORCE_COLOR: '0' }, false],
  ])('a table and an error have %s', async (_, flag, env, isColoured) => {
    const screen = await screenOf(`segjobs list -L 2 -q ${flag}; segjobs get nobody -q ${flag}`, env);
    const lines = screen.split('\n');
    const at = lines.findIndex((line) => line.includes('error:'));
    const [table, error] = [lines.slice(0, at).join('\n'), lines[at] ?? ''];
    expect([colour.test(table), colour.test(error)]).toEqual([isColoured, isColoured]);
    expect(screen.replaceAll(new RegExp(colour, 'g'), '')).not.toContain('\u001b');
  });

  it('a table fits 20 columns as well as it can: ids stay whole [fault 108]', async () => {
    const screen = await screenOf(`stty cols 20; segjobs list -L 3 -q --no-color`);
    expect(screen.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g)).toHaveLength(3);
    expect(screen).not.toContain('\u001b');
  });

  describe('cancelling several jobs', () => {
    const statusOf = async (id: string) =>
      (await world.segjobs(['get', id, '-o', 'tsv'])).stdout.split('\t')[0];

    it.each([
      ['y', 'y\r', 0, /^CANCELL/],
      ['yes', 'YES\r', 0, /^CANCELL/],
      ['n', 'n\r', 0, /^(NEW|QUEUED|PROCESSING)$/],
      ['Enter', '\r', 0, /^(NEW|QUEUED|PROCESSING)$/],
      ['Ctrl-D', '\x04', 0, /^(NEW|QUEUED|PROCESSING)$/],
      ['Ctrl-C', '\x03', 130, /^(NEW|QUEUED|PROCESSING)$/],
    ] as const)('asks, with their states in view; %s is an answer', async (_, keys, code, status) => {
      const ids = [await world.activeJob(), await world.activeJob()];
      const session = start(`segjobs cancel ${ids.join(' ')} ${finished}`);
      await session.until(/Cancel 2 jobs in sandbox "prod"\? \[y\/N\] /);
      const shown = stripVTControlCharacters(session.screen());
      for (const id of ids) expect(shown).toMatch(new RegExp(`${id}  (NEW|QUEUED|PROCESSING)`));
      expect(shown).toMatch(new RegExp(`${finished}  SUCCEEDED`));
      session.type(keys);
      await session.exitCode;
      // A finished job among them makes a yes end with 12, whatever became of the others.
      const expected = keys.toLowerCase().startsWith('y') ? 12 : code;
      expect(session.screen()).toMatch(new RegExp(`code ${expected}\r\nsane\r\n$`));
      for (const id of ids) expect(await statusOf(id)).toMatch(status);
    });

    it('asks for ids from a file, and not for one alone', async () => {
      const [first, second] = [await world.activeJob(), await world.activeJob()];
      const file = world.file('cancel.txt', `${first}\n`);
      const asked = start(`segjobs cancel -f ${file}`);
      await asked.until(/Cancel 1 job in sandbox "prod"\? \[y\/N\] /);
      asked.type('y\r');
      await asked.exitCode;
      expect(asked.screen()).toMatch(/code 0\r\nsane\r\n$/);
      expect(await screenOf(`segjobs cancel ${second}`)).not.toContain('[y/N]');
      expect([await statusOf(first), await statusOf(second)]).toEqual([
        expect.stringMatching(/^CANCELL/),
        expect.stringMatching(/^CANCELL/),
      ]);
    });
  });
});

describe.runIf(isPosix).concurrent('off a terminal', () => {
  it.each(['table', 'tsv', 'json', 'ndjson', 'ids'])('%s has no escape codes', async (format) => {
    const ran = await world.shell(
      `segjobs list -L 3 -o ${format}; segjobs watch ${finished} nobody --timeout 0 -o ${format}`,
      {
        env: { TERM: 'xterm-256color', COLORTERM: 'truecolor' },
      },
    );
    expect(ran.stdout + ran.stderr).not.toContain('\u001b');
    expect(ran.exitCode).toBe(12);
  });

  it('FORCE_COLOR colours tables and messages, and never data for programs [fault 108]', async () => {
    const stdoutOf = async (line: string, env: Record<string, string> = {}) =>
      (await world.shell(`segjobs ${line}`, { env: { FORCE_COLOR: '1', ...env } })).stdout;
    expect(await stdoutOf('list -L 2 -o table')).toMatch(colour);
    expect(await stdoutOf('list -L 2 -o table', { NO_COLOR: '1' })).not.toContain('\u001b');
    for (const format of ['tsv', 'json', 'ndjson', 'ids']) {
      expect(await stdoutOf(`list -L 2 -o ${format}`)).not.toContain('\u001b');
    }
    expect((await world.shell('segjobs get nobody', { env: { FORCE_COLOR: '1' } })).stderr).toMatch(colour);
  });
});
