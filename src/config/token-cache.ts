// Access tokens kept between commands: Adobe throttles integrations that ask for too many.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ensurePrivateDir, type Ownership, readRegular, removeFile, writeFileAtomic } from '../files.ts';
import { faultOfHeaderValue, faultOfServiceUrl, normalScopes, originOf } from './checks.ts';
import { defaultImsUrl, type Env, envValue } from './connection.ts';
import { defaultScopes } from './credentials.ts';
import type { Locations } from './locations.ts';
import { removeFailedMint } from './mint-sharing.ts';
import { isObject, own, type StoredProfile } from './stored.ts';

interface CachedToken {
  readonly accessToken: string;
  /** Unix milliseconds on the login service's clock. */
  readonly expiresAt: number;
  /** How long it was good for when it was minted, in milliseconds. */
  readonly lifetimeMs: number;
  /** How far the local clock was ahead of the login service's when it was minted, in milliseconds. */
  readonly clockAheadMs: number;
  /** A digest of the credentials it was minted with, where that is known. */
  readonly mintedWith?: string | undefined;
}

export interface TokenCache {
  /** The file, for locking beside it and for messages; `undefined` where there is no place for one. */
  readonly path: string | undefined;
  /** What is cached, expired or not; `undefined` when there is nothing usable. */
  read(): Promise<CachedToken | undefined>;
  /** Does nothing where the cache cannot be written: it only saves a request. */
  write(token: CachedToken): Promise<void>;
  /** Throws `LOCAL_IO` when a cached token cannot be removed. Says whether there was one. */
  remove(): Promise<boolean>;
}

const maxTokenBytes = 128 * 1024;

/**
 * The cached token of one client, login host and set of scopes, in a file of mode 0600 whose name gives none of
 * them away. A file that is not the user's own, or that others can read, counts as empty; so does one that was minted
 * with other credentials than `identity` (the secrets, or the command that prints them), where that is given: a wrong
 * secret must not work for as long as a token of the right one lives.
 */
export function createTokenCache(
  facts: Ownership & {
    readonly locations: Pick<Locations, 'cacheDir'>;
    readonly clientId: string;
    readonly imsUrl: string;
    readonly scopes: string;
    readonly identity?: readonly string[] | undefined;
  },
): TokenCache {
  const { locations, clientId, imsUrl, scopes, userId, identity } = facts;
  const directory = locations.cacheDir === undefined ? undefined : join(locations.cacheDir, 'tokens');
  const name = digestOf([clientId, imsUrl, scopes]);
  const ownMark = identity === undefined ? undefined : digestOf([name, ...identity]).slice(0, 16);
  const path = directory === undefined ? undefined : join(directory, `${name}.json`);
  return {
    path,
    async read() {
      if (path === undefined) return undefined;
      try {
        const file = readRegular(path, { maxBytes: maxTokenBytes, userId });
        if (file === undefined || file.isOpenToOthers) return undefined;
        const token = decodeToken(JSON.parse(file.bytes.toString('utf8')));
        const isOthers =
          ownMark !== undefined && token?.mintedWith !== undefined && token.mintedWith !== ownMark;
        return isOthers ? undefined : token;
      } catch {
        return undefined;
      }
    },
    async write({ accessToken, expiresAt, lifetimeMs, clockAheadMs, mintedWith = ownMark }) {
      if (path === undefined || directory === undefined) return;
      try {
        ensurePrivateDir(directory);
        const content = { accessToken, expiresAt, lifetimeMs, clockAheadMs, mintedWith };
        writeFileAtomic(path, `${JSON.stringify(content)}\n`, { userId });
        removeFailedMint(path);
      } catch {
        // A read-only home must not stop a command that already has its token.
      }
    },
    async remove() {
      if (path === undefined) return false;
      removeFailedMint(path);
      return removeFile(path);
    },
  };
}

function decodeToken(content: unknown): CachedToken | undefined {
  if (!isObject(content)) return undefined;
  const accessToken = own(content, 'accessToken');
  const [expiresAt, lifetimeMs, clockAheadMs] = ['expiresAt', 'lifetimeMs', 'clockAheadMs'].map((key) =>
    own(content, key),
  );
  if (typeof accessToken !== 'string' || faultOfHeaderValue(accessToken) !== undefined) return undefined;
  if (!isTime(expiresAt) || !isTime(lifetimeMs) || !isTime(clockAheadMs)) return undefined;
  const mintedWith = own(content, 'mintedWith');
  return {
    accessToken,
    expiresAt,
    lifetimeMs,
    clockAheadMs,
    ...(typeof mintedWith === 'string' ? { mintedWith } : {}),
  };
}

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A number that a `Date` can hold: at most 8.64e15 ms. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

/**
 * The cache that a profile's tokens lie in; `undefined` for one that has no client id, or URLs that cannot be used.
 */
export function tokenCacheOf(
  profile: StoredProfile,
  locations: Pick<Locations, 'cacheDir'>,
  env: Env,
  userId: number | undefined,
): TokenCache | undefined {
  const { clientId, imsUrl, scopes } = profile;
  const text = envValue(env, 'SEGJOBS_IMS_URL') ?? imsUrl ?? defaultImsUrl;
  if (clientId === undefined || faultOfServiceUrl(text) !== undefined) return undefined;
  return createTokenCache({
    locations,
    clientId,
    imsUrl: originOf(text),
    scopes: normalScopes(scopes ?? defaultScopes),
    userId,
  });
}
