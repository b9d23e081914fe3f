import { describe, expect, it } from 'vitest';
import type { BulkResult, FreshPage, SegmentJobsClient } from '../../src/api/client.ts';
import { observeJobs } from '../../src/api/observed-client.ts';
import { SegjobsError } from '../../src/errors.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';

const job = (id: string): SegmentJob => ({ id, segments: [], errors: [], json: '{}' });

/** A client of which only the given methods are there, observed; `told` is what the observer heard, in order. */
function observed(client: Partial<SegmentJobsClient>, most = 3) {
  const told: string[] = [];
  const watched = observeJobs(client as SegmentJobsClient, {
    most,
    seen: (jobs) => told.push(...[...jobs].map(({ id }) => `seen ${id}`)),
    gone: (ids) => told.push(...ids.map((id) => `gone ${id}`)),
    cancelled: (id) => told.push(`cancelled ${id}`),
  });
  return { client: watched, told };
}

const page = (...ids: readonly string[]): FreshPage => ({
  jobs: ids.map(job),
  pageJson: '{}',
  linksJson: '{}',
  hasMore: false,
  isIncomplete: false,
});

describe('an observed client', () => {
  it('tells the first jobs of a list and hands every page on as it is', async () => {
    const pages = [page('a', 'b'), page('c', 'd'), page('e')];
    const { client, told } = observed({
      async *pages() {
        yield* pages;
      },
    });
    const got: FreshPage[] = [];
    for await (const each of client.pages({ limit: 2 })) got.push(each);
    expect(got).toEqual(pages);
    expect(told).toEqual(['seen a', 'seen b', 'seen c']);
  });

  it('asks a list for no page that nobody wants', async () => {
    let isClosed = false;
    const { client } = observed({
      async *pages() {
        try {
          yield page('a');
          throw new Error('a second page was asked for');
        } finally {
          isClosed = true;
        }
      },
    });
    for await (const _ of client.pages({ limit: 1 })) break;
    expect(isClosed).toBe(true);
  });

  it('tells what bulk-get found and what it missed', async () => {
    const result: BulkResult = {
      jobs: new Map(['a', 'b', 'c', 'd'].map((id) => [id, job(id)])),
      missing: ['x'],
      failed: new Map([['y', { message: 'no' }]]),
    };
    const { client, told } = observed({ bulkGet: async () => result });
    expect(await client.bulkGet(['a'])).toBe(result);
    expect(told).toEqual(['seen a', 'seen b', 'seen c', 'gone x']);
  });

  it('tells a job that was got or made, and one that is not there', async () => {
    const { client, told } = observed({
      get: async (id) => {
        if (id === 'a') return job('a');
        throw new SegjobsError(id === 'b' ? 'NOT_FOUND' : 'NETWORK', id);
      },
      create: async () => ({ job: job('new'), origin: 'created', settle: () => undefined }),
    });
    await client.get('a');
    await expect(client.get('b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.get('c')).rejects.toMatchObject({ code: 'NETWORK' });
    await client.create({ segmentIds: ['s'] });
    expect(told).toEqual(['seen a', 'gone b', 'seen new']);
  });

  it('tells a cancellation, with the job where it was read', async () => {
    const { client, told } = observed({ cancel: async (id) => (id === 'a' ? undefined : job(id)) });
    await client.cancel('a');
    await client.cancel('b');
    expect(told).toEqual(['cancelled a', 'seen b']);
  });

  it('leaves what it does not look at as it is', () => {
    const serviceNow = () => 7;
    expect(observed({ serviceNow }).client.serviceNow).toBe(serviceNow);
  });
});
