// Access tokens: minted once, shared, renewed ahead of time and once after a 401; never shown.

import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type CachedToken,
  createImsTokenSource,
  fixedToken,
  type ImsTokenOptions,
  type TokenCache,
} from '../../src/api/token.ts';
import { clientFor, createTestWorld, errorOf, told } from '../support/api-client.ts';
import {
  json,
  type LoggedRequest,
  type Reply,
  type ScriptedServer,
  startServer,
  text,
} from '../support/http-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const secret = 'p@ss word+secret&1';

function tokenSource(world = createTestWorld(), more: Partial<ImsTokenOptions> = {}) {
  return createImsTokenSource(
    {
      clientId: 'client-1',
      clientSecrets: async () => [secret],
      scopes: 'openid,AdobeID',
      imsUrl: server.url,
      ...more,
    },
    world.host,
  );
}

const isMint = ({ path }: LoggedRequest) => path === '/ims/token/v3';
const mints = () => server.requests.filter(isMint).length;

/** Mints `token-1`, `token-2`, …; answers everything else with `api`. */
function login(api: Reply = json(500, {}), expiresIn: unknown = 86_399, date?: string): Reply {
  return (request, response, socket) => {
    if (!isMint(request)) return api(request, response, socket);
    const body = { access_token: `token-${mints()}`, token_type: 'bearer', expires_in: expiresIn };
    return json(200, body, date === undefined ? {} : { date })(request, response, socket);
  };
}

test('a token is minted with a form, once, and kept', async () => {
  server.script([], login());
  const tokens = tokenSource();
  expect(await tokens.get()).toBe('token-1');
  expect(await tokens.get()).toBe('token-1');
  expect(server.requests).toHaveLength(1);
  const [request] = server.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/ims/token/v3' });
  expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
    client_id: 'client-1',
    client_secret: secret,
    grant_type: 'client_credentials',
    scope: 'openid,AdobeID',
  });
});

test('fault 30: twenty parallel 401s make one token request', async () => {
  const api: Reply = (request, response, socket) => {
    const isFresh = request.headers.authorization === 'Bearer token-2';
    return (
      isFresh ? json(200, { id: request.path.split('/').at(-1) }) : json(401, { error_code: '401013' })
    )(request, response, socket);
  };
  server.script([], login(api));
  const client = clientFor(server.url, createTestWorld(), {}, tokenSource());
  const jobs = await Promise.all(Array.from({ length: 20 }, (_, at) => client.get(`job-${at}`)));
  expect(jobs).toHaveLength(20);
  expect(mints()).toBe(2);
});

test('fault 29: a token that expires in the middle costs one refresh and one repeat', async () => {
  const api: Reply = (request, response, socket) =>
    (request.headers.authorization === 'Bearer token-1' && server.requests.length > 2
      ? json(401, { error_code: '401013', message: 'Oauth token is not valid' })
      : json(200, { id: 'a' }))(request, response, socket);
  server.script([], login(api));
  const client = clientFor(server.url, createTestWorld(), {}, tokenSource());
  await client.get('a');
  await client.get('a');
  expect(server.lines().filter((line) => line.includes('/segment/'))).toHaveLength(3);
  expect(mints()).toBe(2);
});

test('a fresh token that is refused too ends after one repeat, and names the likely causes', async () => {
  server.script([], login(json(401, { error_code: '401013', message: 'Oauth token is not valid' })));
  const error = await errorOf(clientFor(server.url, createTestWorld(), {}, tokenSource()).get('a'));
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', exitCode: 4, httpStatus: 401 });
  expect(error.message).toBe('the access token was not accepted: Oauth token is not valid');
  expect(error.hint).toContain('a fresh token was refused too');
  expect(server.requests).toHaveLength(4);
});

test('fault 26: a 401 with a fixed token is one request, and says how to renew it', async () => {
  server.script([], json(401, { error_code: '401013', message: 'Oauth token is not valid' }));
  const error = await errorOf(clientFor(server.url).get('a'));
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', exitCode: 4 });
  expect(error.hint).toMatch(/AEP_ACCESS_TOKEN.*segjobs auth login/);
  expect(server.requests).toHaveLength(1);
});

test('a create that was refused with a 401 is sent once more with a fresh token', async () => {
  const api: Reply = (request, response, socket) =>
    (request.headers.authorization === 'Bearer token-2' ? json(200, { id: 'made' }) : json(401, {}))(
      request,
      response,
      socket,
    );
  server.script([], login(api));
  const { job, origin } = await clientFor(server.url, createTestWorld(), {}, tokenSource()).create({
    segmentIds: ['s'],
  });
  expect({ id: job.id, origin }).toEqual({ id: 'made', origin: 'created' });
  expect(server.lines().filter((line) => line.startsWith('POST /data'))).toHaveLength(2);
});

