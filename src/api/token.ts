// Access tokens: one handed in ready-made, or minted at Adobe's login service (OAuth server-to-server) and cached.

import { SegjobsError } from '../errors.ts';
import { readBaseUrl } from './base-url.ts';
import type { ApiHost } from './client.ts';
import { isObject, readErrorBody } from './error-shapes.ts';
import { createSender } from './sender.ts';
import { restated, withoutSecrets } from './service-errors.ts';
import type { HttpAnswer } from './transport.ts';

/** Where requests get their token from. */
export interface TokenSource {
  /** A token to send now. Throws `NO_CREDENTIALS` or `UNAUTHORIZED` where there is none. */
  get(): Promise<string>;
  /** Another token than the one that was rejected; `undefined` when this one cannot be renewed. */
  refresh(rejected: string): Promise<string | undefined>;
}

export interface CachedToken {
  readonly accessToken: string;
  /** Unix ms on the local clock. */
  readonly expiresAt: number;
  /** How long it was good for when it was minted, in ms. */
  readonly lifetimeMs: number;
}

/** Keeps the token of one client, login service and set of scopes. */
export interface TokenCache {
  read(): Promise<CachedToken | undefined>;
  write(token: CachedToken): Promise<void>;
}

export interface ImsTokenOptions {
  readonly clientId: string;
  /** Up to two are valid at once during a rotation; tried in this order. */
  readonly clientSecrets: readonly string[];
  /** Comma-separated. */
  readonly scopes: string;
  /** The login service's origin. */
  readonly imsUrl: string;
  readonly httpTimeoutMs?: number | undefined;
  readonly maxRetries?: number | undefined;
  readonly cache?: TokenCache | undefined;
}

/** A token that somebody else made: it cannot be renewed. */
export function fixedToken(accessToken: string): TokenSource {
  return {
    get: async () => checkToken(accessToken, 'the access token'),
    refresh: async () => undefined,
  };
}

const mintPath = '/ims/token/v3';
const defaultHttpTimeoutMs = 60_000;
const defaultMaxRetries = 3;
/** Adobe's tokens live for a day; older endpoints told milliseconds in the same field. */
const longestLifetimeMs = 86_400_000;
const unknownLifetimeMs = 300_000;

interface HeldToken {
  readonly accessToken: string;
  isFresh(): boolean;
}

/**
 * Tokens by client credentials. Renewed 60 s or 5 % of their life ahead of expiry, whichever is less; however many
 * callers ask at once, one mint is under way. A cache that cannot be read or written never stops a command.
 */
export function createImsTokenSource(options: ImsTokenOptions, host: ApiHost): TokenSource {
  const { clock } = host;
  const { cache, clientSecrets } = options;
  let held: HeldToken | undefined;
  let minting: Promise<string> | undefined;
  /** The secret that worked last is tried first. */
  let favourite = 0;

  const sender = createSender(
    {
      httpTimeoutMs: options.httpTimeoutMs ?? defaultHttpTimeoutMs,
      maxRetries: options.maxRetries ?? defaultMaxRetries,
    },
    host,
  );

  /** Judged by the monotonic clock, so that a local clock that jumps does not matter. */
  const hold = (accessToken: string, remainingMs: number, lifetimeMs: number): string => {
    const marginMs = Math.min(60_000, lifetimeMs * 0.05);
    const until = clock.monotonicMs() + remainingMs - marginMs;
    held = { accessToken, isFresh: () => clock.monotonicMs() < until };
    return accessToken;
  };

  async function readCache(rejected: string | undefined): Promise<string | undefined> {
    const cached = await cache?.read().catch(() => undefined);
    if (cached === undefined || cached.accessToken === rejected || !isSendable(cached.accessToken))
      return undefined;
    const { accessToken, expiresAt, lifetimeMs } = cached;
    // A clock that was set back must not make a token look younger than new.
    const remainingMs = Math.min(expiresAt - clock.now(), lifetimeMs);
    hold(accessToken, remainingMs, lifetimeMs);
    return held?.isFresh() ? accessToken : undefined;
  }

  async function mint(): Promise<string> {
    const base = readBaseUrl(options.imsUrl, 'the login URL');
    if (clientSecrets.length === 0)
      throw new SegjobsError('NO_CREDENTIALS', 'there is no client secret', { hint: logIn });
    let refused: SegjobsError | undefined;
    for (let tried = 0; tried < clientSecrets.length; tried++) {
      const index = (favourite + tried) % clientSecrets.length;
      const outcome = await sender.send({
        method: 'POST',
        url: new URL(`${base}${mintPath}`),
        operation: 'read',
        secrets: clientSecrets,
        // Spoken of as a request of the login service, which knows no sandboxes.
        sandbox: undefined,
        headers: async () => ({
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        }),
        body: formBody(options, clientSecrets[index] ?? ''),
      });
      if (outcome.kind === 'answer') {
        favourite = index;
        const { accessToken, lifetimeMs } = decodeToken(outcome.answer);
        await cache
          ?.write({ accessToken, expiresAt: clock.now() + lifetimeMs, lifetimeMs })
          .catch(() => undefined);
        return hold(accessToken, lifetimeMs, lifetimeMs);
      }
      const facts = outcome.answer && readErrorBody(outcome.answer.text, outcome.answer.contentType);
      if (facts?.shape !== 'login' && outcome.answer?.status !== 401) {
        throw restated(outcome.error, `no access token: ${outcome.error.message}`);
      }
      refused = credentialsError(facts?.code ?? '', facts?.message ?? '', outcome.error, clientSecrets);
      // Only a wrong secret is worth trying the other one for.
      if (facts?.code !== 'invalid_client' && outcome.answer?.status !== 401) throw refused;
    }
    throw refused;
  }

  /** One at a time: twenty requests that are refused together need one new token, not twenty. */
  function obtain(rejected: string | undefined): Promise<string> {
    minting ??= (async () => (await readCache(rejected)) ?? (await mint()))().finally(() => {
      minting = undefined;
    });
    return minting;
  }

  return {
    get: async () => (held?.isFresh() ? held.accessToken : obtain(undefined)),
    refresh: async (rejected) => {
      if (held !== undefined && held.accessToken !== rejected && held.isFresh()) return held.accessToken;
      if (held?.accessToken === rejected) held = undefined;
      const token = await obtain(rejected);
      // It may have joined a reading of the cache that did not know of the rejection yet.
      return token === rejected ? obtain(rejected) : token;
    },
  };
}

