import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.ts';
import { json, type Reply, type ScriptedServer, startServer } from '../support/http-server.ts';
import { answer, type ProxyServer, startProxy } from '../support/proxy-server.ts';

// The built program behind a proxy. FAULTS 122, and that a proxy that hangs does not keep the process.

const token = 'access-token-of-the-test';
const secrets = /hunter22|access-token-of-the-test|bWU6aHVudGVyMjI=/;

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
async function opened<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
  const one = await opening;
  open.push(one);
  return one;
}

describe('the emulator through HTTP_PROXY', () => {
  it('every request goes through it, the one for a token too', async () => {
    const proxy = await opened(startProxy());
    const env = { HTTP_PROXY: proxy.url, XDG_CACHE_HOME: join(world.home, 'no token yet') };
    const { stdout, exitCode } = await world.run(['create', 'segment-a', '-o', 'ids'], { env });
    expect(exitCode).toBe(0);
    expect((await world.run(['get', stdout.trim(), '-o', 'ids'], { env })).stdout).toBe(stdout);
    const { host } = new URL(world.emulator.url);
    expect(proxy.targets()).toEqual([
      `POST http://${host}/ims/token/v3`,
      `POST http://${host}/data/core/ups/segment/jobs`,
      `GET http://${host}/data/core/ups/segment/jobs/${stdout.trim()}`,
    ]);
  });

  it.each(['127.0.0.1', '*', 'localhost,127.0.0.0/8'])('is not used with NO_PROXY=%s', async (excepted) => {
    const proxy = await opened(startProxy({ refuse: answer(403, 'Forbidden', '') }));
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: excepted };
    expect((await world.run(['list', '--limit', '1'], { env })).exitCode).toBe(0);
    expect(proxy.requests).toEqual([]);
  });

  it('is not used by what `emulator exec` runs', async () => {
    const proxy = await opened(startProxy());
    const ran = await world.run(['emulator', 'exec', '--', 'segjobs', 'list', '--limit', '1'], {
      env: { HTTP_PROXY: proxy.url, http_proxy: proxy.url },
    });
    expect([ran.exitCode, ran.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    expect(proxy.requests).toEqual([]);
  });

  it('is refused where it would carry the credentials over the network in the open', async () => {
    const { exitCode, stderr } = await world.run(['list'], {
      env: { HTTP_PROXY: 'http://me:hunter22@proxy.invalid:3128' },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: (no access token: )?HTTP_PROXY would send credentials/);
    expect(stderr).toContain('hint: add 127.0.0.1 to NO_PROXY');
    expect(stderr).not.toMatch(secrets);
  });
});

describe.skipIf(!hasOpenssl)('an https service through HTTPS_PROXY (needs openssl)', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => certificates.remove());

  const page = json(200, { children: [{ id: 'a', status: 'SUCCEEDED' }] });
  const service = (reply: Reply = page): Promise<ScriptedServer> =>
    opened(startServer(reply, { tls: certificates.good }));
  const run = (argv: readonly string[], proxyUrl: string, env: Record<string, string | undefined> = {}) =>
    world.run(argv, {
      env: {
        AEP_CLIENT_SECRET: undefined,
        AEP_ACCESS_TOKEN: token,
        SEGJOBS_API_URL: 'https://api.example.invalid',
        SEGJOBS_MAX_RETRIES: '0',
        NODE_EXTRA_CA_CERTS: certificates.caFile,
        HTTPS_PROXY: proxyUrl,
        ...env,
      },
    });
  const withLogin = ({ host }: ProxyServer) => `http://me:hunter22@${host}`;
  const portOf = ({ url }: ScriptedServer) => ({ 'api.example.invalid': Number(new URL(url).port) });

  it('fault 122: it is used, with its login, and looks the host up itself; --debug names it and hides the login', async () => {
    const server = await service();
    const proxy = await opened(startProxy({ login: 'me:hunter22', ports: portOf(server) }));
    const { exitCode, stdout, stderr } = await run(['list', '-o', 'ids', '--debug'], withLogin(proxy));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'a\n' });
    expect(proxy.targets()).toEqual(['CONNECT api.example.invalid:443']);
    expect(server.requests[0]?.headers).toMatchObject({ host: 'api.example.invalid' });
    expect(JSON.stringify(server.requests)).not.toMatch(/hunter22|proxy-/i);
    expect(JSON.stringify(proxy.requests)).not.toContain(token);
    expect(stderr).toContain(`using the proxy ${proxy.host} (HTTPS_PROXY)`);
    expect(stderr).not.toMatch(secrets);
  });

  it('one tunnel serves the reads, and a create has one of its own', async () => {
    const server = await service(json(200, { id: 'a', status: 'NEW' }));
    const proxy = await opened(startProxy({ ports: portOf(server) }));
    expect((await run(['create', 's', '-o', 'ids'], proxy.url)).stdout).toBe('a\n');
    server.script([page, page], page);
    expect((await run(['list', '--status', 'new,queued', '-o', 'ids'], proxy.url)).stdout).toBe('a\n');
    expect(server.lines()).toHaveLength(3);
    expect(proxy.targets()).toEqual(Array(2).fill('CONNECT api.example.invalid:443'));
  });

  it('a proxy that speaks TLS itself, and one on ::1, are used', async () => {
    const server = await service();
    const secure = await opened(startProxy({ tls: certificates.good, ports: portOf(server) }));
    expect((await run(['list', '-o', 'ids'], secure.url)).stdout).toBe('a\n');
    const six = await startProxy({ host: '::1', ports: portOf(server) }).catch(() => undefined);
    if (six === undefined) return;
    open.push(six);
    expect((await run(['list', '-o', 'ids'], six.url)).stdout).toBe('a\n');
    expect([secure.requests.length, six.requests.length]).toEqual([1, 1]);
  });

  it('an address of IPv6 is asked for in brackets', async () => {
    const server = await service();
    const proxy = await opened(startProxy({ ports: { '::1': Number(new URL(server.url).port) } }));
    expect(
      (await run(['list', '-o', 'ids'], proxy.url, { SEGJOBS_API_URL: 'https://[::1]:8443' })).stdout,
    ).toBe('a\n');
    expect(proxy.targets()).toEqual(['CONNECT [::1]:8443']);
  });

  it('NO_PROXY is honoured, and a certificate in the tunnel is checked like any other', async () => {
    const server = await service();
    const proxy = await opened(startProxy({ ports: portOf(server) }));
    const direct = { SEGJOBS_API_URL: server.url, NO_PROXY: '127.0.0.1' };
    expect((await run(['list', '-o', 'ids'], proxy.url, direct)).stdout).toBe('a\n');
    expect(proxy.requests).toEqual([]);
    const unknown = await run(['list'], proxy.url, { NODE_EXTRA_CA_CERTS: undefined });
    expect(unknown.exitCode).toBe(7);
    expect(unknown.stderr).toContain(
      `certificate of api.example.invalid:443 through the proxy ${proxy.host}`,
    );
    expect(unknown.stderr).toContain('NODE_EXTRA_CA_CERTS');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['table', /^error: the proxy .* asks for a login \(HTTP 407\)$/m],
    ['json', /"message":"the proxy .* asks for a login \(HTTP 407\)"/],
  ])('fault 122: a proxy that asks for a login says proxy, not Adobe, as %s', async (format, told) => {
    const proxy = await opened(startProxy({ login: 'me:other' }));
    const { exitCode, stdout, stderr } = await run(['list', '-o', format], proxy.url);
    expect([exitCode, stdout]).toEqual([7, '']);
    expect(stderr).toMatch(told);
    expect(stderr).toContain('HTTPS_PROXY');
    expect(stderr).not.toMatch(/status\.adobe|access token/);
    const wrong = await run(['list', '-o', format], withLogin(proxy));
    expect(wrong.stderr).toContain('did not accept the login');
    expect(wrong.stderr).not.toMatch(secrets);
  });

  it('fault 122: a proxy that answers with its own page says so', async () => {
    const proxy = await opened(startProxy({ refuse: answer(200, 'OK', '<html>please log in</html>') }));
    const { exitCode, stderr } = await run(['list'], proxy.url);
    expect(exitCode).toBe(7);
    expect(stderr).toMatch(/^error: the proxy .* answered with a page of its own/);
    expect(stderr).not.toContain('<html');
  });

  it('a proxy that hangs ends the process with the connect limit, and Ctrl-C within a second', async () => {
    const proxy = await opened(startProxy({ refuse: () => undefined }));
    const startMs = performance.now();
    const { exitCode, stderr } = await run(['list'], proxy.url, { SEGJOBS_HTTP_TIMEOUT: '3s' });
    expect(exitCode).toBe(7);
    expect(stderr).toContain(`through the proxy ${proxy.host} was made within 0.5 s`);
    expect(performance.now() - startMs).toBeLessThan(7000);

    const waiting = world.start(['list'], {
      env: {
        AEP_CLIENT_SECRET: undefined,
        AEP_ACCESS_TOKEN: token,
        SEGJOBS_API_URL: 'https://api.example.invalid',
        HTTPS_PROXY: proxy.url,
      },
    });
    while (proxy.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const stopMs = performance.now();
    waiting.child.kill('SIGINT');
    expect((await waiting.ended).exitCode).toBe(130);
    // The limit for a connection is ten seconds here.
    expect(performance.now() - stopMs).toBeLessThan(3000);
  });

  it('a create that the proxy did not connect is told as not sent, and leaves no intent behind', async () => {
    const server = await service(json(200, { id: 'a', status: 'NEW' }));
    const proxy = await opened(startProxy({ ports: portOf(server), refuse: answer(403, 'Forbidden', 'no') }));
    const { exitCode, stderr } = await run(['create', 's'], proxy.url);
    expect(exitCode).toBe(7);
    expect(stderr).toContain('nothing was sent, so no job was created');
    proxy.refuse(undefined);
    expect((await run(['create', 's', '-o', 'ids'], proxy.url)).stdout).toBe('a\n');
    expect(server.lines()).toEqual(['POST /data/core/ups/segment/jobs']);
  });
});
