// Broken connections and broken answers: each fault ends in one clear error, or in the right answer after a retry.

import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exitCodes, SegjobsError } from '../../src/errors.ts';
import { clientFor, createTestWorld, errorOf, testToken, told } from '../support/api-client.ts';
import {
  cutShort,
  dribble,
  empty,
  gzipped,
  hangUp,
  json,
  type Reply,
  raw,
  reset,
  type ScriptedServer,
  silence,
  startServer,
  text,
} from '../support/http-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const page = {
  _page: { totalCount: 2, pageSize: 2 },
  children: [{ id: 'a' }, { id: 'b' }],
  _links: { next: {} },
};
const goodPage = json(200, page);
const list = (more: Parameters<typeof clientFor>[2] = {}, world = createTestWorld()) =>
  clientFor(server.url, world, more).listPage({ limit: 2 });
const ids = (found: { readonly jobs: readonly { readonly id: string }[] }) => found.jobs.map(({ id }) => id);

test('fault 1: two resets before any byte, then the answer: three GETs and one result', async () => {
  server.script([reset, reset, goodPage]);
  expect(ids(await list())).toEqual(['a', 'b']);
  expect(server.requests).toHaveLength(3);
});

test('fault 2: two connections closed before any byte: the same', async () => {
  server.script([hangUp, hangUp, goodPage]);
  expect(ids(await list())).toEqual(['a', 'b']);
  expect(server.requests).toHaveLength(3);
});

test('fault 3: a refused connection is exit 7 and names host and port', async () => {
  const { url } = server;
  await server.close();
  const error = await errorOf(clientFor(url).get('a'));
  expect(error).toMatchObject({ code: 'NETWORK', exitCode: exitCodes.unavailable });
  expect(error.message).toContain(new URL(url).host);
  expect(error.message).toContain('refused the connection');
});

test('a host that does not exist is exit 7 and named', async () => {
  const error = await errorOf(clientFor('https://segjobs-test.invalid').get('a'));
  expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7 });
  expect(error.message).toContain('segjobs-test.invalid was not found');
});

test('fault 4: a body cut midway once is asked for again, and only the whole one is used', async () => {
  server.script([cutShort(JSON.stringify(page)), cutShort(JSON.stringify(page), 'close'), goodPage]);
  expect(ids(await list())).toEqual(['a', 'b']);
  expect(server.requests).toHaveLength(3);
});

test('fault 5: a body reset midway every time is exit 7 after a bounded number of tries', async () => {
  server.script([], cutShort(JSON.stringify(page)));
  const error = await errorOf(list());
  expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7, httpStatus: 200 });
  expect(error.message).toContain('in the middle of the answer (tried 4 times)');
  expect(server.requests).toHaveLength(4);
});

test('fault 6: a chunked body without its end is exit 7, even where the JSON is whole', async () => {
  const body = JSON.stringify(page);
  server.script(
    [],
    raw(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
    ),
  );
  expect(await errorOf(list())).toMatchObject({ code: 'NETWORK', exitCode: 7 });
});

test('fault 7: JSON that is cut in valid framing is an error with the request id, asked for once', async () => {
  server.script([], text(200, '{"children":[{"id":"a"},{"id"', { 'x-request-id': 'adobe-1' }));
  const error = await errorOf(list());
  expect(error).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3, requestId: 'adobe-1', httpStatus: 200 });
  expect(error.message).toContain('not valid JSON, or was cut short');
  expect(server.requests).toHaveLength(1);
});

test.each([1, 10, 30, -1, -9])(
  'fault 8: gzip that keeps %i bytes is an error, never "no jobs"',
  async (keep) => {
    const body = JSON.stringify({ ...page, filler: 'abcdefgh'.repeat(100) });
    server.script(
      [],
      gzipped(body, (all) => (keep < 0 ? all + keep : keep)),
    );
    expect(await errorOf(list())).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3 });
  },
);

test('an answer under gzip is read, and an encoding nobody asked for is refused', async () => {
  server.script([gzipped(JSON.stringify(page)), text(200, 'x', { 'content-encoding': 'zstd' })]);
  expect(ids(await list())).toEqual(['a', 'b']);
  expect(server.requests[0]?.headers['accept-encoding']).toBe('gzip');
  expect((await errorOf(list())).message).toContain('an encoding that was not asked for');
});

test.each([0, 1, 20])(
  'fault 9: a content-length of %i, too short for the body, is an error',
  async (length) => {
    const bytes = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${JSON.stringify(page)}`;
    server.script([], raw(bytes));
    const error = await errorOf(list());
    expect([3, 7]).toContain(error.exitCode);
  },
);

test('a content-length too long for the body is exit 7', async () => {
  const body = JSON.stringify(page);
  server.script([], raw(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length + 5}\r\n\r\n${body}`));
  expect(await errorOf(list())).toMatchObject({ code: 'NETWORK', exitCode: 7 });
});

