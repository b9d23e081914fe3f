import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import { type Certificates, hasOpenssl, type KeyPair, makeCertificates } from '../support/certificates.ts';
import { json, type Reply, type ScriptedServer, startServer } from '../support/http-server.ts';

// The built program and TLS: what it trusts, what it refuses, and what it says. FAULTS 18, 120, 121.

const token = 'access-token-of-the-test';
const page = json(200, { children: [{ id: 'a', status: 'SUCCEEDED' }] });

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const run = async (argv: readonly string[], url: string, env: Record<string, string | undefined> = {}) => {
  const ended = await world.run(argv, {
    env: {
      AEP_CLIENT_SECRET: undefined,
      AEP_ACCESS_TOKEN: token,
      SEGJOBS_API_URL: url,
      SEGJOBS_MAX_RETRIES: '0',
      ...env,
    },
  });
  expect(ended.stdout + ended.stderr).not.toContain(token);
  return ended;
};

describe.skipIf(!hasOpenssl)('a service under TLS (needs openssl)', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => certificates.remove());

  const service = async (tls: KeyPair, reply: Reply = page): Promise<ScriptedServer> => {
    const server = await startServer(reply, { tls });
    open.push(server);
    return server;
  };
  const trusting = () => ({ NODE_EXTRA_CA_CERTS: certificates.caFile });

  it('fault 121: an authority in NODE_EXTRA_CA_CERTS is trusted, by address and by name', async () => {
    const server = await service(certificates.good);
    for (const host of ['127.0.0.1', 'localhost']) {
      const url = server.url.replace('127.0.0.1', host);
      expect(await run(['list', '-o', 'ids'], url, trusting())).toMatchObject({
        exitCode: 0,
        stdout: 'a\n',
        stderr: '',
      });
    }
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });

  it.each<[string, keyof Certificates & ('good' | 'expired' | 'elsewhere' | 'selfSigned'), boolean, RegExp]>([
    ['of an unknown authority', 'good', false, /its authority is not known here \(UNABLE_TO_/],
    ['that has expired', 'expired', true, /it has expired \(CERT_HAS_EXPIRED\)/],
    ['of another host', 'elsewhere', true, /it belongs to another host \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ['signed by itself', 'selfSigned', true, /it is self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
  ])(
    'fault 120: a certificate %s is refused with the reason, and nothing is sent',
    async (_name, kind, isTrusting, reason) => {
      const server = await service(certificates[kind]);
      for (const argv of [['list'], ['create', 's'], ['cancel', 'a']]) {
        const { exitCode, stdout, stderr } = await run(argv, server.url, {
          SEGJOBS_MAX_RETRIES: '3',
          ...(isTrusting ? trusting() : {}),
        });
        expect({ argv, exitCode, stdout }).toEqual({ argv, exitCode: 7, stdout: '' });
        expect(stderr).toMatch(/^error: the certificate of 127\.0\.0\.1:\d+ was not accepted: /);
        expect(stderr).toMatch(reason);
        expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
        expect(stderr).not.toMatch(/REJECT_UNAUTHORIZED|insecure|tried/i);
        expect(stderr.includes('so no job was created')).toBe(argv[0] === 'create');
      }
      expect(server.requests).toEqual([]);
    },
  );

  it('NODE_TLS_REJECT_UNAUTHORIZED=0 works as in any program on Node, and is warned of even under -q', async () => {
    const server = await service(certificates.selfSigned);
    const { exitCode, stderr } = await run(['list', '-q', '-o', 'ids'], server.url, {
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^NODE_TLS_REJECT_UNAUTHORIZED=0 is set: certificates are NOT checked/m);
  });

  it('a redirect from https to plain http is not followed', async () => {
    const plain = await startServer(page);
    open.push(plain);
    const server = await service(certificates.good, (_request, response) => {
      response.writeHead(302, { location: `${plain.url}/data/core/ups/segment/jobs` });
      response.end();
    });
    const { exitCode, stderr } = await run(['list'], server.url, trusting());
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`redirect to ${plain.url}/data/core/ups/segment/jobs, which is not followed`);
    expect([server.requests.length, plain.requests.length]).toEqual([1, 0]);
  });
});

/** A port whose connections are answered by hand. */
async function port(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const serverHello = Buffer.from('160303007a020000760303', 'hex');

describe('a port that is no TLS service', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['never speaks', () => undefined, /no connection to .* was made within 0\.5 s/],
    [
      'begins the handshake and stops',
      (socket) => socket.once('data', () => socket.write(serverHello)),
      /no connection to .* was made within 0\.5 s/,
    ],
    [
      'answers in plain HTTP',
      (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'),
      /does not seem to speak TLS/,
    ],
    [
      'answers bytes that are nothing',
      (socket) => socket.end('\u001b]0;owned\u0007\u0000\r\n'),
      /does not seem to speak TLS/,
    ],
    [
      'hangs up in the handshake',
      (socket) => socket.once('data', () => socket.end()),
      /was closed before an answer came/,
    ],
    [
      'resets in the handshake',
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      /was closed before an answer came/,
    ],
    [
      'hangs up in the middle of its hello',
      (socket) => socket.once('data', () => socket.end(serverHello)),
      /was closed before an answer came/,
    ],
  ])(
    'fault 18: that %s is exit 7 in time, and a create is told as not sent',
    async (_name, onConnection, reason) => {
      const url = await port(onConnection);
      const startMs = performance.now();
      for (const argv of [['list'], ['create', 's']]) {
        // Short only where something hangs: the limit for a connection is a sixth of it, and machines are busy.
        const limit = reason.source.includes('made within') ? '3s' : '60s';
        const { exitCode, stdout, stderr } = await run(argv, url, { SEGJOBS_HTTP_TIMEOUT: limit });
        expect({ argv, exitCode, stdout }).toEqual({ argv, exitCode: 7, stdout: '' });
        expect(stderr).toMatch(reason);
        expect(stderr).not.toMatch(/owned|\u001b/);
        expect(stderr.includes('nothing was sent, so no job was created')).toBe(argv[0] === 'create');
      }
      expect(performance.now() - startMs).toBeLessThan(9000);
    },
  );
});
