// One HTTP exchange within limits of time and size. The only importer of node-fetch, and only when first used.

import type { Readable } from 'node:stream';
import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { asText, type BodyProblem, readBody, readErrorBody } from './body.ts';
import type { Connections } from './connections.ts';
import { bodyError, certificateReasonOf, connectionError, silenceError } from './network-errors.ts';
import type { HttpProxy, ProxyEnv } from './proxy-choice.ts';
import type { Failure } from './retry.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** A connection of its own, so that it is known whether the request can have left. */
  readonly isFresh?: boolean | undefined;
  /** Called when the first byte can leave, where the connection is fresh. */
  readonly onLeaving?: (() => void) | undefined;
  /** Ends the exchange with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** As in `BodyFacts`. */
  readonly memory?: ((length: number) => Buffer) | undefined;
}

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** The whole body of a 2xx; of others as much as came soon, perhaps nothing. */
  readonly text: string;
  /** The body of a 2xx as it came; asking for its `text` decodes it. */
  readonly bytes?: Buffer | undefined;
  readonly contentType: string;
  readonly requestId: string | undefined;
  readonly date: string | undefined;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
}

export interface HttpProblem {
  readonly kind: 'problem';
  readonly failure: Failure['kind'];
  /** False only where no byte of the request can have left. */
  readonly mayHaveBeenReceived: boolean;
  readonly error: SegjobsError;
}

export interface TransportOptions {
  readonly httpTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Where HTTPS_PROXY and its kin are looked up; default: none are set. */
  readonly env?: ProxyEnv | undefined;
  /** Called when a proxy is used for the first time; once for each. */
  readonly onProxy?: ((proxy: HttpProxy) => void) | undefined;
  /** Called when an interrupt has to wait for the answer to a fresh request that has left; once. */
  readonly onLastWait?: ((ms: number) => void) | undefined;
}

export interface Transport {
  /**
   * Sends once and follows nothing. Throws only the reason of a signal that was aborted. A request on a fresh
   * connection that may have left gets up to five more seconds for its answer then, and never throws: without an
   * answer, its problem carries that reason.
   */
  exchange(request: HttpRequest): Promise<HttpAnswer | HttpProblem>;
}

const longestTimerMs = 2 ** 31 - 1;
const lastWaitMs = 5000;
/** The reason an exchange is aborted with when the head of the answer did not come in time. */
const silence = Symbol('no answer in time');
const isOver = Symbol('the exchange is over');

