// One token asked of Adobe's login service, and what its refusals mean.

import { SegjobsError } from '../errors.ts';
import { readBaseUrl } from './base-url.ts';
import type { ApiHost } from './client.ts';
import { isObject, readErrorBody } from './error-shapes.ts';
import { parseHttpDate } from './retry.ts';
import { createSender } from './sender.ts';
import { restated, withoutSecrets } from './service-errors.ts';
import type { HttpAnswer } from './transport.ts';

/** Whose token is minted, and where. */
export interface MintOptions {
  readonly clientId: string;
  /**
   * Up to two are valid at once during a rotation; tried in this order. Asked for only when a token has to be
   * minted, because it may run a secret manager. Throws `NO_CREDENTIALS`.
   */
  readonly clientSecrets: () => Promise<readonly string[]>;
  /** Comma-separated. */
  readonly scopes: string;
  /** The login service's origin. */
  readonly imsUrl: string;
  readonly httpTimeoutMs?: number | undefined;
  readonly maxRetries?: number | undefined;
}

export interface MintedToken {
  readonly accessToken: string;
  readonly lifetimeMs: number;
  /** When it was answered, unix ms on the login service's clock; `undefined` where the answer told no time. */
  readonly answeredAt: number | undefined;
}

export const defaultHttpTimeoutMs = 60_000;
const mintPath = '/ims/token/v3';
const defaultMaxRetries = 3;
/** Adobe's tokens live for a day; older endpoints told milliseconds in the same field. */
const longestLifetimeMs = 86_400_000;
const unknownLifetimeMs = 300_000;

/**
 * Mints by client credentials (OAuth server-to-server). Each call has a retry budget of its own. Throws
 * `NO_CREDENTIALS` without a secret, `UNAUTHORIZED` where every secret was refused, and what the network throws.
 */
export function createMint(options: MintOptions, host: ApiHost): () => Promise<MintedToken> {
  /** The secret that worked last is tried first. */
  let favourite = 0;
  const sender = createSender(
    {
      httpTimeoutMs: options.httpTimeoutMs ?? defaultHttpTimeoutMs,
      maxRetries: options.maxRetries ?? defaultMaxRetries,
    },
    host,
  );

  return async () => {
    const base = readBaseUrl(options.imsUrl, 'the login URL');
    const clientSecrets = await options.clientSecrets();
    if (clientSecrets.length === 0)
      throw new SegjobsError('NO_CREDENTIALS', 'there is no client secret', { hint: logIn });
    const budget = sender.newBudget();
    const secrets = [...clientSecrets, options.clientId];
    let refused: SegjobsError | undefined;
    for (let tried = 0; tried < clientSecrets.length; tried++) {
      const index = (favourite + tried) % clientSecrets.length;
      const outcome = await sender.send({
        method: 'POST',
        url: new URL(`${base}${mintPath}`),
        operation: 'read',
        secrets,
        // Spoken of as a request of the login service, which knows no sandboxes.
        sandbox: undefined,
        headers: async () => ({
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        }),
        body: formBody(options, clientSecrets[index] ?? ''),
        budget,
      });
      if (outcome.kind === 'answer') {
        favourite = index;
        return decodeToken(outcome.answer);
      }
      const facts = outcome.answer && readErrorBody(outcome.answer.text, outcome.answer.contentType);
      const status = outcome.answer?.status ?? 0;
      // An outage and a throttling speak in the same shape as a refusal.
      const isRefusal = status === 401 || (facts?.shape === 'login' && (status === 400 || status === 403));
      if (!isRefusal) throw restated(outcome.error, `no access token: ${outcome.error.message}`);
      refused = credentialsError(facts?.code ?? '', facts?.message ?? '', outcome.error, secrets);
      // Only a wrong secret is worth trying the other one for.
      if (facts?.code !== 'invalid_client' && status !== 401) throw refused;
    }
    throw refused;
  };
}

const logIn = 'log in again: segjobs auth login';

function formBody({ clientId, scopes }: MintOptions, clientSecret: string): string {
  return new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
    scope: scopes,
  }).toString();
}

function decodeToken(answer: HttpAnswer): MintedToken {
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
  return {
    accessToken: checkToken(accessToken, 'the token from the login service'),
    lifetimeMs: seconds > 0 ? Math.min(seconds * 1000, longestLifetimeMs) : unknownLifetimeMs,
    answeredAt: parseHttpDate(answer.date),
  };
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
      details: { loginError: withoutSecrets(code, secrets) },
    },
  );
}

/** Visible ASCII: anything else cannot be in a header, or would end it. */
export function isSendable(token: string): boolean {
  return /^[\u0021-\u007e]+$/.test(token);
}

/** The token. Throws `NO_CREDENTIALS`, not showing it, where it could not be sent. */
export function checkToken(token: string, what: string): string {
  if (isSendable(token)) return token;
  throw new SegjobsError(
    'NO_CREDENTIALS',
    token === ''
      ? `${what} is empty`
      : `${what} holds a character that no token has (blank, line break, control or non-ASCII)`,
    { hint: 'copy the token again, without "Bearer", quotes or line breaks' },
  );
}
