// Which proxy a request takes, and what is told when the proxy is the one that says no.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type ProxyEnv, proxyFor } from '../../src/api/proxy-choice.ts';
import { clientFor, createTestWorld, errorOf, testToken, told } from '../support/api-client.ts';
import { json, type ScriptedServer, startServer } from '../support/http-server.ts';
import { answer, type ProxyOptions, type ProxyServer, startProxy } from '../support/proxy-server.ts';

const chosen = (url: string, env: ProxyEnv) => proxyFor(new URL(url), env)?.url.origin;
const thrown = (url: string, env: ProxyEnv) => errorOf((async () => proxyFor(new URL(url), env))());

describe('the proxy for an address', () => {
  test.each<[string, ProxyEnv, string | undefined]>([
    ['https://a.example', {}, undefined],
    ['https://a.example', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://a.example', { https_proxy: 'http://p:1' }, 'http://p:1'],
    ['https://a.example', { https_proxy: 'http://small:1', HTTPS_PROXY: 'http://p:1' }, 'http://small:1'],
    ['https://a.example', { https_proxy: '', HTTPS_PROXY: ' http://p:1 ' }, 'http://p:1'],
    ['https://a.example', { HTTPS_PROXY: ' ' }, undefined],
    ['https://a.example', { HTTP_PROXY: 'http://p:1', http_proxy: 'http://p:1' }, undefined],
    ['https://a.example', { ALL_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://a.example', { all_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:1' }, 'http://q:1'],
    ['https://a.example', { HTTPS_PROXY: 'p.example:3128' }, 'http://p.example:3128'],
    ['https://a.example', { HTTPS_PROXY: 'p.example' }, 'http://p.example'],
    ['https://a.example', { HTTPS_PROXY: 'HTTPS://p.example:8443/' }, 'https://p.example:8443'],
    ['https://a.example', { HTTPS_PROXY: 'http://[::1]:3128' }, 'http://[::1]:3128'],
    ['http://127.0.0.1:9', { HTTPS_PROXY: 'http://localhost:1' }, undefined],
    ['http://127.0.0.1:9', { HTTP_PROXY: 'http://localhost:1' }, 'http://localhost:1'],
    ['http://127.0.0.1:9', { http_proxy: 'http://localhost:1' }, 'http://localhost:1'],
    ['http://127.0.0.1:9', { ALL_PROXY: 'http://localhost:1' }, 'http://localhost:1'],
    ['http://127.0.0.1:9', { HTTP_PROXY: 'http://localhost:1', REQUEST_METHOD: 'GET' }, undefined],
    ['http://127.0.0.1:9', { http_proxy: 'http://localhost:1', REQUEST_METHOD: 'GET' }, 'http://localhost:1'],
  ])('%s with %j is %s', (url, env, proxy) => {
    expect(chosen(url, env)).toBe(proxy);
  });

  test.each([
    ['https://api.example.com', 'api.example.com', true],
    ['https://api.example.com', 'example.com', true],
    ['https://api.example.com', '.example.com', true],
    ['https://api.example.com', '*.example.com', true],
    ['https://example.com', '.example.com', true],
    ['https://example.com.', 'example.com', true],
    ['https://example.com', 'EXAMPLE.com.', true],
    ['https://badexample.com', 'example.com', false],
    ['https://example.com.evil.net', 'example.com', false],
    ['https://example.com', 'api.example.com', false],
    ['https://example.com', '*', true],
    ['https://example.com', 'a.net, b.net  example.com', true],
    ['https://example.com', 'a.net,,', false],
    ['https://example.com', '.', false],
    ['https://example.com', 'com', true],
    ['https://example.com', 'example.com:443', true],
    ['https://example.com', 'example.com:8443', false],
    ['https://example.com:8443', 'example.com:8443', true],
    ['https://127.0.0.1:8443', '127.0.0.1', true],
    ['https://127.0.0.1:8443', '127.0.0.1:8443', true],
    ['https://127.0.0.1:8443', '127.0.0.1:443', false],
    ['https://127.0.0.1', '0.0.1', false],
    ['https://127.0.0.1', '.0.0.1', false],
    ['https://10.1.2.3', '10.0.0.0/8', true],
    ['https://11.1.2.3', '10.0.0.0/8', false],
    ['https://10.1.2.3', '10.1.2.0/24,11.0.0.0/8', true],
    ['https://10.1.2.3', '10.0.0.0/33', false],
    ['https://10.1.2.3', '10.0.0.0/', false],
    ['https://10.1.2.3', '0.0.0.0/0', true],
    ['https://[::1]:8443', '::1', true],
    ['https://[::1]:8443', '[::1]', true],
    ['https://[::1]:8443', '[::1]:8443', true],
    ['https://[::1]:8443', '[::1]:443', false],
    ['https://[::1]', '0:0:0:0:0:0:0:1', true],
    ['https://[2001:db8::5]', '2001:db8::/32', true],
    ['https://[2001:db9::5]', '2001:db8::/32', false],
    ['https://example.com', '10.0.0.0/8', false],
    ['https://localhost', '127.0.0.1', false],
    ['https://example.com', 'http://example.com', false],
  ])('%s with NO_PROXY=%s is direct: %s', (url, excepted, isDirect) => {
    for (const name of ['NO_PROXY', 'no_proxy']) {
      expect(chosen(url, { HTTPS_PROXY: 'http://p:1', [name]: excepted })).toBe(
        isDirect ? undefined : 'http://p:1',
      );
    }
  });

  test('no_proxy wins over NO_PROXY, unless it is empty', () => {
    const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.example' };
    expect(chosen('https://a.example', { ...env, no_proxy: 'b.example' })).toBe('http://p:1');
    expect(chosen('https://a.example', { ...env, no_proxy: '' })).toBeUndefined();
  });

  test('any NO_PROXY is read without a failure, and its own host is always excepted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.domain(), fc.nat(65535), (entries, host, port) => {
        const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: [...entries, host].join(',') };
        expect(chosen(`https://${host}:${port}`, env)).toBeUndefined();
      }),
    );
  });

  test('user and password are percent-decoded and leave the address', () => {
    const proxy = proxyFor(new URL('https://a.example'), { HTTPS_PROXY: 'http://me:p%40ss%3A%C3%A9@p:1' });
    expect(proxy).toEqual({
      url: new URL('http://p:1'),
      host: 'p:1',
      authorization: `Basic ${Buffer.from('me:p@ss:é').toString('base64')}`,
      variable: 'HTTPS_PROXY',
    });
  });

  test.each([
    'http://',
    'http://me:hunter22@',
    'http://me:hunter%2@p:1',
    'http://me:hunter/22@p:1',
    'http://me:hunter#22@p:1',
    'http://me:hunter?22@p:1',
    'http://me:hunter22@p:99999',
    'http://me:hunter22@p p',
    '\u001b[31mhunter22 ',
  ])('fault 123: %j is a CONFIG error that repeats nothing of it', async (value) => {
    const error = await thrown('https://a.example', { HTTPS_PROXY: value });
    expect(error).toMatchObject({
      code: 'CONFIG',
      exitCode: 2,
      message: 'HTTPS_PROXY is not the URL of a proxy',
    });
    expect(`${told(error)} ${error.cause}`).not.toContain('hunter');
  });

  test('a SOCKS proxy cannot be used, and which variable says so is told', async () => {
    const error = await thrown('https://a.example', { all_proxy: 'socks5h://me:hunter22@p:1080' });
    expect(error).toMatchObject({ code: 'CONFIG', exitCode: 2 });
    expect(error.message).toBe('all_proxy names a socks5h proxy, which segjobs cannot use');
    expect(told(error)).not.toContain('hunter22');
  });

  test('a token for a service of this machine is not sent over the network in the open', async () => {
    const error = await thrown('http://127.0.0.1:9', { HTTP_PROXY: 'http://p.example:3128' });
    expect(error).toMatchObject({ code: 'CONFIG', exitCode: 2, hint: 'add 127.0.0.1 to NO_PROXY' });
    expect(chosen('http://127.0.0.1:9', { HTTP_PROXY: 'https://p.example:3128' })).toBe(
      'https://p.example:3128',
    );
    expect(
      chosen('http://127.0.0.1:9', { HTTP_PROXY: 'http://p.example:3128', NO_PROXY: '127.0.0.1' }),
    ).toBeUndefined();
  });
});

