// Unknown JSON → page, bulk results, sandboxes: what the tool needs is checked, the rest is kept as it came.

import { SegjobsError } from '../errors.ts';
import type { JsonText, SegmentJob } from '../jobs/job.ts';
import { elementsOf, membersOf } from '../lossless-json.ts';
import { safeText } from '../safe-text.ts';
import type { ItemError, JobPage, Sandbox } from './client.ts';
import { isHtml, isObject, readErrorObject } from './error-shapes.ts';
import type { PageScanner } from './page-scanner.ts';
import { jobsOf, textOf } from './scanned-job.ts';
import { decodeJobFields, wholeNumber } from './wire-job.ts';

/** An answer to decode, and what it answers: `GET /segment/jobs`. */
export interface Received {
  readonly text: string;
  readonly contentType: string;
  readonly status: number;
  readonly requestId: string | undefined;
  readonly request: string;
}

/** A page, and where the service says the next one is. */
export interface DecodedPage extends JobPage {
  /** To be sent as `start`: from `_page.next`, else out of the link. */
  readonly next?: string | undefined;
  /** Gives back the memory that its jobs lie in, where that is lent: they are not looked at any more. */
  readonly release?: (() => void) | undefined;
}

/** One job: `GET /segment/jobs/{id}` and `POST /segment/jobs`. Only its `id` is required. */
export function decodeJobAnswer(received: Received): SegmentJob {
  return decodeJob(parse(received), received.text.trim(), received, '');
}

/** `GET /segment/jobs`. "No jobs" is an empty `children` array and nothing else. */
export function decodePage(received: Received): DecodedPage {
  const body = parse(received);
  if (!isObject(body)) throw badAnswer(received, `it is ${kindOf(body)}, not an object`);
  const { children, _page: page, _links: links } = body;
  if (!Array.isArray(children)) throw badAnswer(received, `"children" is ${kindOf(children)}, not an array`);
  const members = membersOf(received.text);
  const memberText = (key: string): JsonText | undefined =>
    members.findLast((member) => member.key === key)?.value;
  const elements = elementsOf(memberText('children') ?? '[]');
  return {
    jobs: children.map((child, at) => decodeJob(child, elements[at] ?? '{}', received, `children[${at}]`)),
    ...decodeFrame({ value: page, text: memberText('_page') }, { value: links, text: memberText('_links') }),
  };
}

/**
 * The same page, its jobs unread where they lie in the bytes; a page that the scanner refuses is parsed, so that it
 * is understood, or refused, as any other.
 */
export function decodePageBytes(received: Received, bytes: Uint8Array, scan: PageScanner): DecodedPage {
  const scanned = scan(bytes);
  if (scanned === undefined) return decodePage(received);
  const member = (place: readonly [number, number] | undefined): Member => {
    const text = place && textOf(scanned.bytes, ...place);
    return { value: text === undefined ? undefined : JSON.parse(text), text };
  };
  return { jobs: jobsOf(scanned), ...decodeFrame(member(scanned.page), member(scanned.links)) };
}

interface Member {
  readonly value: unknown;
  readonly text: JsonText | undefined;
}

/** What stands around the jobs of a page. */
function decodeFrame(page: Member, links: Member): Omit<DecodedPage, 'jobs'> {
  const pageFacts = isObject(page.value) ? page.value : {};
  return {
    totalCount: wholeNumber(pageFacts['totalCount']),
    pageJson: isObject(page.value) ? (page.text ?? '{}') : '{}',
    linksJson: isObject(links.value) ? (links.text ?? '{}') : '{}',
    next: nextStart(pageFacts['next'], isObject(links.value) ? links.value['next'] : undefined),
  };
}

export interface DecodedBulk {
  readonly jobs: ReadonlyMap<string, SegmentJob>;
  /** Every id that came with an error instead of a job. */
  readonly errors: ReadonlyMap<string, ItemError>;
}

/** `POST /segment/jobs/bulk-get`: `{"results":{id: job or error}}`; a list of jobs is taken too. */
export function decodeBulk(received: Received): DecodedBulk {
  const body = parse(received);
  const jobs = new Map<string, SegmentJob>();
  const errors = new Map<string, ItemError>();
  const results = isObject(body) ? body['results'] : body;
  if (Array.isArray(results)) {
    const text = isObject(body)
      ? membersOf(received.text).findLast(({ key }) => key === 'results')?.value
      : received.text;
    const elements = elementsOf(text ?? '[]');
    for (const [at, value] of results.entries()) {
      const job = decodeJob(value, elements[at] ?? '{}', received, `results[${at}]`);
      jobs.set(job.id, job);
    }
    return { jobs, errors };
  }
  if (!isObject(results)) throw badAnswer(received, `"results" is ${kindOf(results)}, not an object`);
  const resultsText = membersOf(received.text).findLast(({ key }) => key === 'results')?.value ?? '{}';
  // Members of the text, not of the object: `__proto__` is an id like any other, and the last of two counts.
  for (const { key, value: text } of membersOf(resultsText)) {
    const value: unknown = JSON.parse(text);
    jobs.delete(key);
    errors.delete(key);
    if (value === null) continue;
    const where = `results["${safeText(key).slice(0, 80)}"]`;
    if (isObject(value) && value['id'] === undefined && looksLikeError(value)) {
      errors.set(key, itemError(value));
      continue;
    }
    const job = decodeJob(value, text, received, where);
    if (job.id !== key)
      throw badAnswer(received, `${where}.id is "${safeText(job.id).slice(0, 80)}", another job's`);
    jobs.set(key, job);
  }
  return { jobs, errors };
}

