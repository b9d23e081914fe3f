// Pages that are asked for before their turn: a few at once, and none of them is trusted further than its turn shows.

import type { AskForPage } from './paging.ts';
import type { DecodedPage } from './wire.ts';

export interface ReadAhead {
  /**
   * Asks for the pages that follow the one whose turn it is, as many as the width allows: `startOf(0)` is where the
   * first of them begins, `undefined` that there is none.
   */
  want(startOf: (index: number) => string | undefined, size: number): void;
  /**
   * The page that begins here, where it was asked for early; `undefined` in the promise when it did not come. Where it
   * was not asked for, everything that was is dropped.
   */
  claim(start: string | undefined, size: number): Promise<DecodedPage | undefined> | undefined;
  /** Something was not as expected: what was asked for is dropped, and fewer pages are asked for from here on. */
  slowDown(): void;
  /** Ends the requests that are under way. */
  drop(): void;
}

/** After something unexpected so many pages have to come as expected before more are asked for at once; then twice as many. */
const firstCalmPages = 8;

/**
 * `width` is how many pages may be under way together, with the one whose turn it is. A request made early is sent
 * once: whatever is wrong with its answer, it is forgotten and asked for again in its turn, with the patience every
 * page gets. So a service that wants fewer requests (429) sees half as many at once.
 */
export function createReadAhead(
  ask: AskForPage,
  query: Parameters<AskForPage>[0],
  mostAtOnce: number,
): ReadAhead {
  const early = new Map<string, Promise<DecodedPage | undefined>>();
  let ending = new AbortController();
  let width = mostAtOnce;
  let calmPages = 0;
  let neededCalmPages = firstCalmPages;

  function drop(): void {
    if (early.size === 0) return;
    early.clear();
    ending.abort(new Error('the page is no longer wanted'));
    ending = new AbortController();
  }

  function slowDown(): void {
    drop();
    width = Math.max(1, Math.floor(width / 2));
    calmPages = 0;
    neededCalmPages *= 2;
  }

  /** Called with every page: as long as all is as expected the width grows back. */
  function goOn(): void {
    if (width === mostAtOnce) return;
    calmPages += 1;
    if (calmPages < neededCalmPages) return;
    width = Math.min(mostAtOnce, width * 2);
    calmPages = 0;
  }

  return {
    want(startOf, size) {
      for (let index = 0; index < width - 1; index++) {
        const start = startOf(index);
        if (start === undefined) return;
        const key = keyOf(start, size);
        if (early.has(key)) continue;
        const effort = { retriesBefore: 0, canShrink: false, maxRetries: 0, signal: ending.signal };
        const coming = ask({ ...query, start, limit: size }, effort);
        early.set(
          key,
          coming.catch(() => undefined),
        );
      }
    },
    claim(start, size) {
      const key = keyOf(start, size);
      const coming = early.get(key);
      if (coming === undefined && early.size > 0) slowDown();
      else goOn();
      early.delete(key);
      return coming;
    },
    slowDown,
    drop,
  };
}

function keyOf(start: string | undefined, size: number): string {
  return `${size} ${start ?? ''}`;
}
