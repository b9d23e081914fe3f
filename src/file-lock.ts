// One process at a time: a lock file beside the file that is read, changed and written back.

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { SegjobsError } from './errors.ts';
import { writeProblem } from './files.ts';
import { livenessOf, ownMark, type ProcessMark } from './process-marks.ts';
import { safeText } from './safe-text.ts';
import { systemCodeOf } from './system-errors.ts';

export interface LockOptions {
  readonly clock: {
    /** Unix milliseconds. */
    now(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the others; default 30 s. */
  readonly waitMs?: number | undefined;
  /**
   * After how long an owner counts as gone although a process with its id runs, or although it ran on another
   * machine of a shared home; default 60 s. Longer than the action can take, and the same for every user of a lock.
   */
  readonly staleAfterMs?: number | undefined;
  /** Called once when the others have been waited for for a second; `pid` is the owner's, on this machine. */
  readonly onWaiting?: ((pid: number | undefined) => void) | undefined;
  /** The error when the lock cannot be had in time, instead of a `LOCAL_IO`. */
  readonly lateError?: ((pid: number | undefined) => SegjobsError) | undefined;
}

type TryOptions = Pick<LockOptions, 'staleAfterMs'> & { readonly clock: Pick<LockOptions['clock'], 'now'> };

interface Owner extends ProcessMark {
  /** Unix milliseconds. */
  readonly since: number;
  readonly token: string;
}

const defaultWaitMs = 30_000;
const defaultStaleAfterMs = 60_000;
/**
 * A lock file without an owner's name in it: its maker was killed between two system calls, or is held up between
 * them; in that case it notices afterwards that the lock is not its own.
 */
const namelessStaleAfterMs = 500;
/** Waits longer than this are told. */
const quietWaitMs = 1_000;

/** Tokens of the locks this process holds: another one with our process id is a dead namesake's. */
const held = new Set<string>();

/**
 * Runs `action` while no other process holds the lock of `path` (the file `<path>.lock`, whose directory must
 * exist). The lock of a killed owner is taken over at once on the same machine, after `staleAfterMs` elsewhere.
 * Throws `LOCAL_IO` when the lock cannot be had in time, and the signal's reason when that comes first.
 *
 * Our own rather than a library: those kept up today either carry native code or judge by age alone, so that a
 * killed owner blocks the next command for seconds.
 */
export async function withFileLock<T>(
  path: string,
  options: LockOptions,
  action: () => T | Promise<T>,
): Promise<T> {
  const release = await acquire(path, options);
  try {
    return await action();
  } finally {
    release();
  }
}

/**
 * The same lock without waiting: how to release it, or `undefined` while somebody else holds it. For those who
 * have something better to do than to wait. Throws `LOCAL_IO` where no lock file can be made.
 */
export function tryFileLock(
  path: string,
  { clock, staleAfterMs = defaultStaleAfterMs }: TryOptions,
): (() => void) | undefined {
  const lockPath = `${path}.lock`;
  const token =
    tryCreate(lockPath, clock.now()) ??
    (breakStale(lockPath, clock, staleAfterMs) ? tryCreate(lockPath, clock.now()) : undefined);
  if (token === undefined) return undefined;
  return () => {
    held.delete(token);
    if (readOwner(lockPath)?.token === token) fs.rmSync(lockPath, { force: true });
  };
}

async function acquire(path: string, options: LockOptions): Promise<() => void> {
  const { clock, signal, waitMs = defaultWaitMs, onWaiting, lateError = () => stillLocked(path) } = options;
  const ownerHere = () => {
    const owner = readOwner(`${path}.lock`);
    return owner !== undefined && livenessOf(owner) === 'running' ? owner.pid : undefined;
  };
  let delayMs = 2;
  let isTold = false;
  for (let waitedMs = 0; ; ) {
    signal?.throwIfAborted();
    const release = tryFileLock(path, options);
    if (release !== undefined) return release;
    if (waitedMs >= waitMs) throw lateError(ownerHere());
    if (waitedMs >= quietWaitMs && !isTold) {
      isTold = true;
      onWaiting?.(ownerHere());
    }
    await clock.sleep(delayMs, signal);
    waitedMs += delayMs;
    delayMs = Math.min(delayMs * 2, 40);
  }
}

/** The token of the lock that was made, or `undefined` when somebody holds it. */
function tryCreate(lockPath: string, now: number): string | undefined {
  const token = randomBytes(8).toString('hex');
  const owner: Owner = { ...ownMark(), since: now, token };
  let file: number;
  try {
    file = fs.openSync(lockPath, 'wx', 0o600);
  } catch (cause) {
    const code = systemCodeOf(cause);
    // Windows says EPERM or EACCES while a lock that was just removed is still open somewhere.
    const isTaken = code === 'EEXIST' || (process.platform === 'win32' && code !== 'ENOENT');
    if (isTaken) return undefined;
    throw writeProblem(lockPath, cause);
  }
  try {
    fs.writeSync(file, JSON.stringify(owner));
  } catch (cause) {
    fs.rmSync(lockPath, { force: true });
    throw writeProblem(lockPath, cause);
  } finally {
    fs.closeSync(file);
  }
  if (readOwner(lockPath)?.token !== token) return undefined;
  held.add(token);
  return token;
}

function isStale(lockPath: string, now: number, staleAfterMs: number): boolean {
  const owner = readOwner(lockPath);
  if (owner === undefined) {
    const facts = fs.lstatSync(lockPath, { throwIfNoEntry: false });
    return facts !== undefined && Math.abs(now - facts.mtimeMs) > namelessStaleAfterMs;
  }
  // A clock that was set back must not keep a lock for ever: the distance counts, not its sign.
  if (Math.abs(now - owner.since) > staleAfterMs) return true;
  const liveness = livenessOf(owner);
  if (liveness !== 'running') return liveness === 'gone';
  return owner.pid === process.pid && !held.has(owner.token);
}

/**
 * Removes a stale lock, and says whether it did, so that two processes doing this at once cannot remove each
 * other's new one: only the holder of a second lock, held for two system calls, looks again and removes.
 */
function breakStale(lockPath: string, clock: TryOptions['clock'], staleAfterMs: number): boolean {
  if (!isStale(lockPath, clock.now(), staleAfterMs)) return false;
  const breakerPath = `${lockPath}.break`;
  if (!tryCreateBreaker(breakerPath, clock.now())) return false;
  try {
    if (!isStale(lockPath, clock.now(), staleAfterMs)) return false;
    fs.rmSync(lockPath, { force: true });
    return true;
  } catch (cause) {
    throw writeProblem(lockPath, cause);
  } finally {
    fs.rmSync(breakerPath, { force: true });
  }
}

function tryCreateBreaker(breakerPath: string, now: number): boolean {
  try {
    fs.closeSync(fs.openSync(breakerPath, 'wx', 0o600));
    return true;
  } catch {
    const facts = fs.lstatSync(breakerPath, { throwIfNoEntry: false });
    if (facts !== undefined && Math.abs(now - facts.mtimeMs) > namelessStaleAfterMs) {
      fs.rmSync(breakerPath, { force: true });
    }
    return false;
  }
}

function readOwner(lockPath: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(fs.readFileSync(lockPath, 'utf8'));
    if (typeof owner !== 'object' || owner === null) return undefined;
    const { pid, host, started, since, token } = owner as Partial<Record<keyof Owner, unknown>>;
    const isWhole =
      typeof pid === 'number' &&
      typeof host === 'string' &&
      typeof since === 'number' &&
      typeof token === 'string';
    if (!isWhole) return undefined;
    return { pid, host, since, token, ...(typeof started === 'string' ? { started } : {}) };
  } catch {
    return undefined;
  }
}

function stillLocked(path: string): SegjobsError {
  const lockPath = `${path}.lock`;
  const owner = readOwner(lockPath);
  const who = owner === undefined ? 'another process' : `process ${owner.pid}`;
  return new SegjobsError('LOCAL_IO', `${safeText(lockPath)} is held by ${who}`, {
    hint: 'wait until it has ended; remove that file when no segjobs is running',
  });
}
