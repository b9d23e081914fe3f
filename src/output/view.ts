// How a thing says what it looks like: columns for tables and tsv, its exact JSON, its id, its page.

import { usageError } from '../errors.ts';
import type { JsonText } from '../jobs/job.ts';
import type { JsonSlice } from '../json-slice.ts';
import { safeText } from '../safe-text.ts';
import type { Terminal } from './terminal.ts';

/** One column of table and tsv. Both functions may return text from the service: the writers make it safe. */
export interface Column<T> {
  /** Stable lower-case name, for `--fields`. */
  readonly name: string;
  /** Heading of the table. */
  readonly title: string;
  /** Numbers stand right, and are never cut; `numbers` stands right where the first rows hold nothing else. */
  readonly align?: 'left' | 'right' | 'numbers' | undefined;
  /** Columns kept free even where the first rows need fewer. */
  readonly minWidth?: number | undefined;
  /** Never cut: an id, that people copy. */
  readonly isWhole?: boolean | undefined;
  /** On a terminal that is too narrow the column with the highest rank goes first; without a rank it stays. */
  readonly dropRank?: number | undefined;
  /** For people: `3m 12s`, `1,033`, without colour. Empty is shown as `-`. */
  readonly cell: (item: T, look: Look) => string;
  /** For scripts: ISO UTC times, whole seconds, empty when unknown. Default: `cell`. */
  readonly plain?: ((item: T, look: Look) => string) | undefined;
  /** Colours the cell of a table, once it has been made safe and cut. */
  readonly paint?: ((text: string, item: T, terminal: Terminal) => string) | undefined;
}

/** What a view may know beside the item. */
export interface Look {
  /** Unix ms on the service's clock. */
  readonly now: number;
  /** The stream the text goes to. */
  readonly terminal: Terminal;
}

/** How one kind of thing looks in each format. */
export interface RecordView<T> {
  readonly columns: readonly Column<T>[];
  /** Further columns that `--fields` may name. */
  readonly moreColumns?: readonly Column<T>[] | undefined;
  /** The column that stands for a path such as `metrics.totalTime`, where `--fields` may name one. */
  readonly columnAt?: ((path: string) => Column<T> | undefined) | undefined;
  /** Columns that a table has as well where the terminal has room left, in this order; those with something to show. */
  readonly wideColumns?: readonly Column<T>[] | undefined;
  /** One item as a block of lines, where a terminal is too narrow for a table; default: a line for each column. */
  readonly card?: ((item: T, look: Look) => readonly string[]) | undefined;
  /** The exact JSON of one item. */
  readonly json: (item: T) => JsonText;
  /** The same JSON in the bytes it came in, for an item of which nothing else is printed. */
  readonly slice?: ((item: T) => JsonSlice | undefined) | undefined;
  /** For `ids`. */
  readonly id?: ((item: T) => string) | undefined;
  /** The page a person reads when there is one item; default: its row. Already safe; no final line break. */
  readonly page?: ((item: T, look: Look) => string) | undefined;
}

/** The JSON document around many items, in pieces of compact JSON; on a terminal the whole is indented. */
export interface DocumentFrame<T> {
  /** `{"children":[` */
  readonly head: string;
  /** A member's key where the items stand in an object: `{"results":{"<key>":item}}`. */
  readonly key?: ((item: T) => string) | undefined;
  /** `],"_page":{…},"_links":{…}}`; asked once everything was written. */
  readonly tail: () => string;
}

/** A list of our own: `{"schemaVersion":1,"<name>":[…]}`. */
export function ownListFrame<T>(name: string): DocumentFrame<T> {
  return { head: `{"schemaVersion":1,${JSON.stringify(name)}:[`, tail: () => ']}' };
}

/** Results of our own by id: `{"schemaVersion":1,"results":{"<key>":…}}`. */
export function ownResultsFrame<T>(key: (item: T) => string): DocumentFrame<T> {
  return { head: '{"schemaVersion":1,"results":{', key, tail: () => '}}' };
}

/** The names that `selectColumns` knows, in the order of the columns. */
export function fieldNames<T>({ columns, moreColumns = [] }: RecordView<T>): readonly string[] {
  return [...columns, ...moreColumns].map(({ name }) => name);
}

/**
 * The view with the columns named, in that order; none of them is left out on a narrow terminal, and no other comes in
 * on a wide one. Throws a usage error naming the valid names.
 */
export function selectColumns<T>(view: RecordView<T>, names: readonly string[]): RecordView<T> {
  const all = [...view.columns, ...(view.moreColumns ?? [])];
  const columns = names.map((name) => {
    const wanted = name.trim();
    const found =
      all.find((column) => column.name.toLowerCase() === wanted.toLowerCase()) ?? view.columnAt?.(wanted);
    if (found === undefined) {
      const valid = fieldNames(view).join(', ');
      const paths = view.columnAt === undefined ? '' : ', or a path into the job such as metrics.totalTime';
      throw usageError(`unknown field "${safeText(name)}" in --fields`, `valid fields: ${valid}${paths}`);
    }
    return { ...found, dropRank: undefined };
  });
  return { ...view, columns, wideColumns: undefined, card: undefined };
}

/** A list that is at hand already, as the source of `Output.many`. */
export async function* oneBatch<T>(items: readonly T[]): AsyncGenerator<readonly T[], void, undefined> {
  yield items;
}
