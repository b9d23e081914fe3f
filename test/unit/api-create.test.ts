// A create costs a run: it is sent once, and what became of it is found out by looking.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { clientFor, createTestWorld, errorOf, testToken, told } from '../support/api-client.ts';
import {
  cutShort,
  hangUp,
  json,
  type LoggedRequest,
  type Reply,
  raw,
  reset,
  type ScriptedServer,
  silence,
  startServer,
  text,
} from '../support/http-server.ts';

let server: ScriptedServer;
let jobs: Record<string, unknown>[];
beforeEach(async () => {
  server = await startServer();
  jobs = [];
});
afterEach(() => server.close());

const noonDate = { date: 'Mon, 23 Nov 2026 12:00:00 GMT' };
const noon = Date.parse(noonDate.date);
const request = { segmentIds: ['seg-1', 'seg-2'] };
const segments = [{ segmentId: 'seg-2' }, { segmentId: 'seg-1' }];
const posts = () => server.requests.filter(({ method }) => method === 'POST').length;
const looks = () => server.requests.filter(({ method }) => method === 'GET').length;

/** Makes the job as the service would, then answers as told. The list shows what was made. */
function service(answer: Reply, job: (request: LoggedRequest) => Record<string, unknown>): Reply {
  return (sent, response, socket) => {
    if (sent.method === 'GET') return json(200, { children: jobs }, noonDate)(sent, response, socket);
    jobs.unshift(job(sent));
    return answer(sent, response, socket);
  };
}
const withRequestId = (sent: LoggedRequest) => ({
  id: 'made',
  status: 'NEW',
  requestId: sent.headers['x-request-id'],
});
const withSegments = () => ({
  id: 'made',
  status: 'NEW',
  segments,
  creationTime: noon,
  requestId: 'of-the-gateway',
});

test('a create sends the segments once each, with its headers, and returns the job', async () => {
  server.script([], json(200, { id: 'made', status: 'NEW' }));
  const { job, origin } = await clientFor(server.url).create({
    segmentIds: ['seg-1', 'seg-2', 'seg-1'],
  });
  expect({ id: job.id, json: job.json, origin }).toEqual({
    id: 'made',
    json: '{"id":"made","status":"NEW"}',
    origin: 'created',
  });
  const [sent] = server.requests;
  expect(sent).toMatchObject({
    method: 'POST',
    path: '/data/core/ups/segment/jobs',
    body: '[{"segmentId":"seg-1"},{"segmentId":"seg-2"}]',
  });
  expect(sent?.headers).toMatchObject({
    authorization: `Bearer ${testToken}`,
    'x-api-key': 'key-of-the-test',
    'x-gw-ims-org-id': 'ORG@AdobeOrg',
    'x-sandbox-name': 'prod',
    'x-request-id': 'request-1',
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'segjobs/1.2.3',
  });
});

test('a create of all segments sends the object Adobe documents for it', async () => {
  server.script([], json(200, { id: 'made' }));
  await clientFor(server.url).create({ allSegments: true });
  expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
    schema: { name: '_xdm.context.profile' },
    segments: [{ segmentId: '*' }],
  });
});

test('fault 48: no segments is a usage error before anything is sent', async () => {
  expect(await errorOf(clientFor(server.url).create({ segmentIds: [] }))).toMatchObject({
    code: 'USAGE',
    exitCode: 2,
  });
  expect(server.requests).toHaveLength(0);
});

describe.each([
  ['fault 40: the connection is reset', reset],
  ['fault 40: the connection is closed', hangUp],
  ['fault 41: a 502', text(502, '<html></html>', { 'content-type': 'text/html' })],
  ['fault 41: a 503', json(503, {})],
  ['fault 41: a 504', json(504, {})],
  ['a 500', json(500, {})],
  ['a 408', json(408, {})],
  ['fault 42: no answer', silence],
  ['fault 43: the answer is cut', cutShort('{"id":"made","status":"NEW"}')],
  ['fault 43: a 200 that is no job', json(200, { ok: true })],
  ['fault 43: an empty 200', text(200, '')],
  ['fault 43: JSON that is cut', text(200, '{"id":"ma')],
  ['fault 43: an HTML page', text(200, '<html></html>')],
  ['bytes that are not HTTP', raw('hello\r\n\r\n')],
])('the job is made, but of the answer only this: %s', (_name, answer) => {
  const patience = { httpTimeoutMs: 600 };

  test('it is found by its request id, after one POST', async () => {
    server.script([], service(answer, withRequestId));
    const { job, origin } = await clientFor(server.url, createTestWorld(), patience).create(request);
    expect({ id: job.id, origin }).toEqual({ id: 'made', origin: 'recovered' });
    expect(posts()).toBe(1);
    expect(server.lines().at(-1)).toBe('GET /data/core/ups/segment/jobs?limit=20&sort=creationTime%3Adesc');
  });

  test('it is found by its segments and time', async () => {
    jobs = [
      { id: 'other segments', segments: [{ segmentId: 'seg-1' }], creationTime: noon },
      { id: 'too old', segments, creationTime: noon - 3600_000 },
      { id: 'of unknown age', segments },
    ];
    server.script([], service(answer, withSegments));
    const { job, origin } = await clientFor(server.url, createTestWorld(), patience).create(request);
    expect({ id: job.id, origin }).toEqual({ id: 'made', origin: 'recovered' });
    expect(posts()).toBe(1);
  });

  test('a job that cannot be found is exit 9 after five looks', async () => {
    const world = createTestWorld();
    server.script(
      [],
      service(answer, () => ({ id: 'unrelated', segments, creationTime: noon - 3600_000 })),
    );
    const error = await errorOf(clientFor(server.url, world, patience).create(request));
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9, isRetryable: false });
    expect(posts()).toBe(1);
    expect(looks()).toBe(5);
    expect(world.waits).toEqual([2000, 3000, 5000, 10_000]);
  });
});

