import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createTable, rowsPerBlock } from '../../src/output/table.ts';
import { fitSlots } from '../../src/output/table-columns.ts';
import { tsvRow, tsvValue } from '../../src/output/tsv.ts';
import type { Column, Look } from '../../src/output/view.ts';
import { visibleWidth } from '../../src/output/width.ts';
import { terminalOf } from '../support/fake-streams.ts';
import { hostileText } from '../support/sample-jobs.ts';

/** The number of rows of each table that the library was asked to draw. */
const drawn: number[] = [];

vi.mock('cli-table3', async (importOriginal) => {
  const { default: Library } = await importOriginal<{ default: new (options: object) => unknown[] }>();
  class Counted extends Library {
    override toString() {
      drawn.push(String((this[0] as readonly unknown[])[0]).split('\n').length);
      return super.toString();
    }
  }
  return { default: Counted };
});

interface Thing {
  readonly id: string;
  readonly name: string;
  readonly count: number | undefined;
}

const columns: readonly Column<Thing>[] = [
  { name: 'name', title: 'NAME', cell: ({ name }) => name, paint: (text, _, { paint }) => paint.good(text) },
  { name: 'id', title: 'ID', isWhole: true, cell: ({ id }) => id },
  { name: 'count', title: 'COUNT', align: 'right', dropRank: 1, cell: ({ count }) => String(count ?? '') },
];

const lookAt = (width: number, colorLevel: 0 | 1 = 0): Look => ({
  now: 0,
  terminal: terminalOf(width, colorLevel),
});

async function tableOf(things: readonly Thing[], look = lookAt(0)): Promise<string> {
  const { rows } = await createTable(columns, () => look);
  return rows(things);
}

const thing = (name: string, id = 'a', count = 1): Thing => ({ name, id, count });

beforeEach(() => {
  drawn.length = 0;
});

