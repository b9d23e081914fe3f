// What is remembered of a create on disk, from before it is sent until its job has been told, and whose turn it is.

import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SegjobsError } from '../errors.ts';
import { withFileLock } from '../file-lock.ts';
import {
  ensurePrivateDir,
  FileProblem,
  makePrivate,
  type Ownership,
  privateDirMode,
  removeFile,
  sweepLitter,
  writeFileAtomic,
  writeProblem,
} from '../files.ts';
import { safeText } from '../safe-text.ts';
import { systemCodeOf } from '../system-errors.ts';
import type { ApiClock, CreateMemoryPlace } from './client.ts';
import {
  type CreateIntent,
  type FoundIntent,
  intentText,
  type KeptIntent,
  readIntent,
} from './create-intent-file.ts';

/** Creates alike, which must not run beside each other. */
export interface CreateKind {
  readonly apiUrl: string;
  readonly orgId: string;
  readonly sandbox: string;
  readonly segmentIds: readonly string[];
}

export interface CreateIntents {
  /**
   * Runs `action` while no other create of this kind runs on this machine. Throws `TIMEOUT` when another one does
   * not come to an end. Without a place to remember things, `action` just runs.
   */
  inTurn<T>(action: () => Promise<T>): Promise<T>;
  /** What is remembered of creates of this kind. To be called in turn. */
  survey(): Survey;
  /** Writes it down as this process's own; one with the same request id is replaced. Warns where that fails. */
  keep(intent: CreateIntent & { readonly requestId: string }): KeptIntent | undefined;
  /** Makes a create that was left behind this process's own, its job being known now. */
  adopt(intent: KeptIntent, jobId: string): KeptIntent;
  /** It did not happen, or nobody will ever know. */
  forget(intent: KeptIntent): void;
  /** Its job has been told: nobody looks for it any more, and for a minute it is no other create's job. */
  settle(intent: KeptIntent): void;
}

export interface Survey {
  /**
   * Creates that nobody is going to tell the outcome of, oldest first. A file that cannot be read is one whose
   * request id is not known, sent when the file was written.
   */
  readonly leftBehind: readonly KeptIntent[];
  /** Ids of the jobs that are known to belong to some create. */
  readonly jobIds: readonly string[];
}

export interface IntentSurroundings {
  readonly place: CreateMemoryPlace | undefined;
  readonly clock: ApiClock;
  readonly signal: AbortSignal;
  readonly waiting?: ((line: string) => void) | undefined;
  /** How long to wait for another create to end. */
  readonly turnLimitMs?: number | undefined;
}

/** Longer than a create can take with its waits and look-ups, so that nobody takes the turn of one under way. */
const turnIsOverAfterMs = 15 * 60_000;
/** How long one create waits for another: a little more, so that the turn of a machine that is gone comes free. */
const defaultTurnLimitMs = turnIsOverAfterMs + 60_000;
/**
 * How long a job that was told is remembered, so that the next create, when its answer is lost, does not take it for
 * its own: longer than the clocks of two machines differ.
 */
const toldIsKnownForMs = 60_000;

