// get, bulk-get and cancel: ids of any spelling, answers of any documented shape, and what a repeated DELETE means.

import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkJobId } from '../../src/jobs/job-id.ts';
import { clientFor, createTestWorld, errorOf } from '../support/api-client.ts';
import {
  empty,
  json,
  type LoggedRequest,
  type Reply,
  raw,
  reset,
  type ScriptedServer,
  startServer,
  text,
} from '../support/http-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const bulkPath = '/data/core/ups/segment/jobs/bulk-get';
const askedFor = ({ body }: LoggedRequest): string[] =>
  JSON.parse(body).ids.map(({ id }: { id: string }) => id);
const notFound = { requestId: 'r', errors: { '404': [{ code: 404, message: 'No such job' }] } };

/** Knows every id but those that begin with `no`. */
const bulk =
  (status = 207): Reply =>
  (request, response, socket) => {
    const known = askedFor(request).filter((id) => !id.startsWith('no'));
    json(status, { results: Object.fromEntries(known.map((id) => [id, { id, status: 'NEW' }])) })(
      request,
      response,
      socket,
    );
  };

test('fault 80: found, missing and failed ids are told apart, each in the order asked', async () => {
  const results = {
    found: { id: 'found' },
    gone: notFound,
    ill: { errors: { '500': [{ message: 'broken' }] }, requestId: 'r5' },
  };
  server.script([], json(207, { results }));
  const found = await clientFor(server.url).bulkGet(['gone', 'ill', 'found', 'absent']);
  expect([...found.jobs.keys()]).toEqual(['found']);
  expect(found.missing).toEqual(['gone', 'absent']);
  expect([...found.failed]).toEqual([['ill', { httpStatus: 500, message: 'broken', requestId: 'r5' }]]);
});

test('fault 80: none found', async () => {
  server.script([], json(207, { results: {} }));
  const { jobs, missing } = await clientFor(server.url).bulkGet(['a', 'b']);
  expect({ found: jobs.size, missing }).toEqual({ found: 0, missing: ['a', 'b'] });
});

test('fault 81: the same id asked twice is asked and answered once', async () => {
  server.script([], bulk());
  const { jobs } = await clientFor(server.url).bulkGet(['b', 'a', 'b', 'a']);
  expect([...jobs.keys()]).toEqual(['b', 'a']);
  expect(server.requests.map(askedFor)).toEqual([['b', 'a']]);
  expect(server.requests[0]).toMatchObject({
    method: 'POST',
    path: bulkPath,
    body: '{"ids":[{"id":"b"},{"id":"a"}]}',
  });
});

test('fault 82: a bulk-get only reads, so a 503 is retried', async () => {
  server.script([json(503, {})], bulk());
  expect((await clientFor(server.url).bulkGet(['a'])).jobs.size).toBe(1);
  expect(server.requests).toHaveLength(2);
});

test('fault 83: 200 instead of 207, a list of jobs, and a bare list work', async () => {
  server.script([bulk(200), json(207, { results: [{ id: 'b' }, { id: 'a' }] }), json(200, [{ id: 'a' }])]);
  const client = clientFor(server.url);
  expect([...(await client.bulkGet(['a', 'b'])).jobs.keys()]).toEqual(['a', 'b']);
  expect([...(await client.bulkGet(['a', 'b'])).jobs.keys()]).toEqual(['a', 'b']);
  expect((await client.bulkGet(['a', 'b'])).missing).toEqual(['b']);
});

test('fault 83: a 404 for the whole call means that none is known; an HTML one, that the address is wrong', async () => {
  server.script([json(404, notFound), text(404, '<html></html>', { 'content-type': 'text/html' })]);
  const client = clientFor(server.url);
  expect((await client.bulkGet(['a', 'b'])).missing).toEqual(['a', 'b']);
  expect(await errorOf(client.bulkGet(['a', 'b']))).toMatchObject({ code: 'REFUSED', exitCode: 3 });
});

test('fault 83: anything else is a clear error', async () => {
  server.script([json(207, { results: 'none' })]);
  expect((await errorOf(clientFor(server.url).bulkGet(['a']))).message).toContain(
    '"results" is a string, not an object',
  );
});

