// Readers of arguments that several commands share: ids from operands or a file, statuses, sort, limits.

import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import type { KnownJobStatus } from '../jobs/job.ts';
import type { SortOrder } from '../jobs/selection.ts';
import { isJobStatusWord, statusesFor, statusWords } from '../jobs/selection.ts';
import { safeText } from '../safe-text.ts';

export interface IdSource {
  readonly operands: readonly string[];
  /** The value of `-f`, `-` for stdin. */
  readonly file: string | undefined;
  /** What one id is called in messages: `job id`, `segment id`. */
  readonly what: string;
  /** Checks one id; throws a usage error. */
  readonly check: (id: string) => string;
}

/**
 * The ids asked for, each once, in the order first given. From operands, or from a file with one id per line
 * (`#` starts a comment; CRLF and a byte order mark are fine) or a JSON array of strings, `{"segmentId"}` or `{"id"}`.
 * Empty when the file holds none; whether that is an error is the command's to say.
 * Throws a usage error when both or neither are given, or when an id cannot be one.
 */
export async function readIds(
  context: Pick<Context, 'readUserFile'>,
  source: IdSource,
): Promise<readonly string[]> {
  const { operands, file, what, check } = source;
  if (file !== undefined && operands.length > 0) {
    throw usageError(`give ${what}s as arguments or with --file, not both`);
  }
  if (file === undefined) {
    if (operands.length === 0)
      throw usageError(`no ${what} given`, `give at least one ${what}, or --file PATH`);
    return [...new Set(operands.map(check))];
  }
  const text = (await context.readUserFile(file)).replace(/^\uFEFF/, '');
  const place = file === '-' ? 'stdin' : safeText(file);
  if (text.trimStart().startsWith('{')) {
    throw usageError(`${place} holds a JSON object`, `give a JSON array, or one ${what} per line`);
  }
  const found = text.trimStart().startsWith('[') ? idsOfJson(text, place, what) : idsOfLines(text, place);
  const ids = found.map(({ id, where }) => {
    try {
      return check(id);
    } catch (error) {
      throw error instanceof Error ? usageError(`${where}: ${error.message}`) : error;
    }
  });
  return [...new Set(ids)];
}

interface FoundId {
  readonly id: string;
  readonly where: string;
}

function idsOfLines(text: string, place: string): FoundId[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => {
    const id = line.replace(/(?:^|\s)#.*$/, '').trim();
    return id === '' ? [] : [{ id, where: `${place}, line ${index + 1}` }];
  });
}

function idsOfJson(text: string, place: string, what: string): FoundId[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw usageError(
      `${place} starts like a JSON array but is not valid JSON`,
      `one ${what} per line works too`,
    );
  }
  return (parsed as unknown[]).map((entry, index) => {
    const where = `${place}, item ${index + 1}`;
    if (typeof entry === 'string') return { id: entry, where };
    const { segmentId, id } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<
      string,
      unknown
    >;
    const named = segmentId ?? id;
    if (typeof named !== 'string') {
      throw usageError(
        `${where} is not a ${what}`,
        'items are strings, or objects such as {"segmentId": "…"}',
      );
    }
    return { id: named, where };
  });
}

/** `processing,queued`, `active`: the statuses behind the words, in any case and with one or two Ls. */
export function parseStatuses(text: string): readonly KnownJobStatus[] {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.length === 0) throw usageError('it names no status', `one or more of: ${statusWords.join(', ')}`);
  const unknown = words.find((word) => !isJobStatusWord(word));
  if (unknown !== undefined) {
    throw usageError(`"${safeText(unknown)}" is no status`, `one or more of: ${statusWords.join(', ')}`);
  }
  return words.flatMap(statusesFor);
}

/** A total to print: a whole number from 1 up, or `all`. */
export function parseLimit(text: string): number {
  if (text.toLowerCase() === 'all') return Number.POSITIVE_INFINITY;
  const limit = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw usageError('give a whole number from 1 up, or "all"');
  return limit;
}

/** `creationTime`, `updateTime:asc`; descending where no direction is given. */
export function parseSort(text: string): SortOrder {
  const match = /^(creationTime|updateTime)(?::(asc|desc))?$/i.exec(text);
  if (match === null) {
    throw usageError(
      'give creationTime or updateTime, then :asc or :desc',
      'for example: --sort updateTime:asc',
    );
  }
  const by = match[1]?.toLowerCase() === 'updatetime' ? 'updateTime' : 'creationTime';
  return { by, direction: match[2]?.toLowerCase() === 'asc' ? 'asc' : 'desc' };
}

/** A text that has something in it and no control character. */
export function parseText(text: string): string {
  if (text.trim() === '') throw usageError('it is empty');
  if (safeText(text) !== text) throw usageError('it holds control characters');
  return text;
}