/** Where creates of one kind are remembered: files of mode 0600 whose names give nothing away. */
export async function openCreateIntents(
  kind: CreateKind,
  surroundings: IntentSurroundings,
): Promise<CreateIntents> {
  const { place, clock, signal, waiting, turnLimitMs = defaultTurnLimitMs } = surroundings;
  if (place === undefined) return forgetful;
  const { userId, warn } = place;
  const directory = await place.directory();
  if (directory === undefined) {
    warn(cannotRemember('there is no directory to keep state in'));
    return forgetful;
  }
  const home: string = directory;
  const segmentIds = [...new Set(kind.segmentIds)].sort();
  const key = sha256(JSON.stringify([kind.apiUrl, kind.orgId, kind.sandbox, segmentIds]));
  let isUsable = true;
  const giveUp = (cause: unknown) => {
    if (!(cause instanceof SegjobsError) || cause.code !== 'LOCAL_IO') throw cause;
    if (isUsable) warn(cannotRemember(cause.message));
    isUsable = false;
  };

  async function inTurn<T>(action: () => Promise<T>): Promise<T> {
    let hasTurn = false;
    try {
      prepareDirectory(home, { userId });
      const options = {
        clock,
        signal,
        waitMs: turnLimitMs,
        staleAfterMs: turnIsOverAfterMs,
        onWaiting: (pid: number | undefined) =>
          waiting?.(`waiting for another create of the same segments to end${processText(pid)}`),
        lateError: (pid: number | undefined) => lateTurn(pid, turnLimitMs),
      };
      return await withFileLock(join(home, key), options, () => {
        hasTurn = true;
        return action();
      });
    } catch (cause) {
      if (hasTurn) throw cause;
      giveUp(cause);
    }
    return action();
  }

  function read(name: string): FoundIntent | undefined {
    return readIntent(join(home, name), segmentIds, { userId });
  }

  function sweep(names: readonly string[]): void {
    for (const name of names) {
      const litter = new RegExp(`^\\.(${key}\\.[0-9a-f]{16}\\.json)\\..*\\.tmp$`).exec(name);
      if (litter?.[1] !== undefined) sweepLitter(join(home, litter[1]));
      if (!name.endsWith('.told')) continue;
      const told = read(name);
      if (told === undefined) continue;
      const knownForMs = Math.abs(clock.now() - (told.jobKnownAt ?? told.sentAt));
      if (knownForMs > toldIsKnownForMs) removeFile(told.path);
    }
  }

  function survey(): Survey {
    if (!isUsable) return nothing;
    try {
      sweep(readdirSync(home));
      const names = readdirSync(home).filter((name) => name.startsWith(`${key}.`));
      const found = (ending: string) =>
        names
          .filter((name) => name.endsWith(ending))
          .map(read)
          .filter((intent) => intent !== undefined);
      const [open, told] = [found('.json'), found('.told')];
      return {
        leftBehind: open.filter(({ isInHands }) => !isInHands).sort((a, b) => a.sentAt - b.sentAt),
        jobIds: [...open, ...told].map(({ jobId }) => jobId).filter((id) => id !== undefined),
      };
    } catch (cause) {
      giveUp(writeProblem(home, cause));
      return nothing;
    }
  }

  function write(path: string, intent: CreateIntent): boolean {
    if (!isUsable) return false;
    const jobKnownAt = intent.jobId === undefined ? undefined : Math.round(clock.now());
    try {
      writeFileAtomic(path, intentText({ ...intent, segmentIds, jobKnownAt }), { userId });
      return true;
    } catch (cause) {
      giveUp(cause);
      return false;
    }
  }

  /** A file that stays is looked at again, which costs a request and misleads nobody. */
  function drop(work: () => void): void {
    try {
      work();
    } catch (cause) {
      if (systemCodeOf(cause) === 'ENOENT') return;
      const { message } = writeProblem(home, cause);
      warn(`${message}; the next create of these segments will look for this job again`);
    }
  }

  return {
    inTurn,
    survey,
    keep: (intent) => {
      const path = join(home, `${key}.${sha256(intent.requestId).slice(0, 16)}.json`);
      return write(path, intent) ? { ...intent, path } : undefined;
    },
    adopt: (intent, jobId) => {
      const adopted = { ...intent, jobId };
      write(intent.path, adopted);
      return adopted;
    },
    forget: ({ path }) => drop(() => removeFile(path)),
    settle: ({ path, jobId }) =>
      drop(() => {
        if (jobId === undefined) removeFile(path);
        else renameSync(path, path.replace(/json$/, 'told'));
      }),
  };
}

const nothing: Survey = { leftBehind: [], jobIds: [] };

/** For where nothing can be remembered. */
const forgetful: CreateIntents = {
  inTurn: (action) => action(),
  survey: () => nothing,
  keep: () => undefined,
  adopt: (intent, jobId) => ({ ...intent, jobId }),
  forget: () => undefined,
  settle: () => undefined,
};

/** The directory as a private one of the user's own; a link to one is followed where the user made it. */
function prepareDirectory(path: string, { userId }: Ownership): void {
  ensurePrivateDir(path);
  try {
    const isOurs = (uid: number) => userId === undefined || uid === userId || uid === 0;
    if (!isOurs(lstatSync(path).uid)) throw new FileProblem(path, 'owned by another user');
    const facts = statSync(path);
    if (!facts.isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    if (!isOurs(facts.uid)) throw new FileProblem(path, 'owned by another user');
    if (userId !== undefined && (facts.mode & 0o077) !== 0) makePrivate(path, privateDirMode);
  } catch (cause) {
    throw writeProblem(path, cause);
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function processText(pid: number | undefined): string {
  return pid === undefined ? '' : ` (process ${pid})`;
}

function lateTurn(pid: number | undefined, waitedMs: number): SegjobsError {
  return new SegjobsError(
    'TIMEOUT',
    `another create of the same segments${processText(pid)} has not ended in ${Math.round(waitedMs / 60_000)} minutes; nothing was sent`,
    { hint: 'try again when it has ended' },
  );
}

function cannotRemember(why: string): string {
  return `This create is not remembered (${safeText(why)}): should its answer be lost, the next create of these segments will not know of it.`;
}
