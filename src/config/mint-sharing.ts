// How processes that need an access token at the same time agree on one of them asking for it.

import { createHash, randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { type ErrorCode, SegjobsError } from '../errors.ts';
import { tryFileLock } from '../file-lock.ts';
import {
  ensurePrivateDir,
  isWritableDir,
  type Ownership,
  readRegular,
  removeFile,
  writeFileAtomic,
} from '../files.ts';
import { safeText } from '../safe-text.ts';
import { isObject, own } from './stored.ts';

/** What `api/token.ts` asks for; nothing of it throws. */
export interface MintSharing {
  tryLock(staleAfterMs: number): Promise<(() => void) | 'taken' | undefined>;
  readFailure(): Promise<{ readonly id: string; readonly error: SegjobsError } | undefined>;
  writeFailure(error: SegjobsError): Promise<void>;
}

const maxFailureBytes = 16 * 1024;
const maxTextLength = 2_000;

/** The failures that anybody with the same credentials would meet as well; an interrupt, or a bug, is one's own. */
const sharedCodes: readonly ErrorCode[] = [
  'NO_CREDENTIALS',
  'UNAUTHORIZED',
  'NETWORK',
  'TIMEOUT',
  'THROTTLED',
  'UNAVAILABLE',
];

/**
 * Sharing beside the token's cache file `path`: `<path>.lock` for the right to mint, `<path>.failed` for what came
 * of the last mint that failed. Where neither can be written, each process is on its own.
 * `identity` is what two processes must have in common to share a failure: the secrets, or the command that prints
 * them. Only a digest of it is stored.
 */
export function createMintSharing(
  facts: Ownership & {
    readonly path: string | undefined;
    readonly clock: { now(): number };
    readonly identity: readonly string[];
  },
): MintSharing | undefined {
  const { path, userId } = facts;
  if (path === undefined) return undefined;
  const failurePath = failedMintPath(path);
  const concerns = createHash('sha256')
    .update(JSON.stringify([path, facts.identity]))
    .digest('hex')
    .slice(0, 16);
  return {
    async tryLock(staleAfterMs) {
      try {
        ensurePrivateDir(dirname(path));
        // Where an old lock lies on a disk that is read-only now, waiting for it would never end.
        if (!isWritableDir(dirname(path))) return undefined;
        return tryFileLock(path, { clock: facts.clock, staleAfterMs }) ?? 'taken';
      } catch {
        return undefined;
      }
    },
    async readFailure() {
      try {
        const file = readRegular(failurePath, { maxBytes: maxFailureBytes, userId });
        if (file === undefined || file.isOpenToOthers) return undefined;
        return decodeFailure(JSON.parse(file.bytes.toString('utf8')), concerns);
      } catch {
        return undefined;
      }
    },
    async writeFailure(error) {
      const { code, message, hint, httpStatus, requestId, retryAfterSeconds } = error;
      if (!sharedCodes.includes(code)) return;
      const failure = { code, message, hint, httpStatus, requestId, retryAfterSeconds };
      try {
        ensurePrivateDir(dirname(path));
        writeFileAtomic(failurePath, JSON.stringify({ id: randomUUID(), concerns, failure }), { userId });
      } catch {
        // The others then ask for themselves.
      }
    },
  };
}

/** Forgets the last failure. Throws `LOCAL_IO`. */
export function removeFailedMint(path: string): void {
  removeFile(failedMintPath(path));
}

function failedMintPath(path: string): string {
  return `${path}.failed`;
}

function decodeFailure(
  content: unknown,
  concerns: string,
): { readonly id: string; readonly error: SegjobsError } | undefined {
  if (!isObject(content) || own(content, 'concerns') !== concerns) return undefined;
  const id = own(content, 'id');
  const failure = own(content, 'failure');
  if (typeof id !== 'string' || !isObject(failure)) return undefined;
  const text = (key: string) => {
    const value = own(failure, key);
    return typeof value === 'string' ? safeText(value.slice(0, maxTextLength)) : undefined;
  };
  const count = (key: string) => {
    const value = own(failure, key);
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  const code = sharedCodes.find((known) => known === text('code'));
  const message = text('message');
  if (code === undefined || message === undefined) return undefined;
  const error = new SegjobsError(code, message, {
    hint: text('hint'),
    httpStatus: count('httpStatus'),
    requestId: text('requestId'),
    retryAfterSeconds: count('retryAfterSeconds'),
  });
  return { id, error };
}
