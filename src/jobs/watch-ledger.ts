// The ledger of a watch: what is known of each id, which ids are still asked for, and what one answer changed.

import type { SegjobsError } from '../errors.ts';
import { isFinal, knownStatus, type SegmentJob } from './job.ts';
import type { Standing, UnreadableId, WatchCounts, WatchedJob, WatchTally } from './watch-events.ts';
import { isContactLost } from './watch-failures.ts';
import type { WatchGoal } from './watch-outcome.ts';

/** What one poll brought back; an id that was asked for and is in neither map counts as missing. */
export interface PollAnswer {
  readonly jobs: ReadonlyMap<string, SegmentJob>;
  readonly failed: ReadonlyMap<string, UnreadableId>;
  /** Where jobs are looked for: what there is to follow. Those that are followed already may be among them. */
  readonly found?: readonly SegmentJob[] | undefined;
}

/** What one answer changed for one id: an event of the watch, but for its time. */
export type Change =
  | {
      readonly type: 'job.status' | 'job.finished';
      readonly id: string;
      readonly from: string | undefined;
      readonly job: SegmentJob;
    }
  | {
      readonly type: 'job.lost';
      readonly id: string;
      readonly from: string | undefined;
      readonly error: SegjobsError | UnreadableId | undefined;
    };

/** What is known of ids before the first poll. */
export interface KnownBefore {
  /** Made by this command; the service may not show it yet. */
  readonly created?: SegmentJob | undefined;
  /** Not there: not asked for again. */
  readonly absent?: readonly string[] | undefined;
  /** What this command had to do with them failed: not asked for again. */
  readonly failed?: readonly FailedBefore[] | undefined;
}

export interface FailedBefore {
  readonly id: string;
  readonly error: SegjobsError;
  /** As it was last read. */
  readonly job?: SegmentJob | undefined;
}

interface PollMoment {
  readonly monotonicMs: number;
  /** Whether an id that no answer has named yet is given up now. */
  readonly givesUpUnseen: boolean;
  /** Whether an id that got an error instead of an answer is given up now, whatever came before. */
  readonly givesUpUnreadable: boolean;
}

/** An id that was seen and is then missing in this many good polls counts as not found. */
const missesUntilNotFound = 3;

interface Entry {
  readonly id: string;
  standing: Standing;
  job: SegmentJob | undefined;
  isSeen: boolean;
  misses: number;
  errors: number;
  erringSinceMs: number;
  error: SegjobsError | UnreadableId | undefined;
}

const finalStanding = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
} as const;

/** Whether the change is an end that `--fail-fast` stops at: after `cancel` any other than the one that was wanted. */
export function isBadEnd(change: Change, goal: WatchGoal): boolean {
  if (change.type !== 'job.finished') return false;
  return standingOf(change.job) !== (goal === 'success' ? 'succeeded' : 'cancelled');
}

export interface WatchLedger {
  /** How many ids there are. */
  size(): number;
  /** The ids that were given up before the watch began. */
  lostBefore(): readonly Change[];
  /** The ids the next poll asks for, in the order given. */
  unfinished(): readonly string[];
  /**
   * Takes the answer to a poll for `asked` and tells what it changed, in that order; then the jobs found that are new
   * here, in theirs.
   */
  take(asked: readonly string[], answer: PollAnswer, moment: PollMoment): readonly Change[];
  tally(): WatchTally;
  jobs(): readonly WatchedJob[];
}

