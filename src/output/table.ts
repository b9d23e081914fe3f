// Tables for people: light columns without lines, drawn by cli-table3 in blocks so that the time stays linear.

import type CliTable from 'cli-table3';
import { plainCard } from './cards.ts';
import { gap, isCuttable, longestWholeCell, type Slot, shownText, slotsFor } from './table-columns.ts';
import { unknown } from './text.ts';
import type { Column, Look, RecordView } from './view.ts';
import { cutToWidth, visibleWidth } from './width.ts';

/** cli-table3 compares every cell with every other of its table: 8,000 rows at once take 6 s, in blocks 0.2 s. */
export const rowsPerBlock = 100;

export interface Table<T> {
  /** The lines for these rows, each with its line break; the heading comes before the first one. */
  rows(items: readonly T[]): string;
}

interface Cell {
  /** Safe, cut, without colour. */
  readonly text: string;
  readonly width: number;
  readonly painted: string;
}

/**
 * The first rows fix the widths of the columns. A later cell that is wider is cut with `…`; an id or a number never
 * is, its row just grows. Where a terminal is too narrow for all columns, text is cut and the least important columns
 * are left out; where nothing worth a table would be left, each item is a card. Where it is wide, more columns come in.
 */
export async function createTable<T>(
  columns: readonly Column<T>[],
  look: () => Look,
  more: Pick<RecordView<T>, 'wideColumns' | 'card'> = {},
): Promise<Table<T>> {
  const { default: Library } = await import('cli-table3');
  const card = more.card ?? ((item: T, seen: Look) => plainCard(columns, item, seen));
  let slots: readonly Slot<T>[] | 'cards' | undefined;
  let isFirstCard = true;
  let isHeaded = false;

  const cards = (items: readonly T[], seen: Look): string =>
    items
      .map((item) => {
        const separator = isFirstCard ? '' : '\n';
        isFirstCard = false;
        return `${separator}${card(item, seen)
          .map((line) => `${line.trimEnd()}\n`)
          .join('')}`;
      })
      .join('');

  const rows = (items: readonly T[]): string => {
    if (items.length === 0) return '';
    const seen = look();
    let lines = '';
    let fixed = slots;
    if (fixed === undefined) {
      fixed = slotsFor(columns, more.wideColumns ?? [], items, seen);
      slots = fixed;
    }
    if (fixed === 'cards') return cards(items, seen);
    if (!isHeaded) {
      isHeaded = true;
      lines += drawBlock(Library, fixed, [fixed.map(({ column }) => headingOf(column, seen))]);
    }
    let block: Cell[][] = [];
    const flush = () => {
      if (block.length > 0) lines += drawBlock(Library, fixed, block);
      block = [];
    };
    for (const item of items) {
      const cells = fixed.map((slot) => cellOf(slot, item, seen));
      if (cells.some((cell, index) => cell.width > (fixed[index]?.width ?? 0))) {
        flush();
        lines += drawBlock(Library, fixed, [cells]);
        continue;
      }
      block.push(cells);
      if (block.length === rowsPerBlock) flush();
    }
    flush();
    return lines;
  };

  return { rows };
}

function headingOf<T>({ title }: Column<T>, { terminal }: Look): Cell {
  return { text: title, width: visibleWidth(title), painted: terminal.paint.muted(title) };
}

function cellOf<T>({ column, width }: Slot<T>, item: T, look: Look): Cell {
  const whole = shownText(column, item, look);
  const text = cutToWidth(whole, isCuttable(column) ? width : Math.max(width, longestWholeCell));
  const { terminal } = look;
  const painted =
    whole === unknown ? terminal.paint.muted(text) : (column.paint?.(text, item, terminal) ?? text);
  return { text, width: visibleWidth(text), painted };
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: gap,
};

/**
 * cli-table3 measures text by an old Unicode table and would misplace what follows an emoji or a combining mark. So a
 * cell that is not ASCII is drawn as a run of this character, as long as the cell is wide, and put in afterwards.
 */
const standIn = '\ue000';
const standIns = /\ue000+/g;
const ascii = /^[\u0020-\u007e]*$/;

/**
 * All rows as one row of the library's, with a cell of many lines in each column: what it does for every cell costs
 * more than drawing the lines.
 */
function drawBlock<T>(
  Library: typeof CliTable,
  slots: readonly Slot<T>[],
  rows: readonly (readonly Cell[])[],
): string {
  const table = new Library({
    chars: noLines,
    // Its own styles would colour pipes, too.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: slots.map(({ width }, index) => Math.max(width, ...rows.map((row) => row[index]?.width ?? 0))),
    colAligns: slots.map(({ column }) => (column.align === 'right' ? 'right' : 'left')),
  });
  table.push(slots.map((_, index) => rows.map((row) => drawnText(row[index])).join('\n')));
  const lines = table.toString().split('\n');
  return rows
    .map((row, at) => {
      const replaced = row.filter(isStoodInFor);
      let next = 0;
      return `${(lines[at] ?? '').replace(standIns, () => replaced[next++]?.painted ?? '').trimEnd()}\n`;
    })
    .join('');
}

function isStoodInFor({ text, width }: Cell): boolean {
  return width > 0 && !ascii.test(text);
}

function drawnText(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  return ascii.test(cell.text) ? cell.painted : standIn.repeat(cell.width);
}
