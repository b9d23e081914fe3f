import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastDuration, remainingTime, waitedMs, workedMs } from '../../src/jobs/forecast.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { bareJob, sampleTime } from '../support/sample-jobs.ts';
import { measureForecasts, simulateYear, sumOf, weathers } from '../support/simulated-year.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A successful run of these segments, `hoursAgo` before the sample time, that took so many minutes. */
function ran(
  hoursAgo: number,
  minutes: number,
  segments = ['a'],
  more: Partial<SegmentJob> = {},
): SegmentJob {
  const creationTime = sampleTime - hoursAgo * hourMs;
  return bareJob(`${segments.join()}-${hoursAgo}`, {
    status: 'SUCCEEDED',
    source: 'api',
    creationTime,
    updateTime: creationTime + minutes * minuteMs,
    segments: segments.map((segmentId) => ({ segmentId })),
    ...more,
  });
}

const running = (segments = ['a'], source = 'api') =>
  bareJob('now', {
    status: 'PROCESSING',
    source,
    creationTime: sampleTime,
    segments: segments.map((segmentId) => ({ segmentId })),
  });

/** `12m–14m of 3 sameSegments` */
function forecastOf(job: SegmentJob, earlier: readonly SegmentJob[]): string | undefined {
  const range = forecastDuration(job, earlier);
  if (range === undefined) return undefined;
  const { lowMs, highMs, runs, basis } = range;
  return `${lowMs / minuteMs}m–${highMs / minuteMs}m of ${runs} ${basis}`;
}

describe('a forecast from runs of the same segments', () => {
  it.each<[string, readonly number[], string]>([
    ['one run, widened by a quarter either way', [12], '9m–15m of 1 sameSegments'],
    ['two runs, widened by an eighth', [12, 13], '10m–15m of 2 sameSegments'],
    ['three runs', [12, 13, 14], '11m–16m of 3 sameSegments'],
    [
      'ten runs: from the 10th to the 90th percentile',
      [10, 11, 12, 12, 12, 12, 13, 13, 13, 30],
      '10m–25m of 10 sameSegments',
    ],
    [
      'one run of many that took very long does not count',
      [60, ...Array(30).fill(12)],
      '11m–13m of 31 sameSegments',
    ],
  ])('%s', (_, minutes, expected) => {
    const runs = minutes.map((each, index) => ran(minutes.length - index, each));
    expect(forecastOf(running(), runs)).toBe(expected);
  });

  it('lets recent runs weigh more', () => {
    // The oldest 20 of 90 are more than a tenth, but of little weight.
    const since = Array.from({ length: 90 }, (_, hour) => ran(hour + 1, hour < 70 ? 20 : 10));
    expect(forecastOf(running(), since)).toBe('19m–21m of 90 sameSegments');
  });

  it('asks for the same set, in whatever order it stands', () => {
    const earlier = [ran(1, 30, ['b', 'a', 'a']), ran(2, 5, ['a']), ran(3, 50, ['a', 'b', 'c'])];
    expect(forecastOf(running(['a', 'b']), earlier)).toBe('24m–38m of 1 sameSegments');
  });

  it('passes over what is no example', () => {
    const earlier = [
      ran(1, 3, ['a'], { status: 'FAILED' }),
      ran(2, 3, ['a'], { status: 'CANCELLED' }),
      ran(3, 3, ['a'], { status: 'PROCESSING' }),
      ran(-1, 3, ['a']),
      ran(4, 0, ['a']),
      ran(5, -7, ['a']),
      ran(6, 3, ['a'], { creationTime: sampleTime / 1000 }),
      ran(7, 3, ['a'], { updateTime: undefined }),
      ran(8, 3, ['a'], { id: 'now' }),
    ];
    expect(forecastOf(running(), earlier)).toBeUndefined();
    expect(forecastOf(running(), [...earlier, ran(9, 12)])).toBe('9m–15m of 1 sameSegments');
  });
});

describe('a forecast from similar jobs', () => {
  const others = [ran(1, 12, ['x']), ran(2, 13, ['y']), ran(3, 14, ['z'])];

  it('takes those of the same source and size', () => {
    const more = [...others, ran(4, 60, ['x', 'y', 'z']), ran(5, 60, ['w'], { source: 'scheduler' })];
    expect(forecastOf(running(['new']), more)).toBe('11m–16m of 3 similar');
  });

  it('takes those of about the size where too few are as large', () => {
    const sets = [
      ['b', 'c', 'd', 'e'],
      ['b', 'c', 'd', 'f'],
      ['b', 'c', 'd', 'e', 'f', 'g'],
    ];
    const earlier = sets.map((set, index) => ran(index + 1, 20, set));
    expect(forecastOf(running(['p', 'q', 'r', 's']), earlier)).toBe('18m–22m of 3 similar');
    expect(forecastOf(running(['p', 'q']), earlier)).toBeUndefined();
  });

  it('says nothing from two, from another source, or of a job of all definitions', () => {
    expect(forecastOf(running(['new']), others.slice(1))).toBeUndefined();
    expect(forecastOf(running(['new'], 'scheduler'), others)).toBeUndefined();
    expect(forecastOf(running(['*']), [...others, ran(9, 40, ['*'])])).toBe('32m–50m of 1 sameSegments');
    expect(forecastOf(running(['*']), others)).toBeUndefined();
    expect(forecastOf(running([]), others)).toBeUndefined();
  });
});