test('fault 84: a thousand ids are ten requests, four at a time, merged in the order asked', async () => {
  let now = 0;
  let most = 0;
  server.script([], (request, response, socket) => {
    now += 1;
    most = Math.max(most, now);
    const delayMs = askedFor(request)[0] === 'job-0' ? 60 : 15;
    setTimeout(() => {
      now -= 1;
      bulk()(request, response, socket);
    }, delayMs);
  });
  const ids = Array.from({ length: 1000 }, (_, at) => (at % 10 === 3 ? `no-${at}` : `job-${at}`));
  const { jobs, missing } = await clientFor(server.url).bulkGet(ids);
  expect([...jobs.keys()]).toEqual(ids.filter((id) => !id.startsWith('no')));
  expect(missing).toEqual(ids.filter((id) => id.startsWith('no')));
  expect(server.requests.map((request) => askedFor(request).length)).toEqual(Array(10).fill(100));
  expect(most).toBe(4);
});

test('no ids are no request', async () => {
  expect(await clientFor(server.url).bulkGet([])).toEqual({
    jobs: new Map(),
    missing: [],
    failed: new Map(),
  });
  expect(server.requests).toHaveLength(0);
});

test('a poll that is given up ends with the reason of its signal', async () => {
  const controller = new AbortController();
  server.script([], () => controller.abort(new Error('given up')));
  await expect(clientFor(server.url).bulkGet(['a'], { signal: controller.signal })).rejects.toThrow(
    'given up',
  );
});

test('a job that is another one than was asked for is an error', async () => {
  server.script([], json(200, { id: 'b' }));
  expect((await errorOf(clientFor(server.url).get('a'))).message).toBe(
    'asked for job a, the service answered with b',
  );
});

test('a missing job is told by id and sandbox', async () => {
  server.script([], json(404, notFound, { 'x-request-id': 'adobe-4' }));
  const error = await errorOf(clientFor(server.url).get('job 1'));
  expect(error).toMatchObject({ code: 'NOT_FOUND', exitCode: 5, requestId: 'adobe-4', httpStatus: 404 });
  expect(error.message).toBe('job job 1 was not found in sandbox "prod"');
});

test.each([
  ['204', empty(204)],
  ['204 with a body', raw('HTTP/1.1 204 No Content\r\ncontent-length: 15\r\n\r\n{"status":true}', 'open')],
  ['200 with a body', json(200, { status: true, message: 'marked' })],
  ['200 without one', empty(200)],
  ['202 with text', text(202, 'accepted')],
])('fault 90: a cancel answered with %s is done, and the next request is unharmed', async (_name, answer) => {
  server.script([answer, json(200, { id: 'a' })]);
  const client = clientFor(server.url);
  expect(await client.cancel('a')).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await client.get('a')).id).toBe('a');
  expect(server.lines()).toEqual([
    'DELETE /data/core/ups/segment/jobs/a',
    'GET /data/core/ups/segment/jobs/a',
  ]);
  expect(server.requests[0]?.body).toBe('');
});

test.each(['CANCELLING', 'CANCELLED', 'CANCELED'])(
  'fault 91: the answer is lost, the repeat says 404, the job is %s: done',
  async (status) => {
    server.script([reset, json(404, {}), json(200, { id: 'a', status })]);
    expect((await clientFor(server.url).cancel('a'))?.status).toBe(status);
    expect(server.requests.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'GET']);
  },
);

test('fault 91: and absent is exit 5', async () => {
  server.script([reset, json(404, {})], json(404, {}));
  expect(await errorOf(clientFor(server.url).cancel('a'))).toMatchObject({ code: 'NOT_FOUND', exitCode: 5 });
  expect(server.requests.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'GET']);
});

test('fault 91: and SUCCEEDED is exit 6', async () => {
  server.script([json(503, {}), json(404, {}), json(200, { id: 'a', status: 'SUCCEEDED' })]);
  const error = await errorOf(clientFor(server.url).cancel('a'));
  expect(error).toMatchObject({ code: 'CONFLICT', exitCode: 6 });
  expect(error.message).toContain('its status is SUCCEEDED');
});

