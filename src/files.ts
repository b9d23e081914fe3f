// Every file the tool keeps goes through here: read with care, written whole or not at all, private to its user.

import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { SegjobsError } from './errors.ts';
import { safeText } from './safe-text.ts';
import { explainSystemError, systemCodeOf } from './system-errors.ts';

export const privateFileMode = 0o600;
export const privateDirMode = 0o700;

/** Why a file cannot be used. `missing` is told apart because it is usually no problem. */
export type FileReason =
  | 'missing'
  | 'not a regular file'
  | 'owned by another user'
  | 'a link owned by another user'
  | 'a loop of links'
  | 'read-only'
  | 'too large'
  | 'not readable';

/** A file that was refused before its content was looked at; the caller knows which exit code that means. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
  readonly path: string;
  readonly reason: FileReason;

  constructor(path: string, reason: FileReason, cause?: unknown) {
    super(`${safeText(path)}: ${reason}`, cause === undefined ? undefined : { cause });
    this.path = path;
    this.reason = reason;
  }
}

export interface RegularFile {
  readonly bytes: Buffer;
  /** Where the bytes lie, after the user's own links. */
  readonly target: string;
  /** Whether group or others have any right to it; always false on Windows, where modes mean nothing. */
  readonly isOpenToOthers: boolean;
}

export interface Ownership {
  /** The user's id; `undefined` on Windows, where owners are not looked at. */
  readonly userId: number | undefined;
}

/**
 * Follows links from `path` to the file behind them, each link being the user's own (a dotfile manager's) or
 * root's. The file itself need not exist. Throws `FileProblem` for a link that somebody else planted.
 */
function followOwnLinks(path: string, { userId }: Ownership): string {
  let target = resolve(path);
  for (let hops = 0; hops < 16; hops++) {
    const facts = lstatIfThere(target);
    if (facts === undefined || !facts.isSymbolicLink()) return target;
    if (!isTrusted(facts.uid, userId)) throw new FileProblem(target, 'a link owned by another user');
    target = resolve(dirname(target), fs.readlinkSync(target));
  }
  throw new FileProblem(path, 'a loop of links');
}

/**
 * The bytes of a file the tool keeps, or `undefined` when there is none. Only a regular file of the user's own
 * (or root's), reached through links of the same, and at most `maxBytes` long; anything else is a `FileProblem`.
 */
export function readRegular(
  path: string,
  { maxBytes, userId }: Ownership & { readonly maxBytes: number },
): RegularFile | undefined {
  try {
    const target = followOwnLinks(path, { userId });
    // O_NONBLOCK: opening a FIFO must not wait for a writer. Windows has neither flag, and Node gives undefined.
    const flags = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
    const file = fs.openSync(target, flags);
    try {
      const facts = fs.fstatSync(file);
      if (!facts.isFile()) throw new FileProblem(path, 'not a regular file');
      if (!isTrusted(facts.uid, userId)) throw new FileProblem(path, 'owned by another user');
      const bytes = readUpTo(file, maxBytes);
      if (bytes === undefined) throw new FileProblem(path, 'too large');
      return { bytes, target, isOpenToOthers: userId !== undefined && (facts.mode & 0o077) !== 0 };
    } finally {
      fs.closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof FileProblem) throw cause;
    const code = systemCodeOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EISDIR' || code === 'ENXIO') throw new FileProblem(path, 'not a regular file');
    throw new FileProblem(path, 'not readable', cause);
  }
}

/**
 * Makes a directory, and those above it that are missing, readable by the user alone whatever the umask.
 * One that exists is left as it is. Throws `LOCAL_IO`.
 */
export function ensurePrivateDir(path: string): void {
  if (fs.existsSync(path)) return;
  if (dirname(path) !== path) ensurePrivateDir(dirname(path));
  try {
    fs.mkdirSync(path, { mode: privateDirMode });
    fs.chmodSync(path, privateDirMode);
  } catch (cause) {
    // Another process was faster.
    if (systemCodeOf(cause) !== 'EEXIST') throw writeProblem(path, cause);
  }
}

