// How long a job will probably take: a range out of the durations of earlier successful jobs. Pure.

import { isFinal, jobDurationMs, knownStatus, type SegmentJob, segmentIdsOf } from './job.ts';
import { allSegmentsId } from './segment-set.ts';

/** What jobs like this one usually take. */
export interface DurationRange {
  /** Already rounded outward to what is shown; at least one step below `highMs`. */
  readonly lowMs: number;
  readonly highMs: number;
  /** How many earlier runs it rests on, at least 1. */
  readonly runs: number;
  /** `similar`: no run of these very segments is known, but of about as many from the same source. */
  readonly basis: 'sameSegments' | 'similar';
}

/** How long one run took, in ms; `undefined` where the service said too little. */
export type Measure = (run: SegmentJob) => number | undefined;

// The constants were chosen by `node bench/forecast.mjs`; docs/decisions.md has the figures.
/** The part of earlier runs that is left out at each end. */
const tail = { sameSegments: 0.1, similar: 0.05 } as const;
/** A single run says little: the range of n runs is widened by this much, divided by n, at either end. */
const marginOfOneRun = 0.25;
/** So many runs ago a run counts half. */
const halfLifeRuns = 20;
/** Jobs of other segments tell something only together, and only when their size is much the same. */
const fewestSimilarRuns = 3;
const largestSizeRatio = 1.5;

/** Seconds where milliseconds are documented give times before the year 2000, and no duration. */
const earliestTimeMs = Date.UTC(2000, 0, 1);
const longestRunMs = 366 * 86_400_000;

/** From the creation of a finished job to its end: the wait in the queue counts, because who watches waits, too. */
export const waitedMs: Measure = (run) => {
  const { creationTime, updateTime, metrics } = run;
  const endMs = metrics?.totalTime?.endTimeInMs ?? updateTime;
  if (creationTime === undefined || creationTime < earliestTimeMs || endMs === undefined) return undefined;
  return isFinal(run) ? endMs - creationTime : undefined;
};

/** The duration as lists show it: the service's own measure, where there is one. */
export const workedMs: Measure = (run) =>
  isFinal(run) ? jobDurationMs(run, Number.POSITIVE_INFINITY) : undefined;

/**
 * What `job` takes by the example of `earlier` (any order; anything but successful jobs made before it is passed
 * over). First the runs of the same segments, else those from the same source with about as many segments;
 * `undefined` where there are none.
 */
export function forecastDuration(
  job: SegmentJob,
  earlier: readonly SegmentJob[],
  measure: Measure = waitedMs,
): DurationRange | undefined {
  const runs = earlier
    .filter((run) => isEarlierSuccess(run, job))
    .sort((a, b) => (b.creationTime ?? 0) - (a.creationTime ?? 0));
  const { key } = segmentSetOf(job);
  const sameRuns = key === '' ? [] : runs.filter((run) => segmentSetOf(run).key === key);
  const same = durationsOf(sameRuns, measure);
  if (same.length > 0)
    return { ...rangeOf(same, tail.sameSegments), runs: same.length, basis: 'sameSegments' };
  const similar = durationsOf(similarRuns(job, runs), measure);
  if (similar.length < fewestSimilarRuns) return undefined;
  return { ...rangeOf(similar, tail.similar), runs: similar.length, basis: 'similar' };
}

/** Whether `run` succeeded and was made before `job`; where a time is missing, it is taken to have been. */
export function isEarlierSuccess(run: SegmentJob, job: SegmentJob): boolean {
  if (run.id === job.id || knownStatus(run.status) !== 'SUCCEEDED') return false;
  return (run.creationTime ?? 0) < (job.creationTime ?? Number.POSITIVE_INFINITY);
}

interface SegmentSet {
  /** Equal for equal sets, whatever their order. Empty where the job names no segment. */
  readonly key: string;
  /** `undefined` also for a job of all definitions: how many that were, it does not say. */
  readonly size: number | undefined;
}

/** Every run is held against every job that is watched, of which there can be thousands. */
const segmentSets = new WeakMap<SegmentJob, SegmentSet>();

