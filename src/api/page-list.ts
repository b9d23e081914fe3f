// What a reading of many pages has taken so far, and what the service promised.

import type { SegmentJob } from '../jobs/job.ts';
import type { ListQuery } from './client.ts';
import { createIdSet } from './id-set.ts';
import type { DecodedPage } from './wire.ts';

/** A page that was taken into the list. */
export interface Taken {
  readonly page: DecodedPage;
  /** The jobs that no earlier page held. */
  readonly fresh: readonly SegmentJob[];
  /** By how many `totalCount` fell since the page before: so many jobs left the list meanwhile. */
  readonly fellBy: number;
}

export type PageList = ReturnType<typeof createPageList>;

/** The list from `query.start` on; each job once. */
export function createPageList(query: ListQuery) {
  const seen = createIdSet();
  /** `undefined` where the caller's `start` is a token: nothing can be counted from there. */
  const base = query.start === undefined ? 0 : countOf(query.start);
  /** The smallest total told: jobs made since are not missed, and those that left not awaited. */
  let promised: number | undefined;
  let lastTotal: number | undefined;
  let skipped = base;

  const isNew = (job: SegmentJob) => !seen.has(job);
  const isMissing = () => promised !== undefined && skipped !== undefined && seen.size < promised - skipped;

  return {
    base,
    isNew,
    /** Whether fewer jobs came than `totalCount` promised. */
    isMissing,
    /** By page index, more jobs lie before the caller's `start`. */
    countsPages(size: number): void {
      skipped = base === undefined ? undefined : base * size;
    },
    /** How many jobs came. */
    size: () => seen.size,
    /** As the page before told it. */
    lastTotal: () => lastTotal,
    /** Whether the list is known to end before this position. */
    endsBefore: (position: number) => lastTotal !== undefined && position >= lastTotal,
    /** Whether there is more after a page that ends at this position: by the total, else because the page is full. */
    goesOnAfter: (position: number, page: DecodedPage, size: number) =>
      lastTotal === undefined ? page.jobs.length >= size : position < lastTotal,
    take(page: DecodedPage): Taken {
      const { totalCount } = page;
      const fellBy = Math.max(0, (lastTotal ?? 0) - (totalCount ?? lastTotal ?? 0));
      if (totalCount !== undefined) {
        promised = Math.min(promised ?? totalCount, totalCount);
        lastTotal = totalCount;
      }
      return { page, fresh: page.jobs.filter((job) => seen.add(job)), fellBy };
    },
  };
}

/** A `start` that counts something, or `undefined` for a token. */
export function countOf(start: string): number | undefined {
  return /^\d{1,9}$/.test(start) ? Number(start) : undefined;
}
