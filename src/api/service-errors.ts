// Every documented way in which Adobe says no, turned into one error: what happened, what to do, which exit code.

import { type ErrorCode, SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { type ErrorFacts, longestMessage, oneLine, readErrorBody } from './error-shapes.ts';

/** An answer that is no success, and what was asked. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly contentType: string;
  readonly requestId: string | undefined;
  readonly location: string | undefined;
  /** From the header; an older shape carries one in its body. */
  readonly retryAfterMs: number | undefined;
  /** Where it was sent. */
  readonly url: URL;
  readonly operation: 'read' | 'cancel' | 'create';
  readonly sandbox: string | undefined;
  /** `false`: a token handed in ready-made; `true`: a fresh one was tried too. */
  readonly isTokenRenewable: boolean;
  /** Unix ms on the service's clock. */
  readonly serviceNow: number;
  /** Strings that must not appear in a message, in case the service repeats them. */
  readonly secrets: readonly string[];
}

/** The error for an answer that is no 2xx. Messages are single lines without control characters or secrets. */
export function refusalError(refusal: Refusal): SegjobsError {
  const { status, url, secrets } = refusal;
  const facts = readErrorBody(refusal.text, refusal.contentType);
  const { code, message, hint } = explain(refusal, facts);
  const retryAfterMs = refusal.retryAfterMs ?? facts.retryAfterMs;
  const requestId =
    refusal.requestId ?? (facts.requestId === undefined ? undefined : oneLine(facts.requestId, 100));
  const hide = (text: string) => withoutSecrets(text, secrets);
  return new SegjobsError(code, hide(oneLine(message, longestMessage + 100)), {
    hint: hide(comeBack(retryAfterMs, refusal.serviceNow) ?? hint),
    httpStatus: status,
    requestId: requestId === undefined ? undefined : hide(requestId),
    retryAfterSeconds: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000),
    details: {
      path: safeText(url.pathname),
      ...(facts.code === undefined ? {} : { serviceCode: hide(facts.code) }),
    },
  });
}

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

function explain(refusal: Refusal, facts: ErrorFacts): Explanation {
  const { status, operation } = refusal;
  const said = saidBy(facts);
  if (status >= 300 && status < 400) return explainRedirect(refusal);
  if (status === 401) {
    return {
      code: 'UNAUTHORIZED',
      message: `the access token was not accepted${said}`,
      hint: hintFor401(refusal),
    };
  }
  if (status === 403) {
    return { code: 'FORBIDDEN', message: `access was refused${said}`, hint: hintFor403(refusal, facts) };
  }
  if (status === 404 && facts.shape === 'html') {
    return {
      code: 'REFUSED',
      message: `the gateway does not know the address ${refusal.url.origin}${refusal.url.pathname}: it answered 404 with an HTML page`,
      hint: 'check the API URL (auth status shows it)',
    };
  }
  if (status === 404) {
    const where = refusal.sandbox === undefined ? '' : ` in sandbox "${refusal.sandbox}"`;
    return { code: 'NOT_FOUND', message: `not found${where}${said}`, hint: 'check the id and the sandbox' };
  }
  if (status === 407) {
    return {
      code: 'NETWORK',
      message: 'the proxy asks for a login',
      hint: 'give user and password in HTTPS_PROXY or HTTP_PROXY; this answer came from the proxy, not from Adobe',
    };
  }
  if (status === 409 && operation === 'cancel') {
    return {
      code: 'CONFLICT',
      message: `the job cannot be cancelled${said}`,
      hint: 'segjobs get shows its state',
    };
  }
  if (status === 429) {
    const isBusy = operation === 'create' && facts.shape !== 'gateway';
    return isBusy
      ? {
          code: 'THROTTLED',
          message: `no job was created: too many jobs are in processing${said}`,
          hint: 'wait until one has finished (segjobs list --status active), or take one that runs with --reuse-active',
        }
      : {
          code: 'THROTTLED',
          message: `too many requests${said}`,
          hint: 'try again later, with fewer commands at once',
        };
  }
  if (status === 408 || status >= 500) {
    return {
      code: 'UNAVAILABLE',
      message: `the service is not available (HTTP ${status})${said}`,
      hint: 'try again later; https://status.adobe.com tells of outages',
    };
  }
  return {
    code: 'REFUSED',
    message: `the service refused the request (HTTP ${status})${said}`,
    hint: hintFor4xx(facts),
  };
}

