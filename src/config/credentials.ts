// Credentials come as one bundle from one place; a bundle with a hole is an error, never filled from another place.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { type Fault, faultOfHeaderValue, faultOfSecret } from './checks.ts';
import { type ChosenProfile, type Env, envValue } from './connection.ts';

/** One resolved bundle; never mixed from two places. */
export type Credentials =
  | { readonly kind: 'accessToken'; readonly accessToken: string }
  | (ClientSecrets & { readonly kind: 'oauth'; readonly scopes: string });

export interface ClientSecrets {
  /** Runs a profile's `credentialCommand`, so only for minting a token. Throws `NO_CREDENTIALS`. */
  readonly clientSecrets: () => Promise<readonly string[]>;
  /** The same for everybody with the same secrets: the secrets, or the command that prints them. Never shown. */
  readonly identity: readonly string[];
  /** Whether a command prints them, which can take minutes. */
  readonly isFromCommand: boolean;
}

/** A bundle whose scopes are still to be settled. */
export interface Bundle {
  readonly clientId: string;
  readonly orgId: string;
  readonly secret:
    | { readonly kind: 'accessToken'; readonly accessToken: string }
    | (ClientSecrets & { readonly kind: 'oauth' });
  /** For `clientId`, `orgId` and `credentials`. */
  readonly sources: ReadonlyMap<string, string>;
}

export const defaultScopes =
  'openid,session,AdobeID,read_organizations,additional_info.projectedProductContext';

/** Variables that belong to a bundle: one of them set means that the environment is to supply all of it. */
const bundleVariables = [
  'AEP_ACCESS_TOKEN',
  'AEP_CLIENT_ID',
  'AEP_API_KEY',
  'AEP_CLIENT_SECRET',
  'AEP_CLIENT_SECRET_FILE',
  'AEP_ORG_ID',
] as const;

const allVariables = [...bundleVariables, 'AEP_SCOPES', 'AEP_SANDBOX_NAME'] as const;

export function hasEnvironmentBundle(env: Env): boolean {
  return bundleVariables.some((name) => envValue(env, name) !== undefined);
}

/** The AEP_* variables that are set, for saying that they are ignored. */
export function setAepVariables(env: Env): readonly string[] {
  return allVariables.filter((name) => envValue(env, name) !== undefined);
}

/**
 * The environment's bundle: `AEP_ACCESS_TOKEN`, or else `AEP_CLIENT_SECRET` or the content of the file that
 * `AEP_CLIENT_SECRET_FILE` names, each with a client id (`AEP_API_KEY` is the same thing) and an organization.
 * Throws `NO_CREDENTIALS` naming what is missing or malformed, never a value.
 */
export async function environmentBundle(
  env: Env,
  readSecretFile: (path: string) => Promise<string>,
): Promise<Bundle> {
  const accessToken = envValue(env, 'AEP_ACCESS_TOKEN');
  const secretFile = envValue(env, 'AEP_CLIENT_SECRET_FILE');
  const hasSecret = envValue(env, 'AEP_CLIENT_SECRET') !== undefined || secretFile !== undefined;
  const idVariable = envValue(env, 'AEP_CLIENT_ID') === undefined ? 'AEP_API_KEY' : 'AEP_CLIENT_ID';
  const clientId = envValue(env, idVariable);
  const orgId = envValue(env, 'AEP_ORG_ID');
  const missing = [
    ...(clientId === undefined ? ['AEP_CLIENT_ID'] : []),
    ...(accessToken === undefined && !hasSecret
      ? ['AEP_CLIENT_SECRET (or AEP_CLIENT_SECRET_FILE, or AEP_ACCESS_TOKEN)']
      : []),
    ...(orgId === undefined ? ['AEP_ORG_ID'] : []),
  ];
  if (clientId === undefined || orgId === undefined || missing.length > 0) {
    const present = bundleVariables.filter((name) => envValue(env, name) !== undefined);
    throw new SegjobsError(
      'NO_CREDENTIALS',
      `incomplete credentials in the environment: ${present.join(', ')} without ${missing.join(' and ')}`,
      {
        hint: `set ${missing.length === 1 ? 'it' : 'them'} too, or unset ${present.join(', ')} to use a profile (segjobs auth login)`,
        details: { missing },
      },
    );
  }
  check(idVariable, faultOfHeaderValue(clientId));
  check('AEP_ORG_ID', faultOfHeaderValue(orgId));
  const from = (variable: string) => `environment ${variable}`;
  const sources = (variable: string) =>
    new Map([
      ['clientId', from(idVariable)],
      ['orgId', from('AEP_ORG_ID')],
      ['credentials', from(variable)],
    ]);
  if (accessToken !== undefined) {
    check('AEP_ACCESS_TOKEN', faultOfHeaderValue(accessToken));
    return {
      clientId,
      orgId,
      secret: { kind: 'accessToken', accessToken },
      sources: sources('AEP_ACCESS_TOKEN'),
    };
  }
  const inline = envValue(env, 'AEP_CLIENT_SECRET');
  const variable = inline === undefined ? 'AEP_CLIENT_SECRET_FILE' : 'AEP_CLIENT_SECRET';
  const clientSecret = inline ?? (await secretOfFile(secretFile ?? '', readSecretFile));
  check(variable, faultOfSecret(clientSecret));
  return {
    clientId,
    orgId,
    secret: { kind: 'oauth', ...knownSecrets([clientSecret]) },
    sources: sources(variable),
  };
}