const logIn = 'log in again: segjobs auth login';

function formBody({ clientId, scopes }: ImsTokenOptions, clientSecret: string): string {
  return new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
    scope: scopes,
  }).toString();
}

function decodeToken(answer: HttpAnswer): { readonly accessToken: string; readonly lifetimeMs: number } {
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    body = undefined;
  }
  const accessToken = isObject(body) ? body['access_token'] : undefined;
  if (!isObject(body) || typeof accessToken !== 'string' || accessToken === '') {
    throw new SegjobsError('BAD_ANSWER', 'the login service answered without an access token', {
      hint: 'check the login URL (SEGJOBS_IMS_URL), and whether a proxy stands in between',
      httpStatus: answer.status,
      requestId: answer.requestId,
    });
  }
  const seconds = Number(body['expires_in'] ?? Number.NaN);
  const lifetimeMs = seconds > 0 ? Math.min(seconds * 1000, longestLifetimeMs) : unknownLifetimeMs;
  return { accessToken: checkToken(accessToken, 'the token from the login service'), lifetimeMs };
}

const loginHints: ReadonlyMap<string, string> = new Map([
  [
    'invalid_client',
    'check client id and client secret: the secret may have been rotated or deleted (segjobs auth login)',
  ],
  ['invalid_scope', 'check the scopes: they must be those that the project in the Developer Console lists'],
  [
    'unauthorized_client',
    'the project must use OAuth server-to-server credentials; the older JWT ones are switched off',
  ],
]);

function credentialsError(
  code: string,
  message: string,
  { httpStatus, requestId }: SegjobsError,
  secrets: readonly string[],
): SegjobsError {
  const said = [code, message]
    .filter((part, index, all) => part !== '' && all.indexOf(part) === index)
    .join(': ');
  const shown = withoutSecrets(said, secrets);
  return new SegjobsError(
    'UNAUTHORIZED',
    `the login service refused the credentials${shown === '' ? '' : ` (${shown})`}`,
    {
      hint: loginHints.get(code) ?? `check client id, client secret and scopes, or ${logIn}`,
      httpStatus,
      requestId,
    },
  );
}

/** Visible ASCII: anything else cannot be in a header, or would end it. */
function isSendable(token: string): boolean {
  return /^[\u0021-\u007e]+$/.test(token);
}

function checkToken(token: string, what: string): string {
  if (isSendable(token)) return token;
  throw new SegjobsError(
    'NO_CREDENTIALS',
    token === ''
      ? `${what} is empty`
      : `${what} holds a character that no token has (blank, line break, control or non-ASCII)`,
    { hint: 'copy the token again, without "Bearer", quotes or line breaks' },
  );
}