test.each([200, 204])('fault 10: an empty %i where a page is expected is an error', async (status) => {
  server.script([], empty(status, { 'x-request-id': 'adobe-2' }));
  const error = await errorOf(list());
  expect(error).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3, requestId: 'adobe-2' });
  expect(error.message).toContain('it is empty');
});

const loginPage = `<!DOCTYPE html><html><head><title>Sign in to Corp</title></head><body>${'secret form '.repeat(500)}</body></html>`;

test.each(['text/html', 'application/json', ''])(
  'fault 11: an HTML page with 200 (%s) is told as one, not shown',
  async (type) => {
    server.script([], text(200, loginPage, type === '' ? {} : { 'content-type': type }));
    const error = await errorOf(list());
    expect(error).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3 });
    expect(error.message).toContain('HTML page, from a proxy');
    expect(told(error)).not.toContain('secret form');
    expect(told(error).length).toBeLessThan(500);
  },
);

test('fault 12: an HTML 502 every time is exit 7 and none of the page is shown', async () => {
  server.script([], text(502, loginPage, { 'content-type': 'text/html' }));
  const error = await errorOf(list());
  expect(error).toMatchObject({ code: 'UNAVAILABLE', exitCode: 7, httpStatus: 502 });
  expect(told(error)).not.toContain('secret form');
  expect(error.message).not.toContain('\n');
});

test('fault 13: right JSON under text/plain works, with a byte order mark too', async () => {
  server.script([
    text(200, JSON.stringify(page), { 'content-type': 'text/plain' }),
    text(200, `\ufeff${JSON.stringify(page)}`),
  ]);
  expect(ids(await list())).toEqual(['a', 'b']);
  expect(ids(await list())).toEqual(['a', 'b']);
});

test.each([
  'null',
  '[]',
  '"text"',
  '17',
  'true',
  '{}',
  '{"children":null}',
  '{"children":{}}',
  '{"children":"no"}',
])('fault 14: a page of %s is an error, not "no jobs"', async (body) => {
  server.script([], text(200, body, { 'x-request-id': 'adobe-3' }));
  const error = await errorOf(list());
  expect(error).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3, requestId: 'adobe-3' });
  expect(error.message).toMatch(/GET \/segment\/jobs cannot be used: ("children" is|it is)/);
});

test('no jobs is an empty children array', async () => {
  server.script([], json(200, { children: [] }));
  expect(await list()).toEqual({
    jobs: [],
    totalCount: undefined,
    pageJson: '{}',
    linksJson: '{}',
    next: undefined,
  });
});

test('fault 15: an announced 200 MB is refused before it is read', async () => {
  server.script([], (_request, response) => {
    response.writeHead(200, { 'content-length': String(200 * 1024 * 1024) });
    response.write('{"children":[');
  });
  const error = await errorOf(clientFor(server.url).get('a'));
  expect(error).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3 });
  expect(error.message).toContain('larger than 64 MiB');
});

test('fault 15: an endless body is ended at 64 MiB', async () => {
  let sent = 0;
  const flood: Reply = (_request, response) => {
    response.writeHead(200);
    const block = Buffer.alloc(1024 * 1024, 'x');
    const pour = () => {
      while (!response.destroyed && response.write(block)) sent += block.length;
      sent += block.length;
    };
    response.on('drain', pour);
    pour();
  };
  server.script([], flood);
  expect((await errorOf(clientFor(server.url).get('a'))).message).toContain('larger than 64 MiB');
  expect(server.requests).toHaveLength(1);
  expect(sent).toBeLessThan(100 * 1024 * 1024);
});

test('fault 15: a gzip bomb is ended at 64 MiB', async () => {
  server.script([], gzipped('['.padEnd(80 * 1024 * 1024, ' ')));
  expect((await errorOf(clientFor(server.url).get('a'))).message).toContain('larger than 64 MiB');
});

test('fault 16: a slow head, slices of 7 bytes, and 2 kB/s are no timeout', async () => {
  const body = JSON.stringify({ ...page, filler: 'x'.repeat(1500) });
  server.script([dribble(JSON.stringify(page), 7, 2), dribble(body, 200, 90, 700)]);
  expect(ids(await list({ httpTimeoutMs: 2400 }))).toEqual(['a', 'b']);
  expect(ids(await list({ httpTimeoutMs: 2400 }))).toEqual(['a', 'b']);
  expect(server.requests).toHaveLength(2);
});

test('fault 17: no answer at all is exit 7 within the limit, and says how long it waited', async () => {
  server.script([], silence);
  const startMs = performance.now();
  const error = await errorOf(list({ httpTimeoutMs: 300, maxRetries: 0 }));
  expect(performance.now() - startMs).toBeLessThan(2500);
  expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7 });
  expect(error.message).toContain('within 0.3 s');
});

