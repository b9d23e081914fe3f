// What a live region knows of a watch: gathered from its events, in memory that does not grow while it lasts.

import type { SegmentJob } from '../jobs/job.ts';
import type { WatchEvent, WatchTally } from '../jobs/watch-events.ts';
import { statusOf } from '../jobs/watch-ledger.ts';
import { segmentCountText } from './job-words.ts';
import type { LiveState } from './live-block.ts';
import type { LiveJob } from './live-rows.ts';
import { isPlausibleTime } from './text.ts';

export type ForecastFor = (job: SegmentJob) => LiveJob['expected'];

export interface LiveMemory {
  /** `nowMs` is monotonic. */
  take(event: WatchEvent, nowMs: number): void;
  /** What there is to show at that moment. Costs no more when very many are watched. */
  at(nowMs: number): LiveState & { readonly serviceNow: number };
}

interface Entry extends LiveJob {
  /** What a forecast needs of the job. Not the job itself: its text would be held for as long as it is watched. */
  readonly job: SegmentJob | undefined;
}

interface Moment {
  readonly monotonicMs: number;
  readonly atMs: number;
  readonly elapsedMs: number;
}

/** What is being worked on comes first, what no answer has named yet last. */
const rankOf = (status: string | undefined): number => {
  if (status === undefined) return 4;
  if (status === 'PROCESSING' || status === 'CANCELLING') return 0;
  return status === 'QUEUED' ? 2 : status === 'NEW' ? 3 : 1;
};
const ranks = 5;

export function createLiveMemory(forecastFor: ForecastFor = () => undefined): LiveMemory {
  /** In the order they were given. */
  const unfinished = new Map<string, Entry>();
  const byRank = Array.from({ length: ranks }, () => new Set<string>());
  let last: Moment | undefined;
  let tally: WatchTally | undefined;
  let answeredMs: number | undefined;
  let nextPollMs: number | undefined;
  let failure: { readonly sinceMs: number; readonly reason: string } | undefined;
  let unreadJobs = 0;

  function put(id: string, job: SegmentJob | undefined): void {
    drop(id, false);
    const status = job === undefined ? undefined : statusOf(job);
    const begunMs = isPlausibleTime(job?.creationTime) ? job.creationTime : undefined;
    const segments = job === undefined ? '' : segmentCountText(job);
    unfinished.set(id, { id, status, segments, begunMs, job: job && withoutText(job) });
    byRank[rankOf(status)]?.add(id);
  }

  function drop(id: string, isForGood = true): void {
    const entry = unfinished.get(id);
    if (entry === undefined) return;
    byRank[rankOf(entry.status)]?.delete(id);
    if (isForGood) unfinished.delete(id);
  }

  function take(event: WatchEvent, nowMs: number): void {
    last = { monotonicMs: nowMs, atMs: event.atMs, elapsedMs: event.elapsedMs };
    switch (event.type) {
      case 'watch.started':
        for (const id of event.ids) if (!unfinished.has(id)) put(id, undefined);
        return;
      case 'job.created':
        put(event.job.id, event.job);
        return;
      case 'job.status':
        put(event.id, event.job);
        return;
      case 'job.finished':
      case 'job.lost':
        drop(event.id);
        return;
      case 'poll.failed':
        if (event.ids === undefined) {
          failure = { sinceMs: nowMs - event.silentMs, reason: event.error.message };
        } else unreadJobs = event.ids.length;
        return;
      case 'watch.waiting':
        if (event.failedPolls === 0) {
          failure = undefined;
          answeredMs = nowMs;
        }
        tally = event.tally;
        nextPollMs = nowMs + event.nextPollInMs;
        return;
    }
  }

  function* inRank(): Generator<Entry> {
    for (const ids of byRank) {
      for (const id of ids) {
        const entry = unfinished.get(id);
        if (entry !== undefined) yield entry;
      }
    }
  }

  function pick(most: number): readonly LiveJob[] {
    const jobs: LiveJob[] = [];
    for (const entry of unfinished.size <= most ? unfinished.values() : inRank()) {
      if (jobs.length >= most) break;
      const { job, ...shown } = entry;
      jobs.push({ ...shown, expected: job === undefined ? undefined : forecastFor(job) });
    }
    return jobs;
  }

  return {
    take,
    at: (nowMs) => {
      const sinceMs = last === undefined ? 0 : nowMs - last.monotonicMs;
      return {
        unfinished: unfinished.size,
        pick,
        tally,
        elapsedMs: (last?.elapsedMs ?? 0) + sinceMs,
        serviceNow: (last?.atMs ?? 0) + sinceMs,
        polls: {
          answeredAgoMs: answeredMs === undefined ? undefined : nowMs - answeredMs,
          nextInMs: nextPollMs === undefined ? undefined : nextPollMs - nowMs,
          failure: failure && { silentMs: nowMs - failure.sinceMs, reason: failure.reason },
          unreadJobs,
        },
      };
    },
  };
}

function withoutText(job: SegmentJob): SegmentJob {
  const { id, status, source, creationTime } = job;
  const segments = job.segments.map(({ segmentId, segment }) => ({ segmentId: segmentId ?? segment?.id }));
  return { id, status, source, creationTime, segments, errors: [], json: '' };
}
