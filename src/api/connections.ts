// The connections under the requests: kept alive for reads, fresh for creates, and each made within a limit.
// Loaded together with node-fetch, because `node:https` is costly and most commands never need it.

import { type AgentOptions, type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connectLimitCode } from './network-errors.ts';
import { createTunnelAgent, ForwardingAgent } from './proxy-agents.ts';
import type { HttpProxy } from './proxy-choice.ts';

export interface Connections {
  /** The agent for a request to this address, straight or through the proxy. */
  agentFor(url: URL, proxy: HttpProxy | undefined): HttpAgent;
}

/**
 * Kept-alive connections (idle ones do not hold the process). `limitMs` is for address look-up, TCP and TLS
 * together, and what a proxy takes.
 */
export function createConnections(limitMs: number): Connections {
  return { agentFor: agentsFor({ keepAlive: true }, limitMs, () => undefined) };
}

/**
 * One new connection that serves one request: a kept-alive one may have gone stale, and the reset it brings would
 * leave the outcome of that request unknown. `onReady` is called once bytes of the request can leave.
 */
export function createFreshConnection(limitMs: number, onReady: () => void): Connections {
  return { agentFor: agentsFor({ keepAlive: false }, limitMs, onReady) };
}

function agentsFor(options: AgentOptions, limitMs: number, onReady: () => void): Connections['agentFor'] {
  /** By the kind of service and the proxy. */
  const agents = new Map<string, HttpAgent>();
  const create = (isSecure: boolean, proxy: HttpProxy | undefined): HttpAgent => {
    if (proxy !== undefined) {
      const way = { proxy, limitMs, onReady };
      return isSecure ? createTunnelAgent(options, way) : new ForwardingAgent(options, way);
    }
    // Not classes: `extends` would load `node:https` for requests that need none.
    const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (target: ClientRequestArgs, onCreated?: OnCreated): Created =>
      limit(connect(target, onCreated), isSecure ? 'secureConnect' : 'connect', limitMs, onReady);
    return agent;
  };
  return ({ protocol }, proxy) => {
    const name = `${protocol} ${proxy?.url.href ?? ''}`;
    const agent = agents.get(name) ?? create(protocol === 'https:', proxy);
    agents.set(name, agent);
    return agent;
  };
}

type Created = Duplex | null | undefined;
type OnCreated = (error: Error | null, stream: Duplex) => void;

function limit(socket: Created, ready: string, limitMs: number, onReady: () => void): Created {
  if (!socket) return socket;
  const timer = setTimeout(() => {
    socket.destroy(
      Object.assign(new Error('the connection was not made in time'), { code: connectLimitCode }),
    );
  }, limitMs);
  socket.once(ready, () => {
    clearTimeout(timer);
    onReady();
  });
  socket.once('close', () => clearTimeout(timer));
  return socket;
}