/** `GET /data/foundation/sandbox-management/`. */
export function decodeSandboxes(received: Received): readonly Sandbox[] {
  const body = parse(received);
  const sandboxes = isObject(body) ? body['sandboxes'] : undefined;
  if (!Array.isArray(sandboxes))
    throw badAnswer(received, `"sandboxes" is ${kindOf(sandboxes)}, not an array`);
  return sandboxes.map((sandbox: unknown, at) => {
    const name = isObject(sandbox) ? sandbox['name'] : undefined;
    if (!isObject(sandbox) || typeof name !== 'string' || name === '') {
      throw badAnswer(received, `sandboxes[${at}].name is ${kindOf(name)}, not a string`);
    }
    return {
      name,
      title: optionalText(sandbox['title']),
      state: optionalText(sandbox['state']),
      type: optionalText(sandbox['type']),
      isDefault: sandbox['isDefault'] === true,
    };
  });
}

function decodeJob(value: unknown, json: JsonText, received: Received, where: string): SegmentJob {
  if (!isObject(value))
    throw badAnswer(received, `${where === '' ? 'it' : where} is ${kindOf(value)}, not a job`);
  const { id } = value;
  if (typeof id !== 'string' || id === '') {
    throw badAnswer(
      received,
      `${where === '' ? '' : `${where}.`}id is ${id === '' ? 'empty' : kindOf(id)}, not a string`,
    );
  }
  return decodeJobFields(value, id, json);
}

function parse(received: Received): unknown {
  const { text, contentType } = received;
  if (text.trim() === '') throw badAnswer(received, 'it is empty');
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which can be a whole page, or hold what is nobody's business.
    if (isHtml(text, contentType)) {
      throw badAnswer(received, 'it is an HTML page, from a proxy or a login page rather than the API');
    }
    throw badAnswer(received, `it is not valid JSON, or was cut short (${text.length} characters)`);
  }
}

/** An answer that came whole and is not what was asked for. */
function badAnswer({ request, requestId, status }: Received, what: string): SegjobsError {
  return new SegjobsError('BAD_ANSWER', `the answer to ${request} cannot be used: ${what}`, {
    hint: 'check the API URL, and whether a proxy changes answers; support can look up the request id',
    requestId,
    httpStatus: status,
  });
}

function looksLikeError(value: Readonly<Record<string, unknown>>): boolean {
  return (
    isObject(value['errors']) ||
    ['error_code', 'error', 'statusCode', 'title', 'detail', 'message'].some((key) => key in value)
  );
}

function itemError(value: Readonly<Record<string, unknown>>): ItemError {
  const { httpStatus, message, requestId } = readErrorObject(value);
  return {
    httpStatus,
    message:
      message === '' ? `error${httpStatus === undefined ? '' : ` ${httpStatus}`} without a message` : message,
    requestId: requestId === undefined ? undefined : safeText(requestId).slice(0, 100),
  };
}

/**
 * The `start` of the next page: `_page.next` as it is, else out of `_links.next.href`. Only a parameter is taken
 * from a link, which may begin `@/` or name another host: the host is never followed.
 */
function nextStart(pageNext: unknown, link: unknown): string | undefined {
  const direct = typeof pageNext === 'number' ? String(pageNext) : pageNext;
  if (typeof direct === 'string' && direct !== '')
    return /^(?:@?\/|https?:)/.test(direct) ? (startOf(direct) ?? direct) : direct;
  const href = isObject(link) ? link['href'] : link;
  return typeof href === 'string' ? startOf(href) : undefined;
}

function startOf(href: string): string | undefined {
  const query = href.slice(href.indexOf('?') + 1).replace(/#.*$/s, '');
  if (!href.includes('?')) return undefined;
  const parameters = new URLSearchParams(query);
  const start = ['start', 'token', 'next', 'page'].map((name) => parameters.get(name));
  return start.find((value) => value !== null && value !== '') ?? undefined;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
