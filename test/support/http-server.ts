// A server in this process whose answers are scripted one by one, and which remembers every request.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { KeyPair } from './certificates.ts';

export interface LoggedRequest {
  readonly method: string;
  /** As it was on the request line. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Counts connections from 1. */
  readonly connection: number;
}

/** Answers one request; `socket` is the raw connection. */
export type Reply = (request: LoggedRequest, response: ServerResponse, socket: Socket) => void;

export interface ScriptedServer {
  readonly url: string;
  readonly requests: LoggedRequest[];
  /** `GET /path?query` of every request, in order. */
  lines(): readonly string[];
  /** These replies first, one a request, then `otherwise`. */
  script(replies: readonly Reply[], otherwise?: Reply): void;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: any free one. */
  readonly port?: number | undefined;
  readonly tls?: KeyPair | undefined;
}

export async function startServer(
  otherwise: Reply = json(500, {}),
  { host = '127.0.0.1', port = 0, tls }: ServerOptions = {},
): Promise<ScriptedServer> {
  const requests: LoggedRequest[] = [];
  const sockets = new Map<Socket, number>();
  let queue: Reply[] = [];
  let rest = otherwise;
  let connections = 0;
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const path = request.url ?? '';
      const logged: LoggedRequest = {
        method: request.method ?? '',
        path,
        query: new URL(path, 'http://localhost').searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        connection: sockets.get(request.socket) ?? 0,
      };
      requests.push(logged);
      (queue.shift() ?? rest)(logged, response, request.socket);
    });
  });
  // Requests under TLS know the socket in which it runs.
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${(server.address() as AddressInfo).port}`,
    requests,
    lines: () => requests.map(({ method, path }) => `${method} ${path}`),
    script: (replies, fallback) => {
      queue = [...replies];
      if (fallback !== undefined) rest = fallback;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.keys()) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

type Headers = Readonly<Record<string, string>>;

export function json(status: number, body: unknown, headers: Headers = {}): Reply {
  return text(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

export function text(status: number, body: string | Buffer, headers: Headers = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** `204` and the like. */
export function empty(status: number, headers: Headers = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end();
  };
}

/** The bytes as they are, then the connection is closed (or left open). */
export function raw(bytes: string | Buffer, after: 'close' | 'open' = 'close'): Reply {
  return (_request, _response, socket) => {
    socket.write(bytes);
    if (after === 'close') socket.end();
  };
}

/** A connection reset (RST) before any byte. */
export const reset: Reply = (_request, _response, socket) => {
  socket.resetAndDestroy();
};

/** An orderly close (FIN) before any byte. */
export const hangUp: Reply = (_request, _response, socket) => {
  socket.end();
};

/** Never answers. */
export const silence: Reply = () => undefined;

/** The head and the beginning of a body, then a reset. */
export function cutShort(whole: string, how: 'reset' | 'close' = 'reset'): Reply {
  return (_request, response, socket) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(whole)),
    });
    response.write(whole.slice(0, Math.floor(whole.length / 2)), () => {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    });
  };
}

/** The body in pieces, one every so many ms. */
export function dribble(body: string, bytesAtOnce: number, everyMs: number, headMs = 0): Reply {
  return (_request, response) => {
    const bytes = Buffer.from(body);
    let at = 0;
    const next = () => {
      if (response.destroyed) return;
      if (at === 0) response.writeHead(200, { 'content-type': 'application/json' });
      response.write(bytes.subarray(at, at + bytesAtOnce));
      at += bytesAtOnce;
      if (at >= bytes.length) response.end();
      else setTimeout(next, everyMs);
    };
    setTimeout(next, headMs);
  };
}

/** JSON under gzip; `keepBytes` cuts the compressed stream while the framing stays valid. */
export function gzipped(body: string, keepBytes?: (all: number) => number): Reply {
  const whole = gzipSync(body);
  const bytes = keepBytes === undefined ? whole : whole.subarray(0, keepBytes(whole.length));
  return text(200, bytes, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
}
