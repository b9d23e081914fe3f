// A year of segment jobs in a sandbox, made from a seed, and how well their durations were forecast on the way.

import { forecastDuration, waitedMs } from '../../src/jobs/forecast.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { bareJob } from './sample-jobs.ts';

const dayMs = 86_400_000;
const firstDayMs = Date.UTC(2026, 0, 1);
const days = 365;
/** The service gives the forecast one page at a time. */
const pageSize = 100;

/** From 0 (included) to 1 (excluded), by the seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal (Box and Muller). */
function bell(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

type Random = () => number;

/** What makes one run take longer than another of the same segments. */
export interface Weather {
  /** A factor for each run. */
  readonly noise: (random: Random) => number;
  /** A factor for the day of the year. */
  readonly trend?: (day: number) => number;
}

const isWeekend = (day: number) => (day + 4) % 7 >= 5;
const spread = (deviation: number) => (random: Random) => Math.exp(deviation * bell(random));
const withOutliers = (deviation: number) => (random: Random) =>
  spread(deviation)(random) * (random() < 0.05 ? 1.5 + 1.5 * random() : 1);

export const weathers = {
  'as the emulator: ±7 %': { noise: (random) => 0.93 + 0.14 * random() },
  'deviation of 12 %': { noise: spread(0.12) },
  'deviation of 30 %': { noise: spread(0.3) },
  'grows by 60 % in the year': { noise: spread(0.1), trend: (day) => 1 + (0.6 * day) / days },
  'a quarter less at weekends': { noise: spread(0.1), trend: (day) => (isWeekend(day) ? 0.75 : 1) },
  'one in 20 takes twice as long': { noise: withOutliers(0.1) },
  'from July on 60 % more': { noise: spread(0.1), trend: (day) => (day > 180 ? 1.6 : 1) },
  'all of it': {
    noise: withOutliers(0.15),
    trend: (day) => (1 + (0.4 * day) / days) * (isWeekend(day) ? 0.85 : 1) * (day > 230 ? 1.25 : 1),
  },
} as const satisfies Record<string, Weather>;

/** Sets of definitions (by number), and how often people ask for each. */
const requestedSets: readonly (readonly [ids: readonly number[], often: number])[] = [
  [[0], 6],
  [[2], 5],
  [[3], 5],
  [[4], 4],
  [[1], 4],
  [[0, 3], 3],
  [[2, 4], 3],
  [[5], 2],
  [[4, 5, 11], 2],
  [[3, 6, 9], 2],
  [[13, 14], 0.5],
  [[15], 0.3],
  [[16, 17, 18], 0.2],
];
const nightlySet = Array.from({ length: 13 }, (_, index) => index);
const definitions = 40;

/** Oldest first: one run each night, up to three a day on demand, 6 % of them failed. */
export function simulateYear(weather: Weather, seed: number): readonly SegmentJob[] {
  const random = createRandom(seed);
  const soloMs = Array.from({ length: definitions }, () => 480_000 + 240_000 * random());
  const jobs: SegmentJob[] = [];

  const workMs = (ids: readonly number[]) => {
    const each = ids.map((id) => soloMs[id] ?? 0);
    const longest = Math.max(...each);
    return longest + (each.reduce((sum, ms) => sum + ms, 0) - longest) * 0.24;
  };
  const chosenSet = () => {
    if (random() < 0.08) {
      return [...new Set(Array.from({ length: 1 + random() * 5 }, () => Math.floor(random() * definitions)))];
    }
    let left = random() * requestedSets.reduce((sum, [, often]) => sum + often, 0);
    const chosen = requestedSets.find(([, often]) => {
      left -= often;
      return left <= 0;
    });
    return chosen?.[0] ?? [0];
  };
  const add = (ids: readonly number[], source: string, day: number, hour: number) => {
    const creationTime = firstDayMs + (day + hour / 24) * dayMs;
    const startMs = creationTime + 12_000 + 42_000 * random();
    const endMs = startMs + workMs(ids) * weather.noise(random) * (weather.trend?.(day) ?? 1);
    jobs.push(
      bareJob(`job-${jobs.length}`, {
        status: random() < 0.06 ? 'FAILED' : 'SUCCEEDED',
        source,
        creationTime,
        updateTime: Math.floor(endMs / 1000) * 1000,
        segments: ids.map((id) => ({ segmentId: `segment-${id}` })),
        metrics: {
          totalTime: { startTimeInMs: startMs, endTimeInMs: endMs, totalTimeInMs: endMs - startMs },
        },
      }),
    );
  };
  for (let day = 0; day < days; day++) {
    add(nightlySet, 'scheduler', day, 2);
    for (let left = Math.floor(random() * 4); left > 0; left--)
      add(chosenSet(), 'api', day, 6 + 13 * random());
  }
  return jobs.sort((a, b) => (a.creationTime ?? 0) - (b.creationTime ?? 0));
}

export type Basis = '1 run' | '2–3 runs' | '4–9 runs' | '10 and more' | 'similar jobs';

export interface Coverage {
  readonly forecasts: number;
  /** The real duration fell in the range shown. */
  readonly hits: number;
  /** Sum of (high − low) / middle. */
  readonly widths: number;
}

/** For each successful job of the year: was its duration in the range that its two requests would have shown? */
export function measureForecasts(jobs: readonly SegmentJob[]): ReadonlyMap<Basis, Coverage> {
  const measured = new Map<Basis, Coverage>();
  const succeeded = jobs.filter(({ status }) => status === 'SUCCEEDED');
  for (const [at, job] of succeeded.entries()) {
    const before = succeeded.slice(0, at).reverse();
    const first = job.segments[0]?.segmentId;
    const bySegment = before
      .filter(({ segments }) => segments.some(({ segmentId }) => segmentId === first))
      .slice(0, pageSize);
    const bySource = before.filter(({ source }) => source === job.source).slice(0, pageSize);
    const fromSegment = forecastDuration(job, bySegment);
    const range =
      fromSegment?.basis === 'sameSegments'
        ? fromSegment
        : forecastDuration(job, [...new Set([...bySegment, ...bySource])]);
    const tookMs = waitedMs(job);
    if (range === undefined || tookMs === undefined) continue;
    const { lowMs, highMs, runs, basis } = range;
    const kind = basis === 'similar' ? 'similar jobs' : basisOf(runs);
    const { forecasts, hits, widths } = measured.get(kind) ?? { forecasts: 0, hits: 0, widths: 0 };
    measured.set(kind, {
      forecasts: forecasts + 1,
      hits: hits + (tookMs >= lowMs && tookMs <= highMs ? 1 : 0),
      widths: widths + (highMs - lowMs) / ((highMs + lowMs) / 2),
    });
  }
  return measured;
}

function basisOf(runs: number): Basis {
  if (runs === 1) return '1 run';
  if (runs < 4) return '2–3 runs';
  return runs < 10 ? '4–9 runs' : '10 and more';
}

/** All of them together. */
export function sumOf(coverages: Iterable<Coverage>): Coverage {
  const sum = { forecasts: 0, hits: 0, widths: 0 };
  for (const { forecasts, hits, widths } of coverages) {
    sum.forecasts += forecasts;
    sum.hits += hits;
    sum.widths += widths;
  }
  return sum;
}