describe('what a run took', () => {
  const metrics = {
    totalTime: {
      startTimeInMs: sampleTime + 60_000,
      endTimeInMs: sampleTime + 700_000,
      totalTimeInMs: 640_000,
    },
  };
  const job = bareJob('a', {
    status: 'SUCCEEDED',
    creationTime: sampleTime,
    updateTime: sampleTime + 703_000,
    metrics,
  });

  it('counts the queue for who waits, and not in the measure of the service', () => {
    expect([waitedMs(job), workedMs(job)]).toEqual([700_000, 640_000]);
  });

  it('falls back to the last update', () => {
    const sparse = { ...job, metrics: { totalTime: { startTimeInMs: sampleTime } } };
    expect([waitedMs(sparse), workedMs(sparse)]).toEqual([703_000, 703_000]);
  });

  it('is unknown while it runs', () => {
    const processing = { ...job, status: 'PROCESSING' };
    expect([waitedMs(processing), workedMs(processing)]).toEqual([undefined, undefined]);
  });
});

describe('the time that is left', () => {
  it.each([
    [0, { lowMs: 600, highMs: 900 }],
    [500, { lowMs: 100, highMs: 400 }],
    [700, { lowMs: 0, highMs: 200 }],
    [900, { lowMs: 0, highMs: 0 }],
    [901, undefined],
    [-5, { lowMs: 605, highMs: 900 }],
  ])('after %d ms of a range of 600 to 900', (elapsedMs, expected) => {
    expect(remainingTime({ lowMs: 600, highMs: 900 }, elapsedMs)).toEqual(expected);
  });
});

describe('the laws of a forecast', () => {
  const minutes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 120 });

  it('low is below high, neither is negative, and the middle run lies between', () => {
    fc.assert(
      fc.property(minutes, (seconds) => {
        const runs = seconds.map((each, index) => ran(index + 1, each / 60));
        const range = forecastDuration(running(), runs);
        expect(range?.runs).toBe(seconds.length);
        const { lowMs = 0, highMs = 0 } = range ?? {};
        expect(lowMs).toBeGreaterThanOrEqual(0);
        expect(lowMs).toBeLessThan(highMs);
        expect(lowMs).toBeLessThanOrEqual(Math.max(...seconds) * 1000);
        expect(highMs).toBeGreaterThanOrEqual(Math.min(...seconds) * 1000);
      }),
    );
  });

  it('does not depend on the order in which the runs come', () => {
    fc.assert(
      fc.property(minutes, fc.nat(), (seconds, turn) => {
        const runs = seconds.map((each, index) => ran(index + 1, each / 60));
        const at = turn % runs.length;
        const turned = [...runs.slice(at), ...runs.slice(0, at)].reverse();
        expect(forecastDuration(running(), turned)).toEqual(forecastDuration(running(), runs));
      }),
    );
  });

  it('equal runs are forecast by a range around them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 100_000 }),
        fc.integer({ min: 1, max: 100 }),
        (seconds, count) => {
          const runs = Array.from({ length: count }, (_, index) => ran(index + 1, seconds / 60));
          const { lowMs = 0, highMs = 0 } = forecastDuration(running(), runs) ?? {};
          expect(lowMs).toBeLessThanOrEqual(seconds * 1000);
          expect(highMs).toBeGreaterThanOrEqual(seconds * 1000);
        },
      ),
    );
  });

  it('what is left shrinks as time passes, and is never negative', () => {
    fc.assert(
      fc.property(fc.nat(1e8), fc.nat(1e8), fc.nat(2e8), fc.nat(1e8), (lowMs, more, elapsedMs, laterMs) => {
        const range = { lowMs, highMs: lowMs + more };
        const [now, then] = [remainingTime(range, elapsedMs), remainingTime(range, elapsedMs + laterMs)];
        if (now === undefined) expect(then).toBeUndefined();
        else {
          expect(now.lowMs).toBeGreaterThanOrEqual(0);
          expect(now.highMs).toBeGreaterThanOrEqual(now.lowMs);
          expect(then?.lowMs ?? 0).toBeLessThanOrEqual(now.lowMs);
          expect(then?.highMs ?? 0).toBeLessThanOrEqual(now.highMs);
        }
      }),
    );
  });
});

describe('over a simulated year', () => {
  it.each(Object.entries(weathers))('%s: the range shown holds about 80 to 90 %% of runs', (_, weather) => {
    const { hits, forecasts } = sumOf(measureForecasts(simulateYear(weather, 1)).values());
    expect(forecasts).toBeGreaterThan(700);
    expect(hits / forecasts).toBeGreaterThan(0.78);
    // Where runs hardly differ, the whole minutes that are shown are wide already.
    expect(hits / forecasts).toBeLessThan(weather === weathers['as the emulator: ±7 %'] ? 0.99 : 0.9);
  });
});
