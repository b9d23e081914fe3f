// The login service: access tokens by client credentials (OAuth server-to-server), as IMS answers.

import { randomBytes } from 'node:crypto';
import { type Answer, jsonAnswer, loginError } from './errors.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly orgId: string;
  /** Valid from the start, for those who have no use for the login service. */
  readonly accessToken: string;
}

/** Put together at run time: nothing in the source may look like a secret. */
export const clientId = 'emulator'.padEnd(32, '0');
export const clientSecret = ['not', 'a', 'secret', 'emulator'].join('-');
/** The second of the two secrets that are valid while one is being replaced. */
export const rotatedClientSecret = ['not', 'a', 'secret', 'either', 'emulator'].join('-');
export const orgId = `${'0123456789ABCDEF'.repeat(2).slice(0, 24)}@AdobeOrg`;

const scopes = 'openid,session,AdobeID,read_organizations,additional_info.projectedProductContext';

export interface Tokens {
  /** A new token: three parts like a JWT, with the payload fields of a real one and a signature that is none. */
  mint(scope?: string): string;
  isValid(token: string): boolean;
  revokeAll(): void;
}

/**
 * Tokens live `lifetimeMs` of real time, whatever the speed of the service clock: what a client does with an expiry
 * must not depend on a demo's speed. `created_at` in the payload is on the service clock, like every other time.
 */
export function createTokens(options: {
  readonly lifetimeMs: number;
  readonly monotonicMs: () => number;
  readonly serviceNow: () => number;
}): Tokens {
  const expiries = new Map<string, number>();
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    mint(scope = scopes) {
      const id = `emulator_${randomBytes(9).toString('hex')}`;
      const payload = {
        id,
        type: 'access_token',
        client_id: clientId,
        user_id: 'emulator@techacct.adobe.com',
        as: 'emulator',
        aa_id: 'emulator@techacct.adobe.com',
        moi: id.slice(-8),
        expires_in: String(options.lifetimeMs),
        scope,
        created_at: String(options.serviceNow()),
      };
      const token = [encode({ alg: 'none', itt: 'at' }), encode(payload), encode('not a signature')].join(
        '.',
      );
      expiries.set(token, options.monotonicMs() + options.lifetimeMs);
      return token;
    },
    isValid: (token) => options.monotonicMs() < (expiries.get(token) ?? Number.NEGATIVE_INFINITY),
    revokeAll: () => expiries.clear(),
  };
}

/** The fields of a form: query, urlencoded body, or the multipart body that Postman's `form-data` sends. */
export function formFields(query: URLSearchParams, contentType: string, body: string): URLSearchParams {
  const fields = new URLSearchParams(query);
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) {
    for (const [name, value] of new URLSearchParams(body)) fields.set(name, value);
    return fields;
  }
  for (const part of body.split(`--${boundary}`)) {
    const [head = '', ...rest] = part.split('\r\n\r\n');
    const name = /\bname="([^"]*)"/i.exec(head)?.[1];
    if (name !== undefined) fields.set(name, rest.join('\r\n\r\n').replace(/\r\n$/, ''));
  }
  return fields;
}

/** The answer to `POST /ims/token/v3` (and v2, v1). `expires_in` is in whole seconds. */
export function answerTokenRequest(fields: URLSearchParams, tokens: Tokens, lifetimeMs: number): Answer {
  const grant = fields.get('grant_type');
  if (grant === null) return loginError(400, 'invalid_request', 'missing grant_type parameter');
  if (grant !== 'client_credentials')
    return loginError(400, 'unsupported_grant_type', 'invalid grant_type parameter');
  if (fields.get('client_id') !== clientId)
    return loginError(400, 'invalid_client', 'invalid client_id parameter');
  const secret = fields.get('client_secret');
  if (secret !== clientSecret && secret !== rotatedClientSecret) {
    return loginError(400, 'invalid_client', 'invalid client_secret parameter');
  }
  const scope = fields.get('scope') ?? '';
  const asked = scope.split(/[\s,]+/).filter((name) => name !== '');
  if (asked.length === 0 || !asked.every((name) => /^[\w.:-]+$/.test(name))) {
    return loginError(
      400,
      'invalid_scope',
      asked.length === 0 ? 'missing scope parameter' : 'invalid scope parameter',
    );
  }
  const answer = {
    access_token: tokens.mint(asked.join(',')),
    token_type: 'bearer',
    expires_in: Math.floor(lifetimeMs / 1000),
  };
  return jsonAnswer(200, JSON.stringify(answer), { 'cache-control': 'no-store' });
}