describe('a table', () => {
  it('is aligned, without lines, without trailing spaces, unknown as "-"', async () => {
    expect(await tableOf([thing('prod', 'a1', 12345), { name: '', id: 'b', count: undefined }])).toBe(
      [
        'NAME  ID  COUNT', //
        'prod  a1  12345',
        '-     b       -',
        '',
      ].join('\n'),
    );
  });

  it('prints nothing for no rows', async () => {
    expect(await tableOf([])).toBe('');
  });

  it('is aligned by what a terminal shows, not by the length of strings', async () => {
    const names = ['受众', 'Mu\u0308ller', '👨‍👩‍👧‍👦', '🫠', 'שָׁלוֹם', 'ที่', 'ascii'];
    expect(await tableOf(names.map((name) => thing(name, 'id', 7)))).toBe(
      [
        'NAME    ID  COUNT',
        '受众    id      7',
        'Mu\u0308ller  id      7',
        '👨‍👩‍👧‍👦      id      7',
        '🫠      id      7',
        'שָׁלוֹם    id      7',
        'ที่       id      7',
        'ascii   id      7',
        '',
      ].join('\n'),
    );
  });

  it('keeps the widths of the first rows and cuts longer text of later ones', async () => {
    const { rows } = await createTable(columns, () => lookAt(0));
    expect(rows([thing('production')]) + rows([thing('production-2', 'b')]) + rows([thing('dev', 'c')])).toBe(
      [
        'NAME        ID  COUNT',
        'production  a       1',
        'productio…  b       1',
        'dev         c       1',
        '',
      ].join('\n'),
    );
  });

  it('never cuts an id or a number: the row grows', async () => {
    const { rows } = await createTable(columns, () => lookAt(0));
    rows([thing('prod')]);
    expect(rows([thing('prod', 'a-longer-id', 1234567), thing('prod', 'b')])).toBe(
      'prod  a-longer-id  1234567\nprod  b       1\n',
    );
  });

  it('cuts even an id where it is absurd', async () => {
    const text = await tableOf([thing('prod', 'x'.repeat(10_000))]);
    expect(text.split('\n')[1]).toBe(`prod  ${'x'.repeat(127)}…      1`);
  });

  it('is a card for each item where no column but the indispensable would be left', async () => {
    const rows = [thing('production', 'd3b4a50d-dfea-43eb-9fca-557ea53771fd', 5), thing('', '受众')];
    expect(await tableOf(rows, lookAt(50))).toBe(
      `NAME   production
ID     d3b4a50d-dfea-43eb-9fca-557ea53771fd
COUNT  5

NAME   -
ID     受众
COUNT  1
`,
    );
    const { rows: write } = await createTable(columns, () => lookAt(14));
    expect(write([thing('one')]) + write([thing('two')])).toBe(
      'NAME   one\nID     a\nCOUNT  1\n\nNAME   two\nID     a\nCOUNT  1\n',
    );
  });

  it('has more columns where there is room for them and something to show, but never in an unknown width', async () => {
    const wide = (name: string, text: (item: Thing) => string, isWhole = true): Column<Thing> => ({
      name,
      title: name.toUpperCase(),
      isWhole,
      cell: text,
    });
    const wideColumns = [
      wide('empty', () => ''),
      wide('label', ({ name }) => `${name}-label`),
      wide('reason', ({ name }) => `${name} `.repeat(40), false),
      wide('last', () => 'x'),
    ];
    const at = async (width: number) => {
      const { rows } = await createTable(columns, () => lookAt(width), { wideColumns });
      return rows([thing('dev')]);
    };
    expect(await at(0)).toBe('NAME  ID  COUNT\ndev   a       1\n');
    expect(await at(20)).toBe('NAME  ID  COUNT\ndev   a       1\n');
    expect(await at(32)).toBe('NAME  ID  COUNT  LABEL      LAST\ndev   a       1  dev-label  x\n');
    expect(await at(60)).toBe(
      'NAME  ID  COUNT  LABEL      REASON\ndev   a       1  dev-label  dev dev dev dev dev dev dev dev…\n',
    );
  });

  it('sets a column of unknown kind right where its first rows hold numbers', async () => {
    const field: Column<string> = {
      name: 'x',
      title: 'field',
      align: 'numbers',
      isWhole: true,
      cell: String,
    };
    const drawnFor = async (items: readonly string[]) =>
      (await createTable([field], () => lookAt(0))).rows(items);
    expect(await drawnFor(['1', '-20.5e+3', '9007199254740993', ''])).toBe(
      '           field\n               1\n        -20.5e+3\n9007199254740993\n               -\n',
    );
    expect(await drawnFor(['1', 'two'])).toBe('field\n1\ntwo\n');
    expect(await drawnFor([''])).toBe('field\n-\n');
  });

  it('leaves out columns and cuts text on a narrow terminal, but no id', async () => {
    const id = 'd3b4a50d-dfea-43eb-9fca-557ea53771fd';
    const rows = [thing('a-rather-long-name', id, 5)];
    expect(await tableOf(rows, lookAt(80))).toBe(
      `NAME                ID                                    COUNT\na-rather-long-name  ${id}      5\n`,
    );
    expect(await tableOf(rows, lookAt(60))).toBe(
      `NAME             ID                                    COUNT\na-rather-long-…  ${id}      5\n`,
    );
  });

  it('has a muted heading and painted cells, and no other colour', async () => {
    expect(await tableOf([thing('prod')], lookAt(80, 1))).toBe(
      '\u001b[2mNAME\u001b[22m  \u001b[2mID\u001b[22m  \u001b[2mCOUNT\u001b[22m\n\u001b[32mprod\u001b[39m  a       1\n',
    );
  });

  it('lets no control character through', async () => {
    const text = await tableOf([{ id: hostileText, name: hostileText, count: 1 }]);
    expect(text).toBe(
      [
        'NAME                 ID                   COUNT',
        'abcd ef ghi j k\\lmn  abcd ef ghi j k\\lmn      1',
        '',
      ].join('\n'),
    );
  });

  it('law: taking the colour away gives the plain table', async () => {
    const things = fc.array(
      fc.record({
        id: fc.string({ unit: 'grapheme' }),
        name: fc.string({ unit: 'binary' }),
        count: fc.option(fc.nat(), { nil: undefined }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(things, fc.constantFrom(0, 20, 60), async (rows, width) => {
        const coloured = await tableOf(rows, lookAt(width, 1));
        expect(stripVTControlCharacters(coloured)).toBe(await tableOf(rows, lookAt(width)));
      }),
    );
  });

  it('law: columns stand in line', async () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 5 }), async (names) => {
        const lines = (await tableOf(names.map((text) => thing(text, '|', 1)))).split('\n').slice(1, -1);
        const places = lines.map((line) => visibleWidth(line.slice(0, line.lastIndexOf('|'))));
        expect(new Set(places).size).toBe(1);
        expect(lines).toHaveLength(names.length);
      }),
    );
  });

  it('is drawn in blocks, so that 5,000 rows cost ten times what 500 do', async () => {
    const things = Array.from({ length: 5000 }, (_, index) => thing('prod', String(index).padStart(4, '0')));
    const text = await tableOf(things);
    expect(text.split('\n')).toHaveLength(5002);
    expect(Math.max(...drawn)).toBe(rowsPerBlock);
    expect(drawn).toHaveLength(1 + 5000 / rowsPerBlock);
  });
});

describe('fitting columns to a terminal', () => {
  const kept = (available: number) =>
    fitSlots(columns, [30, 36, 8], available).map(({ column, width }) => `${column.name} ${width}`);

  it.each([
    [0, ['name 30', 'id 36', 'count 8']],
    [78, ['name 30', 'id 36', 'count 8']],
    [60, ['name 12', 'id 36', 'count 8']],
    [58, ['name 10', 'id 36', 'count 8']],
    [50, ['name 10', 'id 36']],
    [10, ['name 10', 'id 36']],
  ])('in %i columns', (available, expected) => {
    expect(kept(available)).toEqual(expected);
  });
});

describe('tsv', () => {
  it('writes what would end a value or a line as an escape', () => {
    expect(tsvValue('a\tb\nc\rd\\e')).toBe('a\\tb\\nc\\rd\\\\e');
  });

  it('is a row of plain values, unknown empty', () => {
    const column: Column<Thing> = { name: 'x', title: 'X', cell: () => '1,033', plain: () => '1033' };
    expect(tsvRow([...columns, column], { name: '', id: 'a\tb', count: undefined }, lookAt(0))).toBe(
      '\ta\\tb\t\t1033\n',
    );
  });

  it('law: always as many values as columns, on one line, without control characters', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(hostileText));
    fc.assert(
      fc.property(text, text, (id, name) => {
        const row = tsvRow(columns, { id, name, count: 1 }, lookAt(0));
        expect(row.slice(0, -1).split('\t')).toHaveLength(columns.length);
        expect(row).toMatch(/^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*\n$/);
      }),
    );
  });
});
