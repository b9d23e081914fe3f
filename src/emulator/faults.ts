// Scripted faults: what `--fault SPEC` may say (read by `fault-grammar.ts`), and which request a fault strikes.
//
// SPEC       = OPERATION ":" ITEM { "," ITEM }        e.g.  create:status=503,after,times=1
// OPERATION  = "list" | "create" | "get" | "bulk-get" | "cancel" | "token" | "sandboxes" | "definitions" | "any"
// ITEM       = NAME [ "=" VALUE ]; a value with a comma stands in double quotes, where \" and \\ are escapes
// The items are those of `faultHelp`. Durations are 500ms, 2s, 5m, 1h; sizes 120, 20kb, 200mb.

import { type Operation, operations } from './gateway.ts';
import { fractionOf } from './random.ts';

/** How the bytes of an answer leave, where not simply whole. */
export type Delivery =
  | { readonly kind: 'reset' | 'close' | 'hang' | 'stall' | 'garbage' | 'gzip-cut' }
  | {
      readonly kind: 'cut';
      readonly bytes: number;
      /** `whole`: the length of the uncut body is announced; `chunked`: no end comes; `framed`: the cut passes for whole. */
      readonly framing: 'whole' | 'chunked' | 'framed';
      readonly isReset: boolean;
    }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'flood'; readonly bytes: number; readonly isGzip: boolean }
  | { readonly kind: 'slices'; readonly bytes: number; readonly pauseMs: number };

/** What stands in for the answer of the service. */
export interface Substitute {
  readonly status?: number | undefined;
  readonly content?: 'html' | 'empty' | 'not-json' | { readonly text: string } | undefined;
  /** Location of a redirect. */
  readonly location?: string | undefined;
}

/** `Retry-After`: the text to send, or the date that many ms from now (service time). */
type RetryAfter = { readonly text: string } | { readonly dateInMs: number };

export interface Fault {
  /** As it was written. */
  readonly spec: string;
  readonly operation: Operation | 'any';
  readonly times: number;
  readonly skip: number;
  readonly every: number;
  readonly percent: number;
  /** The work is done first (a job is created or cancelled), then the fault strikes. */
  readonly isAfter: boolean;
  /** Real ms to wait; before the work, or after it with `after`. */
  readonly delayMs: number;
  /** Reads show the state of so many ms of service time ago. */
  readonly staleMs: number;
  readonly isRevoke: boolean;
  readonly retryAfter?: RetryAfter | undefined;
  readonly contentType?: string | undefined;
  readonly substitute?: Substitute | undefined;
  readonly delivery?: Delivery | undefined;
}

/** A fault spec that cannot be read; the message quotes it and names what would be valid. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
}

/** The grammar as the help of `segjobs emulator` shows it. */
export const faultHelp = `A fault is OPERATION:ITEM[,ITEM...], for example create:status=503,after,times=1
Operations: ${operations.join(' ')} any
What is answered:
  status=N            that HTTP status with a matching error body
  retry-after=V       sends Retry-After: V; V may be date+2s (an HTTP date 2 s ahead)
  redirect=URL        302 (or status=N) to URL
  html | empty | not-json | body=TEXT   instead of the answer's body
  type=TEXT           Content-Type of the answer
  stale=DUR           reads show the state of DUR service time ago
  revoke              all access tokens become invalid first
How it is delivered:
  delay=DUR           waits (real time) before the work, or with "after" before the answer
  reset | close       the connection ends before any byte
  hang                no answer ever; stall: headers and one byte, then silence
  cut=N               only N bytes of the body, then close; with reset: reset; with chunked: chunks without
                      their end; with framed: a length that fits the cut
  length=N            the whole body under a wrong Content-Length
  gzip-cut            compressed, cut in the middle, with a length that fits
  dribble[=DUR]       one byte per DUR (200ms); rate=N: N bytes a second; slices=N: writes of N bytes
  flood=SIZE          a page that goes on for SIZE bytes; with gzip: a small one that unpacks to SIZE
  garbage             bytes that are not HTTP
When:
  after               the work is done before the fault strikes
  times=N skip=N every=N percent=P   how often (seeded chance for percent)`;

export interface FaultBook {
  add(fault: Fault): void;
  clear(): void;
  /** The fault that strikes the next request of that operation: the first in order whose count and chance say so. */
  take(operation: Operation): Fault | undefined;
}

/** Counts requests per fault: each fault sees every request of its operation, struck by another or not. */
export function createFaultBook(seed: number): FaultBook {
  const entries: { readonly fault: Fault; seen: number; struck: number }[] = [];
  return {
    add: (fault) => entries.push({ fault, seen: 0, struck: 0 }),
    clear: () => entries.splice(0),
    take(operation) {
      let taken: Fault | undefined;
      entries.forEach((entry, index) => {
        const { fault } = entry;
        if (fault.operation !== 'any' && fault.operation !== operation) return;
        const number = entry.seen++ - fault.skip;
        const isDue = number >= 0 && number % fault.every === 0 && entry.struck < fault.times;
        const isSpared =
          fault.percent < 100 && fractionOf('fault', seed, index, entry.seen) * 100 >= fault.percent;
        if (taken !== undefined || !isDue || isSpared) return;
        entry.struck++;
        taken = fault;
      });
      return taken;
    },
  };
}
