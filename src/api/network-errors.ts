// What to tell a user when no answer, or only a part of one, came: by error code, never by matching text.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { BodyProblem } from './body.ts';
import type { HttpProxy } from './proxy-choice.ts';

/** `code` of the error that ends a connection which was not made within the limit. */
export const connectLimitCode = 'SEGJOBS_CONNECT_LIMIT';

const lookUpCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
]);
const unreachableCodes: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENETDOWN',
]);
/** Node's names for the reasons that OpenSSL refuses a certificate for. */
const certificateReasons: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'it belongs to another host'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its authority is not known here'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its authority is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its authority is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its authority is not known here'],
  ['CERT_UNTRUSTED', 'its authority is not trusted here'],
  ['CERT_REVOKED', 'it has been revoked'],
  ['CERT_REJECTED', 'it was rejected'],
  ['CERT_SIGNATURE_FAILURE', 'its signature is wrong'],
  ['CERT_CHAIN_TOO_LONG', 'its chain is too long'],
  ['INVALID_CA', 'its authority is not one'],
  ['INVALID_PURPOSE', 'it is for another purpose'],
  ['HOSTNAME_MISMATCH', 'it belongs to another host'],
]);

/** `host:port` of an address, for messages. */
export function hostOf(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return `${safeText(url.hostname)}:${port}`;
}

/** `60 s`, `0.2 s`. */
export function secondsText(ms: number): string {
  const seconds = ms / 1000;
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
}

/** Why a certificate was refused, or `undefined` when the error code is about something else. */
export function certificateReasonOf(code: string): string | undefined {
  return certificateReasons.get(code);
}

export function isLookUpCode(code: string): boolean {
  return lookUpCodes.has(code);
}

export function isUnreachableCode(code: string): boolean {
  return unreachableCodes.has(code);
}

/** Whether the other side did not speak TLS, or not as this one does. */
export function isTlsCode(code: string): boolean {
  return code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS');
}

/** A request that failed before the head of an answer came. `code` is Node's error code. */
export function connectionError(
  url: URL,
  code: string,
  connectLimitMs: number,
  cause: unknown,
  proxy?: HttpProxy,
): SegjobsError {
  const through = proxy === undefined ? '' : ` through the proxy ${proxy.host}`;
  const host = `${hostOf(url)}${through}`;
  const details = { host: hostOf(url), networkCode: safeText(code) };
  const facts = { cause, details: proxy === undefined ? details : { ...details, proxy: proxy.host } };
  if (code === connectLimitCode) {
    return new SegjobsError(
      'TIMEOUT',
      `no connection to ${host} was made within ${secondsText(connectLimitMs)}`,
      {
        ...facts,
        hint: `check the network, a firewall or VPN, and ${aboutProxy(proxy)}; SEGJOBS_HTTP_TIMEOUT gives more time`,
      },
    );
  }
  if (code === 'ECONNREFUSED') {
    return new SegjobsError('NETWORK', `${host} refused the connection`, {
      ...facts,
      hint: 'check the API URL, and whether a proxy or VPN is needed',
    });
  }
  if (isLookUpCode(code)) {
    return new SegjobsError('NETWORK', `the host ${safeText(url.hostname)} was not found`, {
      ...facts,
      hint: 'check the network and the API URL',
    });
  }
  if (isUnreachableCode(code)) {
    return new SegjobsError('NETWORK', `${host} cannot be reached from here (${code})`, {
      ...facts,
      hint: 'check the network, a firewall or VPN, and whether a proxy is needed',
    });
  }
  const reason = certificateReasonOf(code);
  if (reason !== undefined) {
    return new SegjobsError('NETWORK', `the certificate of ${host} was not accepted: ${reason} (${code})`, {
      ...facts,
      hint: hintForCertificate(code, proxy),
    });
  }
  if (isTlsCode(code)) {
    return new SegjobsError(
      'NETWORK',
      `no secure connection to ${host} could be made: it does not seem to speak TLS`,
      {
        ...facts,
        hint: 'check the API URL and its port, and whether a proxy stands in between',
      },
    );
  }
  if (code.startsWith('HPE_')) {
    return new SegjobsError('NETWORK', `${host} answered something that is not HTTP (${safeText(code)})`, {
      ...facts,
      hint: 'check the API URL and its port, and whether a proxy stands in between',
    });
  }
  return new SegjobsError(
    'NETWORK',
    `the connection to ${host} was closed before an answer came${inBrackets(code)}`,
    {
      ...facts,
      hint: 'this is usually a passing fault of the network: try again',
    },
  );
}

function aboutProxy(proxy: HttpProxy | undefined): string {
  return proxy === undefined ? 'whether a proxy is needed' : `the proxy in ${proxy.variable}`;
}

/** What to look at first differs; where a proxy in between makes certificates of its own, its CA is the answer to all. */
function hintForCertificate(code: string, proxy: HttpProxy | undefined): string {
  const extraCa = `${proxy === undefined ? 'where a company proxy inspects traffic' : `where the proxy ${proxy.host} inspects traffic`}, set NODE_EXTRA_CA_CERTS to a file with its CA certificate`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `check the date of this machine; ${extraCa}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return `check the host in the API URL; ${extraCa}`;
  return extraCa;
}

/** No head of an answer within the limit. */
export function silenceError(url: URL, limitMs: number): SegjobsError {
  return new SegjobsError('TIMEOUT', `no answer from ${hostOf(url)} within ${secondsText(limitMs)}`, {
    hint: 'try again later; SEGJOBS_HTTP_TIMEOUT gives a slow service more time',
    details: { host: hostOf(url) },
  });
}

/** The body of a longer answer than this is refused. Told apart so that a page can be asked for again, smaller. */
export class AnswerTooLarge extends SegjobsError {}

/** An answer that did not come within the limits of time, to a page that may be asked for again, smaller. */
export class PageTooSlow extends SegjobsError {
  /** How many retries of this page it makes, the one that is due now included. */
  readonly retries: number;

  constructor({ code, message, ...facts }: SegjobsError, retries: number) {
    super(code, message, facts);
    this.retries = retries;
  }
}

/** An answer whose head came and whose body did not come whole. */
export function bodyError(
  url: URL,
  problem: BodyProblem,
  answer: { readonly httpStatus: number; readonly requestId: string | undefined },
): SegjobsError {
  const host = hostOf(url);
  const facts = { ...answer, details: { host } };
  switch (problem.kind) {
    case 'tooLarge':
      return new AnswerTooLarge('BAD_ANSWER', `the answer from ${host} is larger than 64 MiB`, {
        ...facts,
        hint: 'check the API URL; for a list, ask for fewer jobs at a time (--limit)',
      });
    case 'cut':
      return new SegjobsError('NETWORK', `the connection to ${host} was closed in the middle of the answer`, {
        ...facts,
        cause: problem.cause,
        hint: 'this is usually a passing fault of the network: try again',
      });
    case 'tooSlow':
      return new SegjobsError(
        'TIMEOUT',
        `the answer from ${host} came too slowly: ${problem.bytes} bytes in ${secondsText(problem.windowMs)}`,
        { ...facts, hint: 'try again later; SEGJOBS_HTTP_TIMEOUT gives a slow line more time' },
      );
    case 'undecodable':
      return new SegjobsError('BAD_ANSWER', `the answer from ${host} cannot be read: ${problem.what}`, {
        ...facts,
        hint: 'a proxy in between may have damaged it: try again, or without the proxy',
      });
  }
}

function inBrackets(code: string): string {
  return code === '' ? '' : ` (${safeText(code).slice(0, 40)})`;
}
