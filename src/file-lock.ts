// One process at a time: a lock file beside the file that is read, changed and written back.

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { SegjobsError } from './errors.ts';
import { hostTag, isProcessAlive, writeProblem } from './files.ts';
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
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Unix milliseconds. */
  readonly since: number;
  readonly token: string;
}

const defaultWaitMs = 30_000;
const defaultStaleAfterMs = 60_000;
/** A lock file without an owner's name in it: its maker was interrupted between two system calls. */
const namelessStaleAfterMs = 5_000;

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
  const lockPath = `${path}.lock`;
  const token = await acquire(lockPath, options);
  try {
    return await action();
  } finally {
    held.delete(token);
    if (readOwner(lockPath)?.token === token) fs.rmSync(lockPath, { force: true });
  }
}

async function acquire(lockPath: string, options: LockOptions): Promise<string> {
  const { clock, signal, waitMs = defaultWaitMs, staleAfterMs = defaultStaleAfterMs } = options;
  let delayMs = 2;
  for (let waitedMs = 0; ; ) {
    signal?.throwIfAborted();
    const token =
      tryCreate(lockPath, clock.now()) ??
      (breakStale(lockPath, clock, staleAfterMs) ? tryCreate(lockPath, clock.now()) : undefined);
    if (token !== undefined) return token;
    if (waitedMs >= waitMs) throw stillLocked(lockPath);
    await clock.sleep(delayMs, signal);
    waitedMs += delayMs;
    delayMs = Math.min(delayMs * 2, 40);
  }
}

/** The token of the lock that was made, or `undefined` when somebody holds it. */
function tryCreate(lockPath: string, now: number): string | undefined {
  const token = randomBytes(8).toString('hex');
  const owner: Owner = { pid: process.pid, host: hostTag(), since: now, token };
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
  if (owner.host !== hostTag()) return false;
  return owner.pid === process.pid ? !held.has(owner.token) : !isProcessAlive(owner.pid);
}

/**
 * Removes a stale lock, and says whether it did, so that two processes doing this at once cannot remove each
 * other's new one: only the holder of a second lock, held for two system calls, looks again and removes.
 */
function breakStale(lockPath: string, clock: LockOptions['clock'], staleAfterMs: number): boolean {
  if (!isStale(lockPath, clock.now(), staleAfterMs)) return false;
  const breakerPath = `${lockPath}.break`;
  if (!tryCreateBreaker(breakerPath, clock.now())) return false;
  try {
    if (!isStale(lockPath, clock.now(), staleAfterMs)) return false;
    fs.rmSync(lockPath, { force: true });
    return true;
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
    const { pid, host, since, token } = owner as Partial<Record<keyof Owner, unknown>>;
    const isWhole =
      typeof pid === 'number' &&
      typeof host === 'string' &&
      typeof since === 'number' &&
      typeof token === 'string';
    return isWhole ? { pid, host, since, token } : undefined;
  } catch {
    return undefined;
  }
}

function stillLocked(lockPath: string): SegjobsError {
  const owner = readOwner(lockPath);
  const who = owner === undefined ? 'another process' : `process ${owner.pid}`;
  return new SegjobsError('LOCAL_IO', `${safeText(lockPath)} is held by ${who}`, {
    hint: 'wait until it has ended; remove that file when no segjobs is running',
  });
}
