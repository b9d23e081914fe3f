// The client itself: what each method sends, and how its answer is read.

import { setMaxListeners } from 'node:events';
import { SegjobsError, usageError } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { knownStatus, type SegmentJob } from '../jobs/job.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { allSegmentsId } from '../jobs/segment-set.ts';
import { safeText } from '../safe-text.ts';
import { readBaseUrl } from './base-url.ts';
import { bulkBody, type RememberedChunk } from './bulk-memory.ts';
import type {
  ApiConnection,
  ApiHost,
  BulkResult,
  CreatedJob,
  CreateOptions,
  CreateRequest,
  ItemError,
  ListQuery,
  ReadOptions,
  SegmentJobsClient,
} from './client.ts';
import { openCreateIntents } from './create-intents.ts';
import { findActiveJob, findCandidates } from './create-look.ts';
import { createOnce } from './create-once.ts';
import { createPageBuffers } from './page-buffers.ts';
import { createPageScanner, type PageScanner } from './page-scanner.ts';
import { type AskForPage, type PageEffort, readPages } from './paging.ts';
import { restated } from './service-errors.ts';
import { type Call, createSession } from './session.ts';
import type { TokenSource } from './token.ts';
import type { HttpAnswer } from './transport.ts';
import {
  type DecodedBulk,
  type DecodedPage,
  decodeBulk,
  decodeJobAnswer,
  decodePage,
  decodePageBytes,
  decodeSandboxes,
  type Received,
} from './wire.ts';

const jobsPath = '/data/core/ups/segment/jobs';
const sandboxesPath = '/data/foundation/sandbox-management/';
/** More than that is a 400 on the sister endpoint. */
const mostIdsPerRequest = 100;
const requestsAtOnce = 4;
const pagesAtOnce = 4;
/** Below this size, parsing a page takes less time than starting the scanner. */
const leastScannedBytes = 8_192;
/** Enough to find a job made a moment ago, and small where jobs carry thousands of segments. */
const lookUpPageSize = 20;

