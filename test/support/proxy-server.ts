// A real HTTP proxy in this process: tunnels (CONNECT) and forwarded requests, each remembered, some refused.

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { KeyPair } from './certificates.ts';

export interface ProxiedRequest {
  readonly method: string;
  /** `host:port` of a CONNECT, else the whole address. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** What the proxy does with a CONNECT, instead of connecting. */
export type Refusal = (socket: Socket) => void;

export interface ProxyOptions {
  /** `user:password`; without it nobody is asked. */
  readonly login?: string | undefined;
  readonly refuse?: Refusal | undefined;
  /** Where names lead that no name service knows: a port of this machine. */
  readonly ports?: Readonly<Record<string, number>> | undefined;
  /** The proxy itself speaks TLS. */
  readonly tls?: KeyPair | undefined;
  readonly host?: string | undefined;
}

export interface ProxyServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly host: string;
  readonly requests: readonly ProxiedRequest[];
  targets(): readonly string[];
  /** Of the next CONNECTs; `undefined` lets them through again. */
  refuse(refusal: Refusal | undefined): void;
  close(): Promise<void>;
}

export async function startProxy(options: ProxyOptions = {}): Promise<ProxyServer> {
  const { login, ports = {}, tls, host = '127.0.0.1' } = options;
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  let refusal = options.refuse;

  const isLetIn = (headers: IncomingHttpHeaders) =>
    login === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(login).toString('base64')}`;
  const remember = ({ method = '', url = '', headers }: IncomingMessage) =>
    requests.push({ method, target: url, headers });
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };

  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('connection', keep);
  server.on('tlsClientError', () => undefined);
  server.on('connect', (asked: IncomingMessage, socket: Socket) => {
    remember(asked);
    keep(socket);
    if (refusal !== undefined) return refusal(socket);
    if (!isLetIn(asked.headers)) return answer(407, 'Proxy Authentication Required', 'login, please')(socket);
    const [, name = '', port = ''] = /^\[?([^\]]*)\]?:(\d+)$/.exec(asked.url ?? '') ?? [];
    const known = ports[name];
    const upstream = known === undefined ? connect(Number(port), name) : connect(known, '127.0.0.1');
    keep(upstream);
    upstream.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => answer(502, 'Bad Gateway', 'no way')(socket));
    upstream.on('close', () => socket.destroy());
    return undefined;
  });
  server.on('request', (asked: IncomingMessage, response) => {
    remember(asked);
    if (!isLetIn(asked.headers)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' });
      response.end('login, please');
      return;
    }
    const onward = sendRequest(asked.url ?? '', { method: asked.method ?? 'GET', headers: asked.headers });
    onward.on('response', (got) => {
      response.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(response);
    });
    onward.on('error', () => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html><body>no way to the host</body></html>');
    });
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${place}`,
    host: place,
    requests,
    targets: () => requests.map(({ method, target }) => `${method} ${target}`),
    refuse: (next) => {
      refusal = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** An answer to a CONNECT, and then the connection is closed. */
export function answer(status: number, reason: string, body: string): Refusal {
  return (socket) => {
    socket.end(
      `HTTP/1.1 ${status} ${reason}\r\ncontent-type: text/html\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };
}