describe('through a proxy', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  const proxyWith = async (options?: ProxyOptions): Promise<ProxyServer> => {
    const proxy = await startProxy(options);
    open.push(proxy);
    return proxy;
  };
  const serverWith = async (...replies: Parameters<typeof json>): Promise<ScriptedServer> => {
    const server = await startServer(json(...replies));
    open.push(server);
    return server;
  };
  const worldWith = (env: ProxyEnv) => {
    const world = createTestWorld();
    return { ...world, host: { ...world.host, env } };
  };
  const login = 'me:hunter22';
  const withLogin = ({ host }: ProxyServer, user = login) => `http://${user}@${host}`;
  const page = { children: [{ id: 'a' }] };

  test('requests of a plain http service are forwarded, with the login for the proxy and nobody else', async () => {
    const [proxy, server] = [await proxyWith({ login }), await serverWith(200, page)];
    const world = worldWith({ HTTP_PROXY: withLogin(proxy) });
    const client = clientFor(server.url, world);
    expect((await client.listPage({ limit: 2 })).jobs.map(({ id }) => id)).toEqual(['a']);
    await client.listPage({ limit: 3 });
    expect(proxy.targets()).toEqual([
      `GET ${server.url}/data/core/ups/segment/jobs?limit=2`,
      `GET ${server.url}/data/core/ups/segment/jobs?limit=3`,
    ]);
    expect(server.lines()).toHaveLength(2);
    expect(proxy.requests[0]?.headers).toMatchObject({ host: new URL(server.url).host });
    expect(world.debug[0]).toBe(`using the proxy ${proxy.host} (HTTP_PROXY)`);
    expect(world.debug.filter((line) => line.includes('proxy'))).toHaveLength(1);
    expect(world.debug.join()).not.toMatch(/hunter22|me:|bWU6/);
  });

  test('a host in NO_PROXY is asked directly', async () => {
    const [proxy, server] = [await proxyWith(), await serverWith(200, page)];
    await clientFor(server.url, worldWith({ HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' })).listPage({
      limit: 2,
    });
    expect([proxy.requests.length, server.requests.length]).toEqual([0, 1]);
  });

  test('fault 122: a plain http service behind a proxy that asks for a login is a fault of the proxy', async () => {
    const [proxy, server] = [await proxyWith({ login }), await serverWith(200, page)];
    const error = await errorOf(
      clientFor(server.url, worldWith({ HTTP_PROXY: proxy.url })).listPage({ limit: 2 }),
    );
    expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7, httpStatus: 407 });
    expect(error.message).toBe('the proxy asks for a login');
    expect([proxy.requests.length, server.requests.length]).toEqual([1, 0]);
  });

  const target = 'https://api.example.invalid';
  const inTunnel = (proxy: ProxyServer, url = proxy.url, more: Parameters<typeof clientFor>[2] = {}) =>
    clientFor(target, worldWith({ HTTPS_PROXY: url }), more);

  test.each<[string, ProxyOptions, string | undefined, RegExp, number]>([
    ['asks for a login', { login }, undefined, /asks for a login \(HTTP 407\)/, 1],
    ['does not know the user', { login }, 'me:wrong', /did not accept the login \(HTTP 407\)/, 1],
    [
      'forbids the host',
      { refuse: answer(403, 'Forbidden', '<html>blocked by policy</html>') },
      undefined,
      /did not connect to api\.example\.invalid:443 \(HTTP 403\)/,
      1,
    ],
    [
      'cannot reach the host',
      { refuse: answer(502, 'Bad Gateway', '<html>no</html>') },
      undefined,
      /did not connect to api\.example\.invalid:443 \(HTTP 502\)/,
      4,
    ],
    [
      'redirects',
      { refuse: answer(302, 'Found', '<html>log in</html>') },
      undefined,
      /did not connect .* \(HTTP 302\)/,
      1,
    ],
    [
      'answers with a page',
      { refuse: answer(200, 'OK', '<html>please log in</html>') },
      undefined,
      /answered with a page of its own/,
      1,
    ],
    ['hangs up', { refuse: (socket) => socket.end() }, undefined, /closed the connection before/, 4],
    [
      'resets',
      { refuse: (socket) => socket.resetAndDestroy() },
      undefined,
      /closed the connection .*ECONN/,
      4,
    ],
    [
      'does not speak HTTP',
      { refuse: (socket) => socket.end('SSH-2.0-OpenSSH\r\n') },
      undefined,
      /answered something that is not HTTP/,
      4,
    ],
  ])('fault 122: a proxy that %s is told as the proxy', async (_name, options, user, message, tries) => {
    const proxy = await proxyWith(options);
    const error = await errorOf(
      inTunnel(proxy, user === undefined ? proxy.url : withLogin(proxy, user)).get('a'),
    );
    expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7 });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`the proxy ${proxy.host}`);
    expect(error.details).toMatchObject({ host: 'api.example.invalid:443', proxy: proxy.host });
    expect(error.hint).toContain('HTTPS_PROXY');
    expect(told(error)).not.toMatch(/hunter22|wrong|<html|SSH/);
    expect(proxy.targets()).toEqual(Array(tries).fill('CONNECT api.example.invalid:443'));
    expect(JSON.stringify(proxy.requests)).not.toContain(testToken);
  });

  test('a proxy that never answers is over with the connect limit, of which the proxy is told', async () => {
    const proxy = await proxyWith({ refuse: () => undefined });
    const startMs = performance.now();
    const error = await errorOf(inTunnel(proxy, proxy.url, { httpTimeoutMs: 1200, maxRetries: 0 }).get('a'));
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7 });
    expect(error.message).toBe(
      `no connection to api.example.invalid:443 through the proxy ${proxy.host} was made within 0.2 s`,
    );
  });

  test('a tunnel in which nobody speaks TLS is over with the connect limit too', async () => {
    const proxy = await proxyWith({
      refuse: (socket) => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'),
    });
    const error = await errorOf(inTunnel(proxy, proxy.url, { httpTimeoutMs: 1200, maxRetries: 0 }).get('a'));
    expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7 });
    expect(error.message).toContain('was made within 0.2 s');
  });

  test('a proxy that is not there, or whose name is not known, is told as the proxy', async () => {
    const proxy = await proxyWith();
    await open.pop()?.close();
    const refused = await errorOf(inTunnel(proxy).get('a'));
    expect(refused.message).toBe(`the proxy ${proxy.host} refused the connection (tried 4 times)`);
    const unknown = await errorOf(inTunnel(proxy, 'http://me:hunter22@proxy.invalid:3128').get('a'));
    expect(unknown.message).toBe('the proxy proxy.invalid was not found (tried 4 times)');
    expect(told(unknown)).not.toContain('hunter22');
    const forwarded = worldWith({ HTTP_PROXY: proxy.url });
    expect((await errorOf(clientFor('http://127.0.0.1:9', forwarded).get('a'))).message).toBe(
      refused.message,
    );
  });

  test('an https:// proxy that is a plain one is told', async () => {
    const proxy = await proxyWith();
    const error = await errorOf(inTunnel(proxy, `https://${proxy.host}`, { maxRetries: 0 }).get('a'));
    expect(error.message).toBe(`the proxy ${proxy.host} does not seem to speak TLS`);
    expect(error.hint).toContain('http:// rather than https://');
  });

  test.each<[string, ProxyOptions['refuse']]>([
    ['refuses', answer(403, 'Forbidden', 'no')],
    ['asks for a login', answer(407, 'Proxy Authentication Required', 'no')],
    ['hangs up', (socket) => socket.end()],
    ['answers with a page', answer(200, 'OK', '<html>')],
  ])('fault 45: a create whose proxy %s did not happen, is sent once and told so', async (_name, refuse) => {
    const proxy = await proxyWith({ refuse });
    const error = await errorOf(inTunnel(proxy).create({ segmentIds: ['s'] }));
    expect(error).toMatchObject({ code: 'NETWORK', exitCode: 7 });
    expect(error.message).toMatch(/^the proxy .*; nothing was sent, so no job was created$/);
    expect(proxy.requests).toHaveLength(1);
  });

  test('fault 45: a create for which the proxy cannot even be read was not sent', async () => {
    const client = clientFor(target, worldWith({ HTTPS_PROXY: 'socks5://p:1' }));
    const error = await errorOf(client.create({ segmentIds: ['s'] }));
    expect(error).toMatchObject({ code: 'CONFIG', exitCode: 2 });
    expect(error.message).toContain('; nothing was sent');
  });

  test('fault 40: a create that went through the proxy and was lost behind it is looked for', async () => {
    const proxy = await proxyWith();
    const server = await serverWith(200, { children: [] });
    server.script([(_request, _response, socket) => socket.resetAndDestroy()]);
    const client = clientFor(server.url, worldWith({ HTTP_PROXY: proxy.url }));
    expect(await errorOf(client.create({ segmentIds: ['s'] }))).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(server.lines().filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  test('every create has a connection of its own to the proxy; reads share one', async () => {
    const proxy = await proxyWith();
    const server = await serverWith(200, { id: 'made', children: [] });
    const client = clientFor(server.url, worldWith({ HTTP_PROXY: proxy.url }));
    await client.create({ segmentIds: ['s'] });
    await client.create({ segmentIds: ['s'] });
    expect(proxy.requests.map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
    await client.get('made');
    expect(proxy.requests[2]?.headers.connection).toBe('keep-alive');
  });

  test('an interrupt while the proxy hangs ends at once', async () => {
    const world = worldWith({});
    const proxy = await proxyWith({ refuse: () => world.controller.abort(new Error('stopped')) });
    const host = { ...world.host, env: { HTTPS_PROXY: proxy.url } };
    const startMs = performance.now();
    await expect(clientFor(target, { ...world, host }).get('a')).rejects.toThrow('stopped');
    expect(performance.now() - startMs).toBeLessThan(500);
  });
});
