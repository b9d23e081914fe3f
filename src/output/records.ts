// The text of many records in any of the formats, made piece by piece so that no list is held whole.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { OutputFormat } from './format.ts';
import { documentWriter, lineWriter } from './json.ts';
import { createTable } from './table.ts';
import { tsvRow } from './tsv.ts';
import type { DocumentFrame, Look, RecordView } from './view.ts';

/** Each function gives what to write next. */
export interface RecordWriter<T> {
  start(): string;
  /** Bytes where the items lie in such: they are to be written before the next call. */
  records(items: readonly T[]): string | readonly Uint8Array[];
  end(): string;
  /** In place of `end` when no more records can be had: no reader may take what was written for the whole. */
  breakOff(): string;
}

/** Throws a usage error for `ids` of a thing that has none. */
export async function createRecordWriter<T>(
  format: OutputFormat,
  view: RecordView<T>,
  frame: DocumentFrame<T>,
  look: () => Look,
): Promise<RecordWriter<T>> {
  switch (format) {
    case 'json':
      return documentWriter(view, frame, look().terminal.isTty);
    case 'ndjson':
      return lineWriter(view);
    case 'ids': {
      const { id } = view;
      if (id === undefined) throw new SegjobsError('USAGE', 'there are no ids to print here');
      return plainWriter((item) => idLine(id(item)));
    }
    case 'tsv':
      return plainWriter((item) => tsvRow(view.columns, item, look()));
    case 'table': {
      const table = await createTable(view.columns, look, view);
      return { start: () => '', records: table.rows, end: () => '', breakOff: () => '… incomplete\n' };
    }
  }
}

/** One id a line: an id that holds a line break must not read as two. */
function idLine(id: string): string {
  return `${safeText(id)}\n`;
}

function plainWriter<T>(line: (item: T) => string): RecordWriter<T> {
  return {
    start: () => '',
    records: (items) => items.map(line).join(''),
    end: () => '',
    breakOff: () => '',
  };
}
