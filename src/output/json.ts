// Documents and streams of JSON, put together from the very text that the service sent.

import { compactJson, createJsonIndenter, elementsOf, indentJson, quoteJson } from '../lossless-json.ts';
import type { RecordWriter } from './records.ts';
import { sliceLines, sliceMembers, slicesOf } from './slices.ts';
import type { DocumentFrame, RecordView } from './view.ts';

/** One document with a line break: indented on a terminal, compact elsewhere. */
export function jsonDocument(json: string, isIndented: boolean): string {
  const compact = compactJson(json);
  return `${isIndented ? indentJson(compact) : compact}\n`;
}

/** The elements of an array one a line; any other value as a line. */
export function jsonLines(json: string): string {
  const items = json.startsWith('[') ? elementsOf(json) : [json];
  return items.map((item) => `${item}\n`).join('');
}

/** One document around all items. Where the items break off it is left unclosed, so that no parser takes it. */
export function documentWriter<T>(
  view: RecordView<T>,
  frame: DocumentFrame<T>,
  isIndented: boolean,
): RecordWriter<T> {
  const indenter = createJsonIndenter();
  const laidOut = (fragment: string) => (isIndented ? indenter.write(fragment) : fragment);
  let isFirst = true;
  const member = (item: T) => {
    const separator = isFirst ? '' : ',';
    isFirst = false;
    const key = frame.key === undefined ? '' : `${quoteJson(frame.key(item))}:`;
    return `${separator}${key}${compactJson(view.json(item))}`;
  };
  return {
    start: () => laidOut(compactJson(frame.head)),
    records: (items) => {
      const slices = isIndented || frame.key !== undefined ? undefined : slicesOf(items, view);
      if (slices === undefined) return items.map((item) => laidOut(member(item))).join('');
      const opensList = isFirst;
      isFirst = false;
      return sliceMembers(slices, opensList);
    },
    end: () => `${laidOut(compactJson(frame.tail()))}\n`,
    breakOff: () => '\n',
  };
}

/** One item a line. */
export function lineWriter<T>(view: RecordView<T>): RecordWriter<T> {
  return {
    start: () => '',
    records: (items) => {
      const slices = slicesOf(items, view);
      if (slices !== undefined) return sliceLines(slices);
      return items.map((item) => `${compactJson(view.json(item))}\n`).join('');
    },
    end: () => '',
    breakOff: () => '',
  };
}
