import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';

const startAt = Date.UTC(2026, 2, 2, 9);
const open: Emulator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((emulator) => emulator.close()));
});

async function withFaults(...faults: readonly string[]): Promise<Emulator> {
  const emulator = await startEmulator({ startAt, historyJobs: 12, faults });
  open.push(emulator);
  return emulator;
}

function headersOf({ credentials }: Emulator): Record<string, string> {
  const { accessToken, clientId, orgId } = credentials;
  return {
    authorization: `Bearer ${accessToken}`,
    'x-api-key': clientId,
    'x-gw-ims-org-id': orgId,
    'x-sandbox-name': 'prod',
  };
}

const listPath = '/data/core/ups/segment/jobs?limit=1';

/** What comes over the wire, byte for byte, until the connection ends or nothing more comes for `silenceMs`. */
function wire(
  emulator: Emulator,
  request: { method?: string; path?: string; body?: string } = {},
  silenceMs = 500,
) {
  const { method = 'GET', path = listPath, body = '' } = request;
  const lines = Object.entries({
    ...headersOf(emulator),
    host: '127.0.0.1',
    connection: 'close',
    ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
  }).map(([name, value]) => `${name}: ${value}`);
  return new Promise<{ text: string; bytes: Buffer; ended: 'end' | 'reset' | 'silence' }>((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(emulator.port, '127.0.0.1');
    const done = (ended: 'end' | 'reset' | 'silence') => {
      clearTimeout(timer);
      socket.destroy();
      const bytes = Buffer.concat(chunks);
      resolve({ text: bytes.toString('latin1'), bytes, ended });
    };
    const timer = setTimeout(() => done('silence'), silenceMs);
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      timer.refresh();
    });
    socket.on('end', () => done('end'));
    socket.on('error', () => done('reset'));
  });
}

const bodyOf = (text: string) => text.slice(text.indexOf('\r\n\r\n') + 4);
const lengthOf = (text: string) => Number(/content-length: (\d+)/i.exec(text)?.[1]);

