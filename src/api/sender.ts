// Sends one request until it is answered or the retry budget says no: the loop under the API and the login service.

import type { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { ApiHost } from './client.ts';
import { readErrorBody } from './error-shapes.ts';
import { AnswerTooLarge, PageTooSlow, secondsText } from './network-errors.ts';
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
  /** Retries that were spent on the same work in another request. */
  readonly retriesBefore?: number | undefined;
  /** A timeout that may be retried is then the caller's to answer, with a smaller page: `PageTooSlow`. */
  readonly canShrink?: boolean | undefined;
  readonly budget?: RetryBudget | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether a 401 has already led to a fresh token. */
  readonly isTokenRenewable?: boolean | undefined;
  readonly watcher?: SendWatcher | undefined;
  /** As in `BodyFacts`. */
  readonly memory?: ((length: number) => Buffer) | undefined;
}

/** Hears how far a request on a fresh connection has come, each time at that very moment. */
export interface SendWatcher {
  /** An attempt begins; nothing has left yet. */
  onSending(): void;
  /** The request may be on its way. */
  onLeaving(): void;
  /** The attempt was refused, and another one will follow: after a wait, or with a fresh token. */
  onRefused(): void;
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
  /** Unix ms on the service's clock, as far as its answers told it; else local time. */
  serviceNow(): number;
  /** The same, or `undefined` before a first answer has told it. */
  knownServiceNow(): number | undefined;
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
    env: host.env,
    onProxy: ({ host: proxy, variable }) => host.debug?.(`using the proxy ${proxy} (${variable})`),
    onLastWait: (ms) =>
      host.waiting?.(
        `interrupted; waiting up to ${secondsText(ms)} for the answer to the create that was sent`,
      ),
  });

  const knownServiceNow = () =>
    serviceAheadMs === undefined ? undefined : serviceAheadMs + clock.monotonicMs();
  const serviceNow = () => knownServiceNow() ?? clock.now();

  async function attempt(sending: Sending): Promise<HttpAnswer | HttpProblem> {
    const headers = await sending.headers();
    sending.watcher?.onSending();
    const startMs = clock.monotonicMs();
    const reply = await transport.exchange({
      method: sending.method,
      url: sending.url,
      headers,
      body: sending.body,
      isFresh: sending.isFresh,
      onLeaving: sending.watcher?.onLeaving,
      signal: sending.signal,
      memory: sending.memory,
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
    for (let retries = sending.retriesBefore ?? 0; ; retries++) {
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
      const failedWith = (told: SegjobsError): Outcome => ({
        kind: 'failed',
        failure: failed,
        error: told,
        answer: reply.kind === 'answer' ? reply : undefined,
        mayHaveBeenReceived,
        wasRepeated,
      });
      if (waitMs === undefined) {
        const isToldAsItIs = retries === 0 || error instanceof AnswerTooLarge;
        return failedWith(
          isToldAsItIs ? error : restated(error, `${error.message} (tried ${retries + 1} times)`),
        );
      }
      wasRepeated ||= mayHaveBeenReceived;
      sending.watcher?.onRefused();
      budget.spend(waitMs, now);
      const isPageTooSlow = failed.kind === 'timeout' && sending.canShrink === true;
      if (isPageTooSlow) host.waiting?.(`asking for fewer jobs at a time: ${error.message}`);
      else if (waitMs > quietWaitMs)
        host.waiting?.(`waiting ${secondsText(waitMs)} before trying again: ${error.message}`);
      await sleep(waitMs, sending.signal);
      if (isPageTooSlow) return failedWith(new PageTooSlow(error, retries + 1));
    }
  }

  return { send, serviceNow, knownServiceNow, newBudget: createRetryBudget };
}