test('many callers at once share one mint', async () => {
  server.script([], login());
  const tokens = tokenSource();
  expect(new Set(await Promise.all(Array.from({ length: 50 }, () => tokens.get())))).toEqual(
    new Set(['token-1']),
  );
  expect(mints()).toBe(1);
});

test('a token is renewed 60 s ahead of its expiry, or 5 % of a short life', async () => {
  const world = createTestWorld();
  server.script([], login(undefined, 3600));
  const tokens = tokenSource(world);
  await tokens.get();
  world.advance(3600_000 - 61_000);
  expect(await tokens.get()).toBe('token-1');
  world.advance(2000);
  expect(await tokens.get()).toBe('token-2');

  server.script([], login(undefined, 100));
  const shortLived = tokenSource(world);
  const first = await shortLived.get();
  world.advance(94_000);
  expect(await shortLived.get()).toBe(first);
  world.advance(2000);
  expect(await shortLived.get()).not.toBe(first);
});

test.each([
  ['seconds', 600, 600_000],
  ['a string', '600', 600_000],
  ['milliseconds, as older endpoints told', 86_399_000, 86_400_000],
  ['nothing', null, 300_000],
  ['nonsense', 'soon', 300_000],
  ['a negative number', -5, 300_000],
])('expires_in as %s gives a life that is bounded', async (_name, expiresIn, lifetimeMs) => {
  const written: CachedToken[] = [];
  server.script([], login(undefined, expiresIn, 'Mon, 23 Nov 2026 11:58:00 GMT'));
  await tokenSource(createTestWorld(), { cache: memoryCache(undefined, written) }).get();
  const clockAheadMs = 120_000;
  expect(written).toEqual([
    { accessToken: 'token-1', expiresAt: noon - clockAheadMs + lifetimeMs, lifetimeMs, clockAheadMs },
  ]);
});

function memoryCache(cached: CachedToken | undefined, written: CachedToken[] = []): TokenCache {
  return {
    read: async () => written.at(-1) ?? cached,
    write: async (token) => {
      written.push(token);
    },
  };
}

const noon = Date.parse('2026-11-23T12:00:00Z');
const anHour = { expiresAt: noon + 3600_000, lifetimeMs: 3600_000, clockAheadMs: 0 };

test('a cached token is used without a request; one about to expire is not', async () => {
  server.script([], login());
  const good = { accessToken: 'cached', expiresAt: noon + 3600_000, lifetimeMs: 86_400_000, clockAheadMs: 0 };
  expect(await tokenSource(createTestWorld(), { cache: memoryCache(good) }).get()).toBe('cached');
  expect(server.requests).toHaveLength(0);
  const old = { ...good, expiresAt: noon + 30_000 };
  expect(await tokenSource(createTestWorld(), { cache: memoryCache(old) }).get()).toBe('token-1');
});

test('a cached token that the service refuses is replaced, and one that another process renewed is taken', async () => {
  server.script([], login());
  const written: CachedToken[] = [];
  const tokens = tokenSource(createTestWorld(), {
    cache: memoryCache({ accessToken: 'cached', ...anHour }, written),
  });
  expect(await tokens.refresh(await tokens.get())).toBe('token-1');
  written.push({ accessToken: 'from-elsewhere', ...anHour });
  expect(await tokens.refresh('token-1')).toBe('from-elsewhere');
  expect(mints()).toBe(1);
});

test('a cache that fails, or holds nonsense, stops nothing', async () => {
  server.script([], login());
  const broken: TokenCache = {
    read: () => Promise.reject(new Error('disk')),
    write: () => Promise.reject(new Error('disk')),
  };
  expect(await tokenSource(createTestWorld(), { cache: broken }).get()).toBe('token-1');
  const odd = { accessToken: 'to\r\nken', ...anHour };
  expect(await tokenSource(createTestWorld(), { cache: memoryCache(odd) }).get()).toBe('token-2');
});