function segmentSetOf(job: SegmentJob): SegmentSet {
  const known = segmentSets.get(job);
  if (known !== undefined) return known;
  const ids = [...segmentIdsOf(job)].sort();
  const isSized = ids.length > 0 && !ids.includes(allSegmentsId);
  const set = { key: ids.length === 0 ? '' : JSON.stringify(ids), size: isSized ? ids.length : undefined };
  segmentSets.set(job, set);
  return set;
}

/** From the same source: those of the very same size where there are enough, else of about the same. */
function similarRuns(job: SegmentJob, runs: readonly SegmentJob[]): readonly SegmentJob[] {
  const { size } = segmentSetOf(job);
  if (size === undefined) return [];
  const sized = runs.flatMap((run) => {
    const runSize = run.source === job.source ? segmentSetOf(run).size : undefined;
    return runSize === undefined ? [] : [{ run, ratio: Math.max(runSize / size, size / runSize) }];
  });
  const equal = sized.filter(({ ratio }) => ratio === 1);
  const chosen =
    equal.length >= fewestSimilarRuns ? equal : sized.filter(({ ratio }) => ratio <= largestSizeRatio);
  return chosen.map(({ run }) => run);
}

function durationsOf(runs: readonly SegmentJob[], measure: Measure): readonly number[] {
  return runs.flatMap((run) => {
    const durationMs = measure(run);
    const isPlausible = durationMs !== undefined && durationMs > 0 && durationMs <= longestRunMs;
    return isPlausible ? [durationMs] : [];
  });
}

/** `durationsMs` newest first, at least one. */
function rangeOf(
  durationsMs: readonly number[],
  tailPart: number,
): { readonly lowMs: number; readonly highMs: number } {
  const weighted = durationsMs
    .map((ms, age) => ({ ms, weight: 0.5 ** (age / halfLifeRuns) }))
    .sort((a, b) => a.ms - b.ms);
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const squares = weighted.reduce((sum, { weight }) => sum + weight ** 2, 0);
  // What so many runs of unequal weight are worth (Kish's effective sample size).
  const runs = total ** 2 / squares;
  const widening = 1 + marginOfOneRun / runs;
  let before = 0;
  const points = weighted.map(({ ms, weight }) => {
    before += weight;
    return { ms, part: (before - weight / 2) / total };
  });
  return roundedOutward(quantile(points, tailPart) / widening, quantile(points, 1 - tailPart) * widening);
}

interface Point {
  readonly ms: number;
  /** The part of all weight below it, 0 to 1. */
  readonly part: number;
}

/** Between two points in proportion; beyond the first and the last one those. `points` by size. */
function quantile(points: readonly Point[], part: number): number {
  const at = points.findIndex((point) => point.part >= part);
  const above = points[at === -1 ? points.length - 1 : at] ?? { ms: 0, part: 0 };
  const below = points[at - 1];
  if (below === undefined || at === -1) return above.ms;
  return below.ms + ((above.ms - below.ms) * (part - below.part)) / (above.part - below.part);
}

const minuteMs = 60_000;

/** People read `12m–14m`; what is shown must be what was promised. */
function roundedOutward(lowMs: number, highMs: number): { readonly lowMs: number; readonly highMs: number } {
  const stepMs = stepFor(highMs);
  const low = Math.floor(lowMs / stepMs) * stepMs;
  return { lowMs: low, highMs: Math.max(low + stepMs, Math.ceil(highMs / stepMs) * stepMs) };
}

function stepFor(ms: number): number {
  if (ms < 2 * minuteMs) return 5000;
  if (ms < 120 * minuteMs) return minuteMs;
  return ms < 1440 * minuteMs ? 5 * minuteMs : 60 * minuteMs;
}

/**
 * What is left of a job that has been under way for `elapsedMs`: never negative; `undefined` where it takes longer
 * than the range said, of which the range then says nothing more.
 */
export function remainingTime(
  { lowMs, highMs }: Pick<DurationRange, 'lowMs' | 'highMs'>,
  elapsedMs: number,
): { readonly lowMs: number; readonly highMs: number } | undefined {
  if (elapsedMs > highMs) return undefined;
  return { lowMs: Math.max(0, lowMs - elapsedMs), highMs: highMs - Math.max(0, elapsedMs) };
}