/** Limits with `T = httpTimeoutMs`: connect T/6, head of the answer T, then under 1 kB/s over any T/2 ends it. */
export function createTransport(options: TransportOptions): Transport {
  const httpTimeoutMs = Math.min(longestTimerMs, Math.max(1, options.httpTimeoutMs));
  const connectLimitMs = Math.max(1, httpTimeoutMs / 6);
  const windowMs = httpTimeoutMs / 2;
  const { env = {} } = options;
  const toldProxies = new Set<string>();
  let kept: Connections | undefined;

  function keptConnections(create: (limitMs: number) => Connections): Connections {
    kept ??= create(connectLimitMs);
    return kept;
  }

  async function exchange(request: HttpRequest): Promise<HttpAnswer | HttpProblem> {
    const { url, method, headers, isFresh = false } = request;
    options.signal.throwIfAborted();
    const [{ default: fetch }, { createConnections, createFreshConnection }, proxies, { proxyFor }] =
      await Promise.all([
        import('node-fetch'),
        import('./connections.ts'),
        import('./proxy-errors.ts'),
        import('./proxy-choice.ts'),
      ]);
    let proxy: HttpProxy | undefined;
    try {
      proxy = proxyFor(url, env);
    } catch (error) {
      if (!(error instanceof SegjobsError)) throw error;
      return { kind: 'problem', failure: 'final', mayHaveBeenReceived: false, error };
    }
    if (proxy !== undefined && !toldProxies.has(proxy.host)) {
      toldProxies.add(proxy.host);
      options.onProxy?.(proxy);
    }
    let canHaveLeft = !isFresh;
    const connections = isFresh
      ? createFreshConnection(connectLimitMs, () => {
          canHaveLeft = true;
          request.onLeaving?.();
        })
      : keptConnections(createConnections);

    const ending = new AbortController();
    let lastWait: NodeJS.Timeout | undefined;
    const stop = (reason: unknown) => {
      if (!isFresh || !canHaveLeft) ending.abort(reason);
      else if (lastWait === undefined) {
        lastWait = setTimeout(() => ending.abort(reason), lastWaitMs);
        options.onLastWait?.(lastWaitMs);
      }
    };
    const forget = [options.signal, request.signal].map((signal) => forwardAbort(signal, stop));
    const headTimer = setTimeout(() => ending.abort(silence), httpTimeoutMs);
    const problem = (failure: Failure['kind'], error: SegjobsError): HttpProblem => ({
      kind: 'problem',
      failure,
      mayHaveBeenReceived: canHaveLeft,
      error,
    });
    const stopped = (reason: unknown): HttpProblem => {
      if (!isFresh || !canHaveLeft || !(reason instanceof SegjobsError)) throw reason;
      return problem('final', reason);
    };

    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers, 'accept-encoding': 'gzip' },
        body: request.body ?? null,
        redirect: 'manual',
        // Decompressing is done in body.ts, which notices a stream that was cut.
        compress: false,
        agent: connections.agentFor(url, proxy),
        // Node's own AbortSignal; node-fetch declares a narrower one.
        signal: ending.signal as never,
      });
      clearTimeout(headTimer);
      const answer = headOf(response.status, response.headers);
      const facts = {
        contentLength: response.headers.get('content-length') ?? undefined,
        contentEncoding: response.headers.get('content-encoding') ?? undefined,
        memory: request.memory,
      };
      const stream = response.body as Readable | null;
      if (stream === null || response.status === 204) return { ...answer, text: '' };
      if (response.status < 200 || response.status > 299) {
        return { ...answer, text: await readErrorBody(stream, facts, windowMs) };
      }
      const body = await readBody(stream, facts, windowMs);
      if ('bytes' in body) return withBytes(answer, body.bytes);
      if (isStopped(ending.signal)) return stopped(ending.signal.reason);
      const told = { httpStatus: answer.status, requestId: answer.requestId };
      return problem(failureOfBody(body.problem), bodyError(url, body.problem, told));
    } catch (cause) {
      if (isStopped(ending.signal)) return stopped(ending.signal.reason);
      if (ending.signal.reason === silence) return problem('timeout', silenceError(url, httpTimeoutMs));
      const code = codeOf(cause);
      if (proxy !== undefined && proxies.isProxyCode(code)) {
        return {
          kind: 'problem',
          failure: proxies.isLastingProxyCode(code) ? 'final' : 'notConnected',
          mayHaveBeenReceived: false,
          error: proxies.proxyError(url, code, proxy, cause),
        };
      }
      const isRefusedCertificate = certificateReasonOf(code) !== undefined;
      const failure = isRefusedCertificate ? 'final' : canHaveLeft ? 'lost' : 'notConnected';
      return problem(failure, connectionError(url, code, connectLimitMs, cause, proxy));
    } finally {
      clearTimeout(headTimer);
      clearTimeout(lastWait);
      for (const stopListening of forget) stopListening();
      // Destroys a body that was not read to its end: it would hold the process, or poison the next answer.
      ending.abort(isOver);
    }
  }

  return { exchange };
}

/** Calls `stop` once when the signal is aborted, at once if it was already; returns how to stop listening. */
export function forwardAbort(signal: AbortSignal | undefined, stop: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = () => stop(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Whether an interrupt, rather than a limit, ended the exchange. */
function isStopped({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason !== silence && reason !== isOver;
}

function headOf(status: number, headers: { get(name: string): string | null }): Omit<HttpAnswer, 'text'> {
  const header = (name: string) => headers.get(name) ?? undefined;
  const requestId = header('x-request-id');
  return {
    kind: 'answer',
    status,
    contentType: header('content-type')?.toLowerCase() ?? '',
    requestId: requestId === undefined ? undefined : safeText(requestId).slice(0, 100),
    date: header('date'),
    retryAfter: header('retry-after'),
    location: header('location'),
  };
}

/** Most answers are read as text; a long list is printed as the bytes it came in, and never becomes one. */
function withBytes(head: Omit<HttpAnswer, 'text'>, bytes: Buffer): HttpAnswer {
  return {
    ...head,
    bytes,
    get text() {
      return asText(bytes);
    },
  };
}

function failureOfBody(problem: BodyProblem): Failure['kind'] {
  if (problem.kind === 'cut') return 'lost';
  return problem.kind === 'tooSlow' ? 'timeout' : 'final';
}

/** Node's error code; node-fetch copies it from the error underneath. */
function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