/** Builds nothing costly: the HTTP library is loaded with the first request. */
export function createClient(
  connection: ApiConnection,
  tokens: TokenSource,
  host: ApiHost,
): SegmentJobsClient {
  const session = createSession(connection, tokens, host);
  const { parallel = pagesAtOnce } = connection;
  // Requests beside each other listen to one signal; Node warns of a leak from the eleventh on.
  setMaxListeners(0, host.signal);

  const askForPage = async (query: ListQuery, more: Partial<Call> = {}): Promise<DecodedPage> => {
    const answer = await session.request({ ...more, ...listCall(query) });
    return decodePage(received(answer, 'GET /segment/jobs'));
  };

  let scanner: PageScanner | undefined;
  const buffers = createPageBuffers(parallel * 2);
  /** A page whose jobs are not read before somebody asks. */
  const askForStreamedPage = async (
    query: ListQuery,
    effort: PageEffort,
    more: Partial<Call>,
  ): Promise<DecodedPage> => {
    const signals = [more.signal, effort.signal].filter((signal) => signal !== undefined);
    const answer = await session.request({
      ...more,
      ...effort,
      signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0],
      memory: buffers.borrow,
      ...listCall(query),
    });
    const page = received(answer, 'GET /segment/jobs');
    const { bytes } = answer;
    if (bytes === undefined || bytes.length < leastScannedBytes) return decodePage(page);
    scanner ??= createPageScanner();
    if (scanner === undefined) return decodePage(page);
    return { ...decodePageBytes(page, bytes, scanner), release: () => buffers.giveBack(bytes) };
  };

  async function get(id: string): Promise<SegmentJob> {
    const outcome = await session.attempt({ method: 'GET', path: jobPath(id), operation: 'read' });
    if (outcome.kind === 'failed') throw notFound(id, outcome.error);
    const job = decodeJobAnswer(received(outcome.answer, 'GET /segment/jobs/{id}'));
    if (job.id !== id) {
      throw new SegjobsError(
        'BAD_ANSWER',
        `asked for job ${shown(id)}, the service answered with ${shown(job.id)}`,
        {
          requestId: outcome.answer.requestId,
          httpStatus: outcome.answer.status,
        },
      );
    }
    return job;
  }

  function createCall(request: CreateRequest): Call {
    return { method: 'POST', path: jobsPath, operation: 'create', body: createBody(request) };
  }

  async function create(request: CreateRequest, options: CreateOptions = {}): Promise<CreatedJob> {
    const call = createCall(request);
    // What a call needs is looked at before anything is remembered of it.
    session.preview(call);
    const { clock, signal, waiting } = host;
    const segmentIds = 'allSegments' in request ? [allSegmentsId] : request.segmentIds;
    const { apiUrl, orgId, sandbox = '' } = connection;
    const intents = await openCreateIntents(
      { apiUrl: readBaseUrl(apiUrl, 'the API URL'), orgId, sandbox, segmentIds },
      { place: host.createMemory, clock, signal, waiting },
    );
    const requestId = session.newRequestId();
    return createOnce({
      segmentIds,
      requestId,
      send: (watcher) => session.attempt({ ...call, requestId, watcher }),
      decode: ({ answer }) => decodeJobAnswer(received(answer, 'POST /segment/jobs')),
      look: (sought, { isRetried }) => {
        // Where looks follow a schedule, that is the retrying: one in an outage must not take minutes.
        const ask = (query: ListQuery) => askForPage(query, isRetried ? {} : { maxRetries: 0 });
        return findCandidates(readPages(ask, { sort: 'creationTime:desc', limit: lookUpPageSize }), sought);
      },
      get,
      findActive: () => findActiveJob((query) => readPages(askForPage, query), segmentIds),
      serviceNow: session.serviceNow,
      knownServiceNow: session.knownServiceNow,
      clock,
      signal,
      waiting,
      intents,
      options,
    });
  }

  async function bulkGet(ids: readonly string[], options: ReadOptions = {}): Promise<BulkResult> {
    const asked = [...new Set(ids.map(checkJobId))];
    const budget = options.hasOwnBudget === true ? session.newBudget() : undefined;
    const chunks = chunksOf(asked, mostIdsPerRequest);
    options.memory?.begin(chunks.length);
    const answers = await inParallel(chunks, requestsAtOnce, (chunk, index) => {
      const { signal, memory } = options;
      return bulkGetChunk(chunk, { signal, budget }, memory?.chunk(index, chunk));
    });
    const jobs = new Map<string, SegmentJob>();
    const missing: string[] = [];
    const failed = new Map<string, ItemError>();
    for (const [at, id] of asked.entries()) {
      const answer = answers[Math.floor(at / mostIdsPerRequest)];
      const job = answer?.jobs.get(id);
      const error = answer?.errors.get(id);
      if (job !== undefined) jobs.set(id, job);
      else if (error === undefined || error.httpStatus === 404) missing.push(id);
      else failed.set(id, error);
    }
    return { jobs, missing, failed };
  }

  async function bulkGetChunk(
    ids: readonly string[],
    more: Partial<Call>,
    remembered: RememberedChunk | undefined,
  ): Promise<DecodedBulk> {
    const outcome = await session.attempt({
      method: 'POST',
      path: `${jobsPath}/bulk-get`,
      operation: 'read',
      jsonBody: remembered?.body ?? bulkBody(ids),
      memory: remembered?.borrow,
      ...more,
    });
    if (outcome.kind === 'answer') {
      const { answer } = outcome;
      const decode = () => decodeBulk(received(answer, 'POST /segment/jobs/bulk-get'));
      return remembered === undefined || answer.bytes === undefined
        ? decode()
        : remembered.decode(answer.bytes, decode);
    }
    // The whole call is a 404 when none of the ids is known.
    if (outcome.error.code === 'NOT_FOUND') return { jobs: new Map(), errors: new Map() };
    throw outcome.error;
  }

  async function cancel(id: string): Promise<SegmentJob | undefined> {
    const outcome = await session.attempt({ method: 'DELETE', path: jobPath(id), operation: 'cancel' });
    if (outcome.kind === 'answer') return undefined;
    if (outcome.failure.httpStatus !== 404 || !outcome.wasRepeated) throw notFound(id, outcome.error);
    // An earlier attempt may have done the work before its answer was lost.
    const job = await get(id);
    const status = knownStatus(job.status);
    if (status === 'CANCELLING' || status === 'CANCELLED') return job;
    throw new SegjobsError(
      'CONFLICT',
      `job ${shown(id)} was not cancelled: its status is ${shown(job.status ?? 'unknown')}`,
      {
        hint: 'segjobs get shows it',
        httpStatus: outcome.error.httpStatus,
        requestId: outcome.error.requestId,
      },
    );
  }

  /** A 404 that names the job. */
  function notFound(id: string, error: SegjobsError): SegjobsError {
    if (error.code !== 'NOT_FOUND') return error;
    return restated(
      error,
      `job ${shown(id)} was not found in sandbox "${safeText(connection.sandbox ?? '')}"`,
    );
  }

  return {
    listPage: (query) => askForPage(query),
    pages: (query, { signal, hasOwnBudget = false, isStreamed = false } = {}) => {
      const budget = hasOwnBudget ? session.newBudget() : undefined;
      if (isStreamed) {
        const ask: AskForPage = (page, effort) => askForStreamedPage(page, effort, { signal, budget });
        return readPages(ask, query, parallel);
      }
      return readPages((page, effort) => askForPage(page, { ...effort, signal, budget }), query);
    },
    create,
    previewCreate: (request) => session.preview(createCall(request)),
    get,
    bulkGet,
    cancel,
    sandboxes: async () => {
      const call = { method: 'GET', path: sandboxesPath, operation: 'read', isOutsideSandbox: true } as const;
      return decodeSandboxes(
        received(await session.request(call), 'GET /data/foundation/sandbox-management/'),
      );
    },
    serviceNow: session.serviceNow,
  };
}

