// The way through a proxy: a tunnel (CONNECT) for https, requests with their whole address for plain http.
// On Node's own HTTP client: docs/decisions.md says which libraries were tried.

import { type AgentOptions, type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, isIPv6, connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { connectLimitCode } from './network-errors.ts';
import type { HttpProxy } from './proxy-choice.ts';
import { noTunnel, proxyCode } from './proxy-errors.ts';

type OnCreated = (error: Error | null, stream: Duplex) => void;

export interface Way {
  readonly proxy: HttpProxy;
  /** For address look-up, TCP, the proxy's consent and TLS together. */
  readonly limitMs: number;
  /** Called once bytes of the request can leave. */
  readonly onReady: () => void;
}

/**
 * Tunnels to an https service. What goes wrong on the way to the tunnel has a `proxyCode`, what does so in it has not.
 * No class of its own: `extends` would load `node:https` for requests that need none.
 */
export function createTunnelAgent(options: AgentOptions, { proxy, limitMs, onReady }: Way): HttpsAgent {
  const agent = new HttpsAgent(options);
  const secure = agent.createConnection.bind(agent);
  agent.createConnection = (target: RequestOptions, onCreated?: OnCreated): undefined => {
    let connection: { destroy(error: Error): unknown } | undefined;
    const timer = startLimit(limitMs, () => connection?.destroy(tooLong()));
    connection = openTunnel(proxy, authorityOf(target), (error, socket) => {
      if (socket === undefined) {
        clearTimeout(timer);
        onCreated?.(error, undefined as never);
        return;
      }
      const stream = secure({ ...target, socket } as RequestOptions) as Duplex;
      connection = stream;
      stream.once('secureConnect', () => {
        clearTimeout(timer);
        onReady();
      });
      stream.once('close', () => clearTimeout(timer));
      onCreated?.(null, stream);
    });
  };
  return agent;
}

/** Hands requests for a plain http service to the proxy, which sends them on. */
export class ForwardingAgent extends HttpAgent {
  private readonly way: Way;

  constructor(options: AgentOptions, way: Way) {
    super(options);
    this.way = way;
  }

  /** What Node's client calls with a request whose head is not written yet; its types do not have it. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    const { authorization } = this.way.proxy;
    request.path = `http://${authorityOf(options)}${request.path}`;
    if (authorization !== undefined) request.setHeader('proxy-authorization', authorization);
    addRequest.call(this, request, options);
  }

  override createConnection(_options: RequestOptions, onCreated?: OnCreated): undefined {
    const { proxy, limitMs, onReady } = this.way;
    const socket = connectTo(proxy.url);
    const timer = startLimit(limitMs, () => socket.destroy(tooLong()));
    const fail = (error: Error) => {
      clearTimeout(timer);
      onCreated?.(proxyProblem(error), undefined as never);
    };
    socket.once('error', fail);
    socket.once(proxy.url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.ref();
      onReady();
      onCreated?.(null, socket);
    });
  }
}

const { addRequest } = HttpAgent.prototype as unknown as {
  addRequest(this: HttpAgent, request: ClientRequest, options: RequestOptions): void;
};

type OnTunnel = (error: Error | null, socket?: Socket) => void;

/**
 * Asks the proxy for a connection to `authority`; `onTunnel` is called once. Nobody else knows of this connection
 * yet, so it does not hold the process: the exchange that waits for it does, and may give up first.
 */
function openTunnel(proxy: HttpProxy, authority: string, onTunnel: OnTunnel): ClientRequest {
  const { url, authorization } = proxy;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send({
    ...placeOf(url),
    method: 'CONNECT',
    path: authority,
    agent: false,
    setHost: false,
    headers: {
      host: authority,
      connection: 'keep-alive',
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
  });
  request.once('socket', (socket) => socket.unref());
  request.once('error', (error) => onTunnel(proxyProblem(error)));
  request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
    const isOpen = statusCode >= 200 && statusCode < 300;
    if (isOpen && head.length === 0) {
      socket.ref();
      onTunnel(null, socket);
      return;
    }
    // Under TLS the client speaks first, so bytes that came already are a page of the proxy's.
    socket.destroy();
    onTunnel(withCode(proxyCode(isOpen ? noTunnel : String(statusCode))));
  });
  request.end();
  return request;
}

function connectTo(url: URL): Socket {
  const place = placeOf(url);
  const socket =
    url.protocol === 'https:'
      ? tlsConnect({ ...place, servername: isIP(place.host) === 0 ? place.host : '' })
      : netConnect(place);
  return socket.unref();
}

function placeOf(url: URL): { readonly host: string; readonly port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function authorityOf({ host, port }: RequestOptions): string {
  return `${isIPv6(host ?? '') ? `[${host}]` : host}:${port}`;
}

function startLimit(limitMs: number, onLimit: () => void): NodeJS.Timeout {
  return setTimeout(onLimit, limitMs).unref();
}

/** Said of the whole way, whoever on it was too slow. */
function tooLong(): Error {
  return withCode(connectLimitCode);
}

/** The error of a connection to the proxy, marked as such. */
function proxyProblem(error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return code === connectLimitCode ? error : withCode(proxyCode(code));
}

function withCode(code: string): Error {
  return Object.assign(new Error('no connection through the proxy'), { code });
}
