import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
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
  startServer,
  text,
} from '../support/http-server.ts';
import { runCosting } from '../support/usage.ts';

// What a process of its own proves beyond test/unit/api-*.test.ts: it ends in time, whatever hangs; its memory stays
// bounded; and no server but the configured one ever hears from it.

const token = 'access-token-of-the-test';
const jobs = { children: [{ id: 'a', status: 'SUCCEEDED' }] };
const page = json(200, jobs);

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
const service = async (...parameters: Parameters<typeof startServer>): Promise<ScriptedServer> => {
  const server = await startServer(...parameters);
  open.push(server);
  return server;
};

const environment = (url: string, more: Record<string, string | undefined> = {}) => ({
  AEP_CLIENT_SECRET: undefined,
  AEP_ACCESS_TOKEN: token,
  SEGJOBS_API_URL: url,
  SEGJOBS_MAX_RETRIES: '0',
  SEGJOBS_HTTP_TIMEOUT: '30s',
  ...more,
});

async function run(argv: readonly string[], url: string, more: Record<string, string | undefined> = {}) {
  const startMs = performance.now();
  const ended = await world.run(argv, { env: environment(url, more) });
  expect(ended.stdout + ended.stderr).not.toContain(token);
  expect(ended.stderr).not.toMatch(/^ {4}at /m);
  return { ...ended, tookMs: performance.now() - startMs };
}

const redirect =
  (status: number, location: string): Reply =>
  (_request, response) => {
    response.writeHead(status, { location });
    response.end('<html>moved</html>');
  };

