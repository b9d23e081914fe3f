// A client of the API for tests: everything it needs of the world is faked, and what it tells is remembered.

import {
  type ApiConnection,
  type ApiHost,
  createClient,
  type SegmentJobsClient,
} from '../../src/api/client.ts';
import { fixedToken, type TokenSource } from '../../src/api/token.ts';
import { SegjobsError } from '../../src/errors.ts';

export const testToken = 'token-of-the-test';

export interface TestWorld {
  readonly host: ApiHost;
  readonly controller: AbortController;
  /** Every wait on the clock, in ms. */
  readonly waits: number[];
  readonly debug: string[];
  readonly waiting: string[];
  /** Lets time pass without a wait. */
  advance(ms: number): void;
}

/** Waits take no time and move the clock; the real network has real timers of its own. */
export function createTestWorld(
  options: { readonly now?: string; readonly random?: number } = {},
): TestWorld {
  const controller = new AbortController();
  const waits: number[] = [];
  const debug: string[] = [];
  const waiting: string[] = [];
  const start = Date.parse(options.now ?? '2026-11-23T12:00:00Z');
  let elapsedMs = 0;
  let requests = 0;
  const clock: ApiHost['clock'] = {
    now: () => start + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      if (!(ms >= 0 && ms < 2 ** 31)) throw new RangeError(`cannot sleep for ${ms} ms`);
      waits.push(ms);
      elapsedMs += ms;
    },
  };
  return {
    controller,
    waits,
    debug,
    waiting,
    advance: (ms) => {
      elapsedMs += ms;
    },
    host: {
      clock,
      signal: controller.signal,
      version: '1.2.3',
      debug: (line) => debug.push(line),
      waiting: (line) => waiting.push(line),
      random: () => options.random ?? 0.5,
      requestId: () => {
        requests += 1;
        return `request-${requests}`;
      },
    },
  };
}

export function connectionTo(url: string, more: Partial<ApiConnection> = {}): ApiConnection {
  return {
    apiUrl: url,
    imsUrl: url,
    orgId: 'ORG@AdobeOrg',
    clientId: 'key-of-the-test',
    sandbox: 'prod',
    httpTimeoutMs: 5000,
    maxRetries: 3,
    ...more,
  };
}

export function clientFor(
  url: string,
  world: TestWorld = createTestWorld(),
  more: Partial<ApiConnection> = {},
  tokens: TokenSource = fixedToken(testToken),
): SegmentJobsClient {
  return createClient(connectionTo(url, more), tokens, world.host);
}

/** The error that the work ended with; fails when it succeeded, or threw something else. */
export async function errorOf(work: Promise<unknown>): Promise<SegjobsError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SegjobsError) return error;
    throw error;
  }
  throw new Error('it should have failed');
}

/** Message and hint together: what a user reads. */
export function told(error: SegjobsError): string {
  return `${error.message}\n${error.hint ?? ''}`;
}