test('exit 9 says what is known and which command checks', async () => {
  const world = createTestWorld();
  server.script(
    [],
    service(json(504, {}, { 'x-request-id': 'adobe-7' }), () => ({ id: 'unrelated' })),
  );
  const error = await errorOf(clientFor(server.url, world).create(request));
  expect(error.message).toBe(
    'a job may have been created: the create was sent, but the service is not available (HTTP 504); no job of it was found',
  );
  expect(error.hint).toBe(
    'look before you try again, a second create may spend a second run: segjobs list --since 2026-11-23T11:59:35Z --sort creationTime:desc',
  );
  expect(error.requestId).toBe('adobe-7');
  expect(error.details).toEqual({
    requestId: 'request-1',
    segmentIds: ['seg-1', 'seg-2'],
    sentAt: '2026-11-23T11:59:40.000Z',
    candidates: [],
  });
  expect(world.waiting[0]).toContain('looking for the job');
});

test('a 504 that precedes the job is survived: a later look finds it', async () => {
  let asked = 0;
  server.script([], (sent, response, socket) => {
    if (sent.method === 'POST') return json(504, {})(sent, response, socket);
    asked += 1;
    const children = asked < 4 ? [] : [{ id: 'late', segments, creationTime: noon }];
    return json(200, { children }, noonDate)(sent, response, socket);
  });
  const world = createTestWorld();
  expect((await clientFor(server.url, world).create(request)).job.id).toBe('late');
  expect(world.waits).toEqual([2000, 3000, 5000]);
});

test('the send time is taken on the clock of the service, however wrong the local one is', async () => {
  const dayBefore = { date: 'Sun, 22 Nov 2026 12:00:00 GMT' };
  const made = Date.parse(dayBefore.date);
  server.script([reset], json(200, { children: [{ id: 'made', segments, creationTime: made }] }, dayBefore));
  expect((await clientFor(server.url).create(request)).job.id).toBe('made');
});

test('two jobs that could be it are exit 9, and both are named', async () => {
  const twins = [
    { id: 'twin-1', segments, creationTime: noon },
    { id: 'twin-2', segments, creationTime: noon },
  ];
  server.script([reset], json(200, { children: twins }, noonDate));
  const error = await errorOf(clientFor(server.url).create(request));
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9 });
  expect(error.message).toContain('2 jobs could be it (twin-1, twin-2)');
  expect(looks()).toBe(1);
});

test('a look that fails is exit 9; one that is refused ends the search at once', async () => {
  server.script([reset], json(503, {}));
  const outage = await errorOf(clientFor(server.url).create(request));
  expect(outage).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9 });
  expect(outage.message).toContain('the search for the job failed: the service is not available');
  expect({ posts: posts(), looks: looks() }).toEqual({ posts: 1, looks: 5 });
  server.script([reset], json(403, {}));
  expect(await errorOf(clientFor(server.url).create(request))).toMatchObject({ exitCode: 9 });
  expect({ posts: posts(), looks: looks() }).toEqual({ posts: 2, looks: 6 });
});

test('fault 44: a 429 is tried again within bounds, and then exit 7 with no job', async () => {
  const world = createTestWorld();
  server.script(
    [],
    json(429, { errors: { '429': [{ code: 429, message: 'Too many jobs in processing' }] } }),
  );
  const error = await errorOf(clientFor(server.url, world).create(request));
  expect(error).toMatchObject({ code: 'THROTTLED', exitCode: 7, httpStatus: 429 });
  expect(error.message).toBe(
    'no job was created: too many jobs are in processing: Too many jobs in processing (tried 4 times)',
  );
  expect(posts()).toBe(4);
  expect(looks()).toBe(0);
  expect(world.waits).toEqual([500, 1000, 2000]);
});

