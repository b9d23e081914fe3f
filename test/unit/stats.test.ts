import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFailureGroups } from '../../src/jobs/failure-groups.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { createPeriodSeries, createPeriods } from '../../src/jobs/periods.ts';
import { createSample } from '../../src/jobs/sample.ts';
import { createStatsGatherer, type JobStats, successPercent } from '../../src/jobs/stats.ts';
import { bareJob, hostileJob, sampleTime } from '../support/sample-jobs.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const noon = Date.parse('2026-03-10T12:00:00Z');

function gather(jobs: readonly SegmentJob[], segmentId?: string): JobStats {
  const gatherer = createStatsGatherer(segmentId);
  for (const job of jobs) gatherer.add(job);
  return gatherer.result();
}

const succeeded = (
  id: string,
  creationTime: number,
  minutes: number,
  profiles: Record<string, number> = {},
) =>
  bareJob(id, {
    status: 'SUCCEEDED',
    source: 'api',
    creationTime,
    metrics: {
      totalTime: { totalTimeInMs: minutes * 60_000 },
      segmentedProfileCounter: new Map(Object.entries(profiles)),
    },
  });

describe('a sample', () => {
  it('knows quantiles as a sorted list does, in proportion between two neighbours', () => {
    const sample = createSample();
    for (const value of [40, 10, 30, 20]) sample.add(value);
    expect([0, 0.5, 0.95, 1].map(sample.quantile)).toEqual([10, 25, 38.5, 40]);
    expect(createSample().quantile(0.5)).toBe(undefined);
  });

  it('has the same quantiles in whichever order and pieces it came', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 100 }),
        fc.nat(100),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, cut, part) => {
          const [first, second, whole] = [createSample(), createSample(), createSample()];
          values.forEach((value, at) => {
            (at < cut ? first : second).add(value);
          });
          for (const value of [...values].reverse()) whole.add(value);
          first.quantile(part);
          first.addAll(second);
          expect(first.quantile(part)).toBe(whole.quantile(part));
          expect(first.count).toBe(values.length);
          const found = whole.quantile(part) ?? Number.NaN;
          const isBetween = found >= Math.min(...values) && found <= Math.max(...values);
          expect(isBetween).toBe(true);
        },
      ),
    );
  });
});

describe('periods', () => {
  const time = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2199, 0, 1) });

  it.each([
    ['hours', 2 * dayMs, hourMs],
    ['days', 30 * dayMs, dayMs],
    ['weeks', 365 * dayMs, 7 * dayMs],
    ['28 days', 4 * 365 * dayMs, 28 * dayMs],
    ['364 days', 20 * 365 * dayMs, 364 * dayMs],
  ])('are %s for what they hold', (_name, spanMs, stepMs) => {
    const periods = createPeriods();
    periods.include(noon);
    periods.include(noon - spanMs);
    expect(periods.stepMs).toBe(stepMs);
  });

  it('begin at full hours, at 00:00 UTC, and on Mondays', () => {
    const day = createPeriods();
    day.include(noon);
    day.include(noon - 10 * dayMs);
    expect(day.starts().at(-1)).toBe(Date.parse('2026-03-10T00:00:00Z'));
    day.include(noon - 100 * dayMs);
    expect(new Date(day.starts().at(-1) ?? 0).toISOString()).toBe('2026-03-09T00:00:00.000Z');
  });

  it('are 62 at most, follow each other without a gap, and hold every time', () => {
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 20 }), (times) => {
        const periods = createPeriods();
        for (const each of times) periods.include(each);
        const starts = periods.starts();
        expect(starts.length).toBeLessThanOrEqual(62);
        starts.forEach((start, at) => {
          expect(start).toBe((starts[0] ?? 0) + at * periods.stepMs);
        });
        for (const each of times) {
          expect(starts.some((start) => start <= each && each < start + periods.stepMs)).toBe(true);
        }
      }),
    );
  });

  it('lose nothing when they join', () => {
    fc.assert(
      fc.property(fc.array(time, { maxLength: 30 }), (times) => {
        const periods = createPeriods();
        const series = createPeriodSeries(periods, {
          create: () => ({ times: [] as number[] }),
          merge: (into, other) => {
            into.times.push(...other.times);
          },
        });
        for (const each of times) {
          periods.include(each);
          series.at(each).times.push(each);
        }
        const starts = periods.starts();
        const expected = starts.map((start) =>
          times.filter((each) => start <= each && each < start + periods.stepMs).sort(),
        );
        expect(series.all().map((period) => (period?.times ?? []).sort())).toEqual(expected);
      }),
    );
  });
});

