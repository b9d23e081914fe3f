// A client whose answers are looked at on their way: which jobs came, and which turned out to be gone.

import { SegjobsError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import type { FreshPage, SegmentJobsClient } from './client.ts';

export interface JobObserver {
  /** How many jobs of one answer, or of one list, are worth a look; the newest of a list come first. */
  readonly most: number;
  readonly seen: (jobs: Iterable<SegmentJob>) => void;
  readonly gone: (ids: readonly string[]) => void;
  /** A DELETE of this job was accepted. */
  readonly cancelled: (id: string) => void;
}

/** The same client; the observer is told of what its methods return, and must not throw. */
export function observeJobs(client: SegmentJobsClient, observer: JobObserver): SegmentJobsClient {
  const { most, seen, gone, cancelled } = observer;
  return {
    ...client,
    async *pages(query, options): AsyncGenerator<FreshPage, void, undefined> {
      let left = most;
      for await (const page of client.pages(query, options)) {
        if (left > 0) {
          const first = page.jobs.slice(0, left);
          left -= Math.max(1, first.length);
          seen(first);
        }
        yield page;
      }
    },
    async get(id) {
      try {
        const job = await client.get(id);
        seen([job]);
        return job;
      } catch (error) {
        if (error instanceof SegjobsError && error.code === 'NOT_FOUND') gone([id]);
        throw error;
      }
    },
    async bulkGet(ids, options) {
      const result = await client.bulkGet(ids, options);
      seen(firstOf(result.jobs.values(), most));
      gone(result.missing);
      return result;
    },
    async create(request, options) {
      const created = await client.create(request, options);
      seen([created.job]);
      return created;
    },
    async cancel(id) {
      const job = await client.cancel(id);
      if (job === undefined) cancelled(id);
      else seen([job]);
      return job;
    },
  };
}

function* firstOf<T>(items: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ >= most) return;
    yield item;
  }
}
