// The local Segment Jobs service: starts it, and tells whoever started it how to reach it.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createClock, resumeTime } from './clock.ts';
import { openDataFile, type SavedState } from './data-file.ts';
import { parseFault } from './fault-grammar.ts';
import { createFaultBook } from './faults.ts';
import type { Operation } from './gateway.ts';
import { createService } from './operations.ts';
import type { Paging } from './paging.ts';
import { productionSandbox, sandboxes } from './sandboxes.ts';
import { createEmulatorServer, type RequestRecord } from './server.ts';
import { createStore } from './store.ts';
import { type Credentials, clientId, clientSecret, createTokens, orgId } from './tokens.ts';

export { DataFileError } from './data-file.ts';
export { FaultError, faultHelp } from './faults.ts';
export { pagings } from './paging.ts';
export { rotatedClientSecret } from './tokens.ts';

export interface EmulatorOptions {
  /** Default 0: any free one. Always on the loopback interface. */
  readonly port?: number | undefined;
  /**
   * State kept across restarts. An existing file decides `seed`, `startAt` and `historyJobs`, and its clock goes on
   * as if it had never stopped.
   */
  readonly dataFile?: string | undefined;
  /** Service seconds per real second, more than 0. Default 1. */
  readonly speed?: number | undefined;
  /** Unix ms at which the service clock starts. Default: the real time. */
  readonly startAt?: number | undefined;
  /** Fault specs; the grammar is in `faults.ts`. */
  readonly faults?: readonly string[] | undefined;
  /** Unfinished jobs a sandbox may have before a create is answered with 429. Default 5. */
  readonly maxActiveJobs?: number | undefined;
  readonly seed?: number | undefined;
  /** Jobs of the thirty days before the start, in both sandboxes together. Default 184: 153 and 31. */
  readonly historyJobs?: number | undefined;
  /** Whether a scheduled job appears each night (02:00 to 02:10 UTC of the service clock). Default false. */
  readonly nightlyJobs?: boolean | undefined;
  /** Default `offset`. */
  readonly paging?: Paging | undefined;
  /** Default `error`, as Adobe's audiences endpoint answers. */
  readonly missingInBulk?: 'error' | 'absent' | undefined;
  /** Real ms a token is valid for. Default 86,399,000, as IMS says. */
  readonly tokenLifetimeMs?: number | undefined;
  /** Called when a request has been dealt with: method, path, status, request id. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  /** Has the last word on every body: for tests of answers that no fault can spell. */
  readonly editBody?: ((operation: Operation, status: number, body: string) => string) | undefined;
}

export interface Emulator {
  /** `http://127.0.0.1:PORT`, for the API and for the login service alike. */
  readonly url: string;
  readonly port: number;
  readonly credentials: Credentials;
  /** Names; the first is the production one. */
  readonly sandboxes: readonly string[];
  /** The latest requests, oldest first: at most 10,000. */
  readonly requests: readonly RequestRecord[];
  /** Service time, unix ms. */
  now(): number;
  /** Moves the service clock ahead by so many ms. */
  advance(ms: number): void;
  jobCount(sandbox?: string): number;
  /** Ids of the definitions a job can evaluate, and of the one with which every job fails. */
  definitionIds(sandbox?: string): { readonly evaluable: readonly string[]; readonly broken: string };
  /** Throws a `FaultError`. */
  addFault(spec: string): void;
  clearFaults(): void;
  /** As the fault `revoke`: every access token becomes invalid. */
  revokeTokens(): void;
  close(): Promise<void>;
}

const maxRecords = 10_000;
const defaultTokenLifetimeMs = 86_399_000;

/**
 * Starts the service on 127.0.0.1. Throws a `FaultError`, a `DataFileError`, or what Node throws for a port that is
 * taken; nothing is left open then.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const speed = options.speed ?? 1;
  if (!(speed > 0 && speed <= 1_000_000)) throw new RangeError(`speed must be more than 0, not ${speed}`);
  const faults = createFaultBook(options.seed ?? 1);
  for (const spec of options.faults ?? []) faults.add(parseFault(spec));

  const dataFile = options.dataFile === undefined ? undefined : await openDataFile(options.dataFile);
  try {
    return await open();
  } catch (error) {
    await dataFile?.close();
    throw error;
  }

  async function open(): Promise<Emulator> {
    const saved = dataFile?.saved;
    const wallMs = Date.now();
    const seed = saved?.seed ?? options.seed ?? 1;
    const startAt = saved?.startAt ?? options.startAt ?? wallMs;
    const historyJobs = saved?.historyJobs ?? options.historyJobs ?? 184;
    const monotonicMs = () => performance.now();
    const clock = createClock(
      saved === undefined ? startAt : resumeTime(saved.clock, wallMs),
      speed,
      monotonicMs,
    );
    const store = createStore({
      seed,
      startAt,
      historyJobs,
      hasNights: options.nightlyJobs ?? false,
      orgId,
      happenings: saved?.happenings,
    });
    const state = (): SavedState => ({
      seed,
      startAt,
      historyJobs,
      clock: clock.anchor(Date.now()),
      happenings: store.happenings(),
    });
    const keep = async () => dataFile?.save(state);
    // The history belongs to the moment of the first start, so that moment is kept at once.
    if (saved === undefined) await keep();

    const tokenLifetimeMs = options.tokenLifetimeMs ?? defaultTokenLifetimeMs;
    const tokens = createTokens({ lifetimeMs: tokenLifetimeMs, monotonicMs, serviceNow: clock.now });
    const service = createService({
      store,
      paging: options.paging ?? 'offset',
      maxActiveJobs: options.maxActiveJobs ?? 5,
      missingInBulk: options.missingInBulk ?? 'error',
      orgId,
      keep,
    });
    const requests: RequestRecord[] = [];
    const server = createEmulatorServer({
      clock,
      tokens,
      tokenLifetimeMs,
      faults,
      service,
      seed,
      onArrival(record) {
        requests.push(record);
        if (requests.length > maxRecords) requests.shift();
      },
      onDone: (record) => options.onRequest?.(record),
      editBody: options.editBody,
    });
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const sandboxNamed = (name: string) => {
      const sandbox = sandboxes.find((candidate) => candidate.name === name);
      if (sandbox === undefined) throw new RangeError(`there is no sandbox ${name}`);
      return sandbox;
    };
    let closing: Promise<void> | undefined;
    const shutDown = async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      // Only the clock's reading is lost when this last write fails.
      await keep().catch(() => undefined);
      await dataFile?.close();
    };
    return {
      url: `http://127.0.0.1:${port}`,
      port,
      credentials: { clientId, clientSecret, orgId, accessToken: tokens.mint() },
      sandboxes: sandboxes.map(({ name }) => name),
      requests,
      now: clock.now,
      advance: clock.advance,
      jobCount: (sandbox) =>
        store.count(sandbox === undefined ? undefined : sandboxNamed(sandbox), clock.now()),
      definitionIds(sandbox = productionSandbox.name) {
        const { all, evaluable } = store.definitions(sandboxNamed(sandbox));
        return {
          evaluable: evaluable.map(({ id }) => id),
          broken: all.find(({ isBroken }) => isBroken)?.id ?? '',
        };
      },
      addFault: (spec) => faults.add(parseFault(spec)),
      clearFaults: faults.clear,
      revokeTokens: tokens.revokeAll,
      close: () => (closing ??= shutDown()),
    };
  }
}
