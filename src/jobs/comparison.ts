// What a job found beside what the last successful job of the same segments had found: did the audience change? Pure.

import { type DurationRange, isEarlierSuccess } from './forecast.ts';
import type { Counts, SegmentJob } from './job.ts';
import { allSegmentsId } from './segment-set.ts';

/** A count and the one before; each `undefined` where the service did not tell it. */
export interface Change {
  readonly now: number | undefined;
  readonly before: number | undefined;
  /** `now − before`, where both are known. */
  readonly change: number | undefined;
  /** In percent of `before`; `undefined` also where that was 0. */
  readonly changePercent: number | undefined;
}

export interface SegmentComparison {
  readonly segmentId: string;
  /** `undefined`: no earlier job with this segment is known. */
  readonly comparedWith: SegmentJob | undefined;
  /** Profiles in the audience. */
  readonly profiles: Change;
  /** The documented three always, in this order, then whatever else the job counts. */
  readonly byStatus: ReadonlyMap<string, Change>;
  readonly byNamespace: ReadonlyMap<string, Change>;
}

export interface JobComparison {
  readonly job: SegmentJob;
  /** Of `workedMs`, in whose terms lists show durations. */
  readonly usual: DurationRange | undefined;
  /** In the order of the job's segments; for a job of all definitions those it counted. */
  readonly segments: readonly SegmentComparison[];
}

/** The documented statuses of a profile in an audience, in the order of a reader's interest. */
export const audienceStatuses = ['realized', 'existing', 'exited'] as const;

/** The segments that a job has something to say about: those it names, and those it counted. */
export function comparableSegments({ segments, metrics }: SegmentJob): readonly string[] {
  const named = segments.flatMap((entry) => entry.segmentId ?? entry.segment?.id ?? []);
  const ids = new Set([
    ...named,
    ...(metrics?.segmentedProfileCounter?.keys() ?? []),
    ...(metrics?.segmentedProfileByStatusCounter?.keys() ?? []),
  ]);
  ids.delete(allSegmentsId);
  return [...ids];
}

/** The job beside, for each of its segments, the job that `previous` has for it. */
export function compareJob(
  job: SegmentJob,
  previous: ReadonlyMap<string, SegmentJob>,
  usual?: DurationRange,
): JobComparison {
  const segments = comparableSegments(job).map((segmentId) =>
    compareSegment(segmentId, job, previous.get(segmentId)),
  );
  return { job, usual, segments };
}

/**
 * By segment the last of `runs` (any order) that succeeded before `job` was made and evaluated it. One that tells how
 * large the audience was goes before one that does not.
 */
export function previousRuns(job: SegmentJob, runs: Iterable<SegmentJob>): ReadonlyMap<string, SegmentJob> {
  const found = new Map<string, SegmentJob>();
  for (const run of runs) {
    if (!isEarlierSuccess(run, job)) continue;
    for (const segmentId of comparableSegments(run)) {
      const best = found.get(segmentId);
      if (best === undefined || isBetter(run, best, segmentId)) found.set(segmentId, run);
    }
  }
  return found;
}

/** The job that all segments are compared with (those that are compared at all), where it is one. */
export function commonRun({ segments }: JobComparison): SegmentJob | undefined {
  const [run, ...others] = new Map(
    segments.flatMap(({ comparedWith }) =>
      comparedWith === undefined ? [] : [[comparedWith.id, comparedWith] as const],
    ),
  ).values();
  return others.length === 0 ? run : undefined;
}

function isBetter(run: SegmentJob, than: SegmentJob, segmentId: string): boolean {
  const [counts, thanCounts] = [isCounted(run, segmentId), isCounted(than, segmentId)];
  if (counts !== thanCounts) return counts;
  return (run.creationTime ?? 0) > (than.creationTime ?? 0);
}

function isCounted({ metrics }: SegmentJob, segmentId: string): boolean {
  return (
    metrics?.segmentedProfileCounter?.has(segmentId) === true ||
    metrics?.segmentedProfileByStatusCounter?.has(segmentId) === true
  );
}

function compareSegment(
  segmentId: string,
  job: SegmentJob,
  comparedWith: SegmentJob | undefined,
): SegmentComparison {
  const [now, before] = [countsOf(job, segmentId), countsOf(comparedWith, segmentId)];
  const changes = (names: Iterable<string>, kind: 'byStatus' | 'byNamespace') =>
    new Map(
      [...new Set(names)].map((name) => [name, changeOf(now[kind]?.get(name), before[kind]?.get(name))]),
    );
  return {
    segmentId,
    comparedWith,
    profiles: changeOf(now.profiles, before.profiles),
    byStatus: changes([...audienceStatuses, ...(now.byStatus?.keys() ?? [])], 'byStatus'),
    byNamespace: changes(now.byNamespace?.keys() ?? [], 'byNamespace'),
  };
}

interface SegmentCounts {
  readonly profiles: number | undefined;
  readonly byStatus: Counts | undefined;
  readonly byNamespace: Counts | undefined;
}

/** Profiles in the audience; where the service did not count them, those who entered and those who stayed. */
export function audienceSize({ metrics }: SegmentJob, segmentId: string): number | undefined {
  const byStatus = metrics?.segmentedProfileByStatusCounter?.get(segmentId);
  const [realized, existing] = [byStatus?.get('realized'), byStatus?.get('existing')];
  const sum = realized === undefined || existing === undefined ? undefined : realized + existing;
  return metrics?.segmentedProfileCounter?.get(segmentId) ?? sum;
}

function countsOf(job: SegmentJob | undefined, segmentId: string): SegmentCounts {
  return {
    profiles: job && audienceSize(job, segmentId),
    byStatus: job?.metrics?.segmentedProfileByStatusCounter?.get(segmentId),
    byNamespace: job?.metrics?.segmentedProfileByNamespaceCounter?.get(segmentId),
  };
}

export function changeOf(now: number | undefined, before: number | undefined): Change {
  const change = now === undefined || before === undefined ? undefined : now - before;
  const changePercent = change === undefined || !before ? undefined : (change / before) * 100;
  return { now, before, change, changePercent };
}
