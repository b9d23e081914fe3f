// The one error type that segjobs throws: what happened, what to do next, and the exit code that follows.

/** The meaning of each exit code. Stable: a number is never reused for something else. */
export const exitCodes = {
  done: 0,
  internal: 1,
  usage: 2,
  refused: 3,
  credentials: 4,
  notFound: 5,
  conflict: 6,
  unavailable: 7,
  stillRunning: 8,
  outcomeUnknown: 9,
  jobFailed: 10,
  jobCancelled: 11,
  partial: 12,
  timeout: 124,
  hangup: 129,
  interrupted: 130,
  readerGone: 141,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code tells, for the help. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done; every watched job SUCCEEDED',
  1: 'internal or local problem: a bug, a full disk',
  2: 'usage: bad argument, bad configuration, or a question nobody could answer',
  3: 'the service refused the request, or answered nonsense',
  4: 'no or bad credentials',
  5: 'not found',
  6: 'conflict: already finished, or the quota guard refused',
  7: 'network, throttling or outage: retrying later is sensible',
  8: 'watch --timeout 0, and something still runs',
  9: 'a create was sent and its outcome is not known: do not retry blindly',
  10: 'a watched job FAILED',
  11: 'none failed, but one was CANCELLED',
  12: 'some items of a batch worked, some did not',
  124: 'watch --timeout passed',
  129: 'ended by SIGHUP',
  130: 'ended by SIGINT (Ctrl-C)',
  141: 'the reader of a watch went away',
  143: 'ended by SIGTERM',
};

/** Every `code` an error can carry, with the exit code it leads to. Scripts read these: names are only ever added. */
const exitCodeOf = {
  INTERNAL: exitCodes.internal,
  LOCAL_IO: exitCodes.internal,
  USAGE: exitCodes.usage,
  CONFIG: exitCodes.usage,
  WOULD_PROMPT: exitCodes.usage,
  REFUSED: exitCodes.refused,
  BAD_ANSWER: exitCodes.refused,
  REDIRECTED: exitCodes.refused,
  NO_CREDENTIALS: exitCodes.credentials,
  UNAUTHORIZED: exitCodes.credentials,
  FORBIDDEN: exitCodes.credentials,
  NOT_FOUND: exitCodes.notFound,
  CONFLICT: exitCodes.conflict,
  NETWORK: exitCodes.unavailable,
  TIMEOUT: exitCodes.unavailable,
  THROTTLED: exitCodes.unavailable,
  UNAVAILABLE: exitCodes.unavailable,
  OUTCOME_UNKNOWN: exitCodes.outcomeUnknown,
  PARTIAL: exitCodes.partial,
  HANGUP: exitCodes.hangup,
  INTERRUPTED: exitCodes.interrupted,
  READER_GONE: exitCodes.readerGone,
  TERMINATED: exitCodes.terminated,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof exitCodeOf;

export interface ErrorFacts {
  /** What to do next, in one line. */
  readonly hint?: string | undefined;
  readonly httpStatus?: number | undefined;
  /** Adobe's `X-Request-Id`, the one thing their support asks for. */
  readonly requestId?: string | undefined;
  /** Seconds after which the service asked to be tried again. */
  readonly retryAfterSeconds?: number | undefined;
  /** Further facts for the JSON form of the error; plain JSON values only, never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/**
 * Thrown once where the fact is known, printed once in `main.ts`.
 * `message` says what happened and `hint` what to do; both are single lines and hold no secret.
 * Strings of the service's that go into them must have passed through `safeText` first.
 */
export class SegjobsError extends Error {
  override readonly name = 'SegjobsError';
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  readonly httpStatus: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.exitCode = exitCodeOf[code];
    this.hint = facts.hint;
    this.httpStatus = facts.httpStatus;
    this.requestId = facts.requestId;
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.details = facts.details;
  }

  /** Whether trying the same command again later is sensible (exit 7 and nothing else). */
  get isRetryable(): boolean {
    return this.exitCode === exitCodes.unavailable;
  }
}

/** A usage error (exit 2): found before anything was sent. */
export function usageError(message: string, hint?: string): SegjobsError {
  return new SegjobsError('USAGE', message, { hint });
}
