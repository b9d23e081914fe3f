// The address of a service as it was configured: refused here too when it would carry credentials in the open.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';

const loopbackHosts = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host (as `URL.hostname` has it) is this machine whatever the name service says. */
export function isLoopbackHost(hostname: string): boolean {
  return loopbackHosts.test(hostname);
}

/**
 * The address without a trailing slash. Throws a `CONFIG` error when it is no http(s) URL, holds a user or password
 * (which is not repeated), or is http to a host that is not loopback. `name` is what the setting is called.
 */
export function readBaseUrl(text: string, name: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new SegjobsError('CONFIG', `${name} is not a URL`, { hint: 'give an https:// address', cause });
  }
  if (url.username !== '' || url.password !== '') {
    throw new SegjobsError('CONFIG', `${name} holds a user name or password`, {
      hint: 'remove it from the URL: segjobs logs in with a token',
    });
  }
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (!isSafe) {
    throw new SegjobsError('CONFIG', `${name} is not https: ${safeText(url.origin)}`, {
      hint: 'credentials are sent over https only; http is for loopback hosts (127.0.0.1, localhost, [::1])',
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
