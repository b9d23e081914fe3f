// segjobs auth status: what is in force, where each value came from, and whether the service accepts it.

import type { Settings } from '../config/settings.ts';
import type { Context } from '../context.ts';
import { exitCodes, SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { defineCommand } from './command.ts';
import { factFormats } from './profiles.ts';

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'show the credentials in force, and whether the service accepts them',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs auth status', explains: 'who you are, where, and since when it is known' },
    { command: 'segjobs auth status -q -o json > /dev/null || segjobs auth login', explains: 'in a script' },
  ],
  exitCodes: [0, 2, 4, 7],
  run: async (context) => {
    const settings = await context.settings();
    const [output, { maskId }] = await Promise.all([context.output(), import('../config/profile-keys.ts')]);
    const progress = output.progress('Asking the service');
    const verdict = await askService(context, settings).finally(() => progress.stop());
    const from = (key: string) => settings.sources.get(key) ?? null;
    const { credentials } = settings;
    await output.facts({
      profile: settings.profile ?? null,
      profileFrom: from('profile'),
      org: settings.orgId,
      orgFrom: from('orgId'),
      clientId: maskId(settings.clientId),
      clientIdFrom: from('clientId'),
      credentials: credentials.kind === 'oauth' ? 'client secret' : 'access token',
      credentialsFrom: from('credentials'),
      ...(credentials.kind === 'oauth' ? { scopes: credentials.scopes, scopesFrom: from('scopes') } : {}),
      sandbox: settings.sandbox ?? null,
      sandboxFrom: from('sandbox'),
      apiUrl: settings.apiUrl,
      apiUrlFrom: from('apiUrl'),
      imsUrl: settings.imsUrl,
      imsUrlFrom: from('imsUrl'),
      tokenExpires: isoTime(await tokenExpiry(context, settings)),
      accepted: verdict.accepted,
      sandboxes: verdict.sandboxes,
    });
    if (verdict.failure !== undefined) throw verdict.failure;
    if (settings.sandbox === undefined) {
      output.note('No sandbox is chosen: give --sandbox NAME, or run: segjobs config set sandbox NAME');
    }
    return exitCodes.done;
  },
});

interface Verdict {
  /** `null` when the service could not be asked. */
  readonly accepted: boolean | null;
  /** Names, joined by commas; `null` when they could not be listed. */
  readonly sandboxes: string | null;
  readonly failure?: unknown;
}

/** Lists the sandboxes and, where one is chosen, one job in it: what a credential needs for every command. */
async function askService(context: Context, settings: Settings): Promise<Verdict> {
  let sandboxes: string | null = null;
  try {
    const client = await context.clientFor(settings);
    const visible = await client.sandboxes().catch((cause: unknown) => {
      const isRefused =
        cause instanceof SegjobsError && (cause.code === 'FORBIDDEN' || cause.code === 'NOT_FOUND');
      if (isRefused && settings.sandbox !== undefined) return undefined;
      throw cause;
    });
    sandboxes = visible === undefined ? null : visible.map(({ name }) => safeText(name)).join(',');
    if (settings.sandbox !== undefined) await client.listPage({ limit: 1 });
    return { accepted: true, sandboxes };
  } catch (failure) {
    context.signal.throwIfAborted();
    const isRefused = failure instanceof SegjobsError && failure.exitCode === exitCodes.credentials;
    return { accepted: isRefused ? false : null, sandboxes, failure };
  }
}

/** Unix milliseconds: of the cached token, or what a ready token says of itself. */
async function tokenExpiry(context: Context, settings: Settings): Promise<number | undefined> {
  const { credentials, clientId, imsUrl } = settings;
  if (credentials.kind === 'accessToken') {
    const { readTokenClaims } = await import('../config/access-token.ts');
    return readTokenClaims(credentials.accessToken).expiresAt;
  }
  const { createTokenCache } = await import('../config/token-cache.ts');
  const { scopes } = credentials;
  const locations = await context.locations();
  const cache = createTokenCache({ locations, clientId, imsUrl, scopes, userId: context.host.userId });
  return (await cache.read())?.expiresAt;
}

function isoTime(unixMs: number | undefined): string | null {
  // A Date holds at most 8.64e15 ms.
  if (unixMs === undefined || Math.abs(unixMs) > 8.64e15) return null;
  return new Date(unixMs).toISOString();
}
