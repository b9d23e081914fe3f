// Which columns a table has and how wide they are, by what its first rows hold and what the terminal has room for.

import { safeText } from '../safe-text.ts';
import { unknown } from './text.ts';
import type { Column, Look } from './view.ts';
import { visibleWidth } from './width.ts';

/** Between two columns. */
export const gap = '  ';
/** A cell that must stay whole, does, up to here; only a hostile id is longer. */
export const longestWholeCell = 128;
/** A column of text is not cut below this. */
const narrowestText = 10;
/** Nor one below this that came in because there was room. */
const narrowestWide = 24;

/** A column of a table, and its width. */
export interface Slot<T> {
  readonly column: Column<T>;
  readonly width: number;
}

/** Whether its text may be cut: what is neither a number nor an id. */
export function isCuttable<T>({ align, isWhole }: Column<T>): boolean {
  return align !== 'right' && isWhole !== true;
}

/** The text of a cell, safe and whole; `-` where there is none. */
export function shownText<T>(column: Column<T>, item: T, look: Look): string {
  return safeText(column.cell(item, look)).trim() || unknown;
}

function naturalWidth<T>(column: Column<T>, items: readonly T[], look: Look): number {
  let width = Math.max(visibleWidth(column.title), column.minWidth ?? 0);
  for (const item of items) {
    width = Math.max(width, Math.min(longestWholeCell, visibleWidth(shownText(column, item, look))));
  }
  return width;
}

/** The columns of the table that these rows begin, and how wide each is; `cards` where there is no room for a table. */
export function slotsFor<T>(
  columns: readonly Column<T>[],
  wideColumns: readonly Column<T>[],
  items: readonly T[],
  look: Look,
): readonly Slot<T>[] | 'cards' {
  const { columns: available } = look.terminal;
  const aligned = columns.map((column) => withAlignment(column, items, look));
  const naturalWidths = aligned.map((column) => naturalWidth(column, items, look));
  const slots = fitSlots(aligned, naturalWidths, available);
  if (available === 0) return slots;
  const isRanked = ({ dropRank }: Column<T>) => dropRank !== undefined;
  const isWorthATable = !aligned.some(isRanked) || slots.some(({ column }) => isRanked(column));
  if (!isWorthATable || widthOf(slots) > available) return 'cards';
  const isWhole = slots.every(({ width }, index) => width === naturalWidths[index]);
  if (slots.length < columns.length || !isWhole) return slots;
  const chosen = [...slots];
  for (const column of wideColumns) {
    if (items.every((item) => shownText(column, item, look) === unknown)) continue;
    const room = available - widthOf(chosen) - gap.length;
    const natural = naturalWidth(column, items, look);
    if (natural <= room) chosen.push({ column, width: natural });
    else if (isCuttable(column) && room >= narrowestWide) chosen.push({ column, width: room });
  }
  return chosen;
}

function withAlignment<T>(column: Column<T>, items: readonly T[], look: Look): Column<T> {
  if (column.align !== 'numbers') return column;
  const texts = items.map((item) => shownText(column, item, look)).filter((text) => text !== unknown);
  const isNumeric = texts.length > 0 && texts.every((text) => /^-?\d[\d.]*(?:[eE][+-]?\d+)?$/.test(text));
  return { ...column, align: isNumeric ? 'right' : 'left' };
}

function widthOf<T>(slots: readonly Slot<T>[]): number {
  return slots.reduce((sum, { width }) => sum + width, gap.length * (slots.length - 1));
}

/** `available` 0 means that the width is unknown and everything is shown. */
export function fitSlots<T>(
  columns: readonly Column<T>[],
  naturalWidths: readonly number[],
  available: number,
): readonly Slot<T>[] {
  let slots = columns.map((column, index) => ({ column, width: naturalWidths[index] ?? 0 }));
  const excess = () => (available === 0 ? 0 : widthOf(slots) - available);

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
