// Paging: whatever `start` means to the service, each job comes once, and a cut list is never told as whole.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FreshPage, ListQuery } from '../../src/api/client.ts';
import { AnswerTooLarge } from '../../src/api/network-errors.ts';
import { readPages } from '../../src/api/paging.ts';
import { type DecodedPage, decodePage } from '../../src/api/wire.ts';
import { clientFor, testToken } from '../support/api-client.ts';
import { json, type ScriptedServer, startServer } from '../support/http-server.ts';

type Job = { readonly id: string };
type Body = Record<string, unknown>;
const jobsNamed = (count: number): Job[] => Array.from({ length: count }, (_, at) => ({ id: `job-${at}` }));
const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

/** A service: what it answers to a `start` and a `limit`. */
type Service = (jobs: readonly Job[], start: string | undefined, limit: number) => Body;
const page = (children: readonly Job[], total: number | undefined, more: Body = {}, next?: Body): Body => ({
  _page: { ...(total === undefined ? {} : { totalCount: total }), pageSize: children.length, ...more },
  children,
  _links: { next: next ?? {} },
});
const part = (jobs: readonly Job[], from: number, limit: number) => jobs.slice(from, from + limit);

const byOffset: Service = (jobs, start, limit) => page(part(jobs, Number(start ?? 0), limit), jobs.length);
const byIndex: Service = (jobs, start, limit) =>
  page(part(jobs, Number(start ?? 0) * limit, limit), jobs.length);
const uncounted =
  (service: Service): Service =>
  (jobs, start, limit) => ({ children: service(jobs, start, limit)['children'], _links: { next: {} } });
const token = (position: number) => Buffer.from(`at:${position}`).toString('base64');
const byToken: Service = (jobs, start, limit) => {
  const from = start === undefined ? 0 : Number(Buffer.from(start, 'base64').toString().slice(3));
  const isLast = from + limit >= jobs.length;
  return page(part(jobs, from, limit), jobs.length, isLast ? {} : { next: token(from + limit) });
};
const byNextIndex: Service = (jobs, start, limit) => {
  const index = Number(start ?? 0);
  const isLast = (index + 1) * limit >= jobs.length;
  return page(part(jobs, index * limit, limit), jobs.length, isLast ? {} : { next: index + 1 });
};
const byLink =
  (href: (start: string, limit: number) => string): Service =>
  (jobs, start, limit) => {
    const from = Number(start ?? 0);
    const isLast = from + limit >= jobs.length;
    return page(
      part(jobs, from, limit),
      jobs.length,
      {},
      isLast ? {} : { href: href(String(from + limit), limit) },
    );
  };
const byAtLink = byLink((start, limit) => `@/segment/jobs?start=${start}&limit=${limit}`);
const byForeignLink = byLink((start) => `https://evil.example.com/steal?start=${start}#x`);

const services: Readonly<Record<string, Service>> = {
  'an offset': byOffset,
  'an offset, without counts': uncounted(byOffset),
  'a page index': byIndex,
  'a page index, without counts': uncounted(byIndex),
  'an opaque token': byToken,
  'a page index in _page.next': byNextIndex,
  'an @/ href': byAtLink,
  'an href on another host': byForeignLink,
};

function asker(answer: (start: string | undefined, limit: number) => Body) {
  const asked: string[] = [];
  const ask = async ({ start, limit }: ListQuery): Promise<DecodedPage> => {
    asked.push(`${start ?? '-'}/${limit}`);
    const text = JSON.stringify(answer(start, limit));
    return decodePage({
      text,
      contentType: '',
      status: 200,
      requestId: undefined,
      request: 'GET /segment/jobs',
    });
  };
  return { ask, asked };
}

async function readAll(
  answer: (start: string | undefined, limit: number) => Body,
  query: ListQuery,
): Promise<{
  ids: string[];
  pages: FreshPage[];
  asked: string[];
  end: { hasMore?: boolean; isIncomplete?: boolean };
}> {
  const { ask, asked } = asker(answer);
  const pages: FreshPage[] = [];
  for await (const each of readPages(ask, query)) {
    pages.push(each);
    expect(asked.length).toBeLessThan(3000);
  }
  const last = pages.at(-1);
  expect(pages.slice(0, -1).every(({ hasMore, isIncomplete }) => hasMore && !isIncomplete)).toBe(true);
  return {
    ids: pages.flatMap(({ jobs }) => idsOf(jobs)),
    pages,
    asked,
    end: { ...(last && { hasMore: last.hasMore, isIncomplete: last.isIncomplete }) },
  };
}