function explainRedirect({ location, url }: Refusal): Explanation {
  return {
    code: 'REDIRECTED',
    message: `the answer is a redirect to ${redirectTarget(location, url)}, which is not followed: it would take the credentials along`,
    hint: 'check the API URL; a login page or proxy in between redirects too',
  };
}

/** Origin and path alone: a query can hold what is nobody's business. */
function redirectTarget(location: string | undefined, from: URL): string {
  if (location === undefined) return 'nowhere';
  try {
    const target = new URL(location, from);
    const origin = target.origin === 'null' ? target.protocol : target.origin;
    return oneLine(target.origin === 'null' ? `a ${origin} address` : `${origin}${target.pathname}`, 200);
  } catch {
    return 'an address that cannot be read';
  }
}

function hintFor401({ isTokenRenewable }: Refusal): string {
  return isTokenRenewable
    ? 'a fresh token was refused too: check that client id, secret and organization belong to one project, and that its technical account has a role in this sandbox (segjobs auth status)'
    : 'the token may have expired: set a new AEP_ACCESS_TOKEN, or log in with client id and secret (segjobs auth login), which renews it';
}

/** The gateway's codes, as Adobe documents them. */
const gatewayHints: ReadonlyMap<string, string> = new Map([
  ['403000', 'the API key is missing: set the client id (AEP_CLIENT_ID, or segjobs auth login)'],
  ['403003', 'the API key is not valid: check the client id; key and token must belong to the same project'],
  ['403010', 'no access token arrived: a proxy in between may have removed the Authorization header'],
  [
    '403025',
    'the credential is not entitled for this organization: check the organization id and the product profile of the project',
  ],
  [
    '403027',
    'wrong organization id, or the project has no product profile for Experience Platform: add one in the Developer Console',
  ],
]);

function hintFor403({ sandbox }: Refusal, facts: ErrorFacts): string {
  const known = facts.code === undefined ? undefined : gatewayHints.get(facts.code);
  if (known !== undefined) return known;
  const where = sandbox === undefined ? 'its sandboxes' : `sandbox "${oneLine(sandbox, 100)}"`;
  return `check the name, and that the technical account has a role with segment permissions in ${where} of this organization; segjobs auth status tells which ones it can use`;
}

function hintFor4xx(facts: ErrorFacts): string {
  if (facts.code === '400003')
    return 'the organization id is missing: set AEP_ORG_ID, or log in again (segjobs auth login)';
  if (facts.shape === 'html')
    return 'the answer is an HTML page, so it came from a proxy or gateway: check the API URL';
  return 'check the values of the command; --debug shows the request';
}

function saidBy({ shape, message }: ErrorFacts): string {
  if (shape === 'html') return ': the answer is an HTML page, from a proxy or gateway rather than the API';
  return message === '' ? '' : `: ${message}`;
}

/** When to come back, in words; the sooner `Retry-After`s have been waited for already. */
function comeBack(retryAfterMs: number | undefined, now: number): string | undefined {
  if (retryAfterMs === undefined || retryAfterMs === 0) return undefined;
  const at = new Date(now + retryAfterMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return `the service asks to come back in ${durationText(retryAfterMs)}: not before ${at}`;
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

/** The text with every secret replaced, in case a service repeats what it was sent. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (shown, secret) => (secret.length < 6 ? shown : shown.replaceAll(secret, '***')),
    text,
  );
}

/** The same error in other words. */
export function restated(error: SegjobsError, message: string, hint = error.hint): SegjobsError {
  const { code, httpStatus, requestId, retryAfterSeconds, details, cause } = error;
  return new SegjobsError(code, message, { hint, httpStatus, requestId, retryAfterSeconds, details, cause });
}
