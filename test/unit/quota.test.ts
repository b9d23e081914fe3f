import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { countRuns, type QuotaQuery, runsLeft, usedUp } from '../../src/jobs/quota.ts';
import {
  contractYearAround,
  dayAround,
  parseLimits,
  parseYearStart,
  yearLimit,
} from '../../src/jobs/quota-terms.ts';
import { bareJob } from '../support/sample-jobs.ts';

const now = Date.parse('2026-03-10T09:00:00Z');
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const run = (agoMs: number, more: Partial<SegmentJob> = {}) =>
  bareJob(`job-${agoMs}`, { source: 'api', status: 'SUCCEEDED', creationTime: now - agoMs, ...more });

/** The jobs in pages of two, newest first; which pages were taken is noted. */
function listOf(jobs: readonly SegmentJob[], { isIncomplete = false } = {}) {
  const taken: number[] = [];
  const queries: QuotaQuery[] = [];
  async function* pages(query: QuotaQuery) {
    queries.push(query);
    for (let at = 0; at === 0 || at < jobs.length; at += 2) {
      taken.push(at / 2 + 1);
      const hasMore = at + 2 < jobs.length;
      yield { jobs: jobs.slice(at, at + 2), hasMore, isIncomplete: isIncomplete && !hasMore };
    }
  }
  return { pages, taken, queries };
}

const count = (
  jobs: readonly SegmentJob[],
  {
    yearStart = undefined as string | undefined,
    limits = {},
    mostPages = undefined as number | undefined,
  } = {},
) =>
  countRuns(
    { pages: listOf(jobs).pages, now: () => now, pageSize: 100, mostPages },
    { limits, yearStart: yearStart === undefined ? undefined : parseYearStart(yearStart) },
  );

describe('what a contract allows', () => {
  it.each([
    ['06-01', { month: 6, day: 1 }],
    ['2024-12-31', { month: 12, day: 31 }],
    ['02-29', { month: 2, day: 29 }],
    ['2023-02-29', undefined],
    ['13-01', undefined],
    ['6-1', undefined],
    ['06-01T00:00', undefined],
    ['', undefined],
  ])('reads %j as the beginning of a year', (text, expected) => {
    expect(parseYearStart(text)).toEqual(expected);
  });

  it.each([
    ['day=4', { day: 4 }],
    [' year=100 , day=0', { day: 0, year: 100 }],
    ['day=2,day=3', undefined],
    ['week=3', undefined],
    ['day=-1', undefined],
    ['', undefined],
  ])('reads %j as limits', (text, expected) => {
    expect(parseLimits(text)).toEqual(expected);
  });

  it.each([
    ['2026-06-01T00:00:00Z', '06-01', '2026-06-01', '2027-06-01'],
    ['2026-05-31T23:59:59Z', '06-01', '2025-06-01', '2026-06-01'],
    ['2025-02-28T12:00:00Z', '02-29', '2024-02-29', '2025-03-01'],
    ['2025-03-01T00:00:00Z', '02-29', '2025-03-01', '2026-03-01'],
    ['2026-03-10T09:00:00Z', '2031-03-11', '2025-03-11', '2026-03-11'],
  ])('at %s is in the year of %s that begins %s and ends %s', (at, text, start, end) => {
    const yearStart = parseYearStart(text);
    if (yearStart === undefined) throw new Error('no day');
    expect(contractYearAround(Date.parse(at), yearStart)).toEqual({
      startMs: Date.parse(`${start}T00:00:00Z`),
      endMs: Date.parse(`${end}T00:00:00Z`),
    });
  });

  it('finds the year around any instant: it holds it, and is 365 or 366 days long', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2099, 0, 1) }),
        fc.integer({ min: 0, max: 365 }),
        (at, dayOfYear) => {
          const anniversary = new Date(Date.UTC(2024, 0, 1) + dayOfYear * dayMs);
          const { startMs, endMs } = contractYearAround(at, {
            month: anniversary.getUTCMonth() + 1,
            day: anniversary.getUTCDate(),
          });
          expect(startMs <= at && at < endMs).toBe(true);
          expect([365, 366]).toContain((endMs - startMs) / dayMs);
        },
      ),
    );
  });

  it('is fifty a year in production, a hundred in development, and what the profile says before both', () => {
    expect(yearLimit({}, 'production')).toBe(50);
    expect(yearLimit({}, 'DEVELOPMENT')).toBe(100);
    expect(yearLimit({}, undefined)).toBe(50);
    expect(yearLimit({ year: 7 }, 'development')).toBe(7);
  });

  it('begins the day at 00:00 UTC', () => {
    expect(dayAround(now)).toEqual({
      startMs: Date.parse('2026-03-10T00:00:00Z'),
      endMs: Date.parse('2026-03-11T00:00:00Z'),
    });
  });
});

