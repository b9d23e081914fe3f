// Sends one request until it is answered or the retry budget says no: the loop under the API and the login service.

import type { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { ApiHost } from './client.ts';
import { readErrorBody } from './error-shapes.ts';
import { secondsText } from './network-errors.ts';
import {
  createRetryBudget,
  type Failure,
  type Operation,
  parseHttpDate,
  parseRetryAfter,
  type RetryBudget,
  retryDelayMs,
} from './retry.ts';
import { refusalError, restated } from './service-errors.ts';
import {
  createTransport,
  forwardAbort,
  type HttpAnswer,
  type HttpProblem,
  type HttpRequest,
} from './transport.ts';

export interface Sending {
  readonly method: HttpRequest['method'];
  readonly url: URL;
  readonly operation: Operation;
  /** Asked before every attempt, so that each carries its own request id and the newest token. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly body?: string | undefined;
  readonly isFresh?: boolean | undefined;
  /** What must not appear in a message even when the service repeats it; read after an answer. */
  readonly secrets: readonly string[];
  /** Named in messages. */
  readonly sandbox: string | undefined;
  readonly maxRetries?: number | undefined;
  readonly budget?: RetryBudget | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether a 401 has already led to a fresh token. */
  readonly isTokenRenewable?: boolean | undefined;
}

/** How a sending ended. Only interrupts, and what `headers` throws, are thrown. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer; readonly wasRepeated: boolean }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly error: SegjobsError;
      /** The answer that said no, where one came. */
      readonly answer?: HttpAnswer | undefined;
      /** False only where no attempt can have reached the service. */
      readonly mayHaveBeenReceived: boolean;
      /** Whether an earlier attempt may have been received: a 404 may then be its doing. */
      readonly wasRepeated: boolean;
    };

export interface Sender {
  send(sending: Sending): Promise<Outcome>;
  /** Unix ms on the service's clock, as far as its answers told it. */
  serviceNow(): number;
  newBudget(): RetryBudget;
}

export interface SenderOptions {
  readonly httpTimeoutMs: number;
  readonly maxRetries: number;
}

/** Waits longer than this are told. */
const quietWaitMs = 2000;

/** One sender has one retry budget, unless a sending brings its own. */
export function createSender(options: SenderOptions, host: ApiHost): Sender {
  const { clock, signal } = host;
  const random = host.random ?? Math.random;
  const commandBudget = createRetryBudget();
  /** The service's clock less the monotonic one, at the last good answer. */
  let serviceAheadMs: number | undefined;
  const transport = createTransport({
    httpTimeoutMs: options.httpTimeoutMs,
    signal,
    onLastWait: (ms) =>
      host.waiting?.(
        `interrupted; waiting up to ${secondsText(ms)} for the answer to the create that was sent`,
      ),
  });

  const serviceNow = () =>
    serviceAheadMs === undefined ? clock.now() : serviceAheadMs + clock.monotonicMs();

  async function attempt(sending: Sending): Promise<HttpAnswer | HttpProblem> {
    const headers = await sending.headers();
    const startMs = clock.monotonicMs();
    const reply = await transport.exchange({
      method: sending.method,
      url: sending.url,
      headers,
      body: sending.body,
      isFresh: sending.isFresh,
      signal: sending.signal,
    });
    const tookMs = Math.round(clock.monotonicMs() - startMs);
    const result = reply.kind === 'answer' ? String(reply.status) : reply.error.code;
    const requestId = (reply.kind === 'answer' ? reply.requestId : undefined) ?? headers['x-request-id'];
    const path = safeText(sending.url.pathname + sending.url.search);
    const where = requestId === undefined ? '' : `, request id ${requestId}`;
    host.debug?.(`${sending.method} ${path} -> ${result} in ${tookMs} ms${where}`);
    return reply;
  }

  function judge(reply: HttpAnswer | HttpProblem): Failure | undefined {
    if (reply.kind === 'problem') return { kind: reply.failure };
    const { status } = reply;
    if (status >= 200 && status < 300) return undefined;
    const retryAfterMs =
      parseRetryAfter(reply.retryAfter, reply.date, clock.now()) ??
      readErrorBody(reply.text, reply.contentType).retryAfterMs;
    return { kind: 'status', httpStatus: status, retryAfterMs };
  }

  function errorOf(sending: Sending, reply: HttpAnswer | HttpProblem, failure: Failure): SegjobsError {
    if (reply.kind === 'problem') return reply.error;
    return refusalError({
      ...reply,
      url: sending.url,
      operation: sending.operation,
      sandbox: sending.sandbox,
      isTokenRenewable: sending.isTokenRenewable ?? false,
      retryAfterMs: failure.retryAfterMs,
      serviceNow: serviceNow(),
      secrets: sending.secrets,
    });
  }

  async function sleep(ms: number, own: AbortSignal | undefined): Promise<void> {
    const waking = new AbortController();
    const forget = [signal, own].map((each) => forwardAbort(each, (reason) => waking.abort(reason)));
    try {
      await clock.sleep(ms, waking.signal);
    } finally {
      for (const stopListening of forget) stopListening();
    }
  }

  async function send(sending: Sending): Promise<Outcome> {
    const budget = sending.budget ?? commandBudget;
    const maxRetries = sending.maxRetries ?? options.maxRetries;
    let wasRepeated = false;
    budget.countRequest();
    for (let retries = 0; ; retries++) {
      signal.throwIfAborted();
      sending.signal?.throwIfAborted();
      const reply = await attempt(sending);
      const failure = judge(reply);
      if (failure === undefined && reply.kind === 'answer') {
        const date = parseHttpDate(reply.date);
        if (date !== undefined) serviceAheadMs = date - clock.monotonicMs();
        return { kind: 'answer', answer: reply, wasRepeated };
      }
      const failed = failure ?? { kind: 'final' };
      const now = clock.monotonicMs();
      const waitMs = retryDelayMs(failed, sending.operation, {
        retries,
        maxRetries,
        remainingWaitMs: budget.remainingWaitMs(now),
        remainingRetries: budget.remainingRetries(),
        random: random(),
      });
      const error = errorOf(sending, reply, failed);
      const mayHaveBeenReceived = reply.kind === 'answer' || reply.mayHaveBeenReceived;
      if (waitMs === undefined) {
        return {
          kind: 'failed',
          failure: failed,
          error: retries === 0 ? error : restated(error, `${error.message} (tried ${retries + 1} times)`),
          answer: reply.kind === 'answer' ? reply : undefined,
          mayHaveBeenReceived,
          wasRepeated,
        };
      }
      wasRepeated ||= mayHaveBeenReceived;
      budget.spend(waitMs, now);
      if (waitMs > quietWaitMs)
        host.waiting?.(`waiting ${secondsText(waitMs)} before trying again: ${error.message}`);
      await sleep(waitMs, sending.signal);
    }
  }

  return { send, serviceNow, newBudget: createRetryBudget };
}