const whole = { hasMore: false, isIncomplete: false };

describe.each(Object.entries(services))('fault 53: the service pages by %s', (_name, service) => {
  test.each([
    [250, 100],
    [200, 100],
    [100, 100],
    [99, 100],
    [101, 100],
    [1, 100],
    [0, 100],
    [250, 20],
    [250, 7],
    [250, 250],
    [37, 1],
    [37, 2],
    [36, 2],
    [37, 3],
  ])('%i of %i at a time', async (count, limit) => {
    const jobs = jobsNamed(count);
    const { ids, end } = await readAll((start, size) => service(jobs, start, size), { limit });
    expect(ids).toEqual(idsOf(jobs));
    expect(end).toEqual(whole);
  });
});

test('where there is room for no doubt, paging by offset asks for nothing twice', async () => {
  const jobs = jobsNamed(250);
  expect((await readAll((start, limit) => byOffset(jobs, start, limit), { limit: 100 })).asked).toEqual([
    '-/100',
    '100/100',
    '200/100',
  ]);
  expect(
    (await readAll((start, limit) => byOffset(jobs.slice(0, 200), start, limit), { limit: 100 })).asked,
  ).toEqual(['-/100', '100/100']);
});

test('where a page index could be meant, the second request begins one job early, and proves the offset', async () => {
  const jobs = jobsNamed(50);
  const { asked, ids } = await readAll((start, limit) => byOffset(jobs, start, limit), { limit: 5 });
  expect(asked.slice(0, 4)).toEqual(['-/5', '4/5', '9/5', '14/5']);
  expect(ids).toEqual(idsOf(jobs));
});

test('the newest jobs come first by page index too, so that a reader who stops early has the right ones', async () => {
  const jobs = jobsNamed(500);
  const { ask } = asker((start, limit) => byIndex(jobs, start, limit));
  const ids: string[] = [];
  for await (const { jobs: fresh } of readPages(ask, { limit: 5 })) {
    ids.push(...idsOf(fresh));
    if (ids.length >= 30) break;
  }
  expect(ids).toEqual(idsOf(jobs.slice(0, 30)));
});

test('one page is one request, and says whether there is more', async () => {
  const jobs = jobsNamed(143);
  const { ask, asked } = asker((start, limit) => byOffset(jobs, start, limit));
  for await (const first of readPages(ask, { limit: 20 })) {
    expect({
      hasMore: first.hasMore,
      isIncomplete: first.isIncomplete,
      totalCount: first.totalCount,
    }).toEqual({
      hasMore: true,
      isIncomplete: false,
      totalCount: 143,
    });
    break;
  }
  expect(asked).toEqual(['-/20']);
});

test.each([
  ['offset', byOffset, '40', 13],
  ['page index', byIndex, '2', 13],
])('a start of the caller’s is sent as it is, and gone on from: %s', async (_name, service, start, count) => {
  const jobs = jobsNamed(53);
  const { ids, asked, end } = await readAll((at, limit) => service(jobs, at, limit), { limit: 20, start });
  expect(asked[0]).toBe(`${start}/20`);
  expect(ids).toEqual(idsOf(jobs.slice(53 - count)));
  expect(end).toEqual(whole);
});

test.each([
  ['offset', byOffset, '10', 10],
  ['page index', byIndex, '2', 40],
])('from a start in the middle, all that follows comes: %s', async (_name, service, start, skipped) => {
  const jobs = jobsNamed(250);
  const { ids, end } = await readAll((at, limit) => service(jobs, at, limit), { limit: 20, start });
  expect(ids).toEqual(idsOf(jobs.slice(skipped)));
  expect(end).toEqual(whole);
});

