// JSON that is printed as the bytes it came in: the slices of a page, with nothing but their separators written anew.

import type { JsonSlice } from '../json-slice.ts';
import type { RecordView } from './view.ts';

const comma = 0x2c;
const lineBreak = 0x0a;

/** Where each item lies in bytes, in a list of at least one; `undefined` where one of them does not. */
export function slicesOf<T>(items: readonly T[], { slice }: RecordView<T>): readonly JsonSlice[] | undefined {
  if (slice === undefined || items.length === 0) return undefined;
  const slices: JsonSlice[] = [];
  for (const item of items) {
    const found = slice(item);
    if (found === undefined) return undefined;
    slices.push(found);
  }
  return slices;
}

/** Each slice with a line break behind it. Slices that lie side by side come as one piece. */
export function sliceLines(slices: readonly JsonSlice[]): readonly Uint8Array[] {
  for (const { bytes, end } of slices) bytes[end] = lineBreak;
  return runsOf(slices).map(({ bytes, start, end }) => bytes.subarray(start, end + 1));
}

/** Each slice with a comma before it, the first one excepted where it is said to open the list. */
export function sliceMembers(slices: readonly JsonSlice[], opensList: boolean): readonly Uint8Array[] {
  for (const { bytes, start } of slices) bytes[start - 1] = comma;
  return runsOf(slices).map(({ bytes, start, end }, index) =>
    bytes.subarray(opensList && index === 0 ? start : start - 1, end),
  );
}

/** Neighbours, with one separator between them, as one. */
function runsOf(slices: readonly JsonSlice[]): readonly JsonSlice[] {
  const runs: { readonly bytes: Uint8Array; readonly start: number; end: number }[] = [];
  for (const { bytes, start, end } of slices) {
    const last = runs.at(-1);
    if (last !== undefined && last.bytes === bytes && last.end + 1 === start) last.end = end;
    else runs.push({ bytes, start, end });
  }
  return runs;
}
