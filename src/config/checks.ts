// What a value of the configuration may be, wherever it was written; each check names the fault, never the value.

import { parseDuration } from '../durations.ts';

/** `undefined` when the value is fine, else what is wrong with it, fit to follow `apiUrl`: `must be …`. */
export type Fault = string | undefined;

/** Adobe: lower-case letters, digits and hyphens, at most 256, beginning with a letter or digit. */
export function faultOfSandbox(name: string): Fault {
  if (/^[a-z0-9][a-z0-9-]{0,255}$/.test(name)) return undefined;
  return 'must be lower-case letters, digits and hyphens, at most 256 (the name of a sandbox, not its title)';
}

/** Letters, digits, `.`, `_`, `-`, at most 64, beginning with a letter or digit: nothing of JavaScript's or a shell's. */
export function faultOfProfileName(name: string): Fault {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return undefined;
  return 'must be letters, digits, dots, underscores and hyphens, at most 64, beginning with a letter or digit';
}

/** Client id, organization, token: sent as a header, so visible ASCII without blanks. */
export function faultOfHeaderValue(text: string): Fault {
  if (text === '') return 'must not be empty';
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return 'holds a line break or another control character';
  if (!/^[\u0021-\u007e]+$/.test(text)) return 'holds a blank or a character outside ASCII';
  return text.length > 65_536 ? 'is longer than 64 KiB' : undefined;
}

/** A client secret is sent in a form: anything but control characters. */
export function faultOfSecret(text: string): Fault {
  if (text.trim() === '') return 'must not be empty';
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return 'holds a line break or another control character';
  return text.length > 65_536 ? 'is longer than 64 KiB' : undefined;
}

/** Scopes as IMS takes them: `openid,AdobeID,read_organizations`. */
export function faultOfScopes(text: string): Fault {
  return /^[\u0021-\u007e]+$/.test(text) ? undefined : 'must be scopes joined by commas, without blanks';
}

/** Scopes joined by commas, however they were written: `openid, AdobeID` and `openid AdobeID` are `openid,AdobeID`. */
export function normalScopes(text: string): string {
  return text
    .split(/[\s,]+/)
    .filter((scope) => scope !== '')
    .join(',');
}

/**
 * The origin of a service: `https://host[:port]`, or plain http where the host is this machine, so that a token
 * never travels in the clear. A user or password in it is refused, as are a path and a query.
 */
export function faultOfServiceUrl(text: string): Fault {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be a URL such as https://platform.adobe.io';
  }
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return 'must begin with https:// (plain http is for this machine only)';
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return 'must be an origin only, without a path: the tool adds the path itself';
  }
  return undefined;
}

/** The origin of a URL that `faultOfServiceUrl` found fine, without a trailing slash. */
export function originOf(text: string): string {
  return new URL(text).origin;
}

/** `localhost`, 127.0.0.0/8 and ::1; `hostname` as the URL parser writes it. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

/** Milliseconds of `SEGJOBS_HTTP_TIMEOUT`, or `undefined` when it is no time a request can be given. */
export function readHttpTimeout(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 100 && ms <= 86_400_000 ? ms : undefined;
}

/** The number of `SEGJOBS_PARALLEL`, or `undefined`. */
export function readParallel(text: string): number | undefined {
  const count = /^\d{1,2}$/.test(text.trim()) ? Number(text.trim()) : 0;
  return count >= 1 && count <= 16 ? count : undefined;
}

/** The number of `SEGJOBS_MAX_RETRIES`, or `undefined`. */
export function readMaxRetries(text: string): number | undefined {
  return /^\d{1,2}$/.test(text.trim()) ? Number(text.trim()) : undefined;
}