test('a token as start leads on by what the service hands out', async () => {
  const jobs = jobsNamed(50);
  const { ids, asked, end } = await readAll((at, limit) => byToken(jobs, at, limit), {
    limit: 20,
    start: token(10),
  });
  expect(ids).toEqual(idsOf(jobs.slice(10)));
  expect(asked).toHaveLength(2);
  expect(end).toEqual(whole);
});

test('fault 52: of a link to another host only the start is taken, and no request leaves', async () => {
  const evil = await startServer();
  const server = await startServer();
  const jobs = jobsNamed(50);
  const toEvil = byLink((start) => `${evil.url}/data/core/ups/segment/jobs?start=${start}`);
  server.script([], (request, response, socket) => {
    const { query } = request;
    json(200, toEvil(jobs, query.get('start') ?? undefined, Number(query.get('limit'))))(
      request,
      response,
      socket,
    );
  });
  const ids: string[] = [];
  for await (const { jobs: fresh } of clientFor(server.url).pages({ limit: 20 })) ids.push(...idsOf(fresh));
  expect(ids).toEqual(idsOf(jobs));
  expect(evil.requests).toEqual([]);
  expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${testToken}`)).toBe(true);
  await Promise.all([evil.close(), server.close()]);
});

test('fault 54: a job that moves to the next page while it is read comes once', async () => {
  let jobs = jobsNamed(25);
  const { ids, end } = await readAll(
    (start, limit) => {
      if (start !== undefined) jobs = [{ id: `new-${jobs.length}` }, ...jobs];
      return byOffset(jobs, start, limit);
    },
    { limit: 10 },
  );
  expect(ids).toEqual(idsOf(jobsNamed(25)));
  expect(end).toEqual(whole);
});

test.each([
  ['offset', byOffset, 10],
  ['offset, where an index could be meant', byOffset, 4],
  ['page index', byIndex, 10],
])('a job that leaves the list hides none behind it: %s', async (_name, service, limit) => {
  let jobs = jobsNamed(45);
  let asked = 0;
  const { ids } = await readAll(
    (start, size) => {
      asked += 1;
      // Before the third page two jobs of the first one leave: two others move up, to a page that was read.
      if (asked === 4) jobs = jobs.slice(2);
      return service(jobs, start, size);
    },
    { limit },
  );
  expect([...ids].sort()).toEqual(idsOf(jobsNamed(45)).sort());
});

test.each(Object.entries({ byOffset, byIndex }))(
  'fault 55: a total larger than what the pages give is told: %s',
  async (_name, service) => {
    const jobs = jobsNamed(30);
    const { ids, end, asked } = await readAll(
      (start, limit) => {
        const answer = service(jobs, start, limit);
        return { ...answer, _page: { totalCount: 33 } };
      },
      { limit: 10 },
    );
    expect(ids).toEqual(idsOf(jobs));
    expect(end).toEqual({ hasMore: false, isIncomplete: true });
    expect(asked.length).toBeLessThanOrEqual(7);
  },
);

test('fault 55: a chain of links that ends too early is told', async () => {
  const { ids, end } = await readAll(
    (start) =>
      page(start === undefined ? jobsNamed(10) : [{ id: 'x' }], 33, start === undefined ? { next: 't' } : {}),
    { limit: 10 },
  );
  expect(ids).toHaveLength(11);
  expect(end).toEqual({ hasMore: false, isIncomplete: true });
});

test('a service that ignores start ends after a few requests, and the list is told as incomplete', async () => {
  const { ids, asked, end } = await readAll(() => page(jobsNamed(10), 100), { limit: 10 });
  expect(ids).toEqual(idsOf(jobsNamed(10)));
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(end).toEqual({ hasMore: false, isIncomplete: true });
});

test('links that lead in a circle, or for ever, end', async () => {
  const circle = await readAll(
    (start) => page([{ id: `at-${start}` }], undefined, { next: start === 'a' ? 'b' : 'a' }),
    { limit: 1 },
  );
  expect(circle.asked).toEqual(['-/1', 'a/1', 'b/1']);
  let count = 0;
  const endless = await readAll(() => page([{ id: 'same' }], undefined, { next: `t${count++}` }), {
    limit: 1,
  });
  expect(endless.asked).toHaveLength(2);
});

test('a total that goes up and down with every page does not keep the reader for ever', async () => {
  const jobs = jobsNamed(40);
  let asked = 0;
  const flickering: Service = (all, start, limit) => ({
    ...byOffset(all, start, limit),
    _page: { totalCount: 40 + (asked++ % 2) },
  });
  const { ids } = await readAll((start, limit) => flickering(jobs, start, limit), { limit: 1 });
  expect(ids).toEqual(idsOf(jobs));
});

test('a service that gives smaller pages than asked for is read to the end', async () => {
  const jobs = jobsNamed(130);
  const { ids, end } = await readAll((start, limit) => byOffset(jobs, start, Math.min(50, limit)), {
    limit: 100,
  });
  expect(ids).toEqual(idsOf(jobs));
  expect(end).toEqual(whole);
});

describe.each(Object.entries(services))(
  'fault 15: a page too large is asked for again in quarters, by %s',
  (_name, service) => {
    test('everything comes once', async () => {
      const jobs = jobsNamed(130);
      const { ids, end, asked } = await readAll(
        (start, limit) => {
          const answer = service(jobs, start, limit);
          const children = answer['children'] as Job[];
          if (children.length > 4 && children.some(({ id }) => id === 'job-37'))
            throw new AnswerTooLarge('BAD_ANSWER', 'too large');
          return answer;
        },
        { limit: 20 },
      );
      expect(ids).toEqual(idsOf(jobs));
      expect(end).toEqual(whole);
      expect(asked).toContain('-/20');
      expect(asked.some((line) => line.endsWith('/1'))).toBe(true);
    });
  },
);

test('a single job that is too large is an error', async () => {
  const tooLarge = () => {
    throw new AnswerTooLarge('BAD_ANSWER', 'too large');
  };
  await expect(readAll(tooLarge, { limit: 100 })).rejects.toThrow('too large');
});

test('whatever the service and the sizes, every job comes once and the list is told as whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(services)),
      fc.integer({ min: 0, max: 130 }),
      fc.integer({ min: 1, max: 40 }),
      async (name, count, limit) => {
        const jobs = jobsNamed(count);
        const service = services[name] as Service;
        const { ids, end } = await readAll((start, size) => service(jobs, start, size), { limit });
        expect(ids).toEqual(idsOf(jobs));
        expect(end).toEqual(whole);
      },
    ),
    { numRuns: 300 },
  );
});

test('jobs that leave while the list is read: none comes twice, and none that stayed is missed by offset', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(200), { maxLength: 3 }), { maxLength: 20 }),
      fc.integer({ min: 2, max: 20 }),
      async (departures, limit) => {
        const before = jobsNamed(60);
        let jobs = before;
        const plan = [...departures];
        const { ids } = await readAll(
          (start, size) => {
            for (const at of start === undefined ? [] : (plan.shift() ?? [])) {
              if (jobs.length > 0) jobs = jobs.filter((_, index) => index !== at % jobs.length);
            }
            return byOffset(jobs, start, size);
          },
          { limit },
        );
        expect(new Set(ids).size).toBe(ids.length);
        expect(idsOf(jobs).filter((id) => !ids.includes(id))).toEqual([]);
      },
    ),
  );
});

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

test('parameters are percent-encoded one by one, and the page size and the sort stay the same', async () => {
  const jobs = jobsNamed(5);
  server.script([], (request, response, socket) =>
    json(200, byOffset(jobs, request.query.get('start') ?? undefined, 3))(request, response, socket),
  );
  const query = {
    status: 'NEW',
    sort: 'creationTime:desc',
    properties: ['a~b==c d&e', 'x==é'],
    snapshot: 's#1',
    limit: 3,
  };
  for await (const _page of clientFor(server.url).pages(query));
  const rest =
    'limit=3&status=NEW&sort=creationTime%3Adesc&property=a~b%3D%3Dc%20d%26e&property=x%3D%3D%C3%A9&snapshot.name=s%231';
  expect(server.lines()).toEqual([
    `GET /data/core/ups/segment/jobs?${rest}`,
    `GET /data/core/ups/segment/jobs?start=3&${rest}`,
  ]);
});
