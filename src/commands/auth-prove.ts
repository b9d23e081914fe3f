// The proof of a login: the settings that later commands will have are tried, and a secret is asked for again.

import type { Sandbox } from '../api/client.ts';
import type { Credentials, Settings } from '../config/settings.ts';
import type { Context, TokenOptions } from '../context.ts';
import { SegjobsError } from '../errors.ts';
import type { Output } from '../output/output.ts';
import type { Prompts } from '../output/prompts.ts';
import { safeText } from '../safe-text.ts';
import { askForSecret, type Target, type Wanted } from './auth-gather.ts';

/** How often a person may type the secret before the login gives up. */
const mostSecrets = 3;

/**
 * Undoes what a trial leaves in the cache of tokens, where nothing comes of it: to be called before the trial, and
 * what it returns after it has failed.
 */
export async function tokenForgetter(
  context: Context,
  { credentials, clientId, imsUrl }: Settings,
): Promise<() => Promise<void>> {
  if (credentials.kind !== 'oauth') return async () => undefined;
  const { createTokenCache } = await import('../config/token-cache.ts');
  const { scopes } = credentials;
  const locations = await context.locations();
  const cache = createTokenCache({ locations, clientId, imsUrl, scopes, userId: context.host.userId });
  const before = await cache.read();
  return async () => {
    const after = await cache.read();
    if (after === undefined || after.accessToken === before?.accessToken) return;
    if (before !== undefined) return cache.write(before);
    // Whatever stopped the login is what is told.
    await cache.remove().catch(() => undefined);
  };
}

interface Proven {
  readonly wanted: Wanted;
  readonly proof: Proof;
}

/** Tries the credentials. Where the service refuses a secret that was typed, the secret alone is asked for again. */
export async function proveAsking(
  context: Context,
  gathered: Wanted,
  target: Target,
  prompts: Prompts,
  output: Output,
): Promise<Proven> {
  let wanted = gathered;
  for (let tries = 1; ; tries++) {
    try {
      const settings = await settingsOf(context, wanted, target);
      return { wanted, proof: await prove(context, settings, output, { isTrial: true }) };
    } catch (cause) {
      const isWrongSecret =
        cause instanceof SegjobsError && cause.details?.['loginError'] === 'invalid_client';
      if (!isWrongSecret || !wanted.isSecretAsked || tries === mostSecrets) throw cause;
      output.warn(safeText(cause.message));
      const secret = await askForSecret(prompts, `try ${tries + 1} of ${mostSecrets}`);
      wanted = { ...wanted, secret };
    }
  }
}

/** The settings that later commands will have with this profile, for the proof. */
export async function settingsOf(
  context: Context,
  wanted: Wanted,
  { name, existing, path }: Target,
): Promise<Settings> {
  const [{ resolveConnection }, { defaultScopes, knownSecrets }, { tlsWarnings }] = await Promise.all([
    import('../config/connection.ts'),
    import('../config/credentials.ts'),
    import('../config/settings.ts'),
  ]);
  const stored = { ...existing, imsUrl: wanted.imsUrl };
  const sources = new Map(['clientId', 'orgId', 'credentials'].map((key) => [key, 'this login']));
  const { secret } = wanted;
  const credentials: Credentials =
    'accessToken' in secret
      ? { kind: 'accessToken', ...secret }
      : { kind: 'oauth', ...knownSecrets(secret.clientSecrets), scopes: wanted.scopes ?? defaultScopes };
  const warnings = tlsWarnings(context.env);
  return {
    ...resolveConnection(context.env, { name, stored, path }, sources),
    profile: name,
    clientId: wanted.clientId,
    orgId: wanted.orgId,
    credentials,
    sandbox: wanted.sandbox,
    sources,
    warnings,
  };
}

export interface Proof {
  readonly settings: Settings;
  /** `undefined` where this credential may not list them. Safe to show. */
  readonly sandboxes: readonly Sandbox[] | undefined;
}

/**
 * One cheap read, with a fresh token where it is the trial of a secret: one minted with an earlier secret would prove
 * nothing about this one. The failure that comes says what is wrong.
 */
export async function prove(
  context: Context,
  settings: Settings,
  output: Output,
  options: TokenOptions,
): Promise<Proof> {
  const client = await context.clientFor(settings, options);
  const progress = output.progress('Checking the credentials');
  let sandboxes: readonly Sandbox[] | undefined;
  try {
    sandboxes = await client
      .sandboxes()
      .then((all) => all.map(withSafeTexts))
      .catch((cause: unknown) => {
        // Not every credential may list sandboxes; where one is named, the jobs in it are the better proof.
        const isRefused =
          cause instanceof SegjobsError && (cause.code === 'FORBIDDEN' || cause.code === 'NOT_FOUND');
        if (isRefused && settings.sandbox !== undefined) return undefined;
        throw cause;
      });
    if (settings.sandbox !== undefined) await client.listPage({ limit: 1 });
    return { settings, sandboxes };
  } catch (cause) {
    const { diagnose } = await import('./auth-diagnosis.ts');
    const names = sandboxes?.map(({ name }) => name);
    throw diagnose(cause, { settings, sandboxes: names, now: client.serviceNow() });
  } finally {
    progress.stop();
  }
}

function withSafeTexts({ name, type, state, isDefault }: Sandbox): Sandbox {
  return { name: safeText(name), type: type && safeText(type), state: state && safeText(state), isDefault };
}
