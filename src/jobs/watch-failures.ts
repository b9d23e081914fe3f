// Which failed polls a watch passes over, and which end it.

import { type ErrorCode, SegjobsError } from '../errors.ts';

const lostContactMs = 10 * 60_000;
const lostContactPolls = 5;

/** Whether contact counts as lost: that many failures in a row, and that long since the last good answer. */
export function isContactLost(failures: number, silentMs: number): boolean {
  return failures >= lostContactPolls && silentMs >= lostContactMs;
}

/** Local faults and bugs: no later poll can mend them. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL',
  'LOCAL_IO',
  'USAGE',
  'CONFIG',
  'WOULD_PROMPT',
  'READER_GONE',
]);

/** On the first poll: the request itself is wrong (400, 401, 403 and their like), and stays so when asked again. */
const fatalAtFirst: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'REFUSED',
  'REDIRECTED',
  'NOT_FOUND',
  'NO_CREDENTIALS',
  'UNAUTHORIZED',
  'FORBIDDEN',
]);

/** The failure as one that is known. Throws what is none: a bug. */
export function knownFailure(error: unknown): SegjobsError {
  if (!(error instanceof SegjobsError)) throw error;
  return error;
}

/** Whether no later poll can mend it. */
export function isFatal(error: SegjobsError): boolean {
  return fatalCodes.has(error.code);
}

/** Whether the failure ends a watch that has only just begun. */
export function endsFirstPoll(error: SegjobsError): boolean {
  return fatalAtFirst.has(error.code);
}
