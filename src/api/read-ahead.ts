// Pages that are asked for before their turn: a few at once, and none of them is trusted further than its turn shows.

import type { AskForPage } from './paging.ts';
import type { DecodedPage } from './wire.ts';

export interface ReadAhead {
  /**
   * Asks for the pages that follow the one whose turn it is, as many at once as the width allows: `startOf(0)` is where
   * the first of them begins, `undefined` that there is none. `isAlone`: the page whose turn it is was asked for early,
   * so that it takes no room beside these.
   */
  want(startOf: (index: number) => string | undefined, size: number, isAlone: boolean): void;
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
/** A page that came before its turn is kept, so that another can be asked for while the first one is waited for. */
const pagesKeptPerRequest = 2;

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
  /** Of the requests made early, how many are not answered yet. */
  let underWay = 0;
  let wanted:
    | {
        readonly startOf: (index: number) => string | undefined;
        readonly size: number;
        readonly mostUnderWay: number;
      }
    | undefined;
  let width = mostAtOnce;
  let calmPages = 0;
  let neededCalmPages = firstCalmPages;

  function drop(): void {
    wanted = undefined;
    if (early.size === 0) return;
    early.clear();
    underWay = 0;
    ending.abort(new Error('the page is no longer wanted'));
    ending = new AbortController();
  }

  function slowDown(): void {
    drop();
    width = Math.max(1, Math.floor(width / 2));
    calmPages = 0;
    neededCalmPages *= 2;
  }

  /** Begins the next requests that the width has room for; called again as each of them ends. */
  function askOn(): void {
    if (wanted === undefined || width === 1) return;
    const { startOf, size, mostUnderWay } = wanted;
    for (let index = 0; index < width * pagesKeptPerRequest && underWay < mostUnderWay; index++) {
      const start = startOf(index);
      if (start === undefined) return;
      const key = keyOf(start, size);
      if (!early.has(key)) early.set(key, askEarly(start, size));
    }
  }

  async function askEarly(start: string, size: number): Promise<DecodedPage | undefined> {
    const { signal } = ending;
    underWay += 1;
    try {
      const effort = { retriesBefore: 0, canShrink: false, maxRetries: 0, signal };
      return await ask({ ...query, start, limit: size }, effort);
    } catch {
      // No more of this before its turn has come, and told how many at once are too many.
      if (!signal.aborted) wanted = undefined;
      return undefined;
    } finally {
      // What was dropped is not counted any more.
      if (!signal.aborted) {
        underWay -= 1;
        askOn();
      }
    }
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
    want(startOf, size, isAlone) {
      wanted = { startOf, size, mostUnderWay: isAlone ? width : width - 1 };
      askOn();
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
