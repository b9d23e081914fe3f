// segjobs auth login: gathers credentials, proves that they work, and only then stores them.

import type { Settings } from '../config/settings.ts';
import type { Context } from '../context.ts';
import { exitCodes, SegjobsError } from '../errors.ts';
import type { Output } from '../output/output.ts';
import type { Prompts } from '../output/prompts.ts';
import { safeText } from '../safe-text.ts';
import { gatherCredentials, loginFlags, readTarget, type Target, type Wanted } from './auth-gather.ts';
import { type Proof, prove, proveAsking, settingsOf, tokenForgetter } from './auth-prove.ts';
import { askForSandbox } from './auth-sandbox.ts';
import { defineCommand } from './command.ts';
import { factFormats, warnOfEnvironment, writeConfig } from './profiles.ts';

export const loginCommand = defineCommand({
  name: 'login',
  summary: 'try credentials, and store them in a profile if they work',
  description:
    'On a terminal it asks for what is missing, and which sandbox to work in. What the service accepts is stored in the profile named by --profile, ' +
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
    const gathered = await gatherCredentials(context, given, target).catch((cause: unknown) => {
      if (prompts.canAsk) output.note('Nothing was saved.');
      throw cause;
    });
    const tried = await settingsOf(context, gathered, target);
    for (const warning of tried.warnings) output.warn(warning);
    const forget = await tokenForgetter(context, tried);
    const { wanted, settings } = await proveAndChoose(context, gathered, target, prompts, output).catch(
      async (cause: unknown) => {
        await forget();
        output.note('Nothing was saved.');
        throw cause;
      },
    );
    if (prompts.canAsk) output.note(provenText(settings));
    await save(context, wanted, settings, target, output, prompts.canAsk);
    return exitCodes.done;
  },
});

async function proveAndChoose(
  context: Context,
  gathered: Wanted,
  target: Target,
  prompts: Prompts,
  output: Output,
): Promise<{ readonly wanted: Wanted; readonly settings: Settings }> {
  const { wanted, proof } = await proveAsking(context, gathered, target, prompts, output);
  const { settings } = proof;
  return settings.sandbox === undefined
    ? { wanted, settings: await chooseSandbox(context, proof, prompts, output) }
    : { wanted, settings };
}

/** Asks for the sandbox where that can be asked; there is no default one. */
async function chooseSandbox(
  context: Context,
  { settings, sandboxes }: Proof,
  prompts: Prompts,
  output: Output,
): Promise<Settings> {
  if (sandboxes?.length === 0) {
    output.warn(
      'this credential is in no sandbox yet: an administrator must give its API credential a role in one',
    );
  }
  if (!prompts.canAsk || sandboxes === undefined || sandboxes.length === 0) return settings;
  for (;;) {
    const sandbox = await askForSandbox(sandboxes, prompts, output);
    if (sandbox === undefined) return settings;
    try {
      return (await prove(context, { ...settings, sandbox }, output, {})).settings;
    } catch (cause) {
      const isRefused = cause instanceof SegjobsError && cause.code === 'FORBIDDEN';
      if (!isRefused || sandboxes.length === 1) throw cause;
      output.warn(safeText(cause.message));
    }
  }
}

function provenText({ credentials, sandbox }: Settings): string {
  const token = credentials.kind === 'oauth' ? 'Adobe issued a token' : 'Adobe accepts the token';
  return sandbox === undefined
    ? `Verified: ${token}.`
    : `Verified: ${token}; sandbox "${sandbox}" can be read.`;
}

async function save(
  context: Context,
  wanted: Wanted,
  settings: Settings,
  target: Target,
  output: Output,
  isConversation: boolean,
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
  await output.facts(
    {
      profile: name,
      active: isActive,
      org: orgId,
      clientId: maskId(clientId),
      sandbox: settings.sandbox ?? null,
      credentials: 'accessToken' in secret ? 'access token' : 'client secret',
      file: target.path,
    },
    { inWords: true },
  );
  if (isConversation) output.note(storedText(context));
  if (existing?.credentialCommand !== undefined)
    output.note('The credentialCommand of this profile was removed.');
  const use = isActive ? '' : ` --profile ${name}`;
  if (settings.sandbox === undefined) {
    const next = isConversation ? 'Next, choose a sandbox:' : 'Logged in. Choose a sandbox next:';
    output.note(`${next} segjobs config set sandbox NAME${use}`);
  } else {
    output.note(`${isConversation ? 'Next:' : 'Logged in. Try:'} segjobs list${use}`);
  }
  await warnOfEnvironment(context);
}

function storedText({ host }: Context): string {
  return host.userId === undefined ? 'Logged in.' : 'Logged in. Only you can read that file (mode 0600).';
}