/** Ids given twice stand here once. */
export function createWatchLedger(ids: readonly string[], known: KnownBefore = {}): WatchLedger {
  const entries = new Map<string, Entry>();
  const open = new Map<string, Entry>();
  for (const id of ids) enter(id);
  if (known.created !== undefined) {
    const entry = entries.get(known.created.id);
    if (entry !== undefined) {
      entry.job = known.created;
      entry.standing = 'running';
    }
  }
  for (const id of known.absent ?? []) leave(id, 'notFound');
  for (const { id, error, job } of known.failed ?? []) {
    const entry = entries.get(id);
    if (entry === undefined) continue;
    entry.error = error;
    entry.job = job;
    leave(id, 'unreadable');
  }
  const lost = [...entries.values()].filter(({ id }) => !open.has(id));

  function enter(id: string): Entry {
    const entry: Entry = {
      id,
      standing: 'unseen',
      job: undefined,
      isSeen: false,
      misses: 0,
      errors: 0,
      erringSinceMs: 0,
      error: undefined,
    };
    entries.set(id, entry);
    open.set(id, entry);
    return entry;
  }

  function leave(id: string, standing: Standing): void {
    const entry = entries.get(id);
    if (entry !== undefined) entry.standing = standing;
    open.delete(id);
  }

  function read(entry: Entry, job: SegmentJob): Change | undefined {
    // Of an answer that has not changed come the very same jobs.
    if (entry.job === job && entry.isSeen) {
      entry.misses = 0;
      entry.errors = 0;
      return undefined;
    }
    const from = fromOf(entry);
    const isEnd = isFinal(job);
    const isNews = isEnd || from !== statusOf(job);
    // What is told is kept by those who show it; else the job stays only until the next poll.
    entry.job = isNews ? detached(job) : job;
    entry.isSeen = true;
    entry.standing = 'running';
    entry.misses = 0;
    entry.errors = 0;
    if (isEnd) leave(entry.id, standingOf(job));
    if (!isNews) return undefined;
    return { type: isEnd ? 'job.finished' : 'job.status', id: entry.id, from, job: entry.job };
  }

  function miss(entry: Entry, moment: PollMoment): Change | undefined {
    entry.misses++;
    const isLost = entry.isSeen ? entry.misses >= missesUntilNotFound : moment.givesUpUnseen;
    if (!isLost) return undefined;
    leave(entry.id, 'notFound');
    return { type: 'job.lost', id: entry.id, from: fromOf(entry), error: undefined };
  }

  function fail(entry: Entry, error: UnreadableId, moment: PollMoment): Change | undefined {
    if (entry.errors === 0) entry.erringSinceMs = moment.monotonicMs;
    entry.errors++;
    entry.error = error;
    const silentMs = moment.monotonicMs - entry.erringSinceMs;
    if (!moment.givesUpUnreadable && !isContactLost(entry.errors, silentMs)) return undefined;
    leave(entry.id, 'unreadable');
    return { type: 'job.lost', id: entry.id, from: fromOf(entry), error };
  }

  return {
    size: () => entries.size,
    lostBefore: () =>
      lost.map((entry) => ({ type: 'job.lost', id: entry.id, from: fromOf(entry), error: entry.error })),
    unfinished: () => [...open.keys()],
    take(asked, answer, moment) {
      const changes: Change[] = [];
      for (const id of asked) {
        const entry = open.get(id);
        if (entry === undefined) continue;
        const job = answer.jobs.get(id);
        const error = answer.failed.get(id);
        const change =
          job !== undefined
            ? read(entry, job)
            : error !== undefined
              ? fail(entry, error, moment)
              : miss(entry, moment);
        if (change !== undefined) changes.push(change);
      }
      for (const job of answer.found ?? []) {
        const change = entries.has(job.id) ? undefined : read(enter(job.id), job);
        if (change !== undefined) changes.push(change);
      }
      return changes;
    },
    tally: () => tallyOf(entries.values()),
    jobs: () =>
      [...entries.values()].map(({ id, standing, job, error }) => ({
        id,
        standing,
        ...(job === undefined ? {} : { job }),
        ...(standing === 'unreadable' ? { error } : {}),
      })),
  };
}

/** The status in one spelling where it is a known one, `''` where the service told none. */
export function statusOf(job: SegmentJob): string {
  return knownStatus(job.status) ?? job.status ?? '';
}

/** The same job, whose JSON is a text of its own: cut out of an answer it would keep the whole of that alive. */
function detached(job: SegmentJob): SegmentJob {
  return { ...job, json: Buffer.from(job.json).toString() };
}

function fromOf(entry: Entry): string | undefined {
  return entry.job === undefined ? undefined : statusOf(entry.job);
}

function standingOf(job: SegmentJob): Standing {
  const status = knownStatus(job.status);
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED'
    ? finalStanding[status]
    : 'running';
}

function tallyOf(entries: Iterable<Entry>): WatchTally {
  const counts: Record<keyof WatchCounts, number> = {
    total: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    running: 0,
    unseen: 0,
    notFound: 0,
    unreadable: 0,
  };
  const running = new Map<string, number>();
  for (const { standing, job } of entries) {
    counts.total++;
    counts[standing]++;
    if (standing !== 'running' || job === undefined) continue;
    const status = statusOf(job);
    running.set(status, (running.get(status) ?? 0) + 1);
  }
  return { counts, runningByStatus: [...running].sort((a, b) => b[1] - a[1]) };
}
