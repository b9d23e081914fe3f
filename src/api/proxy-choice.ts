// Which proxy, if any, a request goes through: the environment's variables, read the way curl reads them.

import { BlockList, isIP } from 'node:net';
import { SegjobsError } from '../errors.ts';
import { isLoopbackHost } from './base-url.ts';

export type ProxyEnv = Readonly<Record<string, string | undefined>>;

export interface HttpProxy {
  /** http or https; without user and password. */
  readonly url: URL;
  /** `host:port`, for messages. */
  readonly host: string;
  /** The value of `Proxy-Authorization`; a secret. */
  readonly authorization: string | undefined;
  /** The variable that named it. */
  readonly variable: string;
}

/**
 * The proxy for a request to `target`, or `undefined` for a direct connection. As in curl the small spelling of a
 * variable wins, an empty value counts as none, and hosts of this machine are no exception unless `NO_PROXY` names
 * them. Throws a `CONFIG` error, which repeats nothing of the value, when that names no http(s) proxy, or when
 * credentials would leave this machine unencrypted.
 */
export function proxyFor(target: URL, env: ProxyEnv): HttpProxy | undefined {
  const found = firstSet(env, target.protocol === 'https:' ? httpsNames : httpNames(env));
  if (found === undefined) return undefined;
  if (isExcepted(target, firstSet(env, ['no_proxy', 'NO_PROXY'])?.value ?? '')) return undefined;
  const proxy = readProxy(found.value, found.name);
  if (target.protocol === 'http:' && proxy.url.protocol === 'http:' && !isLoopbackHost(proxy.url.hostname)) {
    throw new SegjobsError(
      'CONFIG',
      `${found.name} would send credentials for ${target.origin} unencrypted to another machine`,
      { hint: `add ${target.hostname} to NO_PROXY` },
    );
  }
  return proxy;
}

const httpsNames = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const;

/** In a CGI program HTTP_PROXY is what the visitor wrote into a header `Proxy:`, so curl never reads that spelling. */
function httpNames(env: ProxyEnv): readonly string[] {
  const isCgi = env['REQUEST_METHOD'] !== undefined;
  return ['http_proxy', ...(isCgi ? [] : ['HTTP_PROXY']), 'all_proxy', 'ALL_PROXY'];
}

function firstSet(env: ProxyEnv, names: readonly string[]): { name: string; value: string } | undefined {
  for (const name of names) {
    const value = env[name]?.trim() ?? '';
    if (value !== '') return { name, value };
  }
  return undefined;
}

function readProxy(value: string, variable: string): HttpProxy {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw new SegjobsError('CONFIG', `${variable} names a ${scheme} proxy, which segjobs cannot use`, {
      hint: `give an http:// or https:// proxy in ${scheme.startsWith('socks') ? 'HTTPS_PROXY' : variable}`,
    });
  }
  try {
    const url = new URL(scheme === undefined ? `http://${value}` : value);
    // What follows the host is the rest of a password with an unencoded "/", "?" or "#" in it.
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new TypeError('not only a host');
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return {
      url: new URL(url.origin),
      host: `${url.hostname}:${port}`,
      authorization: url.username === '' && url.password === '' ? undefined : basicLogin(url),
      variable,
    };
  } catch {
    // The error underneath can hold the value, and that a password.
    throw new SegjobsError('CONFIG', `${variable} is not the URL of a proxy`, {
      hint: 'write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, special characters percent-encoded',
    });
  }
}

function basicLogin({ username, password }: URL): string {
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

/**
 * Whether NO_PROXY names the host: entries between commas or blanks, of which a name stands for its subdomains too
 * (with or without a dot or `*.` before it), an address may be a range (`10.0.0.0/8`), a port narrows the entry to
 * it, and `*` is every host. Anything else matches nothing.
 */
function isExcepted(target: URL, list: string): boolean {
  const host = withoutBrackets(target.hostname).replace(/\.$/, '');
  const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, ownPort = port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
      return ownPort === port && isNamed(host, withoutBrackets(name));
    });
}

function isNamed(host: string, name: string): boolean {
  const kind = isIP(host);
  if (kind !== 0) return rangeOf(name)?.check(host, kind === 6 ? 'ipv6' : 'ipv4') ?? false;
  const domain = name.replace(/^\*?\.+/, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

/** An address or a range of them. */
function rangeOf(text: string): BlockList | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const kind = isIP(address);
  const bits = prefix ?? (kind === 6 ? '128' : '32');
  if (kind === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (kind === 6 ? 128 : 32))
    return undefined;
  const range = new BlockList();
  range.addSubnet(address, Number(bits), kind === 6 ? 'ipv6' : 'ipv4');
  return range;
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
