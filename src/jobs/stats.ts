// What many jobs tell together, gathered in one pass: outcomes, durations, audiences over time, failures. Pure.

import { audienceSize, comparableSegments } from './comparison.ts';
import { createFailureGroups, type FailureGroup } from './failure-groups.ts';
import { workedMs } from './forecast.ts';
import { isFinal, knownStatus, type SegmentJob } from './job.ts';
import { createPeriodSeries, createPeriods, type PeriodSeries } from './periods.ts';
import { createSample, type Sample } from './sample.ts';

export interface OutcomeStats {
  readonly jobs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** On their way, being cancelled, or of a status nobody has documented. */
  readonly unfinished: number;
  /** Of the jobs that succeeded, in ms, as lists show durations. */
  readonly durations: Pick<Sample, 'count' | 'quantile'>;
}

export interface PeriodStats {
  /** Unix ms, UTC. */
  readonly startMs: number;
  readonly jobs: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Of the jobs that succeeded. */
  readonly medianMs: number | undefined;
}

/** The size of an audience at a time: that of the job's creation, unix ms. */
export interface AudiencePoint {
  readonly timeMs: number;
  readonly profiles: number;
}

export interface SegmentStats {
  /** Successful jobs that counted its audience. */
  readonly jobs: number;
  readonly first: AudiencePoint;
  readonly last: AudiencePoint;
  readonly smallest: number;
  readonly largest: number;
  /** The last size in each period. */
  readonly byPeriod: readonly (number | undefined)[];
}

export interface JobStats {
  readonly all: OutcomeStats;
  /** In the order of how many jobs there are. */
  readonly bySource: ReadonlyMap<string, OutcomeStats>;
  readonly periodMs: number;
  readonly periods: readonly PeriodStats[];
  /** Largest audience first. */
  readonly segments: ReadonlyMap<string, SegmentStats>;
  readonly failures: readonly FailureGroup[];
}

export interface StatsGatherer {
  add(job: SegmentJob): void;
  result(): JobStats;
}

const longestRunMs = 366 * 86_400_000;
/** Outside of these a time is a mistake of its sender, and would make all charts useless. */
const earliestTimeMs = Date.UTC(2000, 0, 1);
const latestTimeMs = Date.UTC(2200, 0, 1);
const mostSources = 20;

/** What is kept of a job is a few numbers. With `segmentId` only the audience of that segment is followed. */
export function createStatsGatherer(segmentId?: string): StatsGatherer {
  const all = newTally();
  const bySource = new Map<string, Tally>();
  const periods = createPeriods();
  const outcomes = createPeriodSeries(periods, { create: newTally, merge: mergeTally });
  const audiences = new Map<string, Audience>();
  const failures = createFailureGroups();

  function sourceTally(source: string): Tally {
    const found = bySource.get(source);
    if (found !== undefined || bySource.size >= mostSources) return found ?? newTally();
    const tally = newTally();
    bySource.set(source, tally);
    return tally;
  }

  function follow(job: SegmentJob, timeMs: number): void {
    for (const id of segmentId === undefined ? comparableSegments(job) : [segmentId]) {
      const profiles = audienceSize(job, id);
      if (profiles === undefined) continue;
      const point = { timeMs, profiles };
      let audience = audiences.get(id);
      if (audience === undefined) {
        const last = createPeriodSeries<LastPoint>(periods, {
          create: () => ({ timeMs: -1, profiles: 0 }),
          merge: keepLater,
        });
        audience = {
          jobs: 0,
          first: point,
          last: point,
          smallest: profiles,
          largest: profiles,
          byPeriod: last,
        };
        audiences.set(id, audience);
      }
      audience.jobs += 1;
      if (timeMs < audience.first.timeMs) audience.first = point;
      if (timeMs > audience.last.timeMs) audience.last = point;
      audience.smallest = Math.min(audience.smallest, profiles);
      audience.largest = Math.max(audience.largest, profiles);
      keepLater(audience.byPeriod.at(timeMs), point);
    }
  }

  function add(job: SegmentJob): void {
    const { creationTime } = job;
    const isDated =
      creationTime !== undefined && creationTime >= earliestTimeMs && creationTime < latestTimeMs;
    if (isDated) periods.include(creationTime);
    const tallies = [all, sourceTally(job.source ?? '')];
    if (isDated) tallies.push(outcomes.at(creationTime));
    for (const tally of tallies) count(tally, job);
    const status = knownStatus(job.status);
    if (status === 'FAILED') failures.add(job);
    if (status === 'SUCCEEDED' && isDated) follow(job, creationTime);
  }

  function result(): JobStats {
    const series = outcomes.all();
    return {
      all,
      bySource: new Map([...bySource].sort(([, a], [, b]) => b.jobs - a.jobs)),
      periodMs: periods.stepMs,
      periods: periods.starts().map((startMs, at) => {
        const { jobs, succeeded, failed, durations } = series[at] ?? newTally();
        return { startMs, jobs, succeeded, failed, medianMs: durations.quantile(0.5) };
      }),
      segments: new Map(
        [...audiences]
          .sort(([, a], [, b]) => b.last.profiles - a.last.profiles)
          .map(([id, { byPeriod, ...rest }]) => [
            id,
            { ...rest, byPeriod: byPeriod.all().map((point) => point?.profiles) },
          ]),
      ),
      failures: failures.all(),
    };
  }

  return { add, result };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Tally extends Writable<Omit<OutcomeStats, 'durations'>> {
  readonly durations: Sample;
}

type LastPoint = Writable<AudiencePoint>;

interface Audience extends Writable<Omit<SegmentStats, 'byPeriod'>> {
  readonly byPeriod: PeriodSeries<LastPoint>;
}

function newTally(): Tally {
  return { jobs: 0, succeeded: 0, failed: 0, cancelled: 0, unfinished: 0, durations: createSample() };
}

function count(tally: Tally, job: SegmentJob): void {
  tally.jobs += 1;
  const status = knownStatus(job.status);
  if (!isFinal(job)) tally.unfinished += 1;
  else if (status === 'FAILED') tally.failed += 1;
  else if (status === 'CANCELLED') tally.cancelled += 1;
  else {
    tally.succeeded += 1;
    const durationMs = workedMs(job);
    if (durationMs !== undefined && durationMs >= 0 && durationMs <= longestRunMs)
      tally.durations.add(durationMs);
  }
}

function mergeTally(into: Tally, other: Tally): void {
  for (const key of ['jobs', 'succeeded', 'failed', 'cancelled', 'unfinished'] as const)
    into[key] += other[key];
  into.durations.addAll(other.durations);
}

function keepLater(into: LastPoint, other: AudiencePoint): void {
  if (other.timeMs >= into.timeMs) Object.assign(into, other);
}

/** Of the jobs that came to an end of their own, how many succeeded, in percent; cancelled ones say nothing. */
export function successPercent({ succeeded, failed }: OutcomeStats): number | undefined {
  return succeeded + failed === 0 ? undefined : (succeeded / (succeeded + failed)) * 100;
}
