// Reads as many pages as a list needs: several statuses, a time filter and a total limit over one paging service.

import type { JsonText, KnownJobStatus, SegmentJob } from './job.ts';
import { compareJobs, inLifeCycleOrder, type SortOrder, sortText } from './selection.ts';

/** One page as the wire gives it: only jobs that no earlier page of the same reading held. */
export interface ReadPage {
  readonly jobs: readonly SegmentJob[];
  readonly totalCount?: number | undefined;
  readonly pageJson: JsonText;
  readonly linksJson: JsonText;
  readonly hasMore: boolean;
  readonly isIncomplete: boolean;
}

export interface PageQuery {
  readonly status?: KnownJobStatus | undefined;
  readonly properties: readonly string[];
  readonly snapshot?: string | undefined;
  readonly sort: string;
  readonly start?: string | undefined;
  readonly limit: number;
  /** How many jobs will be taken; more only where some are left out again. */
  readonly wanted: number;
}

export interface ListSelection {
  /** Empty: any status. */
  readonly statuses: readonly KnownJobStatus[];
  readonly properties: readonly string[];
  readonly snapshot?: string | undefined;
  readonly source?: string | undefined;
  /**
   * Only jobs created at or after it, unix ms. Asked for once the first page has come: what is meant may depend on the
   * service's clock, which that page tells.
   */
  readonly since?: (() => number) | undefined;
  readonly sort: SortOrder;
  readonly start?: string | undefined;
  /** How many in all; `Infinity` for everything. */
  readonly limit: number;
}

/** Where a listing ended; complete once its batches have been read. */
export interface ListingEnd {
  readonly shown: number;
  /** As the service counts them, where it does and no filter of our own cut the list. */
  readonly total: number | undefined;
  readonly hasMore: boolean;
  /** The service promised more jobs than its pages gave. */
  readonly isIncomplete: boolean;
  /** `_page` and `_links` of the merged document. */
  readonly pageJson: JsonText;
  readonly linksJson: JsonText;
}

export interface Listing {
  batches(): AsyncGenerator<readonly SegmentJob[], void, undefined>;
  end(): ListingEnd;
}

const largestPage = 100;

/**
 * A list as the user asked for it, over `readPages` (one status, no time filter, pages of at most 100).
 * One status streams page by page. Several are read one after the other in life-cycle order, and held, because
 * a job may move on between two readings: the later reading is kept and the whole sorted.
 */
export function createListing(
  selection: ListSelection,
  readPages: (query: PageQuery) => AsyncIterable<ReadPage>,
): Listing {
  const statuses = inLifeCycleOrder(selection.statuses);
  const readings: (KnownJobStatus | undefined)[] = statuses.length === 0 ? [undefined] : [...statuses];
  const counts: (number | undefined)[] = [];
  let shown = 0;
  let pagesRead = 0;
  let hasMore = false;
  let isIncomplete = false;
  let lastPage: ReadPage | undefined;
  let endsWithPage = true;

  const properties =
    selection.source === undefined
      ? selection.properties
      : [...selection.properties, `source==${selection.source}`];
  const { since } = selection;
  const isWanted = (job: SegmentJob) =>
    (since === undefined || (job.creationTime !== undefined && job.creationTime >= since())) &&
    (selection.source === undefined || job.source === undefined || job.source === selection.source);

  /** Newest first, a whole page older than `since` means that every further one is older too. */
  const isPast = (page: ReadPage) =>
    since !== undefined &&
    selection.sort.by === 'creationTime' &&
    selection.sort.direction === 'desc' &&
    page.jobs.length > 0 &&
    page.jobs.every((job) => job.creationTime !== undefined && job.creationTime < since());

  /** With a filter of our own only one wanted job too many tells that there are more. */
  const enough = since === undefined ? selection.limit : selection.limit + 1;

  async function* readOne(status: KnownJobStatus | undefined): AsyncGenerator<readonly SegmentJob[]> {
    let taken = 0;
    let isFirst = true;
    const pages = readPages({
      status,
      properties,
      snapshot: selection.snapshot,
      sort: sortText(selection.sort),
      start: selection.start,
      limit: Math.min(largestPage, enough),
      wanted: since === undefined ? selection.limit : Number.POSITIVE_INFINITY,
    });
    for await (const page of pages) {
      if (isFirst) counts.push(page.totalCount);
      isFirst = false;
      pagesRead += 1;
      lastPage = page;
      isIncomplete ||= page.isIncomplete;
      const wanted = page.jobs.filter(isWanted);
      const room = selection.limit - taken;
      const batch = wanted.length > room ? wanted.slice(0, room) : wanted;
      taken += batch.length;
      endsWithPage = batch.length === page.jobs.length;
      if (batch.length > 0 || room > 0) yield batch;
      const isFull = taken >= selection.limit;
      if (wanted.length > room || (isFull && page.hasMore && since === undefined)) {
        hasMore = true;
        return;
      }
      if ((isFull && since === undefined) || isPast(page)) return;
    }
  }

  async function* batches(): AsyncGenerator<readonly SegmentJob[], void, undefined> {
    if (readings.length === 1) {
      for await (const batch of readOne(readings[0])) {
        shown += batch.length;
        yield batch;
      }
      return;
    }
    const merged = new Map<string, SegmentJob>();
    for (const status of readings) {
      for await (const batch of readOne(status)) for (const job of batch) merged.set(job.id, job);
    }
    const sorted = [...merged.values()].sort(compareJobs(selection.sort));
    const cut = sorted.slice(0, Math.min(sorted.length, selection.limit));
    hasMore ||= cut.length < sorted.length;
    endsWithPage = false;
    shown = cut.length;
    for (let at = 0; at < cut.length || at === 0; at += largestPage) yield cut.slice(at, at + largestPage);
  }

  const end = (): ListingEnd => {
    const total = counts.every((count) => count !== undefined)
      ? counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      : undefined;
    const isOnePage = pagesRead === 1 && readings.length === 1 && endsWithPage && lastPage !== undefined;
    return {
      shown,
      total: since === undefined ? total : undefined,
      hasMore,
      isIncomplete,
      pageJson: isOnePage
        ? (lastPage?.pageJson ?? '{}')
        : `{${total === undefined ? '' : `"totalCount":${total},`}"pageSize":${shown}}`,
      linksJson:
        endsWithPage && lastPage !== undefined && readings.length === 1 ? lastPage.linksJson : '{"next":{}}',
    };
  };

  return { batches, end };
}
