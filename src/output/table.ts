// Tables for people: light columns without lines, drawn by cli-table3 in blocks so that the time stays linear.

import type CliTable from 'cli-table3';
import { safeText } from '../safe-text.ts';
import { unknown } from './text.ts';
import type { Column, Look } from './view.ts';
import { cutToWidth, visibleWidth } from './width.ts';

/** cli-table3 compares every cell with every other of its table: 8,000 rows at once take 6 s, in blocks 0.2 s. */
export const rowsPerBlock = 40;
const gap = '  ';
/** A cell that must stay whole, does, up to here; only a hostile id is longer. */
const longestWholeCell = 128;
/** A column of text is not cut below this. */
const narrowestText = 10;

export interface Table<T> {
  /** The lines for these rows, each with its line break; the heading comes before the first one. */
  rows(items: readonly T[]): string;
}

interface Slot<T> {
  readonly column: Column<T>;
  readonly width: number;
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
 * are left out.
 */
export async function createTable<T>(columns: readonly Column<T>[], look: () => Look): Promise<Table<T>> {
  const { default: Library } = await import('cli-table3');
  let slots: readonly Slot<T>[] | undefined;

  const rows = (items: readonly T[]): string => {
    if (items.length === 0) return '';
    const seen = look();
    let lines = '';
    let fixed = slots;
    if (fixed === undefined) {
      const naturalWidths = columns.map((column) => naturalWidth(column, items, seen));
      fixed = fitSlots(columns, naturalWidths, seen.terminal.columns);
      slots = fixed;
      lines += drawBlock(Library, fixed, [fixed.map(({ column }) => headingOf(column, seen))]);
    }
    let block: Cell[][] = [];
    const flush = () => {
      if (block.length > 0) lines += drawBlock(Library, slots ?? [], block);
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

function isCuttable<T>({ align, isWhole }: Column<T>): boolean {
  return align !== 'right' && isWhole !== true;
}

function shownText<T>(column: Column<T>, item: T, look: Look): string {
  return safeText(column.cell(item, look)).trim() || unknown;
}

function naturalWidth<T>(column: Column<T>, items: readonly T[], look: Look): number {
  let width = Math.max(visibleWidth(column.title), column.minWidth ?? 0);
  for (const item of items) {
    width = Math.max(width, Math.min(longestWholeCell, visibleWidth(shownText(column, item, look))));
  }
  return width;
}

/** `available` 0 means that the width is unknown and everything is shown. */
export function fitSlots<T>(
  columns: readonly Column<T>[],
  naturalWidths: readonly number[],
  available: number,
): readonly Slot<T>[] {
  let slots = columns.map((column, index) => ({ column, width: naturalWidths[index] ?? 0 }));
  const excess = () =>
    available === 0
      ? 0
      : slots.reduce((sum, { width }) => sum + width, gap.length * (slots.length - 1)) - available;

  for (;;) {
    const widest = slots
      .filter(({ column, width }) => isCuttable(column) && width > smallestWidth(column))
      .sort((a, b) => b.width - a.width)[0];
    if (widest === undefined || excess() <= 0) break;
    const width = Math.max(smallestWidth(widest.column), widest.width - excess());
    slots = slots.map((slot) => (slot === widest ? { ...slot, width } : slot));
  }
  while (excess() > 0) {
    const least = slots
      .filter(({ column }) => column.dropRank !== undefined)
      .sort((a, b) => (b.column.dropRank ?? 0) - (a.column.dropRank ?? 0))[0];
    if (least === undefined) break;
    slots = slots.filter((slot) => slot !== least);
  }
  return slots;
}

function smallestWidth<T>({ title, minWidth }: Column<T>): number {
  return Math.max(visibleWidth(title), minWidth ?? 0, narrowestText);
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
    colAligns: slots.map(({ column }) => column.align ?? 'left'),
  });
  const replaced: string[] = [];
  for (const row of rows) {
    table.push(
      row.map(({ text, width, painted }) => {
        if (ascii.test(text)) return painted;
        if (width > 0) replaced.push(painted);
        return standIn.repeat(width);
      }),
    );
  }
  let next = 0;
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.replace(standIns, () => replaced[next++] ?? '').trimEnd()}\n`)
    .join('');
}