test('fault 17: headers and then silence is exit 7 within the limit', async () => {
  server.script([], (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  });
  const error = await errorOf(list({ httpTimeoutMs: 300, maxRetries: 0 }));
  expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7, httpStatus: 200 });
  expect(error.message).toContain('came too slowly: 0 bytes in 0.2 s');
});

test('fault 17: one byte per 20 ms is exit 7 long before the body is whole', async () => {
  server.script([], dribble(JSON.stringify({ ...page, filler: 'x'.repeat(5000) }), 1, 20));
  const startMs = performance.now();
  const error = await errorOf(list({ httpTimeoutMs: 400, maxRetries: 0 }));
  expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7 });
  expect(performance.now() - startMs).toBeLessThan(3000);
});

function startTcp(onConnection: (socket: Socket) => void): Promise<Server> {
  const tcp = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  return new Promise((resolve) => tcp.listen(0, '127.0.0.1', () => resolve(tcp)));
}

test('fault 18: a port that never speaks TLS is exit 7 within the connect limit', async () => {
  const sockets: Socket[] = [];
  const tcp = await startTcp((socket) => sockets.push(socket));
  const startMs = performance.now();
  const url = `https://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
  const error = await errorOf(
    clientFor(url, createTestWorld(), { httpTimeoutMs: 1200, maxRetries: 0 }).get('a'),
  );
  expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7 });
  expect(error.message).toContain('was made within 0.2 s');
  expect(performance.now() - startMs).toBeLessThan(1000);
  for (const socket of sockets) socket.destroy();
  tcp.close();
});

test('fault 18: an http port asked for TLS is exit 7', async () => {
  const error = await errorOf(
    clientFor(server.url.replace('http:', 'https:'), createTestWorld(), { maxRetries: 0 }).get('a'),
  );
  expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7 });
});

test('fault 18: bytes that are not HTTP are exit 7, and none of them is repeated', async () => {
  server.script([], raw('SSH-2.0-OpenSSH \u001b]0;title\u0007\r\n'));
  const error = await errorOf(list({ maxRetries: 0 }));
  expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7 });
  expect(error.message).toContain('not HTTP');
  expect(told(error)).not.toMatch(/SSH|\u001b/);
});

test('an interrupt ends a request at once with its own reason', async () => {
  const world = createTestWorld();
  server.script([], () => world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT')));
  expect(await errorOf(list({}, world))).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
});

test('an interrupt in the middle of a body is told as itself too', async () => {
  const world = createTestWorld();
  server.script([], (_request, response) => {
    response.writeHead(200);
    response.write('{"children":');
    setTimeout(() => world.controller.abort(new SegjobsError('TERMINATED', 'stopped by SIGTERM')), 20);
  });
  expect(await errorOf(list({}, world))).toMatchObject({ code: 'TERMINATED', exitCode: 143 });
});

test('reads share a kept-alive connection; every create has one of its own', async () => {
  const client = clientFor(server.url);
  server.script([goodPage, goodPage, json(200, { id: 'made' }), json(200, { id: 'made' }), goodPage]);
  await client.listPage({ limit: 2 });
  await client.listPage({ limit: 2 });
  await client.create({ segmentIds: ['s'] });
  await client.create({ segmentIds: ['s'] });
  await client.listPage({ limit: 2 });
  expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 2, 3, 1]);
  expect(server.requests[2]?.headers['connection']).toBe('close');
});

test('an error answer that was read leaves its connection usable', async () => {
  server.script([json(404, { message: 'no' }), goodPage]);
  const client = clientFor(server.url);
  await errorOf(client.get('a'));
  await client.listPage({ limit: 2 });
  expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1]);
});

test('credentials are sent over https, or to this machine', async () => {
  const error = await errorOf(clientFor('http://platform.example.com').get('a'));
  expect(error).toMatchObject({ code: 'CONFIG', exitCode: 2 });
  const withPassword = await errorOf(clientFor('https://user:hunter22@platform.example.com').get('a'));
  expect(withPassword).toMatchObject({ code: 'CONFIG', exitCode: 2 });
  expect(told(withPassword)).not.toContain('hunter22');
});

test('debug lines name method, path, status, time and request id, and hold no credential', async () => {
  const world = createTestWorld();
  server.script([json(200, page, { 'x-request-id': 'adobe-9\u009b31m' })]);
  await list({}, world);
  expect(world.debug).toEqual(['GET /data/core/ups/segment/jobs?limit=2 -> 200 in 0 ms, request id adobe-9']);
  expect(world.debug.join()).not.toContain(testToken);
});