test('a wrong secret is exit 4 with a hint, though the login service says 400', async () => {
  server.script(
    [],
    json(
      400,
      { error: 'invalid_client', error_description: `invalid client_secret parameter ${secret}` },
      { 'x-request-id': 'ims-1' },
    ),
  );
  const error = await errorOf(tokenSource().get());
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', exitCode: 4, httpStatus: 400, requestId: 'ims-1' });
  expect(error.message).toBe(
    'the login service refused the credentials (invalid_client: invalid client_secret parameter ***)',
  );
  expect(error.hint).toContain('segjobs auth login');
  expect(server.requests).toHaveLength(1);
});

test('during a rotation the second secret is tried, and from then on first', async () => {
  const world = createTestWorld();
  const wantsNew: Reply = (request, response, socket) =>
    (request.body.includes('new-secret') ? login() : json(400, { error: 'invalid_client' }))(
      request,
      response,
      socket,
    );
  server.script([], wantsNew);
  const tokens = tokenSource(world, { clientSecrets: async () => ['old-secret', 'new-secret'] });
  expect(await tokens.get()).toBe('token-2');
  expect(await tokens.refresh('token-2')).toBe('token-3');
  expect(server.requests.map(({ body }) => new URLSearchParams(body).get('client_secret'))).toEqual([
    'old-secret',
    'new-secret',
    'new-secret',
  ]);
});

test('a wrong scope is exit 4 and not blamed on the secret', async () => {
  server.script([], json(400, { error: 'invalid_scope' }));
  const error = await errorOf(
    tokenSource(createTestWorld(), { clientSecrets: async () => ['secret-a', 'secret-b'] }).get(),
  );
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', exitCode: 4 });
  expect(error.hint).toContain('scopes');
  expect(server.requests).toHaveLength(1);
});

test('the login service in an outage is retried, then exit 7', async () => {
  server.script([json(503, {}), json(429, {}, { 'retry-after': '3' })], login());
  const world = createTestWorld({ random: 0 });
  expect(await tokenSource(world).get()).toBe('token-3');
  expect(world.waits).toEqual([0, 3000]);
  server.script([], json(503, {}));
  const error = await errorOf(tokenSource().get());
  expect(error).toMatchObject({ code: 'UNAVAILABLE', exitCode: 7 });
  expect(error.message).toContain('no access token: the service is not available');
});

test.each([
  [503, 'UNAVAILABLE'],
  [500, 'UNAVAILABLE'],
  [429, 'THROTTLED'],
])(
  'a %i of the login service is no refusal of the credentials, though it has the same shape',
  async (status, code) => {
    server.script([], json(status, { error: 'server_error', error_description: 'try later' }));
    expect(await errorOf(tokenSource(createTestWorld(), { maxRetries: 0 }).get())).toMatchObject({
      code,
      exitCode: 7,
    });
  },
);

test.each(['{}', '[]', 'null', '<html></html>', '', '{"access_token":7}', '{"access_token":""}'])(
  'an answer of %s from the login service is an error, and is not shown',
  async (body) => {
    server.script([], text(200, body));
    expect(await errorOf(tokenSource().get())).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3 });
  },
);

test.each(['to\nken', 'to\rken', 'to ken', 'tökén', '', 'to\u0000ken', 'Bearer x'])(
  'fault 94: a token like %j is exit 4 before any request, and is not printed',
  async (token) => {
    const error = await errorOf(clientFor(server.url, createTestWorld(), {}, fixedToken(token)).get('a'));
    expect(error).toMatchObject({ code: 'NO_CREDENTIALS', exitCode: 4 });
    if (token !== '') expect(error.message).not.toContain(token);
    expect(server.requests).toHaveLength(0);
  },
);

test('a token from the login service that could end a header is refused', async () => {
  server.script([], json(200, { access_token: 'a\r\nx: y', expires_in: 60 }));
  expect(await errorOf(tokenSource().get())).toMatchObject({ code: 'NO_CREDENTIALS', exitCode: 4 });
});

test('no debug line and no error holds a secret or a token', async () => {
  const world = createTestWorld();
  const parrot: Reply = (request, response, socket) =>
    json(403, {
      error_code: '403003',
      message: `Api Key ${request.headers['x-api-key']} and ${request.headers.authorization} are invalid`,
    })(request, response, socket);
  server.script([], login(parrot));
  const error = await errorOf(clientFor(server.url, world, {}, tokenSource(world)).get('a'));
  expect(error.message).toBe('access was refused: Api Key *** and Bearer *** are invalid');
  const shown = [...world.debug, told(error), JSON.stringify(error.details)].join('\n');
  expect(shown).not.toMatch(/token-1|key-of-the-test|p@ss|client-1/);
  expect(world.debug[0]).toBe('POST /ims/token/v3 -> 200 in 0 ms');
});
