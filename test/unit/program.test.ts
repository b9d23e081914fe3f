import { describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/all.ts';
import { SegjobsError } from '../../src/errors.ts';
import { formatAskedFor } from '../../src/format-asked-for.ts';
import { readCommandLine } from '../../src/program.ts';
import { nearest } from '../../src/suggestions.ts';

const facts = { version: '1.2.3', columns: 80 };

function read(...argv: string[]) {
  return readCommandLine(argv, facts);
}

function refusal(...argv: string[]): string {
  try {
    readCommandLine(argv, facts);
  } catch (error) {
    if (!(error instanceof SegjobsError)) throw error;
    expect(error.exitCode).toBe(2);
    return [error.message, error.hint].filter(Boolean).join(' | ');
  }
  return 'no refusal';
}

describe('the command line', () => {
  it('takes global flags before and after the command', () => {
    for (const argv of [
      ['-o', 'json', '--sandbox', 'dev', 'list', '-q'],
      ['list', '-o', 'json', '-q', '--sandbox', 'dev'],
      ['list', '--json', '--sandbox=dev', '-q'],
    ]) {
      expect(read(...argv)).toMatchObject({
        kind: 'call',
        globals: { output: 'json', sandbox: 'dev', quiet: true },
      });
    }
  });

  it('reads flags with their types, and leaves out what was not given', () => {
    expect(read('list', '--status', 'new,Queued', '--status', 'canceled', '-L', 'all')).toMatchObject({
      call: {
        operands: [],
        flags: { status: [['NEW', 'QUEUED'], ['CANCELLED']], limit: Infinity, since: undefined },
      },
    });
  });

  it('keeps what stands behind -- apart', () => {
    expect(read('emulator', 'exec', '--speed', '60', '--', 'segjobs', 'list', '-o', 'json')).toMatchObject({
      call: { operands: ['segjobs', 'list', '-o', 'json'], afterDashes: ['segjobs', 'list', '-o', 'json'] },
      globals: { output: undefined },
    });
  });

  it.each([
    [['lsit'], 'unknown command "segjobs lsit" | did you mean: segjobs list'],
    [['watcch'], 'unknown command "segjobs watcch" | did you mean: segjobs watch'],
    [['frobnicate'], 'unknown command "segjobs frobnicate" | see: segjobs --help'],
    [['auth', 'logn'], 'unknown command "segjobs auth logn" | did you mean: segjobs auth login'],
    [['list', '--stauts', 'NEW'], 'unknown option "--stauts" | did you mean: --status'],
    [['list', '--api-url', 'https://x'], 'unknown option "--api-url" | see: segjobs list --help'],
    [['list', '--limit', '0'], 'invalid --limit "0": give a whole number from 1 up, or "all"'],
    [['list', '--limit', '-1'], 'invalid --limit "-1": give a whole number from 1 up, or "all"'],
    [['list', '--limit=abc'], 'invalid --limit "abc": give a whole number from 1 up, or "all"'],
    [['list', '--limit'], 'option "-L, --limit <n>" argument missing | see: segjobs list --help'],
    [
      ['list', '--sort', 'name'],
      'invalid --sort "name": give creationTime or updateTime, then :asc or :desc | for example: --sort updateTime:asc',
    ],
    [
      ['list', '--status', 'done'],
      'invalid --status "done": "done" is no status | one or more of: NEW, QUEUED, PROCESSING, CANCELLING, SUCCEEDED, FAILED, CANCELLED, active, finished',
    ],
    [['list', 'extra'], 'segjobs list does not take "extra" | usage: segjobs list'],
    [
      ['create', 'A', '--timeout', '3h'],
      '--timeout means nothing without --watch | add --watch, or leave --timeout out',
    ],
    [
      ['cancel', 'A', '--fail-fast'],
      '--fail-fast means nothing without --watch | add --watch, or leave --fail-fast out',
    ],
    [['get'], 'segjobs get needs JOB_ID | usage: segjobs get JOB_ID'],
    [['get', 'a', 'b'], 'segjobs get does not take "b" | usage: segjobs get JOB_ID'],
    [['list', '--json', '-o', 'tsv'], '--json and --output tsv contradict each other | give one of them'],
    [['list', '\u001b[31mred'], 'segjobs list does not take "red" | usage: segjobs list'],
  ])('refuses %j', (argv, expected) => {
    expect(refusal(...argv)).toBe(expected);
  });

  it('shows the version and the help of everything, without opening anything', () => {
    expect(read('--version')).toEqual({ kind: 'text', text: '1.2.3\n' });
    expect(read('-V')).toEqual({ kind: 'text', text: '1.2.3\n' });
    expect(read()).toEqual(read('--help'));
    expect(read('help', 'auth', 'login')).toEqual(read('auth', 'login', '--help'));
    expect(read('help', 'list')).toEqual(read('list', '-h'));
    expect(read('auth')).toEqual(read('help', 'auth'));
    expect(refusal('help', 'lst')).toBe('no help for "lst" | did you mean: segjobs help list');
    for (const topic of ['environment', 'exit-codes', 'output']) {
      const request = read('help', topic);
      const lines = request.kind === 'text' ? request.text.split('\n') : [];
      expect(lines.at(-1)).toBe('');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it.each([60, 80, 120])('fits its help into %i columns, typed lines excepted', (columns) => {
    const pages = commands.flatMap((command) => [
      [command.name],
      ...('commands' in command ? command.commands.map((child) => [command.name, child.name]) : []),
    ]);
    for (const path of [[], ...pages]) {
      const request = readCommandLine([...path, '--help'], { ...facts, columns });
      if (request.kind !== 'text') throw new Error('help is text');
      const tooLong = request.text
        .split('\n')
        .filter((line) => line.length > columns && !/^ +(segjobs|id=|[$] )/.test(line));
      expect(tooLong, `segjobs ${path.join(' ')} --help`).toEqual([]);
    }
  });

  it('names the format asked for even where the rest cannot be read', () => {
    expect(formatAskedFor(['list', '--nope', '-o', 'json'])).toBe('json');
    expect(formatAskedFor(['--output=ndjson', 'x'])).toBe('ndjson');
    expect(formatAskedFor(['-ojson'])).toBe('json');
    expect(formatAskedFor(['list', '-qo', 'json', '--nope'])).toBe('json');
    expect(formatAskedFor(['-qondjson'])).toBe('ndjson');
    expect(formatAskedFor(['-p', 'two', 'list'])).toBeUndefined();
    expect(formatAskedFor(['emulator', 'exec', '--', '-o', 'json'])).toBeUndefined();
  });

  it('guesses only close words', () => {
    expect(nearest('wtach', ['watch', 'list'])).toBe('watch');
    expect(nearest('delete', ['watch', 'list'])).toBeUndefined();
    expect(nearest('li', ['watch', 'list'])).toBe('list');
  });
});
