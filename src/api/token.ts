// Access tokens: one handed in ready-made, or minted at Adobe's login service and shared by all who ask at once.

import { SegjobsError } from '../errors.ts';
import type { ApiHost } from './client.ts';
import { checkToken, createMint, defaultHttpTimeoutMs, isSendable, type MintOptions } from './mint.ts';

/** Where requests get their token from. */
export interface TokenSource {
  /** A token to send now. Throws `NO_CREDENTIALS` or `UNAUTHORIZED` where there is none. */
  get(): Promise<string>;
  /** Another token than the one that was rejected; `undefined` when this one cannot be renewed. */
  refresh(rejected: string): Promise<string | undefined>;
  /** Told when a token that `refresh` gave was rejected as well: more of them would not help, for some minutes. */
  giveUp?(rejected: string): void;
}

export interface CachedToken {
  readonly accessToken: string;
  /** Unix ms on the login service's clock, which need not be the local one. */
  readonly expiresAt: number;
  /** How long it was good for when it was minted, in ms. */
  readonly lifetimeMs: number;
  /** How far the local clock was ahead of the login service's when it was minted, in ms. */
  readonly clockAheadMs: number;
}

/** Keeps the token of one client, login service and set of scopes. */
export interface TokenCache {
  read(): Promise<CachedToken | undefined>;
  write(token: CachedToken): Promise<void>;
  /** Between processes; without it each mints for itself. */
  readonly sharing?: MintSharing | undefined;
}

/** How processes that need a token at the same time agree on one of them minting it. Nothing here throws. */
export interface MintSharing {
  /**
   * The right to mint, as the way to hand it back; `taken` while another process has it; `undefined` where there
   * can be no agreement. An owner counts as gone after `staleAfterMs`, a killed one at once.
   */
  tryLock(staleAfterMs: number): Promise<(() => void) | 'taken' | undefined>;
  /** The last mint that failed, for those who were waiting for it. */
  readFailure(): Promise<FailedMint | undefined>;
  writeFailure(error: SegjobsError): Promise<void>;
}

export interface FailedMint {
  /** A new one for every failure: one that was there before the wait began is history. */
  readonly id: string;
  readonly error: SegjobsError;
}

export interface ImsTokenOptions extends MintOptions {
  readonly cache?: TokenCache | undefined;
  /** How long to wait for another process that mints; default T/4, from 2 to 15 s. */
  readonly patienceMs?: number | undefined;
}

/** A token that somebody else made: it cannot be renewed. */
export function fixedToken(accessToken: string): TokenSource {
  return {
    get: async () => checkToken(accessToken, 'the access token'),
    refresh: async () => undefined,
  };
}

/** A due token is still sent while another process renews it, up to this long before it expires. */
const lastUseMs = 5_000;
/** How long a renewal that did not help is taken for proof that another one would not either. */
const hopelessMs = 300_000;

interface HeldToken {
  readonly accessToken: string;
  /** On the monotonic clock, so that a local clock that jumps does not matter. */
  readonly freshUntilMs: number;
  readonly usableUntilMs: number;
}

/**
 * Tokens by client credentials. Renewed 60 s or 5 % of their life ahead of expiry, whichever is less; however many
 * callers and processes ask at once, one mint is under way, and those who wait for it share its failure too. A
 * cache that cannot be read or written never stops a command, and an owner that hangs only delays it.
 */
