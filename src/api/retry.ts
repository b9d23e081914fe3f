// Whether a failed request may be sent again, and after how long: pure decisions, and the budget they draw on.

/** What is at stake when a request is sent twice: nothing, a repeated mark, or a second paid run. */
export type Operation = 'read' | 'cancel' | 'create';

export interface Failure {
  /**
   * `notConnected`: no connection was made, so nothing was received. `lost`: the connection broke. `timeout`: it
   * stood but was too slow. `status`: an HTTP status came. `final`: an answer that asking again will not mend.
   */
  readonly kind: 'notConnected' | 'lost' | 'timeout' | 'status' | 'final';
  readonly httpStatus?: number | undefined;
  /** What the service asked for, if it did. */
  readonly retryAfterMs?: number | undefined;
}

export interface Allowance {
  /** How often this request was tried again already, and may be at most. */
  readonly retries: number;
  readonly maxRetries: number;
  /** What the budget has left. */
  readonly remainingWaitMs: number;
  readonly remainingRetries: number;
  /** From 0 up to 1. */
  readonly random: number;
}

const retriedStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const firstDelayMs = 500;
/** A throttled client that is quick again is throttled again. */
const firstThrottledDelayMs = 1000;
const longestDelayMs = 20_000;
/** Clients that were told the same moment should not all come back in it. */
const retryAfterSpread = 0.1;

/**
 * How long to wait before trying again, in milliseconds, or `undefined` when the failure is final.
 * `Retry-After` (RFC 9110 §10.2.3) is a lower bound; otherwise full jitter, doubling from 500 (from 1000 for a
 * 429) up to 20,000. Never more than the budget has left: a `Retry-After` beyond it is final.
 * A create is tried again after a 429 alone: that answer says that it did not happen, whereas any failure that
 * leaves it open may have cost a run, and one without a connection is told at once.
 */
export function retryDelayMs(
  failure: Failure,
  operation: Operation,
  allowance: Allowance,
): number | undefined {
  const { retries, maxRetries, remainingWaitMs, remainingRetries } = allowance;
  if (!mayRetry(failure, operation)) return undefined;
  if (retries >= maxRetries || remainingRetries < 1 || !(remainingWaitMs > 0)) return undefined;
  const first = failure.httpStatus === 429 ? firstThrottledDelayMs : firstDelayMs;
  const jitterMs = allowance.random * Math.min(longestDelayMs, first * 2 ** retries);
  const { retryAfterMs } = failure;
  if (retryAfterMs === undefined) return Math.min(jitterMs, remainingWaitMs);
  if (retryAfterMs > remainingWaitMs) return undefined;
  const spreadMs = allowance.random * retryAfterSpread * retryAfterMs;
  return Math.min(remainingWaitMs, Math.max(retryAfterMs + spreadMs, jitterMs));
}

function mayRetry(failure: Failure, operation: Operation): boolean {
  if (operation === 'create') return failure.kind === 'status' && failure.httpStatus === 429;
  if (failure.kind === 'status') return retriedStatuses.has(failure.httpStatus ?? 0);
  return failure.kind !== 'final';
}

const longestRetryAfterMs = 366 * 86_400_000;
/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the obsolete form with dashes; without GMT a date would be read as local. */
const httpDate = /^[A-Za-z]{3,9}, \d{2}[ -][A-Za-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * What a `Retry-After` header asks for, in milliseconds from the answer on: whole seconds, or a date measured
 * against the answer's own `Date` (the local clock may be wrong), else against `now` (unix ms).
 * Anything else, and anything beyond a year, is nonsense: `undefined`.
 */
export function parseRetryAfter(
  header: string | undefined,
  dateHeader: string | undefined,
  now: number,
): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return withinAYear(Number(text) * 1000);
  const until = parseHttpDate(text);
  if (until === undefined) return undefined;
  return withinAYear(Math.max(0, until - (parseHttpDate(dateHeader) ?? now)));
}

/** Unix ms of an HTTP date, or `undefined`. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !httpDate.test(text)) return undefined;
  const time = Date.parse(text.replaceAll('-', ' '));
  return Number.isNaN(time) ? undefined : time;
}

function withinAYear(ms: number): number | undefined {
  return ms <= longestRetryAfterMs ? ms : undefined;
}

const wholeWaitMs = 120_000;
const leastRetries = 10;
const requestsPerRetry = 10;

/** What one command, or one poll of a watch, may spend on trying again. */
export interface RetryBudget {
  /** Counts a request that was sent for the first time. */
  countRequest(): void;
  remainingWaitMs(monotonicMs: number): number;
  remainingRetries(): number;
  /** Takes one retry and the wait before it. */
  spend(waitMs: number, monotonicMs: number): void;
}

/**
 * 120 s of waiting and max(10, requests/10) retries. Waits that run beside each other count once, as the user
 * sees them: four requests throttled for 38 s have waited 38 s.
 */
export function createRetryBudget(): RetryBudget {
  let requests = 0;
  let retries = 0;
  let waitedMs = 0;
  let waitingUntilMs = Number.NEGATIVE_INFINITY;
  return {
    countRequest: () => {
      requests += 1;
    },
    remainingWaitMs: (now) => wholeWaitMs - waitedMs + Math.max(0, waitingUntilMs - now),
    remainingRetries: () => Math.max(leastRetries, Math.floor(requests / requestsPerRetry)) - retries,
    spend: (waitMs, now) => {
      const until = now + waitMs;
      retries += 1;
      waitedMs += Math.max(0, until - Math.max(now, waitingUntilMs));
      waitingUntilMs = Math.max(waitingUntilMs, until);
    },
  };
}