/** The text of the body is decoded when it is asked for. */
function received(answer: HttpAnswer, request: string): Received {
  const { contentType, status, requestId } = answer;
  let text: string | undefined;
  return {
    contentType,
    status,
    requestId,
    request,
    get text() {
      text ??= answer.text;
      return text;
    },
  };
}

function listCall(query: ListQuery): Pick<Call, 'method' | 'path' | 'operation'> {
  return { method: 'GET', path: `${jobsPath}?${listParameters(query)}`, operation: 'read' };
}

function jobPath(id: string): string {
  return `${jobsPath}/${encodeURIComponent(checkJobId(id))}`;
}

function listParameters({ start, limit, status, sort, properties, snapshot }: ListQuery): string {
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['start', start],
    ['limit', String(limit)],
    ['status', status],
    ['sort', sort],
    ...(properties ?? []).map((property) => ['property', property] as const),
    ['snapshot.name', snapshot],
  ];
  return parameters
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeParameter(value, name)}`))
    .join('&');
}

function encodeParameter(value: string, name: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    throw usageError(`the value for ${name} is not valid Unicode text`);
  }
}

/** A list of objects, where the one documented way to ask for all definitions is an object. */
function createBody(request: CreateRequest): unknown {
  if ('allSegments' in request) {
    return { schema: { name: '_xdm.context.profile' }, segments: [{ segmentId: allSegmentsId }] };
  }
  const segmentIds = [...new Set(request.segmentIds)];
  if (segmentIds.length === 0) throw usageError('a job needs at least one segment id');
  return segmentIds.map((segmentId) => ({ segmentId }));
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

/** Text from outside in a message: safe, and not longer than helps. */
function shown(text: string): string {
  const safe = safeText(text.slice(0, 400));
  return safe.length <= 100 ? safe : `${safe.slice(0, 99)}…`;
}