export function createImsTokenSource(options: ImsTokenOptions, host: ApiHost): TokenSource {
  const { clock, signal } = host;
  const { cache } = options;
  const httpTimeoutMs = options.httpTimeoutMs ?? defaultHttpTimeoutMs;
  const patienceMs = options.patienceMs ?? Math.min(15_000, Math.max(2_000, httpTimeoutMs / 4));
  const random = host.random ?? Math.random;
  const mint = createMint(options, host);
  const rejected = new Set<string>();
  let held: HeldToken | undefined;
  let obtaining: Promise<string> | undefined;
  let hopeless: { readonly accessToken: string; readonly untilMs: number } | undefined;

  function grant(accessToken: string, remainingMs: number, lifetimeMs: number): HeldToken {
    const marginMs = Math.min(60_000, lifetimeMs * 0.05);
    const untilMs = clock.monotonicMs() + remainingMs;
    return {
      accessToken,
      freshUntilMs: untilMs - marginMs,
      usableUntilMs: untilMs - Math.min(lastUseMs, marginMs),
    };
  }

  const heldUntil = (until: 'freshUntilMs' | 'usableUntilMs'): string | undefined =>
    held !== undefined && clock.monotonicMs() < held[until] && !rejected.has(held.accessToken)
      ? held.accessToken
      : undefined;
  const fresh = () => heldUntil('freshUntilMs');
  const spare = () => heldUntil('usableUntilMs');

  /** Holds what is cached where that is worth more than what is held; returns the token if it is a fresh one. */
  async function freshFromCache(): Promise<string | undefined> {
    const cached = await cache?.read().catch(() => undefined);
    if (cached === undefined || cached.accessToken === held?.accessToken) return fresh();
    if (rejected.has(cached.accessToken) || !isSendable(cached.accessToken)) return fresh();
    // Whether it is still good, the service says: a wrong guess costs one refused request. So a clock that was set
    // back makes a token new, no more.
    const ageMs = clock.now() - cached.clockAheadMs - (cached.expiresAt - cached.lifetimeMs);
    const found = grant(cached.accessToken, cached.lifetimeMs - Math.max(0, ageMs), cached.lifetimeMs);
    if (clock.monotonicMs() < found.freshUntilMs || spare() === undefined) held = found;
    return fresh();
  }

  async function mintAndKeep(): Promise<string> {
    try {
      const { accessToken, lifetimeMs, answeredAt } = await mint();
      const now = clock.now();
      const clockAheadMs = answeredAt === undefined ? 0 : now - answeredAt;
      held = grant(accessToken, lifetimeMs, lifetimeMs);
      await cache
        ?.write({ accessToken, expiresAt: now - clockAheadMs + lifetimeMs, lifetimeMs, clockAheadMs })
        .catch(() => undefined);
      return accessToken;
    } catch (cause) {
      signal.throwIfAborted();
      const isOutage = cause instanceof SegjobsError && cause.isRetryable;
      const due = spare();
      if (isOutage && due !== undefined) return due;
      if (cause instanceof SegjobsError) await cache?.sharing?.writeFailure(cause);
      throw cause;
    }
  }

  async function obtainShared(sharing: MintSharing): Promise<string> {
    const history = (await sharing.readFailure())?.id;
    const joinFailure = async () => {
      const failure = await sharing.readFailure();
      if (failure === undefined || failure.id === history) return;
      host.debug?.('another process asked for a token at the same time; its failure is shared');
      throw failure.error;
    };
    // Spread, so that those who give up waiting do not all mint at once.
    const giveUpAt = clock.monotonicMs() + patienceMs * (1 + random() / 3);
    for (let delayMs = 5; ; delayMs = Math.min(delayMs * 2, 50)) {
      const lock = await sharing.tryLock(patienceMs * 2);
      if (lock !== 'taken') {
        try {
          const shared = await freshFromCache();
          if (shared !== undefined) return shared;
          await joinFailure();
          return await mintAndKeep();
        } finally {
          lock?.();
        }
      }
      const due = spare();
      if (due !== undefined) return due;
      if (clock.monotonicMs() >= giveUpAt) return mintAndKeep();
      await clock.sleep(delayMs, signal);
      const shared = await freshFromCache();
      if (shared !== undefined) return shared;
      await joinFailure();
    }
  }

  /** One at a time: twenty requests that are refused together need one new token, not twenty. */
  function obtain(): Promise<string> {
    obtaining ??= (async () => {
      const cached = await freshFromCache();
      if (cached !== undefined) return cached;
      return cache?.sharing === undefined ? mintAndKeep() : obtainShared(cache.sharing);
    })().finally(() => {
      obtaining = undefined;
    });
    return obtaining;
  }

  return {
    get: async () => fresh() ?? obtain(),
    refresh: async (token) => {
      if (hopeless?.accessToken === token && clock.monotonicMs() < hopeless.untilMs) {
        // Another process may have had more luck.
        const cached = await cache?.read().catch(() => undefined);
        if (cached === undefined || cached.accessToken === token) return undefined;
      }
      rejected.add(token);
      const other = fresh();
      if (other !== undefined) return other;
      const renewed = await obtain();
      // It may have joined a reading of the cache that did not know of the rejection yet.
      return renewed === token ? obtain() : renewed;
    },
    giveUp: (token) => {
      hopeless = { accessToken: token, untilMs: clock.monotonicMs() + hopelessMs };
    },
  };
}
