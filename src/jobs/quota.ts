// How many runs on demand were made, by the jobs that the service lists: an estimate, for no API tells the real count.

import { knownStatus, type SegmentJob } from './job.ts';
import {
  contractYearAround,
  dayAround,
  dayLimit,
  type QuotaTerms,
  type Span,
  yearLimit,
} from './quota-terms.ts';

/** The newest jobs on demand. */
export interface QuotaQuery {
  readonly properties: readonly string[];
  readonly sort: 'creationTime:desc';
  readonly limit: number;
}

interface QuotaPage {
  readonly jobs: readonly SegmentJob[];
  readonly hasMore: boolean;
  /** The service promised more jobs than its pages gave. */
  readonly isIncomplete: boolean;
}

export interface QuotaReading {
  readonly pages: (query: QuotaQuery) => AsyncIterable<QuotaPage>;
  /** Unix ms on the service's clock; asked once the first page has come, which tells that clock. */
  readonly now: () => number;
  /** Jobs a page. */
  readonly pageSize: number;
  /** Reading ends after so many pages, whether or not all was counted. */
  readonly mostPages?: number | undefined;
}

/** Runs within a span, against what is allowed in it. */
export interface QuotaUse extends Span {
  readonly used: number;
  /** Of the used ones, those that failed or were cancelled: whether Adobe counts them, nobody tells. */
  readonly unsuccessful: number;
  readonly limit: number;
}

export interface QuotaEstimate {
  /** When it was counted: unix ms on the service's clock. */
  readonly countedAt: number;
  readonly today: QuotaUse;
  /** `undefined` where nobody said when the contract year begins. */
  readonly thisYear: QuotaUse | undefined;
  /** `production` or `development`, as the jobs say. */
  readonly sandboxType: string | undefined;
  /** Whether the list was read as far as counting needs; otherwise there may be more than was counted. */
  readonly isWhole: boolean;
}

/** Before it a time is a mistake of its sender, such as seconds for milliseconds. */
const earliestTimeMs = Date.UTC(2000, 0, 1);

/**
 * Counts the jobs with source `api` since 00:00 UTC, and since the contract's anniversary where that is known. Jobs
 * that failed or were cancelled count; so does one that does not say when it was made, for a guard must not let a run
 * through that it cannot place. Throws what the pages throw.
 */
export async function countRuns(
  { pages, now, pageSize, mostPages = Number.POSITIVE_INFINITY }: QuotaReading,
  { limits, yearStart }: QuotaTerms,
): Promise<QuotaEstimate> {
  const tally = { today: newTally(), thisYear: newTally() };
  let spans: { readonly now: number; readonly day: Span; readonly year: Span | undefined } | undefined;
  let sandboxType: string | undefined;
  let isWhole = true;
  let pagesRead = 0;
  /** A service that sorts in another way has newer jobs behind old ones: then all pages are read. */
  let isNewestFirst = true;
  let previousMadeAt = Number.POSITIVE_INFINITY;
  const query: QuotaQuery = { properties: ['source==api'], sort: 'creationTime:desc', limit: pageSize };
  for await (const { jobs, hasMore, isIncomplete } of pages(query)) {
    spans ??= spansAt(now(), yearStart);
    const { day, year } = spans;
    const earliest = Math.min(day.startMs, year?.startMs ?? day.startMs);
    let isPast = false;
    for (const job of jobs) {
      sandboxType ??= job.sandbox?.type;
      const madeAt = job.creationTime;
      const isDated = madeAt !== undefined && madeAt >= earliestTimeMs;
      if (isDated) {
        isPast ||= madeAt < earliest;
        isNewestFirst &&= madeAt <= previousMadeAt;
        previousMadeAt = madeAt;
      }
      if (job.source !== undefined && job.source !== 'api') continue;
      if (!isDated || madeAt >= day.startMs) add(tally.today, job);
      if (!isDated || madeAt >= (year ?? day).startMs) add(tally.thisYear, job);
    }
    pagesRead += 1;
    const isFarEnough = isPast && isNewestFirst;
    isWhole = isFarEnough || (!hasMore && !isIncomplete);
    if (isFarEnough || pagesRead >= mostPages) break;
  }
  const { now: countedAt, day, year } = spans ?? spansAt(now(), yearStart);
  return {
    countedAt,
    today: { ...tally.today, ...day, limit: dayLimit(limits) },
    thisYear: year && { ...tally.thisYear, ...year, limit: yearLimit(limits, sandboxType) },
    sandboxType,
    isWhole,
  };
}

/** How many runs are left; never negative. */
export function runsLeft({ used, limit }: QuotaUse): number {
  return Math.max(0, limit - used);
}

/** The span of which every run is used, the longer one first: waiting for the next day would not help then. */
export function usedUp({ today, thisYear }: QuotaEstimate): 'year' | 'day' | undefined {
  if (thisYear !== undefined && runsLeft(thisYear) === 0) return 'year';
  return runsLeft(today) === 0 ? 'day' : undefined;
}

interface Tally {
  used: number;
  unsuccessful: number;
}

function newTally(): Tally {
  return { used: 0, unsuccessful: 0 };
}

function add(tally: Tally, job: SegmentJob): void {
  tally.used += 1;
  const status = knownStatus(job.status);
  if (status === 'FAILED' || status === 'CANCELLED' || status === 'CANCELLING') tally.unsuccessful += 1;
}

function spansAt(now: number, yearStart: QuotaTerms['yearStart']) {
  const year = yearStart && contractYearAround(now, yearStart);
  return { now, day: dayAround(now), year };
}