/**
 * Replaces a file in one step: a reader, or a crash, finds the old content or the new, never a part. The new
 * bytes go to a temporary file in the same directory, all of them, reach the disk, and only then take the name.
 * A link of the user's own stays, and its target is replaced. Mode 0600 (or `mode`) whatever the umask.
 * What is not `isLasting` may be lost to a power cut, and costs no wait for the disk.
 * Throws `LOCAL_IO`, with the old file intact.
 */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  {
    userId,
    mode = privateFileMode,
    isLasting = true,
  }: Ownership & { readonly mode?: number; readonly isLasting?: boolean },
): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let temporary: string | undefined;
  try {
    const target = followOwnLinks(path, { userId });
    const existing = lstatIfThere(target);
    if (existing !== undefined && !existing.isFile()) throw new FileProblem(path, 'not a regular file');
    if (existing !== undefined && !isTrusted(existing.uid, userId)) {
      throw new FileProblem(path, 'owned by another user');
    }
    // A rename would replace it all the same, against the wish of whoever took the right to write away.
    if (existing !== undefined && (existing.mode & 0o200) === 0) throw new FileProblem(path, 'read-only');
    sweepLitter(target);
    const candidate = join(
      dirname(target),
      `.${basename(target)}.${hostTag()}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`,
    );
    const file = fs.openSync(candidate, 'wx', mode);
    temporary = candidate;
    try {
      fs.fchmodSync(file, mode);
      // A full disk shows as a short write before it shows as an error.
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(file, bytes, done);
      if (isLasting) fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    renameOver(temporary, target);
    temporary = undefined;
    if (isLasting) syncDirectory(dirname(target));
  } catch (cause) {
    if (temporary !== undefined) fs.rmSync(temporary, { force: true });
    throw writeProblem(path, cause);
  }
}

/** Removes a file of the tool's; says whether there was one. Throws `LOCAL_IO`. */
export function removeFile(path: string): boolean {
  try {
    fs.unlinkSync(path);
    return true;
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw writeProblem(path, cause);
  }
}

/**
 * Takes the rights that `mode` does not hold (group's and others') away from a file or directory of the user's own;
 * says whether it worked. No right is added. On Windows there is nothing to take.
 */
export function makePrivate(path: string, mode: number): boolean {
  try {
    fs.chmodSync(path, fs.statSync(path).mode & mode);
    return true;
  } catch {
    return false;
  }
}

/** Whether files can be made in a directory now; false where it is missing, forbidden or on a read-only disk. */
export function isWritableDir(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process with this id runs on this machine; one that may not be asked does. */
export function isProcessAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return systemCodeOf(cause) === 'EPERM';
  }
}

/** The `LOCAL_IO` error (exit 1) of a failed write. */
export function writeProblem(path: string, cause: unknown): SegjobsError {
  if (cause instanceof SegjobsError) return cause;
  const why = cause instanceof FileProblem ? cause.reason : explainSystemError(cause);
  return new SegjobsError('LOCAL_IO', `cannot write ${safeText(path)}: ${why}`, { cause });
}

/** Short and the same for every process of this machine: ids of processes mean nothing on another one. */
export function hostTag(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

function lstatIfThere(path: string): fs.Stats | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false });
}

function isTrusted(ownerId: number, userId: number | undefined): boolean {
  return userId === undefined || ownerId === userId || ownerId === 0;
}

/** The whole file, or `undefined` when it is longer than `maxBytes`; never reads further, so a device ends too. */
export function readUpTo(file: number, maxBytes: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, maxBytes + 1 - size));
    const got = fs.readSync(file, chunk);
    if (got === 0) return Buffer.concat(chunks, size);
    size += got;
    if (size > maxBytes) return undefined;
    chunks.push(chunk.subarray(0, got));
  }
}

/** Removes temporary files beside `target` of writers that were killed; another machine's are left to it. */
export function sweepLitter(target: string): void {
  const prefix = `.${basename(target)}.${hostTag()}.`;
  for (const name of fs.readdirSync(dirname(target))) {
    if (!name.startsWith(prefix) || !name.endsWith('.tmp')) continue;
    if (!isProcessAlive(Number.parseInt(name.slice(prefix.length), 10))) {
      fs.rmSync(join(dirname(target), name), { force: true });
    }
  }
}

/** Windows refuses to replace a file that somebody is reading at that moment: try again for up to a second. */
function renameOver(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (cause) {
      const code = systemCodeOf(cause);
      const isBusy =
        process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY');
      if (!isBusy || attempt >= 50) throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Makes the new name itself survive a power cut, where the system can do that. */
function syncDirectory(path: string): void {
  let directory: number | undefined;
  try {
    directory = fs.openSync(path, 'r');
    fs.fsyncSync(directory);
  } catch {
    // Windows cannot open a directory, and some network file systems cannot sync one: the rename stands anyway.
  } finally {
    if (directory !== undefined) fs.closeSync(directory);
  }
}
