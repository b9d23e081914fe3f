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
  description:
    'Tells profile, organization, client and sandbox, where each value comes from, until when the token is good, and what ' +
    'the service says to it. No secret is printed.',
  flags: {},
  formats: factFormats,
  examples: [
    {
      command: 'segjobs auth status',
      explains: 'who you are, in which sandbox, and where each value comes from',
    },
    {
      command: 'segjobs auth status -q -o json > /dev/null || segjobs auth login',
      explains: 'in a script: log in where that is needed',
    },
    {
      command: 'segjobs auth status --json | jq -r .sandboxes',
      explains: 'the sandboxes that you may work in',
    },
  ],
  exitCodes: [0, 2, 4, 7],
  exitMeanings: {
    0: 'the service accepts them',
    4: 'there are none, or the service refuses them',
    7: 'the service could not be asked',
  },
  run: async (context) => {
    const settings = await context.settings();
    const [output, { maskId }] = await Promise.all([context.output(), import('../config/profile-keys.ts')]);
    const progress = output.progress('Asking the service');
    const verdict = await askService(context, settings).finally(() => progress.stop());
    const from = (key: string) => settings.sources.get(key) ?? null;
    const { credentials } = settings;
    const facts = {
      profile: settings.profile ?? null,
      profileFrom: from('profile'),
      org: settings.orgId,
      orgFrom: from('orgId'),
      clientId: maskId(settings.clientId),
      clientIdFrom: from('clientId'),
      credentials: kindOf(credentials),
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
    };
    await output.facts(facts, { inWords: true });
    if (verdict.failure !== undefined) throw verdict.failure;
    if (settings.sandbox === undefined) {
      output.note('No sandbox is chosen: give --sandbox NAME, or run: segjobs config set sandbox NAME');
    }
    return exitCodes.done;
  },
});

function kindOf(credentials: Settings['credentials']): string {
  if (credentials.kind === 'accessToken') return 'access token';
  return credentials.isFromCommand ? 'credential command' : 'client secret';
}

interface Verdict {
  /** `null` when the service could not be asked. */
  readonly accepted: boolean | null;
  /** Names, joined by commas; `null` when they could not be listed. */
  readonly sandboxes: string | null;
  readonly failure?: unknown;
}

/** Lists the sandboxes and, where one is chosen, one job in it: what a credential needs for every command. */
async function askService(context: Context, settings: Settings): Promise<Verdict> {
  let names: readonly string[] | undefined;
  let failure: unknown;
  const client = await context.clientFor(settings);
  try {
    const visible = await client.sandboxes().catch((cause: unknown) => {
      const isRefused =
        cause instanceof SegjobsError && (cause.code === 'FORBIDDEN' || cause.code === 'NOT_FOUND');
      if (isRefused && settings.sandbox !== undefined) return undefined;
      throw cause;
    });
    names = visible?.map(({ name }) => safeText(name));
    if (settings.sandbox !== undefined) await client.listPage({ limit: 1 });
    else if (names?.length === 0) failure = (await import('./auth-diagnosis.ts')).inNoSandbox();
  } catch (cause) {
    context.signal.throwIfAborted();
    const { diagnose } = await import('./auth-diagnosis.ts');
    failure = withoutVerdict(diagnose(cause, { settings, sandboxes: names, now: client.serviceNow() }));
  }
  const sandboxes = names?.join(',') ?? null;
  if (failure === undefined) return { accepted: true, sandboxes };
  const isRefused = failure instanceof SegjobsError && failure.exitCode === exitCodes.credentials;
  return { accepted: isRefused ? false : null, sandboxes, failure };
}

/**
 * What is neither yes nor no (a redirect, a page of a proxy, nonsense) tells as little as silence does: exit 7, as when
 * the service is out of reach. A refused request that names the credentials has been told apart before.
 */
function withoutVerdict(failure: unknown): unknown {
  if (!(failure instanceof SegjobsError)) return failure;
  if (failure.exitCode !== exitCodes.refused && failure.exitCode !== exitCodes.notFound) return failure;
  const { message, hint, httpStatus, requestId, details } = failure;
  const facts = { hint, httpStatus, requestId, details, cause: failure };
  return details?.['serviceCode'] === '400003'
    ? new SegjobsError('FORBIDDEN', message, facts)
    : new SegjobsError('UNAVAILABLE', `the service could not be asked: ${message}`, facts);
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
