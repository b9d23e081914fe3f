// One block of lines for each item, where a terminal is too narrow for a table.

import { safeText } from '../safe-text.ts';
import { unknown } from './text.ts';
import type { Column, Look } from './view.ts';
import { cutToWidth, padEnd, visibleWidth } from './width.ts';

/** What people copy is not cut below this, even where a line then breaks. */
const longestValue = 128;

/** `STATUS  SUCCEEDED`: a line for each column. */
export function plainCard<T>(columns: readonly Column<T>[], item: T, look: Look): readonly string[] {
  const { paint, columns: available } = look.terminal;
  const width = Math.max(0, ...columns.map(({ title }) => visibleWidth(title)));
  return columns.map((column) => {
    const whole = safeText(column.cell(item, look)).trim() || unknown;
    const isCuttable = column.align !== 'right' && column.isWhole !== true;
    const text = cutToWidth(whole, isCuttable ? Math.max(10, available - width - 2) : longestValue);
    const shown = whole === unknown ? paint.muted(text) : (column.paint?.(text, item, look.terminal) ?? text);
    return `${paint.muted(padEnd(column.title, width))}  ${shown}`;
  });
}

/** The parts on lines of at most `width` columns, the separator between those on one line. */
export function flowParts(
  parts: readonly { readonly text: string; readonly painted?: string }[],
  width: number,
  separator = ' · ',
): string[] {
  const lines: { width: number; painted: string }[] = [];
  for (const { text, painted = text } of parts) {
    const line = lines.at(-1);
    const added = visibleWidth(text);
    if (line === undefined || line.width + separator.length + added > width)
      lines.push({ width: added, painted });
    else {
      line.width += separator.length + added;
      line.painted += `${separator}${painted}`;
    }
  }
  return lines.map(({ painted }) => painted);
}