/** Secrets that need not be fetched. */
export function knownSecrets(secrets: readonly string[]): ClientSecrets {
  return { clientSecrets: async () => secrets, identity: secrets, isFromCommand: false };
}

/**
 * A profile's bundle. `credentialCommand` goes before a stored token, a token before a secret; it is not run yet.
 * Throws `NO_CREDENTIALS` naming what is missing or malformed.
 */
export function profileBundle(
  profile: ChosenProfile,
  runCommand: (argv: readonly string[]) => Promise<readonly string[]>,
): Bundle {
  const { name, stored } = profile;
  const { clientId, orgId, accessToken, clientSecrets, credentialCommand } = stored;
  const hasSecret =
    accessToken !== undefined || clientSecrets !== undefined || credentialCommand !== undefined;
  const missing = [
    ...(clientId === undefined ? ['clientId'] : []),
    ...(orgId === undefined ? ['orgId'] : []),
    ...(hasSecret ? [] : ['a client secret or access token']),
  ];
  if (clientId === undefined || orgId === undefined || missing.length > 0) {
    throw new SegjobsError('NO_CREDENTIALS', `profile "${safeText(name)}" lacks ${missing.join(' and ')}`, {
      hint: `run: segjobs auth login --profile ${safeText(name)}`,
      details: { profile: safeText(name), missing },
    });
  }
  const place = (key: string) => `"${key}" of profile "${safeText(name)}"`;
  check(place('clientId'), faultOfHeaderValue(clientId));
  check(place('orgId'), faultOfHeaderValue(orgId));
  const sources = (how = '') =>
    new Map(
      ['clientId', 'orgId', 'credentials'].map((key) => [
        key,
        `profile ${name}${key === 'credentials' ? how : ''}`,
      ]),
    );
  if (credentialCommand !== undefined) {
    const clientSecrets = async () => {
      const secrets = await runCommand(credentialCommand);
      for (const secret of secrets)
        check(`what the credentialCommand of profile "${safeText(name)}" printed`, faultOfSecret(secret));
      return secrets;
    };
    return {
      clientId,
      orgId,
      secret: { kind: 'oauth', clientSecrets, identity: credentialCommand, isFromCommand: true },
      sources: sources(' (credentialCommand)'),
    };
  }
  if (accessToken !== undefined) {
    check(place('accessToken'), faultOfHeaderValue(accessToken));
    return { clientId, orgId, secret: { kind: 'accessToken', accessToken }, sources: sources() };
  }
  for (const secret of clientSecrets ?? []) check(place('clientSecret'), faultOfSecret(secret));
  return {
    clientId,
    orgId,
    secret: { kind: 'oauth', ...knownSecrets(clientSecrets ?? []) },
    sources: sources(),
  };
}

/** A secret's file as people write them: one line, whose line break is no part of it. */
async function secretOfFile(
  path: string,
  readSecretFile: (path: string) => Promise<string>,
): Promise<string> {
  try {
    // `-` would be standard input elsewhere; here it can only be a file of that name.
    const text = await readSecretFile(path === '-' ? './-' : path);
    return withoutLineBreak(text);
  } catch (cause) {
    const why = cause instanceof SegjobsError ? `: ${cause.message}` : '';
    throw new SegjobsError(
      'NO_CREDENTIALS',
      `the file that AEP_CLIENT_SECRET_FILE names cannot be used${why}`,
    );
  }
}

/** The text without a byte order mark and without one line break at its end. */
export function withoutLineBreak(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
}

function check(place: string, fault: Fault): void {
  if (fault !== undefined) throw new SegjobsError('NO_CREDENTIALS', `${place} ${fault}`);
}