test('a 404 on the first DELETE is exit 5, without another request', async () => {
  server.script([], json(404, {}));
  expect(await errorOf(clientFor(server.url).cancel('a'))).toMatchObject({ code: 'NOT_FOUND', exitCode: 5 });
  expect(server.requests).toHaveLength(1);
});

test('a 409 on a DELETE is exit 6', async () => {
  server.script([], json(409, {}));
  expect(await errorOf(clientFor(server.url).cancel('a'))).toMatchObject({ code: 'CONFLICT', exitCode: 6 });
});

test.each(['', ' ', '\t', '.', '..', 'a\nb', 'a\r\nb', 'a\u0000', '\u009b', '\ud800', 'a\udc00b', '\u00a0'])(
  'fault 92: the id %j is a usage error, and nothing is sent',
  async (id) => {
    const client = clientFor(server.url);
    for (const work of [client.get(id), client.cancel(id), client.bulkGet([id])]) {
      expect(await errorOf(work)).toMatchObject({ code: 'USAGE', exitCode: 2 });
    }
    expect(server.requests).toHaveLength(0);
  },
);

test('fault 94: a refused id with a line break is not printed', async () => {
  const error = await errorOf(clientFor(server.url).get('abc\r\nx-evil: 1'));
  expect(`${error.message}${error.hint}`).not.toMatch(/abc|evil|\r|\n/);
});

test.each([
  ['a/b', 'a%2Fb'],
  ['a?b=c', 'a%3Fb%3Dc'],
  ['a#b', 'a%23b'],
  ['100%', '100%25'],
  ['é', '%C3%A9'],
  ['%2e%2e', '%252e%252e'],
  ['../../sandboxes', '..%2F..%2Fsandboxes'],
  ['a b', 'a%20b'],
  ['...', '...'],
  ['..\\..', '..%5C..'],
])('fault 93: the id %j is one path segment', async (id, segment) => {
  server.script([], json(200, { id }));
  await clientFor(server.url).get(id);
  expect(server.requests[0]?.path).toBe(`/data/core/ups/segment/jobs/${segment}`);
});

test('fault 93: every id that is accepted comes back whole from exactly one path segment', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      try {
        checkJobId(id);
      } catch (error) {
        expect(error).toMatchObject({ code: 'USAGE' });
        return;
      }
      const { pathname, search, hash } = new URL(`https://host/jobs/${encodeURIComponent(id)}`);
      expect([search, hash, pathname.split('/').length]).toEqual(['', '', 3]);
      expect(decodeURIComponent(pathname.split('/')[2] ?? '')).toBe(id);
    }),
    { numRuns: 2000 },
  );
});

test('the sandbox look-up is made outside of a sandbox, and needs none', async () => {
  server.script([], json(200, { sandboxes: [{ name: 'prod', type: 'production', isDefault: true }] }));
  const client = clientFor(server.url, createTestWorld(), { sandbox: undefined });
  expect((await client.sandboxes()).map(({ name, type }) => ({ name, type }))).toEqual([
    { name: 'prod', type: 'production' },
  ]);
  expect(server.lines()).toEqual(['GET /data/foundation/sandbox-management/']);
  expect(server.requests[0]?.headers).not.toHaveProperty('x-sandbox-name');
});

test('fault 111: the clock of the service is that of its last good answer, and goes on with monotonic time', async () => {
  const world = createTestWorld({ now: '2025-10-19T00:00:00Z' });
  const client = clientFor(server.url, world);
  expect(client.serviceNow()).toBe(Date.parse('2025-10-19T00:00:00Z'));
  server.script([
    json(200, { id: 'a' }, { date: 'Mon, 23 Nov 2026 12:00:00 GMT' }),
    json(404, {}, { date: 'Mon, 23 Nov 1970 12:00:00 GMT' }),
  ]);
  await client.get('a');
  world.advance(7000);
  expect(new Date(client.serviceNow()).toISOString()).toBe('2026-11-23T12:00:07.000Z');
  await errorOf(client.get('a'));
  expect(new Date(client.serviceNow()).toISOString()).toBe('2026-11-23T12:00:07.000Z');
});
