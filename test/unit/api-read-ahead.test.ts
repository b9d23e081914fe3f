// Pages asked for several at once: the list is the one that asking one by one gives, or it is told as incomplete.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListQuery } from '../../src/api/client.ts';
import { type PageEffort, readPages } from '../../src/api/paging.ts';
import { type DecodedPage, decodePage } from '../../src/api/wire.ts';
import { SegjobsError } from '../../src/errors.ts';

type Job = { readonly id: string };
const jobsNamed = (count: number): Job[] => Array.from({ length: count }, (_, at) => ({ id: `job-${at}` }));
const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

/** What a service answers for the list it has at that moment. */
type Service = (jobs: readonly Job[], start: string | undefined, limit: number) => unknown;

function answer(jobs: readonly Job[], from: number, limit: number, next: (end: number) => object): unknown {
  const children = jobs.slice(from, from + limit);
  const end = from + children.length;
  const more = children.length > 0 && end < jobs.length ? next(end) : {};
  const page = { totalCount: jobs.length, ...('page' in more ? { next: more.page } : {}) };
  return { children, _page: page, _links: { next: 'link' in more ? { href: more.link } : {} } };
}

const byOffset: Service = (jobs, start, limit) => answer(jobs, Number(start ?? 0), limit, () => ({}));
const byIndex: Service = (jobs, start, limit) => answer(jobs, Number(start ?? 0) * limit, limit, () => ({}));
const byOffsetLink: Service = (jobs, start, limit) =>
  answer(jobs, Number(start ?? 0), limit, (end) => ({ link: `/segment/jobs?start=${end}&limit=${limit}` }));
const byNextIndex: Service = (jobs, start, limit) =>
  answer(jobs, Number(start ?? 0) * limit, limit, (end) => ({ page: Math.ceil(end / limit) }));
const byToken: Service = (jobs, start, limit) =>
  answer(jobs, Number(start?.slice(1) ?? 0), limit, (end) => ({ page: `t${end}` }));
const services: Readonly<Record<string, Service>> = {
  byOffset,
  byIndex,
  byOffsetLink,
  byNextIndex,
  byToken,
};

const decoded = (body: unknown): DecodedPage =>
  decodePage({
    text: JSON.stringify(body),
    contentType: '',
    status: 200,
    requestId: undefined,
    request: 'GET /segment/jobs',
  });

interface Reading {
  readonly ids: string[];
  readonly asked: string[];
  /** Of how many requests at most none was answered yet. */
  readonly mostAtOnce: number;
  readonly end: { readonly hasMore?: boolean; readonly isIncomplete?: boolean };
}

