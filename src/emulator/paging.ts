// The kinds of paging the documents allow: nobody has published which one the job list really uses.

import { type ListQuery, parseStart, QueryError } from './query.ts';

/**
 * - `offset`: `start` counts jobs, `_links.next.href` has the next one (the guide's reading, and the default);
 * - `offset-bare`: the same, and the answer never says what comes next;
 * - `page`: `start` counts pages, `_page.next` and an `@/` link have the next one (as the audiences endpoint does);
 * - `page-bare`: the same, and the answer never says what comes next;
 * - `token`: `_page.next` is an opaque token for `start`;
 * - `href`: only `_links.next.href` has the opaque token, and begins with `@/`.
 */
export const pagings = ['offset', 'offset-bare', 'page', 'page-bare', 'token', 'href'] as const;

export type Paging = (typeof pagings)[number];

const tokenOf = (offset: number) => Buffer.from(`after:${offset}`).toString('base64url');

function offsetOf(token: string): number {
  const offset = /^after:(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (offset === undefined) throw new QueryError(`Invalid value for parameter start: ${token}.`);
  return Number(offset);
}

/** How many jobs to skip. Throws a `QueryError`. */
export function pageOffset(paging: Paging, query: ListQuery): number {
  if (query.start === undefined) return 0;
  if (paging === 'token' || paging === 'href') return offsetOf(query.start);
  const start = parseStart(query.start);
  return paging === 'page' || paging === 'page-bare' ? start * (query.limit ?? 0) : start;
}

/** The `_page` and `_links` of an answer. `parameters` are those of the request; the link repeats them. */
export function pageFrame(
  paging: Paging,
  parameters: URLSearchParams,
  place: {
    readonly offset: number;
    readonly count: number;
    readonly total: number;
    readonly limit: number | undefined;
  },
): { readonly page: object; readonly links: object } {
  const { offset, count, total, limit } = place;
  const page = { totalCount: total, pageSize: count };
  const end = offset + count;
  if (limit === undefined || count === 0 || end >= total || paging.endsWith('-bare')) {
    return { page, links: { next: {} } };
  }
  const href = (prefix: string, start: string) => {
    const next = new URLSearchParams(parameters);
    next.set('start', start);
    return { next: { href: `${prefix}/segment/jobs?${next}` } };
  };
  if (paging === 'token') return { page: { ...page, next: tokenOf(end) }, links: { next: {} } };
  if (paging === 'href') return { page, links: href('@', tokenOf(end)) };
  if (paging === 'page') {
    const next = Math.floor(offset / limit) + 1;
    return { page: { ...page, next }, links: href('@', String(next)) };
  }
  return { page, links: href('', String(end)) };
}
