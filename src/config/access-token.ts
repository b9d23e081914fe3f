// What an access token says of itself; nobody checks its signature here, so it is for showing only.

import { isObject, own } from './stored.ts';

export interface TokenClaims {
  /** Unix milliseconds. */
  readonly expiresAt: number | undefined;
  readonly clientId: string | undefined;
}

/**
 * Reads the payload of one of Adobe's tokens (a JWT), where `created_at` and `expires_in` are milliseconds written
 * as strings. Nothing is known of a token of another kind.
 */
export function readTokenClaims(accessToken: string): TokenClaims {
  const nothing = { expiresAt: undefined, clientId: undefined };
  const [, payload = ''] = accessToken.split('.');
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return nothing;
  }
  if (!isObject(claims)) return nothing;
  const createdAt = millisecondsOf(own(claims, 'created_at'));
  const lifetimeMs = millisecondsOf(own(claims, 'expires_in'));
  const clientId = own(claims, 'client_id');
  return {
    expiresAt: createdAt === undefined || lifetimeMs === undefined ? undefined : createdAt + lifetimeMs,
    clientId: typeof clientId === 'string' ? clientId : undefined,
  };
}

function millisecondsOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
