// Which strings can be an id: everything that ends up as exactly one path segment of a URL.

import { usageError } from '../errors.ts';

/** C0, DEL and C1: no id holds them, and in a header or a terminal they would do harm. */
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/;
/** A surrogate without its partner cannot be percent-encoded. */
const loneSurrogates = /\p{Surrogate}/u;

/**
 * The id as it is. Throws a usage error for a blank id, `.`, `..`, control characters and lone surrogates:
 * `encodeURIComponent` leaves the first three alone (`DELETE /segment/jobs/..` is another URL) and throws on the
 * last. Everything else can be encoded into one path segment. A refused value is never repeated in the message.
 */
export function checkJobId(id: string): string {
  return checkId(id, 'a job id');
}

/**
 * The same for the id of a segment definition, which must also hold no blank, comma, quote or bracket: a piece of
 * CSV or JSON taken for an id would not be missed by the service, and would cost a run.
 */
export function checkSegmentId(id: string): string {
  checkId(id, 'a segment id');
  const odd = /[\s,;"'`(){}[\]<>]/u.exec(id)?.[0];
  if (odd !== undefined) {
    throw usageError(
      `a segment id must not hold ${odd.trim() === '' ? 'a blank' : odd}`,
      'give one id per argument, or a file with one id per line or a JSON array',
    );
  }
  return id;
}

function checkId(id: string, what: string): string {
  if (id.trim() === '') {
    throw usageError(
      `${what} must not be blank`,
      'check that the variable or command that supplies it is not empty',
    );
  }
  if (id === '.' || id === '..') throw usageError(`"${id}" is not ${what}`);
  if (controlCharacters.test(id)) {
    throw usageError(
      `${what} must not hold control characters (line break, tab, escape)`,
      'give one id per argument',
    );
  }
  if (loneSurrogates.test(id)) throw usageError(`${what} must be valid Unicode text`);
  return id;
}
