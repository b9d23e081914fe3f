// The ledger of a watch: what is known of each id, which ids are still asked for, and what one answer changed.

import { isFinal, knownStatus, type SegmentJob } from './job.ts';
import type { Standing, UnreadableId, WatchCounts, WatchedJob, WatchTally } from './watch-events.ts';
import { isContactLost } from './watch-failures.ts';

/** What one poll brought back; an id in none of the three counts as missing. */
export interface PollAnswer {
  readonly jobs: ReadonlyMap<string, SegmentJob>;
  readonly failed: ReadonlyMap<string, UnreadableId>;
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
      readonly error: UnreadableId | undefined;
    };

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
  error: UnreadableId | undefined;
}

const finalStanding = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
} as const;

/** Whether the change is an end that `--fail-fast` stops at. */
export function isBadEnd(change: Change): boolean {
  if (change.type !== 'job.finished') return false;
  const standing = standingOf(change.job);
  return standing === 'failed' || standing === 'cancelled';
}

export interface WatchLedger {
  /** The ids the next poll asks for, in the order given. */
  unfinished(): readonly string[];
  /** Takes the answer to a poll for `asked` and tells what it changed, in that order. */
  take(asked: readonly string[], answer: PollAnswer, moment: PollMoment): readonly Change[];
  tally(): WatchTally;
  jobs(): readonly WatchedJob[];
}

/**
 * `created` are jobs whose JSON is known but which the service may not show yet; `absent` are ids already known
 * not to exist. Ids given twice stand here once.
 */
export function createWatchLedger(
  ids: readonly string[],
  known: { readonly created?: readonly SegmentJob[]; readonly absent?: readonly string[] } = {},
): WatchLedger {
  const entries = new Map<string, Entry>();
  for (const id of ids) {
    entries.set(id, {
      id,
      standing: 'unseen',
      job: undefined,
      isSeen: false,
      misses: 0,
      errors: 0,
      erringSinceMs: 0,
      error: undefined,
    });
  }
  for (const job of known.created ?? []) {
    const entry = entries.get(job.id);
    if (entry === undefined) continue;
    entry.job = job;
    entry.standing = 'running';
  }
  const open = new Map(entries);
  for (const id of known.absent ?? []) leave(id, 'notFound');

  function leave(id: string, standing: Standing): void {
    const entry = entries.get(id);
    if (entry !== undefined) entry.standing = standing;
    open.delete(id);
  }

  function read(entry: Entry, job: SegmentJob): Change | undefined {
    const before = entry.job;
    const from = before === undefined ? undefined : statusOf(before);
    entry.job = job;
    entry.isSeen = true;
    entry.standing = 'running';
    entry.misses = 0;
    entry.errors = 0;
    if (isFinal(job)) {
      leave(entry.id, standingOf(job));
      return { type: 'job.finished', id: entry.id, from, job };
    }
    return from === statusOf(job) ? undefined : { type: 'job.status', id: entry.id, from, job };
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
