// What a watch tells while it lasts: plain facts with their times, which the views turn into lines or JSON.

import type { SegjobsError } from '../errors.ts';
import type { KnownJobStatus, SegmentJob } from './job.ts';

/** What the service said of one id that it could not give. */
export interface UnreadableId {
  readonly httpStatus?: number | undefined;
  readonly message: string;
  readonly requestId?: string | undefined;
}

/** Which jobs a watch looks for where it was given no ids. */
export interface WatchedFilter {
  /** Empty: any status. */
  readonly statuses: readonly KnownJobStatus[];
  /** As the service takes them; a segment is one of them. */
  readonly properties: readonly string[];
  readonly snapshot?: string | undefined;
  readonly source?: string | undefined;
}

/**
 * Where a watched id stands. `unseen`: no answer has named it yet. `notFound`: given up, the service does not
 * have it. `unreadable`: given up, the service answered with nothing but errors for it, or what this command had
 * to do with it failed.
 */
export type Standing =
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'unseen'
  | 'notFound'
  | 'unreadable';

/** How many ids stand where; everything but `total` adds up to `total`. */
export interface WatchCounts extends Readonly<Record<Standing, number>> {
  readonly total: number;
}

/** One id as the watch last knew it. `job` stays what was last read, also for an id that was given up. */
export interface WatchedJob {
  readonly id: string;
  readonly standing: Standing;
  readonly job?: SegmentJob | undefined;
  /** For `unreadable`. */
  readonly error?: SegjobsError | UnreadableId | undefined;
}

export interface WatchTally {
  readonly counts: WatchCounts;
  /** How many of the running jobs are in which status, most frequent first. `''`: the service told none. */
  readonly runningByStatus: readonly (readonly [status: string, jobs: number])[];
}

/**
 * How a watch ended. `finished`: every id has ended or was given up. `failFast`: the first bad end was enough.
 * `lookedOnce`: `--timeout 0`, something still runs. `nothingAppeared`: no job that was looked for. `lostContact` and `refused` carry the error that ended it,
 * `stopped` the signal.
 */
export type Ending =
  | { readonly kind: 'finished' | 'failFast' | 'timeout' | 'lookedOnce' | 'nothingAppeared' }
  | { readonly kind: 'lostContact' | 'refused' | 'stopped'; readonly error: SegjobsError };

/** What a watch without ids looks for, on the service's clock as far as it is known. */
export interface StartedSelection {
  readonly filter: WatchedFilter;
  /** Unix ms; `undefined`: jobs unfinished now, or created after the watch began. */
  readonly sinceMs: number | undefined;
  /** Unix ms, `Infinity` for ever: until then a first job is waited for. */
  readonly appearByMs: number;
}

interface EventFacts {
  /** Unix ms on the service's clock, as far as the service has told the time yet. */
  readonly atMs: number;
  /** Since the watch began, on the service's clock: a laptop's sleep counts. */
  readonly elapsedMs: number;
}

export type WatchEvent = EventFacts &
  (
    | {
        readonly type: 'watch.started';
        /** None where jobs are looked for: each one's first `job.status` or `job.finished` tells that it is followed. */
        readonly ids: readonly string[];
        readonly selection: StartedSelection | undefined;
        /** `Infinity` for no limit, 0 for one look. */
        readonly timeoutMs: number;
        /** `undefined` where the interval adapts itself. */
        readonly intervalMs: number | undefined;
      }
    /** Always the first event where there is one. */
    | { readonly type: 'job.created'; readonly job: SegmentJob; readonly isReused: boolean }
    /** A first reading, or a status other than the one before (backwards too). Not for an end: see below. */
    | {
        readonly type: 'job.status';
        readonly id: string;
        /** `undefined` on the first reading. */
        readonly from: string | undefined;
        readonly job: SegmentJob;
      }
    | {
        readonly type: 'job.finished';
        readonly id: string;
        readonly from: string | undefined;
        readonly job: SegmentJob;
      }
    /** An id the watch gives up, or that was given up before it began. */
    | {
        readonly type: 'job.lost';
        readonly id: string;
        readonly from: string | undefined;
        /** `undefined`: the service does not have it. */
        readonly error: SegjobsError | UnreadableId | undefined;
      }
    | {
        readonly type: 'poll.failed';
        readonly error: SegjobsError | UnreadableId;
        /** The ids that got no answer, where it was not all of them. */
        readonly ids: readonly string[] | undefined;
        /** In a row, this one included; 0 where the poll as a whole succeeded. */
        readonly failedPolls: number;
        /** Since the last good poll, or since the start. */
        readonly silentMs: number;
        /** Until the next poll; `undefined` when there is none. */
        readonly nextPollInMs: number | undefined;
      }
    /** After every poll that is followed by another: what a status line shows. Not part of the event stream. */
    | {
        readonly type: 'watch.waiting';
        readonly tally: WatchTally;
        readonly failedPolls: number;
        readonly nextPollInMs: number;
      }
    /** A minute passed without any other event. */
    | {
        readonly type: 'watch.heartbeat';
        readonly tally: WatchTally;
        readonly failedPolls: number;
        /** `undefined` while a poll is under way. */
        readonly nextPollInMs: number | undefined;
      }
    /** Always the last one. */
    | {
        readonly type: 'watch.ended';
        readonly ending: Ending;
        readonly exitCode: number;
        readonly tally: WatchTally;
        /** Every watched id once, in the order given. */
        readonly jobs: readonly WatchedJob[];
      }
  );

export type WatchEventOf<T extends WatchEvent['type']> = Extract<WatchEvent, { readonly type: T }>;
