// What the service does for each request, after the gateway has let it through.

import type { Definition } from './definitions.ts';
import { definitionDocument } from './document.ts';
import { type Answer, jsonAnswer, serviceCodes, serviceErrorBody } from './errors.ts';
import type { Job } from './life.ts';
import { type Paging, pageFrame, pageOffset } from './paging.ts';
import { parseListQuery, QueryError } from './query.ts';
import { notFound, readBulkIds, readSegmentIds, refuse } from './request-bodies.ts';
import type { Sandbox } from './sandboxes.ts';
import type { Store } from './store.ts';

/** One request, as far as the service is concerned. */
export interface ServiceCall {
  readonly sandbox: Sandbox;
  readonly id?: string | undefined;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: string;
  /** The one in the answer: the client's own, or one made up. */
  readonly requestId: string;
  /** The client's own. */
  readonly sentRequestId?: string | undefined;
  /** Service time of the work, unix ms. */
  readonly now: number;
  /** Service time the reads show; earlier than `now` in a stale read. */
  readonly readAt: number;
}

export interface ServiceOptions {
  readonly store: Store;
  readonly paging: Paging;
  readonly maxActiveJobs: number;
  /** How bulk-get tells of an id it does not know: an error under the id, as the audiences endpoint, or not at all. */
  readonly missingInBulk: 'error' | 'absent';
  readonly orgId: string;
  /** Resolves when everything that happened so far is on the disk. */
  readonly keep: () => Promise<void>;
}

/** `{"results":{…}}` by hand: ids such as `7` or `__proto__` must keep their place. */
function bulkAnswer(
  call: ServiceCall,
  ids: readonly string[],
  render: (id: string) => string | undefined,
  missing: ServiceOptions['missingInBulk'],
): Answer {
  const entries: string[] = [];
  const absent: string[] = [];
  for (const id of ids) {
    let text = render(id);
    if (text === undefined) {
      absent.push(id);
      if (missing === 'absent') continue;
      const { errors } = serviceErrorBody(404, serviceCodes.notFound, 'Not found.', call.requestId) as {
        errors: object;
      };
      text = JSON.stringify({ requestId: call.requestId, errors });
    }
    entries.push(`${JSON.stringify(id)}:${text}`);
  }
  if (absent.length === ids.length) notFound(call, absent);
  return jsonAnswer(207, `{"results":{${entries.join(',')}}}`);
}

export interface Service {
  list(call: ServiceCall): Answer;
  create(call: ServiceCall): Promise<Answer>;
  get(call: ServiceCall): Answer;
  bulkGet(call: ServiceCall): Answer;
  cancel(call: ServiceCall): Promise<Answer>;
  definitions(call: ServiceCall): Answer;
}

export function createService(options: ServiceOptions): Service {
  const { store, paging, orgId } = options;
  const findJob = (call: ServiceCall, id: string, at: number): Job =>
    store.find(call.sandbox, id, at) ?? notFound(call, [id]);

  function list(call: ServiceCall): Answer {
    try {
      const query = parseListQuery(call.query);
      const offset = pageOffset(paging, query);
      const found = store.select(call.sandbox, query, call.readAt);
      const jobs = found.slice(offset, query.limit === undefined ? found.total : offset + query.limit);
      const place = { offset, count: jobs.length, total: found.total, limit: query.limit };
      const { page, links } = pageFrame(paging, call.query, place);
      const children = jobs.map((job) => store.render(job, call.readAt)).join(',');
      return jsonAnswer(
        200,
        `{"_page":${JSON.stringify(page)},"children":[${children}],"_links":${JSON.stringify(links)}}`,
      );
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return refuse(call, 400, serviceCodes.malformedQuery, error.message);
    }
  }

  /** Answers only when the change is on the disk; when it cannot be kept, it is as if it had not happened. */
  async function kept(call: ServiceCall, undo: () => void): Promise<void> {
    try {
      await options.keep();
    } catch {
      undo();
      refuse(call, 503, serviceCodes.unavailable, 'The emulator could not write its data file.');
    }
  }

  async function create(call: ServiceCall): Promise<Answer> {
    const segmentIds = readSegmentIds(call);
    if (store.countActive(call.sandbox, call.now) >= options.maxActiveJobs) {
      const message =
        'There are too many segmentation jobs in processing at the moment. Try again at a later time.';
      refuse(call, 429, serviceCodes.tooManyJobs, message);
    }
    const { sandbox, sentRequestId: requestId, now: createdAt } = call;
    const job = store.create({ sandbox, segmentIds, createdAt, requestId });
    await kept(call, () => store.discard(job));
    return jsonAnswer(200, store.render(job, createdAt));
  }

  async function cancel(call: ServiceCall): Promise<Answer> {
    const undo = store.cancel(findJob(call, call.id ?? '', call.now), call.now);
    await kept(call, undo);
    return { status: 204, headers: {}, body: '' };
  }

  function definitions(call: ServiceCall): Answer {
    const known = store.definitions(call.sandbox);
    const render = (definition: Definition) =>
      JSON.stringify(definitionDocument(definition, call.sandbox, orgId));
    if (call.id !== undefined)
      return jsonAnswer(200, render(known.find(call.id) ?? notFound(call, [call.id])));
    if (call.method === 'POST') {
      const found = (id: string) => {
        const definition = known.find(id);
        return definition === undefined ? undefined : render(definition);
      };
      return bulkAnswer(call, readBulkIds(call), found, 'error');
    }
    const page = {
      totalCount: known.all.length,
      totalPages: 1,
      sortField: 'creationTime',
      sort: 'desc',
      pageSize: known.all.length,
      limit: 100,
    };
    return jsonAnswer(
      200,
      `{"segments":[${known.all.map(render).join(',')}],"page":${JSON.stringify(page)},"link":{}}`,
    );
  }

  return {
    list,
    create,
    cancel,
    definitions,
    get: (call) => jsonAnswer(200, store.render(findJob(call, call.id ?? '', call.readAt), call.readAt)),
    bulkGet(call) {
      const render = (id: string) => {
        const job = store.find(call.sandbox, id, call.readAt);
        return job === undefined ? undefined : store.render(job, call.readAt);
      };
      return bulkAnswer(call, readBulkIds(call), render, options.missingInBulk);
    },
  };
}