describe('statistics of jobs', () => {
  it('count outcomes in all, by source and by period', () => {
    const stats = gather([
      succeeded('a', noon, 10),
      succeeded('b', noon - dayMs, 30),
      bareJob('c', { status: 'FAILED', source: 'api', creationTime: noon }),
      bareJob('d', { status: 'canceled', source: 'scheduler', creationTime: noon }),
      bareJob('e', { status: 'PROCESSING', source: 'scheduler', creationTime: noon }),
      bareJob('f', { status: 'SOMETHING' }),
      succeeded('g', noon - 10 * dayMs, 20),
    ]);
    expect(stats.all).toMatchObject({ jobs: 7, succeeded: 3, failed: 1, cancelled: 1, unfinished: 2 });
    expect(successPercent(stats.all)).toBe(75);
    expect([...stats.bySource].map(([source, { jobs }]) => [source, jobs])).toEqual([
      ['api', 4],
      ['scheduler', 2],
      ['', 1],
    ]);
    expect(stats.all.durations.quantile(0.5)).toBe(20 * 60_000);
    expect(stats.periods).toHaveLength(11);
    expect(stats.periods.slice(-2)).toEqual([
      { startMs: Date.parse('2026-03-09'), jobs: 1, succeeded: 1, failed: 0, medianMs: 30 * 60_000 },
      { startMs: Date.parse('2026-03-10'), jobs: 4, succeeded: 1, failed: 1, medianMs: 10 * 60_000 },
    ]);
  });

  it('take only the durations of successful jobs, and no impossible ones', () => {
    const stats = gather([
      succeeded('a', noon, 10),
      bareJob('b', { status: 'FAILED', creationTime: noon, updateTime: noon + hourMs }),
      bareJob('c', { status: 'SUCCEEDED', creationTime: 1_773_000_000, updateTime: noon }),
    ]);
    expect(stats.all.durations.count).toBe(1);
  });

  it('follow the audience of each segment, the largest first, by the last size in each period', () => {
    const { segments, periods } = gather([
      succeeded('c', noon, 1, { x: 120, y: 900 }),
      succeeded('b', noon - 2 * dayMs, 1, { x: 90 }),
      succeeded('b2', noon - 2 * dayMs - hourMs, 1, { x: 95 }),
      succeeded('a', noon - 3 * dayMs, 1, { x: 100, y: 1000 }),
      bareJob('z', {
        status: 'FAILED',
        creationTime: noon,
        metrics: { segmentedProfileCounter: new Map([['x', 5]]) },
      }),
    ]);
    expect([...segments.keys()]).toEqual(['y', 'x']);
    expect(periods).toHaveLength(4);
    expect(segments.get('x')).toEqual({
      jobs: 4,
      first: { timeMs: noon - 3 * dayMs, profiles: 100 },
      last: { timeMs: noon, profiles: 120 },
      smallest: 90,
      largest: 120,
      byPeriod: [100, 90, undefined, 120],
    });
  });

  it('follow only the segment that was asked for', () => {
    const { segments } = gather([succeeded('a', noon, 1, { x: 1, y: 2 })], 'x');
    expect([...segments.keys()]).toEqual(['x']);
  });

  it('do not depend on the order of the jobs', () => {
    const job = fc.record({
      at: fc.integer({ min: 0, max: 100 }),
      minutes: fc.integer({ min: 1, max: 50 }),
      status: fc.constantFrom('SUCCEEDED', 'FAILED', 'CANCELLED', 'NEW'),
      profiles: fc.integer({ min: 1, max: 1000 }),
    });
    const plain = ({ all, periods, segments }: JobStats) => ({
      ...all,
      durations: [0, 0.5, 0.95, 1].map(all.durations.quantile),
      periods,
      segments: [...segments],
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(job, { maxLength: 30, selector: ({ at }) => at }),
        fc.nat(),
        (facts, turn) => {
          const jobs = facts.map(({ at, minutes, status, profiles }) => ({
            ...succeeded(`j${at}`, noon - at * dayMs, minutes, { x: profiles }),
            status,
          }));
          const cut = jobs.length === 0 ? 0 : turn % jobs.length;
          const turned = [...jobs.slice(cut), ...jobs.slice(0, cut)].reverse();
          expect(plain(gather(turned))).toEqual(plain(gather(jobs)));
        },
      ),
    );
  });

  it('stand jobs of which only the id is certain, hostile strings, and times that are none', () => {
    const stats = gather([
      bareJob('bare'),
      { ...hostileJob(), creationTime: sampleTime },
      bareJob('late', { status: 'SUCCEEDED', creationTime: 8.64e15 }),
      bareJob('early', { status: 'SUCCEEDED', creationTime: -1 }),
      succeeded('p', noon, 1, Object.fromEntries([['__proto__', 3]])),
    ]);
    expect(stats.all.jobs).toBe(5);
    expect(stats.periods.length).toBeLessThanOrEqual(62);
  });

  it('take 200,000 jobs in a second or two and a few megabytes', () => {
    const gatherer = createStatsGatherer();
    const profiles = Object.fromEntries(Array.from({ length: 13 }, (_, at) => [`segment-${at}`, at * 1000]));
    const template = succeeded('job', noon, 12, profiles);
    const startedAt = performance.now();
    for (let at = 0; at < 200_000; at++) gatherer.add({ ...template, creationTime: noon - at * 60_000 });
    const { all, periods } = gatherer.result();
    expect(all.jobs).toBe(200_000);
    expect(periods.length).toBeLessThanOrEqual(62);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('failures', () => {
  const failed = (id: string, creationTime: number, code?: string, msg?: string) =>
    bareJob(id, {
      status: 'FAILED',
      creationTime,
      errors: code === undefined && msg === undefined ? [] : [{ code, msg }],
    });

  it('are one kind where only ids and numbers differ, as the newest says it', () => {
    const groups = createFailureGroups();
    groups.add(failed('new', noon, 'E1', 'segment 7ca99785-ca66-44d7-abf1-b9b89c2bda38 failed after 12 s'));
    groups.add(
      failed('old', noon - 1, 'E1', 'segment 00000000-ca66-44d7-abf1-b9b89c2bda38 failed after 7 s'),
    );
    groups.add(failed('other', noon, 'E2', 'segment 7ca99785-ca66-44d7-abf1-b9b89c2bda38 failed after 12 s'));
    groups.add(failed('mute', noon));
    expect(groups.all()).toEqual([
      {
        code: 'E1',
        message: 'segment 7ca99785-ca66-44d7-abf1-b9b89c2bda38 failed after 12 s',
        jobs: 2,
        lastJobId: 'new',
        lastCreatedAt: noon,
      },
      expect.objectContaining({ code: 'E2', jobs: 1 }),
      { code: undefined, message: undefined, jobs: 1, lastJobId: 'mute', lastCreatedAt: noon },
    ]);
  });

  it('are a thousand kinds at most, and the rest one more', () => {
    const groups = createFailureGroups();
    for (let at = 0; at < 1200; at++) groups.add(failed(`j${at}`, noon, `E${at}`, 'x'));
    const all = groups.all();
    expect(all).toHaveLength(1001);
    expect(all[0]).toMatchObject({ code: undefined, message: undefined, jobs: 200 });
  });
});
