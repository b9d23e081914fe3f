// Which jobs a list shows, and in which order.

import { type Job, statusAt } from './life.ts';
import { type ListQuery, matchesProperty, valuesAt } from './query.ts';

/** Jobs in order, without a copy of the (long) history. */
export interface Selection {
  readonly total: number;
  slice(start: number, end: number): readonly Job[];
}

type DocumentOf = (job: Job, at: number) => object;

function matches(job: Job, query: ListQuery, at: number, documentOf: DocumentOf): boolean {
  if (query.status !== undefined && statusAt(job, at).status !== query.status) return false;
  // No published job has a snapshot, so no job is of the one asked for.
  if (query.snapshotName !== undefined) return false;
  let document: object | undefined;
  return query.properties.every((filter) => {
    // These two need no document, which matters for long histories.
    if (filter.text.startsWith('segments~segmentId==')) return job.segmentIds.includes(filter.value);
    if (filter.text.startsWith('source==')) return job.source === filter.value;
    document ??= documentOf(job, at);
    return matchesProperty(document, filter);
  });
}

function sortKey(job: Job, path: string, at: number, documentOf: DocumentOf): string | number {
  if (path === 'creationTime') return job.createdAt;
  if (path === 'updateTime' || path === 'updateEpoch') return statusAt(job, at).since;
  const [value] = valuesAt(documentOf(job, at), path.split('.'));
  return typeof value === 'number'
    ? value
    : typeof value === 'object' || value === undefined
      ? ''
      : String(value);
}

/**
 * The candidates (oldest first) that match, in order, at a moment of service time.
 * Equal ones stay in the order of their creation, newest first when descending.
 */
export function orderJobs(
  candidates: readonly Job[],
  query: ListQuery,
  at: number,
  documentOf: DocumentOf,
): readonly Job[] {
  const { path, isDescending } = query.sort;
  const kept = candidates.filter((job) => matches(job, query, at, documentOf));
  if (path !== 'creationTime') {
    const keys = new Map(kept.map((job) => [job, sortKey(job, path, at, documentOf)] as const));
    kept.sort((a, b) => {
      const left = keys.get(a) ?? '';
      const right = keys.get(b) ?? '';
      return left < right ? -1 : left > right ? 1 : a.createdAt - b.createdAt;
    });
  }
  return isDescending ? kept.reverse() : kept;
}

/** Whether the order is one in which whatever began or changed later comes after. */
export function isOrderedByTime({ sort }: ListQuery): boolean {
  return sort.path === 'creationTime' || sort.path === 'updateTime' || sort.path === 'updateEpoch';
}

/** One list behind the other. */
export function joined(first: readonly Job[], second: readonly Job[]): Selection {
  return {
    total: first.length + second.length,
    slice: (start, end) => [
      ...first.slice(start, end),
      ...second.slice(Math.max(0, start - first.length), Math.max(0, end - first.length)),
    ],
  };
}