/** Reads all; `delays` says how many turns each request takes in turn, `happens` what comes before each answer. */
async function readAll(
  service: Service,
  list: { jobs: readonly Job[] },
  query: ListQuery,
  width: number,
  options: {
    readonly delays?: readonly number[];
    readonly happens?: (request: number, effort: PageEffort, signal: AbortSignal | undefined) => void;
    readonly stopAfter?: number;
  } = {},
): Promise<Reading> {
  const { delays = [1], happens = () => undefined, stopAfter = Number.POSITIVE_INFINITY } = options;
  const asked: string[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const ask = async ({ start, limit }: ListQuery, effort: PageEffort): Promise<DecodedPage> => {
    const number = asked.push(`${start ?? '-'}/${limit}`);
    expect(number).toBeLessThan(3000);
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    const turns = delays[number % delays.length] ?? 1;
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    effort.signal?.throwIfAborted();
    happens(number, effort, effort.signal);
    return decoded(service(list.jobs, start, limit));
  };
  const ids: string[] = [];
  let end = {};
  for await (const { jobs, hasMore, isIncomplete } of readPages(ask, query, width)) {
    ids.push(...idsOf(jobs));
    end = { hasMore, isIncomplete };
    if (ids.length >= stopAfter) break;
  }
  return { ids, asked, mostAtOnce, end };
}

const whole = { hasMore: false, isIncomplete: false };

describe('a list that nobody changes', () => {
  it('comes in the same order whatever the service, the sizes, the width and the delays', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(services)),
        fc.integer({ min: 0, max: 130 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 7 }),
        async (name, count, limit, width, delays) => {
          const list = { jobs: jobsNamed(count) };
          const service = services[name] as Service;
          const { ids, end, mostAtOnce } = await readAll(service, list, { limit }, width, { delays });
          expect(ids).toEqual(idsOf(list.jobs));
          expect(end).toEqual(whole);
          expect(mostAtOnce).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each(['byOffset', 'byIndex', 'byOffsetLink', 'byNextIndex'])(
    'is asked for by as many requests as one by one, four at a time: %s',
    async (name) => {
      const list = { jobs: jobsNamed(200) };
      const alone = await readAll(services[name] as Service, list, { limit: 10 }, 1);
      const together = await readAll(services[name] as Service, list, { limit: 10 }, 4);
      expect(together.asked).toEqual(alone.asked);
      expect([alone.mostAtOnce, together.mostAtOnce]).toEqual([1, 4]);
    },
  );

  it('is asked for one by one where the service hands out tokens', async () => {
    const { mostAtOnce } = await readAll(byToken, { jobs: jobsNamed(200) }, { limit: 10 }, 4);
    expect(mostAtOnce).toBe(1);
  });

  it('is asked for no further than wanted', async () => {
    const list = { jobs: jobsNamed(200) };
    const query = { limit: 10, wanted: 25 };
    const { asked } = await readAll(byOffsetLink, list, query, 8, { stopAfter: 25 });
    expect(asked).toEqual(['-/10', '10/10', '20/10']);
  });

  it('ends the requests that are under way when its reader stops', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const list = { jobs: jobsNamed(200) };
    await readAll(byOffsetLink, list, { limit: 10 }, 4, {
      delays: [1, 1, 1, 9],
      stopAfter: 20,
      happens: (_request, _effort, signal) => signals.push(signal),
    });
    expect(signals.map((signal) => signal?.aborted)).not.toContain(false);
  });
});

describe('a service that wants fewer requests', () => {
  it('gets half as many at once, and every page is had in its turn', async () => {
    const list = { jobs: jobsNamed(400) };
    let refused = 0;
    const { ids, end, asked } = await readAll(byOffsetLink, list, { limit: 10 }, 8, {
      happens: (_request, effort) => {
        if (effort.maxRetries !== 0 || refused >= 2) return;
        refused += 1;
        throw new SegjobsError('UNAVAILABLE', 'too many');
      },
    });
    expect(ids).toEqual(idsOf(list.jobs));
    expect(end).toEqual(whole);
    expect(refused).toBe(2);
    expect(asked.length).toBeLessThan(40 + 8 + 4 + 2);
  });

  it('is never asked early again where it refuses all of that', async () => {
    const list = { jobs: jobsNamed(400) };
    const { ids, asked } = await readAll(byOffsetLink, list, { limit: 10 }, 4, {
      happens: (_request, { maxRetries }) => {
        if (maxRetries === 0) throw new SegjobsError('UNAVAILABLE', 'too many');
      },
    });
    expect(ids).toEqual(idsOf(list.jobs));
    expect(asked.length).toBeLessThan(50);
  });

  it('ends the list with its error when the page whose turn it is fails', async () => {
    const list = { jobs: jobsNamed(100) };
    const reading = readAll(byOffsetLink, list, { limit: 10 }, 4, {
      happens: (request) => {
        if (request > 5) throw new SegjobsError('UNAVAILABLE', 'gone');
      },
    });
    await expect(reading).rejects.toThrow('gone');
  });
});

describe('a list that changes while several pages are under way', () => {
  const change = fc.oneof(
    fc.constant('arrives' as const),
    fc.nat(200).map((at) => ({ leaves: at })),
    fc.constant(undefined),
    fc.constant(undefined),
  );

  it.each(['byOffset', 'byOffsetLink', 'byNextIndex', 'byIndex'])(
    'gives no job twice, and where one that stayed is missing it is told as incomplete: %s',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(change, { maxLength: 25 }),
          fc.integer({ min: 2, max: 15 }),
          fc.integer({ min: 2, max: 8 }),
          fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 7 }),
          async (changes, limit, width, delays) => {
            const before = jobsNamed(80);
            const list = { jobs: before as readonly Job[] };
            let arrived = 0;
            const { ids, end } = await readAll(services[name] as Service, list, { limit }, width, {
              delays,
              happens: (request) => {
                // By then it has been found out what the service counts, which a change can mislead.
                const next = request < 4 ? undefined : changes[request];
                if (next === 'arrives') list.jobs = [{ id: `new-${arrived++}` }, ...list.jobs];
                else if (next !== undefined)
                  list.jobs = list.jobs.filter((_, at) => at !== next.leaves % list.jobs.length);
              },
            });
            expect(new Set(ids).size).toBe(ids.length);
            const stayed = before.filter(({ id }) => list.jobs.some((job) => job.id === id));
            const missed = idsOf(stayed).filter((id) => !ids.includes(id));
            const alone = missed.length === 0 || end.isIncomplete === true;
            // Following links, a job that leaves shifts one out of sight: so it is one by one, too.
            const hasLeft = changes.some((each) => typeof each === 'object');
            expect(alone || (hasLeft && name !== 'byOffset')).toBe(true);
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it.each(['byOffset', 'byOffsetLink', 'byNextIndex', 'byIndex'])(
    'misses none when jobs are only made: %s',
    async (name) => {
      // Never as many between two pages as would repeat a whole one: that ends a list, one by one too.
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.integer({ min: 4, max: 30 }), { maxLength: 8 }),
          fc.integer({ min: 9, max: 15 }),
          fc.integer({ min: 2, max: 8 }),
          fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 7 }),
          async (arrivals, limit, width, delays) => {
            const before = jobsNamed(80);
            const list = { jobs: before as readonly Job[] };
            const { ids } = await readAll(services[name] as Service, list, { limit }, width, {
              delays,
              happens: (request) => {
                if (arrivals.includes(request)) list.jobs = [{ id: `new-${request}` }, ...list.jobs];
              },
            });
            expect(new Set(ids).size).toBe(ids.length);
            expect(idsOf(before).filter((id) => !ids.includes(id))).toEqual([]);
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