describe('counting runs', () => {
  it('counts jobs with source api of today and of the contract year, however they ended', async () => {
    const jobs = [
      run(1 * hourMs, { status: 'PROCESSING', sandbox: { type: 'development' } }),
      run(2 * hourMs, { status: 'FAILED' }),
      run(3 * hourMs, { source: 'scheduler' }),
      run(9 * hourMs, { status: 'CANCELLED' }),
      run(9 * hourMs + 1),
      run(300 * dayMs),
    ];
    expect(await count(jobs, { yearStart: '01-01' })).toEqual({
      countedAt: now,
      today: { used: 3, unsuccessful: 2, limit: 2, ...dayAround(now) },
      thisYear: {
        used: 4,
        unsuccessful: 2,
        limit: 100,
        startMs: Date.UTC(2026, 0, 1),
        endMs: Date.UTC(2027, 0, 1),
      },
      sandboxType: 'development',
      isWhole: true,
    });
  });

  it('asks for the newest api jobs, and reads no further than it has to', async () => {
    const { pages, taken, queries } = listOf([
      run(1),
      run(2),
      run(3),
      run(10 * hourMs),
      run(11 * hourMs),
      run(12 * hourMs),
    ]);
    const reading = { pages, now: () => now, pageSize: 20 };
    const { today } = await countRuns(reading, { limits: {}, yearStart: undefined });
    expect(today.used).toBe(3);
    expect(taken).toEqual([1, 2]);
    expect(queries).toEqual([{ properties: ['source==api'], sort: 'creationTime:desc', limit: 20 }]);
  });

  it('counts all the same where the list comes oldest first', async () => {
    const jobs = [run(42 * dayMs), run(41 * dayMs), run(40 * dayMs), run(2), run(1)];
    expect(await count(jobs)).toMatchObject({ today: { used: 2 }, isWhole: true });
    expect(await count(jobs, { mostPages: 1 })).toMatchObject({ isWhole: false });
  });

  it('reads the clock after the first page has come', async () => {
    let hasCome = false;
    async function* pages() {
      hasCome = true;
      yield { jobs: [run(0)], hasMore: false, isIncomplete: false };
    }
    const reading = { pages, now: () => (hasCome ? now : now + 30 * dayMs), pageSize: 1 };
    expect((await countRuns(reading, { limits: {}, yearStart: undefined })).today.used).toBe(1);
  });

  it('says when it did not see all', async () => {
    const today = [run(1), run(2), run(3)];
    expect(await count(today, { mostPages: 1 })).toMatchObject({ today: { used: 2 }, isWhole: false });
    const reading = { pages: listOf(today, { isIncomplete: true }).pages, now: () => now, pageSize: 2 };
    expect(await countRuns(reading, { limits: {}, yearStart: undefined })).toMatchObject({ isWhole: false });
  });

  it('counts a job that does not say when it was made, and one that says it in seconds', async () => {
    const { creationTime: _, ...undated } = run(1);
    const inSeconds = { ...run(2), creationTime: Math.floor(now / 1000) };
    expect(await count([undated, inSeconds])).toMatchObject({ today: { used: 2 }, isWhole: true });
  });

  it('knows what is used up, the year before the day', async () => {
    const jobs = [run(1), run(2)];
    expect(usedUp(await count(jobs))).toBe('day');
    expect(usedUp(await count(jobs, { limits: { day: 3 } }))).toBe(undefined);
    expect(usedUp(await count(jobs, { limits: { year: 2 }, yearStart: '01-01' }))).toBe('year');
    expect(runsLeft((await count(jobs, { limits: { day: 1 } })).today)).toBe(0);
  });
});
