// Which jobs a watch without ids follows: looks through the list of the service, newest first, and no further than needed.

import { usageError } from '../errors.ts';
import { isFinal, jobStatuses, type KnownJobStatus, knownStatus, type SegmentJob } from './job.ts';
import { createListing, type ListSelection, type PageQuery, type ReadPage } from './listing.ts';
import type { WatchedFilter } from './watch-events.ts';

/** A watch of more would need more than a hundred requests a poll. */
const mostJobs = 10_000;

const unfinishedStatuses = jobStatuses.filter((status) => !isFinal({ status }));

export interface Finder {
  /**
   * One look: jobs that match, oldest first; all of those that no earlier look gave are among them. Throws what the
   * reading of a page throws, and then the look has not happened; a usage error when too many jobs match.
   */
  look(reading: {
    readonly readPages: (query: PageQuery) => AsyncIterable<ReadPage>;
    /** When the watch began, unix ms on the service's clock; asked for once that has answered. */
    readonly beganMs: () => number;
  }): Promise<readonly SegmentJob[]>;
}

/**
 * With `since`, every job created since then matches. Without, what is unfinished at the first look, and what is
 * created after the watch began.
 *
 * A first look without `since` reads the lists of unfinished statuses, one after the other, and never the history; a
 * status that nobody has documented is not among them.
 * Every other look reads one list back to the boundary, and where no status is asked for only to the first page that
 * holds nothing new: what does not match by its status today may match tomorrow. Several statuses are several lists
 * where the boundary may be far away.
 */
export function createFinder(
  filter: WatchedFilter,
  since: ((beganMs: number) => number) | undefined,
): Finder {
  const { statuses } = filter;
  const known = new Set<string>();
  const isWanted = ({ status }: SegmentJob) => {
    const spelled = knownStatus(status);
    return statuses.length === 0 || (spelled !== undefined && statuses.includes(spelled));
  };
  let hasLooked = false;

  return {
    async look({ readPages, beganMs }) {
      const found = new Map<string, SegmentJob>();
      const take = async (more: Pick<ListSelection, 'statuses' | 'since'>, stopsAtKnown: boolean) => {
        const { properties, snapshot, source } = filter;
        const listing = createListing(
          {
            properties,
            snapshot,
            source,
            sort: { by: 'creationTime', direction: 'desc' },
            limit: Number.POSITIVE_INFINITY,
            ...more,
          },
          readPages,
        );
        for await (const batch of listing.batches()) {
          for (const job of batch) if (isWanted(job)) found.set(job.id, job);
          if (found.size > mostJobs) break;
          if (stopsAtKnown && batch.length > 0 && batch.every(({ id }) => known.has(id))) break;
        }
      };

      const unfinished = wanted(unfinishedStatuses);
      if (since === undefined && !hasLooked && unfinished.length > 0) {
        await take({ statuses: unfinished }, false);
      } else {
        const boundary = since === undefined ? beganMs : () => since(beganMs());
        const single = since === undefined && statuses.length > 1 ? [] : statuses;
        await take({ statuses: single, since: boundary }, statuses.length === 0);
      }

      const all = new Set([...known, ...found.keys()]);
      if (all.size > mostJobs) {
        throw usageError(
          'more than 10,000 jobs match: too many to watch at once',
          'select fewer, for example with a later --since',
        );
      }
      hasLooked = true;
      for (const id of all) known.add(id);
      return [...found.values()].reverse();
    },
  };

  function wanted(among: readonly KnownJobStatus[]): readonly KnownJobStatus[] {
    return statuses.length === 0 ? among : among.filter((status) => statuses.includes(status));
  }
}
