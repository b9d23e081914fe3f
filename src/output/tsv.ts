// Rows for scripts: values between tabs, one row a line, no heading.

import { safeText } from '../safe-text.ts';
import type { Column, Look } from './view.ts';

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
]);

/** One value: backslash, tab and line breaks are written `\\`, `\t`, `\n`, `\r`; other controls are dropped. */
export function tsvValue(text: string): string {
  return safeText(text.replace(/[\\\t\n\r]/g, (character) => escapes.get(character) ?? ''));
}

/** A row with its line break. Unknown is empty. */
export function tsvRow<T>(columns: readonly Column<T>[], item: T, look: Look): string {
  return `${columns.map(({ plain, cell }) => tsvValue((plain ?? cell)(item, look))).join('\t')}\n`;
}
