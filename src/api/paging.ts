// Reads a list page by page whichever way the service pages: Adobe's documents contradict each other about it.

import type { FreshPage, ListQuery } from './client.ts';
import { AnswerTooLarge, PageTooSlow } from './network-errors.ts';
import { countOf, createPageList, type PageList, type Taken } from './page-list.ts';
import { createReadAhead, type ReadAhead } from './read-ahead.ts';
import type { DecodedPage } from './wire.ts';

/** How a page may be asked for: the retries that larger ones have spent, and whether it could be smaller still. */
export interface PageEffort {
  readonly retriesBefore: number;
  readonly canShrink: boolean;
  /** Default: as often as any request. */
  readonly maxRetries?: number | undefined;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

export type AskForPage = (query: ListQuery, effort: PageEffort) => Promise<DecodedPage>;

/** What to send as `start` for the page that begins at a position, counted in jobs. */
type StartAt = (position: number, size: number) => string;

type TakenPage = Omit<Taken, 'fellBy'> & { readonly hasMore: boolean };

/** After a page was shrunk, so many may follow each other that only repeat what was seen. */
const mostIdlePages = 100;
/** How often a shrinking list is read again from a little further back. */
const mostSetBacks = 100;

/**
 * All pages from `query.start` on; each job once. `start` is a count of jobs in Adobe's guide, a count of pages in
 * their OpenAPI text, and a token on sister endpoints, so the reader finds out:
 * - where the service hands out a next start itself (`_page.next`, or in a link), that is sent as it is;
 * - else the second page is asked for by offset, in a way that proves it to be one: where a page by index would lie
 *   behind the end, any new job is proof; elsewhere the request begins one job early, and by offset the first
 *   job is then one that was seen;
 * - else it is asked for by page index.
 *
 * When `totalCount` falls between two pages, jobs left the list and others moved up over the boundary: that stretch
 * is read again. A page beyond the limits of size or time is asked for again at a quarter of the size, down to 1.
 * Reading ends when a page adds no new job. The last page given may be empty: that more was promised was then not true.
 *
 * With `pagesAtOnce` above 1, where the total is known and `start` counts, the pages that will follow are asked for
 * early. That changes only when they are asked for: a page is taken in its turn and only where it is the very one that
 * the rules above ask for, and one whose total is not that of the page before is asked for anew, since jobs came or
 * left between the two and nobody knows which was read first.
 */
export async function* readPages(
  ask: AskForPage,
  query: ListQuery,
  pagesAtOnce = 1,
): AsyncGenerator<FreshPage, void, undefined> {
  const list = createPageList(query);
  const ahead = createReadAhead(ask, query, pagesAtOnce);
  let last: DecodedPage | undefined;
  try {
    for await (const { page, fresh, hasMore } of takePages(ask, query, list, ahead)) {
      last = page;
      if (!hasMore) {
        yield { ...page, jobs: fresh, hasMore: false, isIncomplete: list.isMissing() };
        return;
      }
      if (fresh.length > 0) yield { ...page, jobs: fresh, hasMore: true, isIncomplete: false };
      page.release?.();
    }
  } finally {
    ahead.drop();
  }
  if (last !== undefined) yield { ...last, jobs: [], hasMore: false, isIncomplete: list.isMissing() };
}

async function* takePages(
  ask: AskForPage,
  query: ListQuery,
  list: PageList,
  ahead: ReadAhead,
): AsyncGenerator<TakenPage, void, undefined> {
  const { base } = list;
  let size = query.limit;
  let hasShrunk = false;
  let hasSwitched = false;
  let setBacks = 0;

  /**
   * Asks early for the pages that follow the one at `position`, as far as jobs are known to be there and wanted.
   * Where one page was too much at this size, several at once would be all the more.
   */
  function wantAfter(position: number, startAt: StartAt, isAlone: boolean): void {
    if (hasShrunk || base === undefined) return;
    const wanted = Math.ceil(((query.wanted ?? Number.POSITIVE_INFINITY) - list.size()) / size) - 1;
    const known = Math.ceil(((list.lastTotal() ?? 0) - position) / size) - 1;
    const following = Math.min(wanted, known);
    ahead.want(
      (index) => (index < following ? startAt(position + (index + 1) * size, size) : undefined),
      size,
      isAlone,
    );
  }

  /** `startFor` is asked again when the size has changed; `wantNext` asks early for what comes after this page. */
  async function fetchPage(
    startFor: (size: number) => string | undefined,
    wantNext: (isAlone: boolean) => void = () => undefined,
  ): Promise<DecodedPage> {
    const coming = ahead.claim(startFor(size), size);
    if (coming !== undefined) {
      wantNext(true);
      const page = await coming;
      if (page !== undefined && page.totalCount === list.lastTotal()) return page;
      ahead.slowDown();
    }
    let retriesBefore = 0;
    for (;;) {
      try {
        const effort = { retriesBefore, canShrink: size > 1 };
        const asking = ask({ ...query, start: startFor(size), limit: size }, effort);
        if (coming === undefined) wantNext(false);
        return await asking;
      } catch (error) {
        if (error instanceof PageTooSlow) retriesBefore = error.retries;
        else if (!(error instanceof AnswerTooLarge) || size <= 1) throw error;
        size = Math.max(1, Math.floor(size / 4));
        hasShrunk = true;
      }
    }
  }

  const offsetAt: StartAt = (position) => String(position);
  /** The page that holds the job at this position, counted in pages of the size then asked for. */
  const indexAt: StartAt = (position, current) => String(Math.floor(position / current));
  const fetchFrom = (position: number, startAt: StartAt) =>
    fetchPage(
      (current) => startAt(position, current),
      (isAlone) => wantAfter(position, startAt, isAlone),
    );

  /** Fewer jobs than promised: perhaps `start` counts something else than was taken for proved. */
  const maySwitch = () => list.isMissing() && !hasSwitched;

  async function* byNext(
    first: string,
    startAt: StartAt | undefined,
  ): AsyncGenerator<TakenPage, void, undefined> {
    const used = new Set<string>();
    let next: string | undefined = first;
    let idlePages = 0;
    while (next !== undefined && !used.has(next)) {
      const start: string = next;
      used.add(start);
      const wantNext = (isAlone: boolean) => {
        const count = countOf(start);
        if (startAt === undefined || count === undefined) return;
        wantAfter(startAt === indexAt ? count * size : count, startAt, isAlone);
      };
      const taken = list.take(await fetchPage(() => start, wantNext));
      next = taken.page.next;
      yield { ...taken, hasMore: next !== undefined && !used.has(next) };
      idlePages = taken.fresh.length === 0 ? idlePages + 1 : 0;
      // Where `next` counts pages, smaller ones begin further back and repeat a while.
      if (idlePages > (hasShrunk ? mostIdlePages : 0)) return;
    }
  }

  /** Reads on from a position, counted in jobs, until nothing new comes. */
  async function* walk(
    from: number,
    prefetched: DecodedPage,
    startAt: StartAt,
    endOf: (position: number, page: DecodedPage) => number,
  ): AsyncGenerator<TakenPage, void, undefined> {
    let position = from;
    let reached = from;
    for (let page = prefetched; ; page = await fetchFrom(position, startAt)) {
      const { fellBy, ...taken } = list.take(page);
      const end = endOf(position, page);
      const goesOn = list.goesOnAfter(end, page, size);
      const isSetBack = fellBy > 0 && setBacks < mostSetBacks;
      yield { ...taken, hasMore: goesOn || isSetBack || maySwitch() };
      const isIdle = taken.fresh.length === 0 && position >= reached;
      reached = Math.max(reached, end);
      if (isSetBack) {
        setBacks += 1;
        position = Math.max(base ?? 0, position - fellBy);
        continue;
      }
      if (!goesOn || isIdle || end <= position) return;
      position = end;
    }
  }

  async function* byOffset(from: number, page: DecodedPage): AsyncGenerator<TakenPage, void, undefined> {
    yield* walk(from, page, offsetAt, (offset, { jobs }) => offset + jobs.length);
    if (!maySwitch()) return;
    hasSwitched = true;
    const position = ((base ?? 0) + 1) * size;
    yield* byIndex(position, await fetchFrom(position, indexAt));
  }

  async function* byIndex(from: number, page: DecodedPage): AsyncGenerator<TakenPage, void, undefined> {
    list.countsPages(size);
    let lastIndex = 0;
    yield* walk(from, page, indexAt, (position) => {
      lastIndex = Math.floor(position / size);
      return (lastIndex + 1) * size;
    });
    if (!maySwitch()) return;
    hasSwitched = true;
    // Then the starts so far were offsets one job apart, and the last page reached `size` jobs further.
    const offset = lastIndex + size;
    yield* byOffset(offset, await fetchFrom(offset, offsetAt));
  }

  const first = list.take(await fetchPage(() => query.start));
  const { next, jobs } = first.page;
  const offset = (base ?? 0) + jobs.length;
  const goesOn = base !== undefined && jobs.length > 0 && list.goesOnAfter(offset, first.page, size);
  yield { ...first, hasMore: next !== undefined || goesOn };
  if (next !== undefined) {
    // What the service hands out tells what it counts, if it counts; every further page confirms it, or ends the guess.
    const isOffset = base !== undefined && next === String(offset) && jobs.length === size;
    const isIndex = base !== undefined && next === String(base + 1);
    yield* byNext(next, isOffset ? offsetAt : isIndex ? indexAt : undefined);
    return;
  }
  if (!goesOn) return;

  const secondPage = (base + 1) * size;
  if (jobs.length === 1 || list.endsBefore(offset * size)) {
    const page = await fetchPage((current) => offsetAt(offset, current));
    if (page.jobs.some(list.isNew)) yield* byOffset(offset, page);
    else yield* byIndex(secondPage, await fetchPage((current) => indexAt(secondPage, current)));
    return;
  }
  const overlapping = await fetchPage((current) => offsetAt(offset - 1, current));
  const [shared] = overlapping.jobs;
  if (shared !== undefined && !list.isNew(shared)) {
    yield* byOffset(offset - 1, overlapping);
    return;
  }
  // Either pages are counted, or jobs left the list just now: the second page by index tells the two apart.
  const second = await fetchPage((current) => indexAt(secondPage, current));
  const newJobs = second.jobs.filter(list.isNew).length;
  if (newJobs * 2 < second.jobs.length) yield* byOffset(Math.floor(secondPage / size), second);
  else yield* byIndex(secondPage, second);
}
