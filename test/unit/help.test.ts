import { array, constantFrom, integer, assert as lawHolds, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allFacts, findFacts, treeFacts } from '../../src/command-facts.ts';
import { programTree } from '../../src/command-tree.ts';
import { SegjobsError } from '../../src/errors.ts';
import { helpPage, renderHelp } from '../../src/help.ts';
import { breakCommand, columnRows, paragraph } from '../../src/help-layout.ts';
import { helpLook } from '../../src/help-look.ts';

const tree = programTree();
const commandPaths = allFacts(tree).map(({ path }) => path);
const pages = [[], ...commandPaths, ...tree.topics.map(({ name }) => [name])];

function refusal(...words: string[]): string {
  try {
    helpPage(tree, words, { columns: 80 });
  } catch (error) {
    if (error instanceof SegjobsError) return `${error.exitCode}: ${error.message} | ${error.hint}`;
    throw error;
  }
  return 'no refusal';
}

/** What a page says, however it is wrapped. */
function wordsOf(page: string): string[] {
  return page.split(/\s+/).filter((word) => word !== '' && word !== '\\' && word !== '#');
}

describe('every page of help', () => {
  it.each([40, 60, 80, 100])('fits into %i columns, and breaks no word', (columns) => {
    for (const path of pages) {
      const page = helpPage(tree, path, { columns });
      const unbroken = new Set(wordsOf(helpPage(tree, path, { columns: 100 })));
      for (const line of page.split('\n')) {
        // A flag with its value, a quoted text or a URL may be longer than a narrow terminal.
        const isOneWord =
          line
            .replace(/ \\$/, '')
            .replaceAll(/"[^"]*"|'[^']*'/g, 'x')
            .trim()
            .split(' ').length <= 2;
        if (!isOneWord)
          expect(line.length, `segjobs help ${path.join(' ')}: ${line}`).toBeLessThanOrEqual(columns);
        expect(line, `segjobs help ${path.join(' ')}`).not.toMatch(/\s$/);
        for (const word of wordsOf(line)) expect(unbroken).toContain(word);
      }
    }
  });

  it('says the same at every width', () => {
    for (const path of pages) {
      const wide = wordsOf(helpPage(tree, path, { columns: 100 }));
      for (const columns of [1, 33, 60, 79, 5000]) {
        expect(wordsOf(helpPage(tree, path, { columns }))).toEqual(wide);
      }
    }
  });

  it('has examples of which every line is a command or a comment', () => {
    for (const { path, examples } of allFacts(tree)) {
      const page = renderHelp(tree, path, { columns: 40 });
      const [, lines = ''] = /\nExamples:\n((?: {2}.*\n)*)/.exec(page) ?? [];
      const comments = [...lines.matchAll(/(?: {2}# .*\n)+/g)].map(([text]) =>
        text.replaceAll(/ *\n? {2}# /g, ' ').trim(),
      );
      expect(comments).toEqual(examples.map(({ explains }) => explains));
    }
  });

  it('is at most 100 wide, because long lines are hard to read', () => {
    const lengths = pages.flatMap((path) =>
      helpPage(tree, path, { columns: 300 })
        .split('\n')
        .map((line) => line.length),
    );
    expect(Math.max(...lengths)).toBeLessThanOrEqual(100);
  });

  it('has bold headings where that is asked for, and is the same without them', () => {
    for (const path of pages) {
      const styled = helpPage(tree, path, { columns: 60, isStyled: true });
      const plain = helpPage(tree, path, { columns: 60 });
      expect(styled).toContain('\u001b[1m');
      expect(styled.replaceAll(/\u001b\[(?:1|22)m/g, '')).toBe(plain);
      expect(plain).not.toContain('\u001b');
    }
  });

  it('can be made from what a build has written down', () => {
    const kept = JSON.parse(JSON.stringify(tree));
    expect(kept).toEqual(tree);
    for (const path of pages) {
      expect(helpPage(kept, path, { columns: 80 })).toBe(helpPage(tree, path, { columns: 80 }));
    }
  });
});

describe('the help of a command', () => {
  it.each(allFacts(tree).map((command) => [command.path.join(' '), command] as const))(
    'of %s has a short summary, three examples, and names no flag that it has not',
    (path, { summary, description = '', examples, flags, commands = [] }) => {
      expect(summary).toMatch(/^[a-z][^\n]{5,68}[^.\n]$/);
      expect(examples.length).toBeGreaterThanOrEqual(3);
      for (const { explains } of examples) expect(explains).not.toMatch(/\.$|^[A-Z](?![A-Z])/);
      const own = [...flags, ...commands.flatMap((child) => findFacts(tree, child.path)?.flags ?? [])];
      const known = [...own, ...tree.globalFlags].map(({ long }) => long);
      const named =
        [description, ...flags.map((flag) => flag.summary)].join(' ').match(/(?<!\S)--[a-z-]+/g) ?? [];
      for (const flag of named) expect(known, path).toContain(flag);
    },
  );

  it('shows flags under their headings, with defaults, and which flag they need', () => {
    const page = renderHelp(tree, ['create'], { columns: 100 });
    expect(page).toContain('Watching (with --watch):\n      --timeout <duration>');
    expect(page).toContain('(default: 8h)');
    expect(renderHelp(tree, ['watch'], { columns: 100 })).toContain('\nWatching:\n');
  });

  it('names the formats that this command prints', () => {
    expect(renderHelp(tree, ['emulator', 'start'], { columns: 80 })).toContain('<format>  table, tsv\n');
    expect(renderHelp(tree, ['emulator', 'start'], { columns: 80 })).not.toContain('--json');
    expect(renderHelp(tree, ['list'], { columns: 80 })).toContain(
      '<format>  table, tsv, json, ndjson, ids\n',
    );
  });

  it('tells 0 of a watch as what it means there', () => {
    expect(renderHelp(tree, ['watch'], { columns: 80 })).toContain(
      '  0    done; every watched job SUCCEEDED\n',
    );
    expect(renderHelp(tree, ['list'], { columns: 80 })).toContain('  0  done\n');
  });
});

describe('help for words', () => {
  it('finds topics and commands', () => {
    expect(helpPage(tree, ['exit-codes'], { columns: 80 })).toMatch(/^Exit codes\n/);
    expect(helpPage(tree, ['auth', 'login'], { columns: 80 })).toMatch(/^segjobs auth login: /);
    expect(helpPage(tree, [], { columns: 80 })).toBe(renderHelp(tree, [], { columns: 80 }));
  });

  it.each([
    [['lst'], '2: no help for "lst" | did you mean: segjobs help list'],
    [['exit-code'], '2: no help for "exit-code" | did you mean: segjobs help exit-codes'],
    [['auth', 'logn'], '2: no help for "auth logn" | did you mean: segjobs help auth login'],
    [['list', 'more'], '2: no help for "list more" | see: segjobs help list'],
    [['output', 'json'], '2: no help for "output json" | did you mean: segjobs help output'],
    [['zzz'], '2: no help for "zzz" | see: segjobs help'],
    [['\u001b[2Jx'], '2: no help for "x" | see: segjobs help'],
  ])('refuses %j', (words, expected) => {
    expect(refusal(...words)).toBe(expected);
  });
});

describe('the layout of help', () => {
  const words = array(
    string({ minLength: 1, maxLength: 30 }).map((text) => text.replaceAll(/\s/g, 'x')),
    {
      minLength: 1,
    },
  );

  it('wraps a paragraph without losing a word or passing the width', () => {
    lawHolds(
      property(words, integer({ min: 1, max: 100 }), integer({ min: 0, max: 8 }), (given, width, hang) => {
        const lines = paragraph(given.join(' '), { width, hang }).split('\n');
        expect(lines.map((line) => line.trimStart()).join(' ')).toBe(given.join(' '));
        for (const line of lines) {
          expect(line.length <= width || !line.trimStart().includes(' ')).toBe(true);
        }
      }),
    );
  });

  it('breaks a command so that a shell reads the same one', () => {
    const piece = constantFrom(
      'segjobs',
      'list',
      '--status',
      '-o',
      'json',
      '|',
      'jq -r',
      "'a  b'",
      '"$(x y)"',
      '&&',
      '--',
    );
    lawHolds(
      property(array(piece, { minLength: 1 }), integer({ min: 10, max: 60 }), (pieces, width) => {
        const command = pieces.join(' ');
        expect(
          breakCommand(command, width)
            .join('\n')
            .replaceAll(/ \\\n +/g, ' '),
        ).toBe(command);
      }),
    );
    expect(breakCommand('segjobs list --limit all -o ids | segjobs cancel -f - --yes', 34)).toEqual([
      'segjobs list --limit all -o ids \\',
      '    | segjobs cancel -f - --yes',
    ]);
    expect(breakCommand('segjobs auth login --from-file credential.json --sandbox dev', 50)).toEqual([
      'segjobs auth login --from-file credential.json \\',
      '    --sandbox dev',
    ]);
  });

  it('puts a long left text on a line of its own, and below each other where there is no room', () => {
    const rows = [
      { left: '-a', right: 'one' },
      { left: '--a-flag-with-a-very-long-name <value>', right: 'two' },
      { left: '-c', right: 'three' },
    ];
    expect(columnRows(rows, 60).split('\n')).toEqual([
      '  -a  one',
      '  --a-flag-with-a-very-long-name <value>',
      '      two',
      '  -c  three',
    ]);
    expect(columnRows([{ left: '-a, --all <things>', right: 'one' }], 40)).toBe(
      '  -a, --all <things>\n        one',
    );
  });
});

describe('the look of help', () => {
  const terminal = { isTTY: true, columns: 66 };

  it('is as wide as COLUMNS, else as the terminal, else 80', () => {
    expect(helpLook({ COLUMNS: '50' }, terminal, false).columns).toBe(50);
    expect(helpLook({}, terminal, false).columns).toBe(66);
    expect(helpLook({ COLUMNS: 'wide' }, { columns: 66 }, false).columns).toBe(80);
    expect(helpLook({ COLUMNS: '0' }, { isTTY: true, columns: 0 }, false).columns).toBe(80);
  });

  it.each([
    ['a terminal', {}, terminal, false, true],
    ['a pipe', {}, {}, false, false],
    ['a pipe and FORCE_COLOR', { FORCE_COLOR: '1' }, {}, false, true],
    ['a terminal and FORCE_COLOR=0', { FORCE_COLOR: '0' }, terminal, false, false],
    ['a terminal and NO_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, terminal, false, false],
    ['a terminal and an empty NO_COLOR', { NO_COLOR: '' }, terminal, false, true],
    ['a dumb terminal', { TERM: 'dumb' }, terminal, false, false],
    ['a terminal and --no-color', {}, terminal, true, false],
  ])('on %s', (_, env, stream, noColorFlag, isStyled) => {
    expect(helpLook(env, stream, noColorFlag).isStyled).toBe(isStyled);
  });
});

describe('the tree as data', () => {
  const flag = (usage: string) =>
    treeFacts({
      commands: [{ name: 'x', summary: 'x', flags: { one: { usage, summary: 's' } } }],
      globalFlags: [],
      topics: [],
      exitCodes: {},
    }).commands[0]?.flags[0];

  it.each([
    ['-L, --limit <n>', { long: '--limit', short: '-L', placeholder: 'n', kind: 'value' }],
    ['--compare [job-id]', { long: '--compare', placeholder: 'job-id' }],
    ['--appear-timeout <duration|HH:MM>', { long: '--appear-timeout', placeholder: 'duration|HH:MM' }],
    ['--yes', { long: '--yes', kind: 'switch', group: 'Flags' }],
  ])('takes %s apart', (usage, expected) => {
    expect(flag(usage)).toMatchObject(expected);
  });

  it('refuses a usage that is written in another way', () => {
    expect(() => flag('--limit n')).toThrow(/a flag is written "-x, --name <value>", not "--limit n"/);
  });

  it('names the flag that another one needs by its long name, where the command has it', () => {
    const timeoutOf = (name: string) =>
      findFacts(tree, [name])?.flags.find(({ long }) => long === '--timeout');
    expect(timeoutOf('create')?.needs).toBe('--watch');
    expect(timeoutOf('watch')).not.toHaveProperty('needs');
    expect(tree.globalFlags.map(({ long }) => long)).toContain('--version');
  });
});