test('a 429 and then the job is one job; every attempt has the same request id', async () => {
  server.script([json(429, {}), json(200, { id: 'made' })]);
  expect((await clientFor(server.url).create(request)).job.id).toBe('made');
  expect(new Set(server.requests.map(({ headers }) => headers['x-request-id'])).size).toBe(1);
});

test('fault 45: a refused connection is exit 7 at once, and says that nothing was sent', async () => {
  const { url } = server;
  await server.close();
  const world = createTestWorld();
  const error = await errorOf(clientFor(url, world).create(request));
  expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7 });
  expect(error.message).toContain('nothing was sent, so no job was created');
  expect(world.waits).toEqual([]);
});

test('fault 45: TLS that never comes about sent nothing either', async () => {
  const error = await errorOf(clientFor(server.url.replace('http:', 'https:')).create(request));
  expect(error).toMatchObject({ exitCode: 7 });
  expect(error.message).toContain('no job was created');
  expect(server.requests).toHaveLength(0);
});

test.each([301, 302, 303, 307, 308])('fault 46: a %i is an error: no GET, no second POST', async (status) => {
  server.script([], json(status, {}, { location: `${server.url}/elsewhere` }));
  expect(await errorOf(clientFor(server.url).create(request))).toMatchObject({
    code: 'REDIRECTED',
    exitCode: 3,
  });
  expect(server.lines()).toEqual(['POST /data/core/ups/segment/jobs']);
});

test.each([
  [400, 'REFUSED', 3],
  [401, 'UNAUTHORIZED', 4],
  [403, 'FORBIDDEN', 4],
  [404, 'NOT_FOUND', 5],
  [409, 'REFUSED', 3],
  [422, 'REFUSED', 3],
])('a %i is a refusal: sent once, not searched for, %s', async (status, code, exitCode) => {
  server.script([], json(status, { message: 'no' }));
  expect(await errorOf(clientFor(server.url).create(request))).toMatchObject({
    code,
    exitCode,
    httpStatus: status,
  });
  expect(server.lines()).toHaveLength(1);
});

test('an interrupt before the create is sent passes as itself', async () => {
  const world = createTestWorld();
  world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
  expect(await errorOf(clientFor(server.url, world).create(request))).toMatchObject({
    code: 'INTERRUPTED',
    exitCode: 130,
  });
  expect(server.requests).toHaveLength(0);
});

test('fault 105: an interrupt after the create was sent waits for its answer, and returns the job', async () => {
  const world = createTestWorld();
  server.script([], (sent, response, socket) => {
    world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
    setTimeout(() => json(200, { id: 'made' })(sent, response, socket), 50);
  });
  expect((await clientFor(server.url, world).create(request)).job.id).toBe('made');
  expect(world.waiting).toEqual([
    'interrupted; waiting up to 5 s for the answer to the create that was sent',
  ]);
});

test('fault 105: an interrupt after sending, and then an answer that tells nothing, is exit 9', async () => {
  const world = createTestWorld();
  server.script([], (sent, response, socket) => {
    world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
    setTimeout(() => json(502, {})(sent, response, socket), 50);
  });
  const error = await errorOf(clientFor(server.url, world).create(request));
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9 });
  expect(error.message).toContain('nobody has looked for the job');
  expect(looks()).toBe(0);
});

test('fault 105: an interrupt after sending, and no answer for five seconds, is exit 9', async () => {
  const world = createTestWorld();
  server.script([], () => world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT')));
  const startMs = performance.now();
  const error = await errorOf(clientFor(server.url, world, { httpTimeoutMs: 60_000 }).create(request));
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9 });
  expect(performance.now() - startMs).toBeGreaterThan(4900);
  expect(performance.now() - startMs).toBeLessThan(7000);
});

test('a preview shows the request, needs no token, and masks the credentials', () => {
  const preview = clientFor('https://platform.adobe.io').previewCreate(request);
  expect(preview).toEqual({
    method: 'POST',
    url: 'https://platform.adobe.io/data/core/ups/segment/jobs',
    headers: {
      authorization: 'Bearer ***',
      'x-api-key': '***',
      'x-gw-ims-org-id': 'ORG@AdobeOrg',
      'x-sandbox-name': 'prod',
      'x-request-id': 'a new one for each request',
      accept: 'application/json',
      'user-agent': 'segjobs/1.2.3',
      'content-type': 'application/json',
    },
    body: [{ segmentId: 'seg-1' }, { segmentId: 'seg-2' }],
  });
});

test('without a sandbox nothing is sent, and the three ways to choose one are named', async () => {
  const error = await errorOf(
    clientFor(server.url, createTestWorld(), { sandbox: undefined }).create(request),
  );
  expect(error).toMatchObject({ code: 'CONFIG', exitCode: 2 });
  expect(told(error)).toMatch(/--sandbox.*AEP_SANDBOX_NAME.*segjobs config set sandbox NAME/);
  expect(server.requests).toHaveLength(0);
});