describe('redirects are followed nowhere', () => {
  it.each([301, 302, 303, 307, 308])(
    'fault 50: a %i to another port is exit 3, and that server hears nothing',
    async (status) => {
      const other = await service(page);
      const server = await service(redirect(status, `${other.url}/steal?key=1`));
      for (const argv of [['list'], ['get', 'a'], ['bulk-get', 'a'], ['create', 's'], ['cancel', 'a']]) {
        const { exitCode, stdout, stderr } = await run(argv, server.url, { SEGJOBS_MAX_RETRIES: '3' });
        expect({ argv, exitCode, stdout }).toEqual({ argv, exitCode: 3, stdout: '' });
        expect(stderr).toContain(
          `error: the answer is a redirect to ${other.url}/steal, which is not followed`,
        );
      }
      // fault 46: one POST for the create, and no GET in its place.
      expect(server.lines()).toEqual([
        'GET /data/core/ups/segment/jobs?limit=20&sort=creationTime%3Adesc',
        'GET /data/core/ups/segment/jobs/a',
        'POST /data/core/ups/segment/jobs/bulk-get',
        'POST /data/core/ups/segment/jobs',
        'POST /data/core/ups/segment/jobs/bulk-get',
      ]);
      expect(other.requests).toEqual([]);
    },
  );

  it('fault 50: the login service may not redirect either', async () => {
    const other = await service(json(200, { access_token: 'x', expires_in: 60 }));
    const server = await service(redirect(307, `${other.url}/ims/token/v3`));
    const { exitCode, stderr } = await run(['list'], server.url, {
      AEP_ACCESS_TOKEN: undefined,
      AEP_CLIENT_SECRET: 'client-secret-of-the-test',
      SEGJOBS_IMS_URL: server.url,
      XDG_CACHE_HOME: `${world.home}/no token yet`,
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('redirect');
    expect(stderr).not.toContain('client-secret-of-the-test');
    expect([server.requests.length, other.requests.length]).toEqual([1, 0]);
  });

  it.each([
    ['to itself', (url: string) => `${url}/data/core/ups/segment/jobs?limit=20`],
    ['to a path of the same origin', () => '/elsewhere'],
    ['to data:', () => 'data:application/json,{"children":[]}'],
    ['to nowhere', () => ''],
  ])('fault 51: a redirect %s is one request and exit 3', async (_name, location) => {
    const server = await service();
    server.script([], redirect(302, location(server.url)));
    const { exitCode, stdout } = await run(['list'], server.url, { SEGJOBS_MAX_RETRIES: '3' });
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(server.requests).toHaveLength(1);
  });

  it('fault 52: a next link on another host only lends its start', async () => {
    const other = await service(page);
    const server = await service(json(200, { children: [{ id: 'b' }], _links: {} }));
    server.script([json(200, { ...jobs, _links: { next: { href: `${other.url}/steal?start=t1` } } })]);
    const { stdout } = await run(['list', '--limit', 'all', '-o', 'ids'], server.url);
    expect(stdout).toBe('a\nb\n');
    expect(server.requests[1]?.query.get('start')).toBe('t1');
    expect(other.requests).toEqual([]);
  });
});

describe('addresses', () => {
  const onSix = async (port = 0, reply = page) => {
    const server = await startServer(reply, { host: '::1', port }).catch(() => undefined);
    if (server !== undefined) open.push(server);
    return server;
  };

  it('an IPv6 literal works, and is told in brackets', async (context) => {
    const server = await onSix();
    if (server === undefined) return context.skip('this machine has no IPv6 loopback');
    expect((await run(['list', '-o', 'ids'], server.url)).stdout).toBe('a\n');
    expect(server.requests[0]?.headers.host).toBe(new URL(server.url).host);
    await server.close();
    const { exitCode, stderr } = await run(['list'], server.url);
    expect(exitCode).toBe(7);
    expect(stderr).toContain(`error: ${new URL(server.url).host} refused the connection`);
  });

  /** Loaded before the program: whatever name it looks up has both kinds of address, the newer kind first. */
  const bothKinds = () => [
    '--require',
    world.file(
      'both-kinds.cjs',
      `require('node:dns').lookup = (name, options, done) =>
        setImmediate(done, null, [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]);`,
    ),
  ];
  const createAt = (port: string) =>
    world.run(['create', 's', '-o', 'ids'], {
      nodeFlags: bothKinds(),
      env: environment(`http://localhost:${port}`),
    });
  const made = json(200, { id: 'made', status: 'NEW' });

  it('a name with both kinds of address is reached by the one that answers, and a create is sent once', async (context) => {
    const four = await service(made);
    const { port } = new URL(four.url);
    expect((await createAt(port)).stdout).toBe('made\n');
    await four.close();
    const six = await onSix(Number(port), made);
    if (six === undefined) return context.skip('this machine has no IPv6 loopback');
    expect((await createAt(port)).stdout).toBe('made\n');
    expect([four.requests.length, six.requests.length]).toEqual([1, 1]);
  });

  it('a create that breaks at the first address is not sent to the second', async (context) => {
    const found = { id: 'made', status: 'NEW', creationTime: Date.now(), segments: [{ segmentId: 's' }] };
    const breaks: Reply = (request, response, socket) =>
      (request.method === 'POST' ? reset : json(200, { children: [found] }))(request, response, socket);
    const six = await onSix(0, breaks);
    if (six === undefined) return context.skip('this machine has no IPv6 loopback');
    const { port } = new URL(six.url);
    const four = await service(breaks, { port: Number(port) }).catch(() => undefined);
    if (four === undefined) return context.skip('another program has the port at the other address');
    expect((await createAt(port)).stdout).toBe('made\n');
    expect(six.lines().filter((line) => line.startsWith('POST'))).toHaveLength(1);
    expect(four.requests).toEqual([]);
  });

  it('fault 3: a host that does not exist, and one where nobody listens, is exit 7; a create says that nothing was sent', async () => {
    const closed = await startServer();
    await closed.close();
    for (const [url, reason] of [
      ['https://segjobs-test.invalid', 'the host segjobs-test.invalid was not found'],
      [closed.url, `${new URL(closed.url).host} refused the connection`],
      [closed.url.replace('127.0.0.1', 'localhost'), 'refused the connection'],
    ] as const) {
      const list = await run(['list'], url);
      expect(list).toMatchObject({ exitCode: 7, stdout: '' });
      expect(list.stderr).toContain(reason);
      // fault 45
      const create = await run(['create', 's'], url, { SEGJOBS_MAX_RETRIES: '3' });
      expect(create).toMatchObject({ exitCode: 7, stdout: '' });
      expect(create.stderr).toContain('nothing was sent, so no job was created');
    }
  });
});

/** Endless bytes, as fast as they are taken; `sent` counts them. */
function flood(head: Readonly<Record<string, string>>, start: string, limitBytes: number) {
  const counter = { sent: 0 };
  const block = Buffer.alloc(1024 * 1024, ' ');
  const reply: Reply = (_request, response) => {
    response.writeHead(200, head);
    response.write(start);
    const pour = () => {
      while (!response.destroyed && counter.sent < limitBytes) {
        counter.sent += block.length;
        if (!response.write(block)) return;
      }
      if (!response.destroyed) response.end();
    };
    response.on('drain', pour);
    pour();
  };
  return { reply, counter };
}

describe('fault 15: more than was asked for ends in bounded memory and time', () => {
  const gigabyte = 1024 * 1024 * 1024;
  const bomb = () => {
    const blank = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    // Members of a gzip stream follow each other: 640 MB out of 640 kB.
    return Buffer.concat(Array(10).fill(blank));
  };

  it.each<[string, () => Reply]>([
    ['1 GB without a length', () => flood({}, '{"children":[', gigabyte).reply],
    ['1 GB in one announced body', () => flood({ 'content-length': String(gigabyte) }, '', gigabyte).reply],
    ['a gzip bomb of 640 MB', () => text(200, bomb(), { 'content-encoding': 'gzip' })],
    ['a JSON string of 80 MB under gzip', () => gzipped(`{"children":"${'x'.repeat(80 * 1024 * 1024)}"}`)],
  ])('%s', async (_name, reply) => {
    const server = await service(reply());
    const startMs = performance.now();
    const { exitCode, stderr, cost } = await runCosting(world, ['get', 'a'], {
      heapMb: 48,
      env: environment(server.url),
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('is larger than 64 MiB');
    expect(cost.maxRssMb).toBeLessThan(300);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(server.requests).toHaveLength(1);
  });

  it('1 GB under an error status: its beginning is read and the rest is cut off', async () => {
    const { reply, counter } = flood({}, '{"message":"no"', gigabyte);
    const server = await service((request, response, socket) => {
      response.statusCode = 400;
      const { writeHead } = response;
      response.writeHead = ((_status: number, headers: Record<string, string>) =>
        writeHead.call(response, 400, headers)) as typeof response.writeHead;
      reply(request, response, socket);
    });
    const { exitCode, cost } = await runCosting(world, ['get', 'a'], {
      heapMb: 48,
      env: environment(server.url),
    });
    expect(exitCode).toBe(3);
    expect(cost.maxRssMb).toBeLessThan(200);
    expect(counter.sent).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('the process ends within its limit', () => {
  const hangingBody =
    (status: number, headers: Record<string, string> = {}): Reply =>
    (_request, response) => {
      response.writeHead(status, headers);
      response.write('{"message":"');
    };

  type Row = readonly [name: string, reply: Reply, exitCode: number, reason: RegExp];
  const hanging: readonly Row[] = [
    ['fault 17: no answer', () => undefined, 7, /no answer from .* within 2 s/],
    ['fault 17: a head and then silence', hangingBody(200), 7, /came too slowly: \d+ bytes in 1 s/],
    ['fault 17: one byte per 200 ms', dribble(JSON.stringify(jobs), 1, 200), 7, /came too slowly/],
    [
      'fault 17: a head of one byte per 200 ms',
      (_request, _response, socket) => {
        const bytes = 'HTTP/1.1 200 OK\r\n'.repeat(20);
        let at = 0;
        const timer = setInterval(() => socket.write(bytes.charAt(at++)), 200);
        socket.on('close', () => clearInterval(timer));
      },
      7,
      /no answer from .* within 2 s/,
    ],
    ['fault 27: a 503 whose body never ends', hangingBody(503), 7, /HTTP 503/],
    ['a 404 whose body never ends', hangingBody(404), 5, /not found/],
    ['a 400 whose announced body never comes', hangingBody(400, { 'content-length': '500' }), 3, /HTTP 400/],
    ['a 302 whose body never ends', hangingBody(302, { location: '/x' }), 3, /redirect/],
  ];
  const broken: readonly Row[] = [
    [
      'fault 4: a body cut with a length',
      cutShort(JSON.stringify(jobs), 'close'),
      7,
      /in the middle of the answer/,
    ],
    ['fault 5: a body reset with a length', cutShort(JSON.stringify(jobs)), 7, /in the middle of the answer/],
    [
      'fault 6: a chunked body that is cut',
      raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"chi\r\n'),
      7,
      /in the middle of the answer/,
    ],
    ['a body cut without a length', raw('HTTP/1.1 200 OK\r\n\r\n{"children":[{"id":"a"}'), 3, /cut short/],
    ['fault 8: gzip that is cut', gzipped(JSON.stringify(jobs), (all) => all - 9), 3, /damaged or cut short/],
    ['fault 2: hung up on', hangUp, 7, /closed before an answer/],
    ['fault 10: an empty 200', empty(200), 3, /it is empty/],
    ['a 204 instead of a page', empty(204), 3, /it is empty/],
    ['fault 18: bytes that are not HTTP', raw('220 smtp.example \u001b[2J ready\r\n'), 7, /not HTTP/],
    ['a head of 64 kB', text(200, '{}', { 'x-filler': 'x'.repeat(65_536) }), 7, /not HTTP/],
  ];

  it.each([
    ...hanging.map((row) => [...row, true] as const),
    ...broken.map((row) => [...row, false] as const),
  ])('%s', async (_name, reply, exitCode, reason, isHanging) => {
    const server = await service(reply);
    // Short only where something hangs: the limit for a connection is a sixth of it, and machines are busy.
    const limit = isHanging ? '2s' : '30s';
    const ended = await run(['list', '-o', 'json'], server.url, { SEGJOBS_HTTP_TIMEOUT: limit });
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toMatch(reason);
    expect(ended.stderr).not.toContain('\u001b');
    expect(ended.tookMs).toBeLessThan(7000);
  });

  it('a server that keeps its connections open does not keep the process', async () => {
    const server = await service((request, response, socket) => {
      // Node's own server would close them after five seconds.
      (socket as unknown as { server: { keepAliveTimeout: number } }).server.keepAliveTimeout = 0;
      page(request, response, socket);
    });
    const { exitCode, tookMs } = await run(['list'], server.url);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(7000);
  });

  it('a port that takes no connection out of its queue is over with the connect limit or the head limit', async () => {
    const tcp = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    tcp.on('connection', (socket) => open.push({ close: () => socket.destroy() }));
    open.push({ close: () => tcp.close() });
    const address = tcp.address();
    const { port } = typeof address === 'object' && address !== null ? address : { port: 0 };
    const { exitCode, tookMs } = await run(['list'], `http://127.0.0.1:${port}`, {
      SEGJOBS_HTTP_TIMEOUT: '1s',
    });
    expect(exitCode).toBe(7);
    expect(tookMs).toBeLessThan(7000);
  });
});

describe('answers of bulk-get and cancel', () => {
  const result = (id: string) => ({ id, status: 'SUCCEEDED' });

  it('a 207 with holes, errors by id and ids such as __proto__', async () => {
    const body = `{"results":{"a":${JSON.stringify(result('a'))},"__proto__":{"id":"__proto__","status":"NEW"},"constructor":null,"toString":{"statusCode":500,"message":"no\\u001b[2J"}}}`;
    const server = await service(text(207, body, { 'content-type': 'application/json' }));
    const ids = ['a', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'b'];
    const { exitCode, stdout, stderr } = await run(['bulk-get', ...ids, '-o', 'ids'], server.url);
    expect({ exitCode, stdout }).toEqual({ exitCode: 12, stdout: 'a\n__proto__\n' });
    for (const id of ['constructor', 'toString', 'hasOwnProperty', 'b']) expect(stderr).toContain(id);
    expect(stderr).not.toContain('\u001b');
    const document = await run(['bulk-get', ...ids, '-o', 'json'], server.url);
    expect(document.exitCode).toBe(12);
    expect(document.stdout).toContain('"__proto__":{"id":"__proto__"');
  });

  it.each<[string, Reply]>([
    ['204 without a body', empty(204)],
    [
      '204 with a body, which is none',
      raw('HTTP/1.1 204 No Content\r\ncontent-length: 9\r\n\r\n{"a":"b"}', 'open'),
    ],
    ['200 with a body', json(200, { id: 'a' })],
    ['202 with text', text(202, 'accepted')],
  ])('fault 90: cancels answered with %s are done, one after the other', async (_name, reply) => {
    const server = await service((request, response, socket) => {
      const answer = request.method === 'DELETE' ? reply : json(207, { results: active });
      answer(request, response, socket);
    });
    const active = Object.fromEntries(['a', 'b', 'c'].map((id) => [id, { id, status: 'PROCESSING' }]));
    const { exitCode, stderr } = await run(['cancel', 'a', 'b', 'c', '--yes'], server.url, {
      SEGJOBS_MAX_RETRIES: '3',
    });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(
      server
        .lines()
        .filter((line) => line.startsWith('DELETE'))
        .sort(),
    ).toEqual(['a', 'b', 'c'].map((id) => `DELETE /data/core/ups/segment/jobs/${id}`));
  });
});