async function get(emulator: Emulator, path = listPath, init: RequestInit = {}) {
  return fetch(`${emulator.url}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { ...headersOf(emulator), ...init.headers },
  });
}

const createInit: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '[{"segmentId":"SEG1"}]',
};
const createPath = '/data/core/ups/segment/jobs';

describe('a broken delivery', () => {
  it('resets or closes before any byte', async () => {
    expect(await wire(await withFaults('list:reset'))).toMatchObject({ text: '', ended: 'reset' });
    expect(await wire(await withFaults('list:close'))).toMatchObject({ text: '', ended: 'end' });
  });

  it('cuts the body, with the length of the whole one, and closes or resets', async () => {
    const closed = await wire(await withFaults('list:cut=30'));
    expect([bodyOf(closed.text).length, closed.ended]).toEqual([30, 'end']);
    expect(lengthOf(closed.text)).toBeGreaterThan(1000);
    // A reset may overtake the bytes, and Node tells one that comes after bytes as an end.
    const reset = await wire(await withFaults('list:cut=30,reset'));
    expect(bodyOf(reset.text).length).toBeLessThanOrEqual(30);
    expect(reset.ended).not.toBe('silence');
  });

  it('cuts a chunked body without its end', async () => {
    const { text, ended } = await wire(await withFaults('list:cut=30,chunked'));
    expect(text.toLowerCase()).toContain('transfer-encoding: chunked');
    expect(bodyOf(text)).toMatch(/^1e\r\n.{30}\r\n$/);
    expect(ended).toBe('end');
  });

  it('cuts a body so that its length fits', async () => {
    const { text } = await wire(await withFaults('list:cut=30,framed'));
    expect([lengthOf(text), bodyOf(text).length]).toEqual([30, 30]);
  });

  it('cuts a gzip body so that its length fits', async () => {
    const { text, bytes } = await wire(await withFaults('list:gzip-cut'));
    const body = bytes.subarray(text.indexOf('\r\n\r\n') + 4);
    expect(text).toContain('content-encoding: gzip');
    expect(body).toHaveLength(lengthOf(text));
    expect(() => gunzipSync(body)).toThrow('unexpected end of file');
  });

  it('announces a length that is not that of the body', async () => {
    const { text } = await wire(await withFaults('list:length=10'));
    expect(lengthOf(text)).toBe(10);
    expect(bodyOf(text).length).toBeGreaterThan(10);
  });

  it('hangs before the headers, or after one byte of the body', async () => {
    expect(await wire(await withFaults('list:hang'))).toMatchObject({ text: '', ended: 'silence' });
    const stalled = await wire(await withFaults('list:stall'));
    expect([bodyOf(stalled.text), stalled.ended]).toEqual(['{', 'silence']);
    const error = await wire(await withFaults('list:status=503,stall'));
    expect(error.text).toMatch(/^HTTP\/1.1 503 /);
    expect(error.ended).toBe('silence');
  });

  it('dribbles, and sends in slices that add up to the whole', async () => {
    const dribbled = await wire(await withFaults('list:dribble=30s'), {}, 150);
    expect([bodyOf(dribbled.text), dribbled.ended]).toEqual(['{', 'silence']);
    for (const spec of ['list:slices=7', 'list:rate=200000']) {
      const sliced = await (await get(await withFaults(spec))).text();
      expect(JSON.parse(sliced).children).toHaveLength(1);
    }
  });

  it('floods with a page that goes on, or with a small one that unpacks to it', async () => {
    const long = await (await get(await withFaults('list:flood=300kb'))).text();
    expect(long.length).toBeGreaterThan(300_000);
    expect(JSON.parse(long).children).toEqual([]);
    const { bytes } = await wire(await withFaults('list:flood=20mb,gzip'), {}, 3000);
    expect(bytes.length).toBeLessThan(100_000);
  });

  it('answers with bytes that are not HTTP', async () => {
    const { text } = await wire(await withFaults('list:garbage'));
    expect(text).not.toMatch(/^HTTP/);
    expect(text).toContain('not HTTP');
  });
});

describe('a substituted answer', () => {
  it('has the error body of the part of the platform that would send it', async () => {
    const told = async (spec: string, path = listPath, init: RequestInit = {}) => {
      const response = await get(await withFaults(spec), path, init);
      return [response.status, await response.json()] as const;
    };
    expect(await told('list:status=401')).toEqual([
      401,
      { error_code: '401013', message: 'Oauth token is not valid' },
    ]);
    expect(await told('any:status=429')).toEqual([
      429,
      { error_code: '429050', message: 'Too many requests' },
    ]);
    expect(await told('list:status=503')).toMatchObject([
      503,
      { status: 503, errors: { 503: [{ message: 'Service Unavailable' }] } },
    ]);
    expect(await told('create:status=429', createPath, createInit)).toMatchObject([
      429,
      { title: expect.stringContaining('too many segmentation jobs') },
    ]);
    expect(await told('token:status=500', '/ims/token/v3', { method: 'POST' })).toEqual([
      500,
      { error: 'server_error', error_description: 'Internal Server Error' },
    ]);
  });

  it('is HTML, nothing, no JSON, or any text, with any status and type', async () => {
    const html = await get(await withFaults('list:html'));
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await html.text()).toMatch('Sign in');
    const gateway = await get(await withFaults('list:status=502,html'));
    expect([gateway.status, await gateway.text()]).toEqual([502, expect.stringContaining('502 Bad Gateway')]);
    const empty = await get(await withFaults('list:empty'));
    expect([empty.status, await empty.text()]).toEqual([200, '']);
    expect(await (await get(await withFaults('list:not-json'))).text()).toMatch(/^upstream/);
    const own = await get(await withFaults('list:body="{\\"children\\":null}",status=203,type=text/plain'));
    expect([own.status, own.headers.get('content-type'), await own.text()]).toEqual([
      203,
      'text/plain',
      '{"children":null}',
    ]);
  });

  it('can be a 204 with a body, as older documents show it', async () => {
    const emulator = await withFaults('cancel:status=204,body="{\\"status\\":true}"');
    const { text } = await wire(emulator, { method: 'DELETE', path: `${createPath}/any` });
    expect(text).toMatch(/^HTTP\/1.1 204 No Content\r\n/);
    expect([lengthOf(text), bodyOf(text)]).toEqual([15, '{"status":true}']);
  });

  it('redirects without an answer of its own', async () => {
    const found = await get(await withFaults('list:redirect=http://example.invalid/'));
    expect([found.status, found.headers.get('location')]).toEqual([302, 'http://example.invalid/']);
    expect((await get(await withFaults('list:redirect=/x,status=307'))).status).toBe(307);
  });

  it('keeps the answer when only a success status is asked for', async () => {
    const emulator = await withFaults('list:status=206');
    const told = await get(emulator);
    expect([told.status, ((await told.json()) as { children: object[] }).children.length]).toEqual([206, 1]);
  });

  it('sends Retry-After as text or as a date on the service clock', async () => {
    const text = await get(await withFaults('list:status=503,retry-after=3600'));
    expect(text.headers.get('retry-after')).toBe('3600');
    const date = await get(await withFaults('list:status=429,retry-after=date+90s'));
    const ahead =
      Date.parse(date.headers.get('retry-after') ?? '') - Date.parse(date.headers.get('date') ?? '');
    expect(ahead).toBeGreaterThanOrEqual(90_000);
    expect(ahead).toBeLessThanOrEqual(92_000);
  });
});

describe('a fault and the work', () => {
  it('leaves the work undone, unless it says after', async () => {
    for (const what of ['reset', 'close', 'status=503', 'html', 'empty', 'redirect=/x']) {
      for (const [spec, created] of [
        [`create:${what}`, 0],
        [`create:${what},after`, 1],
      ] as const) {
        const emulator = await withFaults(spec);
        await get(emulator, createPath, createInit).catch(() => undefined);
        expect([spec, emulator.jobCount()]).toEqual([spec, 12 + created]);
      }
    }
  });

  it('does the work whose answer is cut', async () => {
    const emulator = await withFaults('create:cut=10');
    await get(emulator, createPath, createInit)
      .then((response) => response.text())
      .catch(() => undefined);
    expect(emulator.jobCount()).toBe(13);
  });

  it('waits before the work, or after it', async () => {
    const before = await withFaults('create:delay=700ms');
    const after = await withFaults('create:delay=700ms,after');
    const begun = performance.now();
    const answers = [get(before, createPath, createInit), get(after, createPath, createInit)];
    while (after.jobCount() === 12) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(before.jobCount()).toBe(12);
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(690);
    expect(before.jobCount()).toBe(13);
  });

  it('shows a stale state to reads', async () => {
    const emulator = await withFaults();
    const { id } = (await (await get(emulator, createPath, createInit)).json()) as { id: string };
    emulator.advance(60_000);
    const statuses = async () => {
      const single = await get(emulator, `${createPath}/${id}`);
      const list = (await (await get(emulator)).json()) as { children: { id: string }[] };
      return [single.status, list.children[0]?.id === id];
    };
    expect(await statuses()).toEqual([200, true]);
    emulator.addFault('any:stale=2m');
    expect(await statuses()).toEqual([404, false]);
    emulator.clearFaults();
    expect(await statuses()).toEqual([200, true]);
  });

  it('revokes all tokens', async () => {
    const emulator = await withFaults('list:revoke,skip=1,times=1');
    const statuses = [];
    for (let time = 0; time < 3; time++) statuses.push((await get(emulator)).status);
    expect(statuses).toEqual([200, 401, 401]);
  });

  it('is told in the record of the request, beside what was answered', async () => {
    const emulator = await withFaults('list:reset,times=1', 'list:status=503,skip=1,times=1');
    for (let time = 0; time < 3; time++) await get(emulator).catch(() => undefined);
    await get(emulator, '/nowhere');
    expect(emulator.requests.map(({ operation, status, fault }) => [operation, status, fault])).toEqual([
      ['list', 0, 'list:reset,times=1'],
      ['list', 503, 'list:status=503,skip=1,times=1'],
      ['list', 200, undefined],
      [undefined, 404, undefined],
    ]);
    expect(emulator.requests[0]).toMatchObject({ number: 1, method: 'GET', path: listPath, body: '' });
  });
});

describe('an emulator', () => {
  it('lets a test have the last word on a body', async () => {
    const emulator = await startEmulator({
      historyJobs: 12,
      editBody: (operation, status, body) =>
        operation === 'list' ? `{"was":${status},"long":${body.length > 100}}` : body,
    });
    open.push(emulator);
    expect(await (await get(emulator)).json()).toEqual({ was: 200, long: true });
  });

  it('tells each request when it has been dealt with', async () => {
    const told: string[] = [];
    const emulator = await startEmulator({
      historyJobs: 0,
      onRequest: ({ method, path, status, requestId }) =>
        told.push(`${method} ${path} ${status} ${requestId}`),
    });
    open.push(emulator);
    await get(emulator, listPath, { headers: { 'x-request-id': 'r-1' } });
    expect(told).toEqual([`GET ${listPath} 200 r-1`]);
  });

  it('refuses faults that cannot be read, and speeds that are none, before anything is open', async () => {
    await expect(startEmulator({ faults: ['list:nonsense'] })).rejects.toThrow('there is no nonsense');
    for (const speed of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(startEmulator({ speed })).rejects.toThrow(RangeError);
    }
    const emulator = await withFaults();
    expect(() => emulator.addFault('x')).toThrow('must begin with');
    await expect(startEmulator({ port: emulator.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes at once though a client keeps its connection or waits for an answer, and more than once', async () => {
    const emulator = await startEmulator({ historyJobs: 0, faults: ['list:hang'] });
    const waiting = get(emulator).catch(() => 'gone');
    while (emulator.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([emulator.close(), emulator.close()]);
    expect(await waiting).toBe('gone');
  });
});
