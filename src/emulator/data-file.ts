// The data file: what happened since the start, kept so that a restart, or a kill, loses nothing that was answered.

import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ClockAnchor } from './clock.ts';
import type { CreatedJob } from './sandbox-jobs.ts';
import type { Happenings } from './store.ts';

const version = 1;

/** All that is needed to go on: the history follows from `seed`, `startAt` and `historyJobs`. */
export interface SavedState {
  readonly seed: number;
  readonly startAt: number;
  readonly historyJobs: number;
  readonly clock: ClockAnchor;
  readonly happenings: Happenings;
}

/** A data file that cannot be used; the message names it and says why. It is never overwritten. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';
}

export interface DataFile {
  /** What it held when it was opened; `undefined` when it did not exist. */
  readonly saved: SavedState | undefined;
  /**
   * Writes what `state` gives. Resolves when it is on the disk; calls that come during a write share the next one.
   */
  save(state: () => SavedState): Promise<void>;
  /** Waits for the writes and gives up the lock. */
  close(): Promise<void>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
const isTimes = (value: unknown): value is Record<string, number> =>
  isRecord(value) && Object.values(value).every((time) => typeof time === 'number');

function isCreatedJob(value: unknown): value is CreatedJob {
  return (
    isRecord(value) &&
    isCount(value['number']) &&
    typeof value['sandbox'] === 'string' &&
    typeof value['createdAt'] === 'number' &&
    (value['requestId'] === undefined || typeof value['requestId'] === 'string') &&
    Array.isArray(value['segmentIds']) &&
    value['segmentIds'].length > 0 &&
    value['segmentIds'].every((id) => typeof id === 'string')
  );
}

function decode(text: string, path: string): SavedState {
  const broken = (why: string) =>
    new DataFileError(`The data file ${path} cannot be used: ${why}. Move it away to start anew.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken('it is not valid JSON');
  }
  if (!isRecord(value) || !isCount(value['emulatorData'])) throw broken('it is not an emulator data file');
  if (value['emulatorData'] !== version)
    throw broken(`it is of version ${value['emulatorData']}, this is ${version}`);
  const { seed, startAt, historyJobs, clock, created, cancelled, deleted } = value;
  const isWhole =
    isCount(seed) &&
    isCount(startAt) &&
    isCount(historyJobs) &&
    isRecord(clock) &&
    typeof clock['serviceMs'] === 'number' &&
    typeof clock['wallMs'] === 'number' &&
    typeof clock['speed'] === 'number' &&
    Array.isArray(created) &&
    created.every(isCreatedJob) &&
    isTimes(cancelled) &&
    isTimes(deleted);
  if (!isWhole) throw broken('a field is missing or of the wrong type');
  const { serviceMs, wallMs, speed } = clock as unknown as ClockAnchor;
  return {
    seed,
    startAt,
    historyJobs,
    clock: { serviceMs, wallMs, speed },
    happenings: { created, cancelled, deleted },
  };
}

function encode({ happenings, ...state }: SavedState): string {
  return `${JSON.stringify({ emulatorData: version, ...state, ...happenings })}\n`;
}

const codeOf = (error: unknown) => (isRecord(error) ? error['code'] : undefined);

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new DataFileError(`The data file ${path} cannot be read: ${String(codeOf(error))}.`, {
      cause: error,
    });
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces the file in one step: whoever reads it, or is killed, meets the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeNew(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // The new name itself must outlive a power cut too; some file systems cannot sync a directory.
  const directory = await open(dirname(path), 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Takes `path.lock`, which holds the owner's process id. One left by a killed emulator is replaced. */
async function takeLock(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  for (let attempt = 0; attempt < 5; attempt++) {
    const own = `${lock}.${process.pid}-${randomBytes(4).toString('hex')}`;
    try {
      // Written first and linked then, so that no lock is ever seen without its owner.
      await writeFile(own, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
      await link(own, lock);
      return () => rm(lock, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw new DataFileError(`The data file ${path} cannot be locked: ${String(codeOf(error))}.`, {
          cause: error,
        });
      }
    } finally {
      await rm(own, { force: true });
    }
    const owner = Number((await readOrUndefined(lock))?.trim() || Number.NaN);
    if (Number.isNaN(owner)) continue;
    if (isAlive(owner)) {
      throw new DataFileError(`The data file ${path} is in use by process ${owner} (${lock} says so).`);
    }
    const stale = `${lock}.${process.pid}`;
    try {
      await rename(lock, stale);
      // Between reading and renaming another emulator may have taken the lock: then it gets it back.
      if (Number((await readOrUndefined(stale))?.trim()) !== owner)
        await link(stale, lock).catch(() => undefined);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    } finally {
      await rm(stale, { force: true });
    }
  }
  throw new DataFileError(`The data file ${path} cannot be locked: ${lock} is neither free nor owned.`);
}

/** Opens and locks the data file. Throws a `DataFileError` when it is broken, newer, unreadable or in use. */
export async function openDataFile(path: string): Promise<DataFile> {
  const release = await takeLock(path);
  let saved: SavedState | undefined;
  try {
    const text = await readOrUndefined(path);
    saved = text === undefined ? undefined : decode(text, path);
  } catch (error) {
    await release();
    throw error;
  }
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  return {
    saved,
    save(state) {
      queued ??= running.then(() => {
        queued = undefined;
        running = replaceFile(path, encode(state()));
        const written = running;
        running = written.catch(() => undefined);
        return written;
      });
      return queued;
    },
    async close() {
      await queued?.catch(() => undefined);
      await running;
      await release();
    },
  };
}
