// The HTTP side: reads a request, lets gateway, faults and service have their say, and delivers the answer.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceClock } from './clock.ts';
import { deliver } from './delivery.ts';
import { type Answer, Refusal, serviceCodes, serviceError } from './errors.ts';
import type { Fault, FaultBook } from './faults.ts';
import { findRoute, findSandbox, type Operation, type Route, refuseCredentials } from './gateway.ts';
import type { Service, ServiceCall } from './operations.ts';
import { requestIdOf } from './random.ts';
import { sandboxList } from './sandboxes.ts';
import { faultHeaders, keepsAnswer, substituteAnswer } from './substitutes.ts';
import { answerTokenRequest, formFields, type Tokens } from './tokens.ts';

/** One request as the emulator saw it. */
export interface RequestRecord {
  /** Counts up from 1. */
  readonly number: number;
  readonly method: string;
  /** As sent, with the query. */
  readonly path: string;
  /** Absent for a path that no service is behind. */
  readonly operation?: Operation | undefined;
  readonly requestId: string;
  /** Service time at which it came, unix ms. */
  readonly receivedAt: number;
  /** Lower-case names; with the (fake) credentials, which tests look at. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The spec of the fault that struck it. */
  readonly fault?: string | undefined;
  /** HTTP status of the answer; 0 as long as none has been sent, and for ever when none was. */
  readonly status: number;
}

type OpenRecord = { -readonly [K in keyof RequestRecord]: RequestRecord[K] };

export interface ServerOptions {
  readonly clock: ServiceClock;
  readonly tokens: Tokens;
  readonly tokenLifetimeMs: number;
  readonly faults: FaultBook;
  readonly service: Service;
  readonly seed: number;
  /** Called when a request has come in; the record changes as it is answered. */
  readonly onArrival: (record: RequestRecord) => void;
  /** Called when it has been dealt with. */
  readonly onDone: (record: RequestRecord) => void;
  readonly editBody?: ((operation: Operation, status: number, body: string) => string) | undefined;
}

const maxBodyBytes = 4 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  return size <= maxBodyBytes ? Buffer.concat(chunks).toString() : undefined;
}

const handlers: Readonly<Record<Exclude<Operation, 'token' | 'sandboxes'>, keyof Service>> = {
  list: 'list',
  create: 'create',
  get: 'get',
  'bulk-get': 'bulkGet',
  cancel: 'cancel',
  definitions: 'definitions',
};

/** Deliveries that end a connection without an answer need none: the work is left undone unless the fault says `after`. */
function skipsWork(fault: Fault): boolean {
  if (fault.isAfter) return false;
  if (fault.substitute !== undefined) return !keepsAnswer(fault.substitute);
  const kind = fault.delivery?.kind;
  return kind === 'reset' || kind === 'close' || kind === 'hang' || kind === 'garbage';
}

export function createEmulatorServer(options: ServerOptions): Server {
  const { clock, tokens, faults, service } = options;
  let count = 0;

  async function work(
    route: Route,
    record: OpenRecord,
    query: URLSearchParams,
    staleMs: number,
  ): Promise<Answer> {
    const { operation } = route;
    const header = (name: string) => record.headers[name];
    const contentType = header('content-type') ?? '';
    if (operation === 'token') {
      return answerTokenRequest(formFields(query, contentType, record.body), tokens, options.tokenLifetimeMs);
    }
    const refused = refuseCredentials(header, tokens);
    if (refused !== undefined) return refused;
    if (operation === 'sandboxes')
      return { status: 200, headers: { 'content-type': 'application/json' }, body: sandboxList() };
    const sandbox = findSandbox(header, record.requestId);
    if ('status' in sandbox) return sandbox;
    const now = clock.now();
    const call: ServiceCall = {
      sandbox,
      id: route.id,
      method: record.method,
      query,
      contentType,
      body: record.body,
      requestId: record.requestId,
      sentRequestId: header('x-request-id') || undefined,
      now,
      readAt: now - staleMs,
    };
    try {
      return await service[handlers[operation]](call);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      return serviceError(
        500,
        serviceCodes.internal,
        `The emulator failed: ${String(error)}`,
        record.requestId,
      );
    }
  }

  /** The answer with the fault's say in it, or nothing for a connection that ends without one. */
  async function answer(
    route: Route,
    record: OpenRecord,
    query: URLSearchParams,
    fault: Fault | undefined,
  ): Promise<Answer> {
    if (fault?.isRevoke) tokens.revokeAll();
    if (fault !== undefined && fault.delayMs > 0 && !fault.isAfter) await sleep(fault.delayMs);
    const isWorked = fault === undefined || !skipsWork(fault);
    const own = isWorked ? await work(route, record, query, fault?.staleMs ?? 0) : undefined;
    if (fault !== undefined && fault.delayMs > 0 && fault.isAfter) await sleep(fault.delayMs);
    const substitute = fault?.substitute;
    if (substitute !== undefined) return substituteAnswer(substitute, route.operation, record.requestId, own);
    return own ?? { status: 0, headers: {}, body: '' };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    );
    count++;
    const method = request.method ?? '';
    const path = request.url ?? '';
    const [pathOnly = '', ...queryParts] = path.split('?');
    const query = new URLSearchParams(queryParts.join('?'));
    const requestId = headers['x-request-id'] || requestIdOf(options.seed, count);
    const body = await readBody(request);
    const found = findRoute(method, pathOnly, requestId);
    const record: OpenRecord = {
      number: count,
      method,
      path,
      operation: 'operation' in found ? found.operation : undefined,
      requestId,
      receivedAt: clock.now(),
      headers,
      body: body ?? '',
      status: 0,
    };
    options.onArrival(record);
    const fault = 'operation' in found ? faults.take(found.operation) : undefined;
    record.fault = fault?.spec;
    let given: Answer;
    if (body === undefined)
      given = serviceError(413, serviceCodes.tooLarge, 'Request entity too large.', requestId);
    else if ('operation' in found) given = await answer(found, record, query, fault);
    else given = found;

    const standard = { date: new Date(clock.now()).toUTCString(), 'x-request-id': requestId };
    const extra = fault === undefined ? {} : faultHeaders(fault, clock.now());
    const edited =
      options.editBody !== undefined && record.operation !== undefined
        ? options.editBody(record.operation, given.status, given.body)
        : given.body;
    const final = {
      status: given.status,
      headers: { ...standard, ...given.headers, ...extra },
      body: edited,
    };
    record.status =
      fault?.delivery !== undefined && skipsWork({ ...fault, isAfter: false, substitute: undefined })
        ? 0
        : final.status;
    options.onDone(record);
    if (!response.destroyed) await deliver(response, final, fault?.delivery);
  }

  const server = createServer((request, response) => {
    response.sendDate = false;
    response.on('error', () => undefined);
    handle(request, response).catch(() => response.destroy());
  });
  return server;
}
