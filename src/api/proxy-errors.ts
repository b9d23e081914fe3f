// What to tell a user when the proxy, and not the service, is why no answer came.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { certificateReasonOf, hostOf, isLookUpCode, isTlsCode, isUnreachableCode } from './network-errors.ts';
import type { HttpProxy } from './proxy-choice.ts';

const prefix = 'SEGJOBS_PROXY_';
/** The proxy said yes and then spoke itself. */
export const noTunnel = 'NO_TUNNEL';

/** `code` of an error on the way to the proxy, or of its refusal: from Node's code, an HTTP status or `noTunnel`. */
export function proxyCode(inner: string): string {
  return prefix + inner;
}

/** Whether an error code says that the proxy could not be reached or did not connect: no request has left then. */
export function isProxyCode(code: string): boolean {
  return code.startsWith(prefix);
}

/** Whether asking the proxy again would bring the same. */
export function isLastingProxyCode(code: string): boolean {
  const inner = code.slice(prefix.length);
  return (
    inner === noTunnel ||
    certificateReasonOf(inner) !== undefined ||
    (/^[1-4]\d\d$/.test(inner) && inner !== '408' && inner !== '429')
  );
}

/** A request to `url` that the proxy never passed on; `code` is a `proxyCode`. */
export function proxyError(url: URL, code: string, proxy: HttpProxy, cause: unknown): SegjobsError {
  const inner = code.slice(prefix.length);
  const { message, hint } = explain(inner, hostOf(url), proxy);
  const status = /^\d{3}$/.test(inner) ? Number(inner) : undefined;
  return new SegjobsError('NETWORK', message, {
    hint,
    cause,
    details: {
      host: hostOf(url),
      proxy: proxy.host,
      ...(status === undefined ? { networkCode: safeText(inner) } : { proxyStatus: status }),
    },
  });
}

function explain(inner: string, host: string, { host: at, variable, authorization, url }: HttpProxy) {
  const check = `check ${variable} and the network; NO_PROXY names hosts that need no proxy`;
  if (inner === '407') {
    return authorization === undefined
      ? {
          message: `the proxy ${at} asks for a login (HTTP 407)`,
          hint: `give user and password in ${variable}: http://USER:PASSWORD@HOST:PORT; this came from the proxy, not from Adobe`,
        }
      : {
          message: `the proxy ${at} did not accept the login (HTTP 407)`,
          hint: `check user and password in ${variable}, special characters percent-encoded; this came from the proxy, not from Adobe`,
        };
  }
  if (/^\d{3}$/.test(inner)) {
    return {
      message: `the proxy ${at} did not connect to ${host} (HTTP ${inner})`,
      hint: `this came from the proxy, not from Adobe: ask whoever runs it to allow ${host}, or ${check}`,
    };
  }
  if (inner === noTunnel) {
    return {
      message: `the proxy ${at} answered with a page of its own instead of a connection to ${host}`,
      hint: `this came from the proxy, not from Adobe: it may ask for a login in a browser; ${check}`,
    };
  }
  if (inner === 'ECONNREFUSED') return { message: `the proxy ${at} refused the connection`, hint: check };
  if (isLookUpCode(inner))
    return { message: `the proxy ${safeText(url.hostname)} was not found`, hint: check };
  if (isUnreachableCode(inner)) {
    return { message: `the proxy ${at} cannot be reached from here (${inner})`, hint: check };
  }
  const reason = certificateReasonOf(inner);
  if (reason !== undefined) {
    return {
      message: `the certificate of the proxy ${at} was not accepted: ${reason} (${inner})`,
      hint: 'set NODE_EXTRA_CA_CERTS to a file with the CA certificate of the proxy',
    };
  }
  if (isTlsCode(inner)) {
    return {
      message: `the proxy ${at} does not seem to speak TLS`,
      hint: `write http:// rather than https:// in ${variable} where the proxy itself is plain`,
    };
  }
  if (inner.startsWith('HPE_')) {
    return {
      message: `the proxy ${at} answered something that is not HTTP (${safeText(inner)})`,
      hint: check,
    };
  }
  const code = inner === '' ? '' : ` (${safeText(inner).slice(0, 40)})`;
  return { message: `the proxy ${at} closed the connection before it answered${code}`, hint: check };
}
