// segjobs auth login: gathers credentials, proves that they work, and only then stores them.

import type { Credentials, Settings } from '../config/settings.ts';
import type { Context, TokenOptions } from '../context.ts';
import { exitCodes, SegjobsError } from '../errors.ts';
import type { Output } from '../output/output.ts';
import type { Prompts } from '../output/prompts.ts';
import { safeText } from '../safe-text.ts';
import { gatherCredentials, loginFlags, readTarget, type Target, type Wanted } from './auth-gather.ts';
import { defineCommand } from './command.ts';
import { factFormats, warnOfEnvironment, writeConfig } from './profiles.ts';

export const loginCommand = defineCommand({
  name: 'login',
  summary: 'try credentials, and store them in a profile if they work',
  description:
    'On a terminal it asks for what is missing. What the service accepts is stored in the profile named by --profile, ' +
    'else in the active one, else in "default"; --sandbox stores a sandbox with it.\n' +
    '--from-file takes a credential or a project downloaded from the Adobe Developer Console, a Postman environment, or ' +
    'an aepp configuration.',
  flags: loginFlags,
  formats: factFormats,
  examples: [
    { command: 'segjobs auth login', explains: 'it asks for what it needs' },
    {
      command: 'segjobs auth login --from-file credential.json --sandbox dev',
      explains: 'with a credential that was downloaded',
    },
    {
      command: 'segjobs auth login --client-id ID --org-id ORG --client-secret-stdin < secret.txt',
      explains: 'from a script, the secret on stdin',
    },
  ],
  exitCodes: [0, 1, 2, 3, 4, 5, 7],
  exitMeanings: { 5: 'the service has nothing there: is the sandbox right?' },
  run: async (context, { flags: given }) => {
    const [output, prompts] = await Promise.all([context.output(), context.prompts()]);
    const target = await readTarget(context);
    const wanted = await gatherCredentials(context, given, target);
    const settings = await settingsOf(context, wanted, target);
    const { settings: proven, sandboxes } = await prove(context, settings, output, { isTrial: true }).catch(
      (cause: unknown) => {
        output.note('Nothing was saved.');
        throw cause;
      },
    );
    const chosen =
      proven.sandbox === undefined
        ? await chooseSandbox(context, proven, sandboxes, prompts, output)
        : proven;
    await save(context, wanted, chosen, target, output);
    return exitCodes.done;
  },
});

/** The settings that later commands will have with this profile, for the proof. */
async function settingsOf(
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
  const { warn } = await context.output();
  for (const warning of warnings) warn(warning);
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

interface Proof {
  readonly settings: Settings;
  /** Names; `undefined` where this credential may not list them. */
  readonly sandboxes: readonly string[] | undefined;
}

/**
 * One cheap read, with a fresh token where it is the trial of a secret: one minted with an earlier secret would prove
 * nothing about this one. The failure that comes says what is wrong.
 */
async function prove(
  context: Context,
  settings: Settings,
  output: Output,
  options: TokenOptions,
): Promise<Proof> {
  const client = await context.clientFor(settings, options);
  const progress = output.progress('Checking the credentials');
  let sandboxes: readonly string[] | undefined;
  try {
    sandboxes = await client
      .sandboxes()
      .then((all) => all.map((sandbox) => safeText(sandbox.name)))
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
    throw diagnose(cause, { settings, sandboxes, now: client.serviceNow() });
  } finally {
    progress.stop();
  }
}

/** Asks for the sandbox where that can be asked; there is no default one. */
async function chooseSandbox(
  context: Context,
  settings: Settings,
  sandboxes: readonly string[] | undefined,
  prompts: Prompts,
  output: Output,
): Promise<Settings> {
  if (sandboxes?.length === 0) {
    output.warn(
      'this credential is in no sandbox yet: an administrator must give its API credential a role in one',
    );
  }
  if (!prompts.canAsk || sandboxes === undefined || sandboxes.length === 0) return settings;
  for (let prefix = ''; ; ) {
    const question = `${prefix}Sandbox to work in (${sandboxes.join(', ')}; Enter for none):`;
    const sandbox = await prompts.text(question, 'give --sandbox NAME');
    if (sandbox === '') return settings;
    if (sandboxes.includes(sandbox)) {
      return (await prove(context, { ...settings, sandbox }, output, {})).settings;
    }
    prefix = '(no such sandbox) ';
  }
}

async function save(
  context: Context,
  wanted: Wanted,
  settings: Settings,
  target: Target,
  output: Output,
): Promise<void> {
  const { name, existing } = target;
  const { secret, clientId, orgId, scopes, imsUrl } = wanted;
  const isActive = await writeConfig(context, (draft) => {
    draft.changeProfile(name, {
      clientId,
      orgId,
      scopes,
      imsUrl,
      sandbox: settings.sandbox,
      clientSecrets: 'clientSecrets' in secret ? secret.clientSecrets : undefined,
      accessToken: 'accessToken' in secret ? secret.accessToken : undefined,
      credentialCommand: undefined,
    });
    const { activeProfile, profiles } = draft;
    if (activeProfile === undefined || !profiles.has(activeProfile)) draft.activeProfile = name;
    return draft.activeProfile === name;
  });
  const { maskId } = await import('../config/profile-keys.ts');
  await output.facts({
    profile: name,
    active: isActive,
    org: orgId,
    clientId: maskId(clientId),
    sandbox: settings.sandbox ?? null,
    credentials: 'accessToken' in secret ? 'access token' : 'client secret',
    file: target.path,
  });
  if (existing?.credentialCommand !== undefined)
    output.note('The credentialCommand of this profile was removed.');
  const use = isActive ? '' : ` --profile ${name}`;
  if (settings.sandbox === undefined) {
    output.note(`Logged in. Choose a sandbox next: segjobs config set sandbox NAME${use}`);
  } else {
    output.note(`Logged in. Try: segjobs list${use}`);
  }
  await warnOfEnvironment(context);
}
