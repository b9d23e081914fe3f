import { describe, expect, it } from 'vitest';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { createListing, type ListSelection, type PageQuery, type ReadPage } from '../../src/jobs/listing.ts';

const job = (id: string, creationTime: number, status = 'SUCCEEDED'): SegmentJob => ({
  id,
  status,
  creationTime,
  segments: [],
  errors: [],
  json: `{"id":"${id}"}`,
});

/** Jobs j9 … j0, newest first, served in pages as the wire would give them. */
const stock = Array.from({ length: 10 }, (_, index) => job(`j${9 - index}`, 9 - index));

function service(jobs: readonly SegmentJob[], counts = true) {
  const queries: PageQuery[] = [];
  async function* readPages(query: PageQuery): AsyncGenerator<ReadPage> {
    queries.push(query);
    const mine = jobs.filter(({ status }) => query.status === undefined || status === query.status);
    for (let at = 0; at === 0 || at < mine.length; at += query.limit) {
      yield {
        jobs: mine.slice(at, at + query.limit),
        totalCount: counts ? mine.length : undefined,
        pageJson: `{"totalCount":${mine.length},"pageSize":${query.limit},"next":"t"}`,
        linksJson: `{"next":{"href":"@/x?start=${at + query.limit}"}}`,
        hasMore: at + query.limit < mine.length,
        isIncomplete: false,
      };
    }
  }
  return { readPages, queries };
}

const everything: ListSelection = {
  statuses: [],
  properties: [],
  sort: { by: 'creationTime', direction: 'desc' },
  limit: Number.POSITIVE_INFINITY,
};

async function read(selection: Partial<ListSelection>, jobs = stock, counts = true) {
  const { readPages, queries } = service(jobs, counts);
  const listing = createListing({ ...everything, ...selection }, readPages);
  const ids: string[] = [];
  for await (const batch of listing.batches()) ids.push(...batch.map(({ id }) => id));
  return { ids: ids.join(' '), end: listing.end(), queries };
}

describe('a listing', () => {
  it('is cut at the total asked for and says how many there are', async () => {
    const { ids, end, queries } = await read({ limit: 3 });
    expect(ids).toBe('j9 j8 j7');
    expect(end).toMatchObject({ shown: 3, total: 10, hasMore: true });
    expect(queries.map(({ limit }) => limit)).toEqual([3]);
  });

  it('keeps the tokens of a page that is printed whole', async () => {
    const { end } = await read({ limit: 3 });
    expect(end.pageJson).toBe('{"totalCount":10,"pageSize":3,"next":"t"}');
    expect(end.linksJson).toBe('{"next":{"href":"@/x?start=3"}}');
  });

  it('asks for pages of at most 100 and takes everything', async () => {
    const many = Array.from({ length: 250 }, (_, index) => job(`n${index}`, 1000 - index));
    const { end, queries } = await read({}, many);
    expect(end).toMatchObject({ shown: 250, total: 250, hasMore: false });
    expect(end.pageJson).toBe('{"totalCount":250,"pageSize":250}');
    expect(queries.map(({ limit }) => limit)).toEqual([100]);
  });

  it('does not say that there is more when the limit is exactly what there is', async () => {
    expect((await read({ limit: 10 })).end).toMatchObject({ shown: 10, hasMore: false });
  });

  it('leaves out what is older than --since before the limit counts, and stops at the first page beyond', async () => {
    const { ids, end } = await read({ since: () => 6, limit: 2 });
    expect(ids).toBe('j9 j8');
    expect(end).toMatchObject({ hasMore: true, total: undefined });
    expect((await read({ since: () => 6 })).ids).toBe('j9 j8 j7 j6');
    expect((await read({ since: () => 100 })).ids).toBe('');
  });

  it('with --since says that there is more only when it has seen it', async () => {
    const exact = await read({ since: () => 6, limit: 4 });
    expect(exact.ids).toBe('j9 j8 j7 j6');
    expect(exact.end).toMatchObject({ shown: 4, hasMore: false });
    expect(exact.queries.map(({ limit }) => limit)).toEqual([5]);

    const many = Array.from({ length: 250 }, (_, index) => job(`n${index}`, 1000 - index));
    const since = (time: number) => () => time;
    expect((await read({ since: since(901), limit: 100 }, many)).end).toMatchObject({ hasMore: false });
    expect((await read({ since: since(900), limit: 100 }, many)).end).toMatchObject({
      shown: 100,
      hasMore: true,
    });
  });

  it('reads several statuses in life-cycle order, keeps the later reading and sorts the whole', async () => {
    const jobs = [job('a', 1, 'SUCCEEDED'), job('b', 2, 'PROCESSING'), job('c', 3, 'NEW')];
    const { readPages, queries } = service(jobs);
    const moving = async function* (query: PageQuery): AsyncGenerator<ReadPage> {
      for await (const page of readPages(query)) {
        // c moves on between the two readings: it is seen as NEW and again as PROCESSING.
        const also = query.status === 'PROCESSING' ? [job('c', 3, 'PROCESSING')] : [];
        yield { ...page, jobs: [...page.jobs, ...also] };
      }
    };
    const listing = createListing({ ...everything, statuses: ['SUCCEEDED', 'NEW', 'PROCESSING'] }, moving);
    const seen: SegmentJob[] = [];
    for await (const batch of listing.batches()) seen.push(...batch);
    expect(queries.map(({ status }) => status)).toEqual(['NEW', 'PROCESSING', 'SUCCEEDED']);
    expect(seen.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'c PROCESSING',
      'b PROCESSING',
      'a SUCCEEDED',
    ]);
    expect(listing.end()).toMatchObject({ shown: 3, hasMore: false, linksJson: '{"next":{}}' });
  });

  it('knows that there is more where the service does not count', async () => {
    expect((await read({ limit: 4 }, stock, false)).end).toMatchObject({
      shown: 4,
      total: undefined,
      hasMore: true,
    });
  });

  it('yields one empty batch where there is nothing', async () => {
    const { end, ids } = await read({}, []);
    expect(ids).toBe('');
    expect(end).toMatchObject({ shown: 0, total: 0, hasMore: false });
  });

  it('passes filters on as the service writes them', async () => {
    const { queries } = await read({ source: 'api', properties: ['a==b'], start: '7', snapshot: 's' });
    expect(queries[0]).toMatchObject({
      properties: ['a==b', 'source==api'],
      snapshot: 's',
      start: '7',
      sort: 'creationTime:desc',
    });
  });
});
