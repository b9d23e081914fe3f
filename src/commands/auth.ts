// segjobs auth: login, logout, status, token.

import { exitCodes } from '../errors.ts';
import { loginCommand } from './auth-login.ts';
import { statusCommand } from './auth-status.ts';
import { type CommandGroup, defineCommand } from './command.ts';
import { existingProfile, factFormats, readWithWarnings, writeConfig } from './profiles.ts';

const logoutCommand = defineCommand({
  name: 'logout',
  summary: 'remove the stored secret and the cached token of a profile',
  description:
    'Client id, organization and sandbox stay, so that logging in again asks for the secret only.\n' +
    'A token that was issued before stays valid until it expires. If it leaked, revoke the credential in the Adobe ' +
    'Developer Console.',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs auth logout', explains: 'the active profile' },
    { command: 'segjobs auth logout --profile prod', explains: 'another one' },
    {
      command: 'segjobs config list -o tsv && segjobs auth logout',
      explains: 'look which profile is the active one first',
    },
  ],
  exitCodes: [0, 1, 2],
  run: async (context) => {
    const [{ tokenCacheOf }, { hasEnvironmentBundle }] = await Promise.all([
      import('../config/token-cache.ts'),
      import('../config/credentials.ts'),
    ]);
    const name = await existingProfile(context, await readWithWarnings(context));
    const { profile, hadSecret } = await writeConfig(context, (draft) => {
      const stored = draft.profiles.get(name) ?? {};
      draft.changeProfile(name, { clientSecrets: undefined, accessToken: undefined });
      return {
        profile: stored,
        hadSecret: stored.clientSecrets !== undefined || stored.accessToken !== undefined,
      };
    });
    const cache = tokenCacheOf(profile, await context.locations(), context.env, context.host.userId);
    const hadToken = (await cache?.remove()) === true;
    const output = await context.output();
    output.note(
      hadSecret || hadToken
        ? `Logged out of profile "${name}".`
        : `Profile "${name}" holds no secret and no token.`,
    );
    if (profile.credentialCommand !== undefined) {
      output.note('Its credentialCommand stays; remove it with: segjobs config unset credentialCommand');
    }
    if (hasEnvironmentBundle(context.env))
      output.warn('AEP_* variables in the environment still hold credentials');
    return exitCodes.done;
  },
});

const tokenCommand = defineCommand({
  name: 'token',
  summary: 'print a valid access token',
  description: 'The one command that prints a credential: for curl and other tools. Keep it out of logs.',
  flags: {},
  formats: factFormats,
  examples: [
    {
      command: 'curl -H "Authorization: Bearer $(segjobs auth token)" "$URL"',
      explains: 'the same credentials in another tool',
    },
    {
      command: 'export AEP_ACCESS_TOKEN=$(segjobs auth token)',
      explains: 'for a script that takes a ready token',
    },
    { command: 'segjobs auth token --profile prod > token.txt', explains: 'of another profile, into a file' },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7],
  exitMeanings: { 5: 'there is no login service at SEGJOBS_IMS_URL' },
  run: async (context) => {
    const tokens = await context.tokensFor(await context.settings());
    const accessToken = await tokens.get();
    const output = await context.output();
    await output.value(accessToken);
    return exitCodes.done;
  },
});

export const authCommands: CommandGroup = {
  name: 'auth',
  summary: 'log in and out, see who you are',
  description:
    'Credentials and a sandbox are kept in profiles, one set of them in each, readable by you alone. In CI none are kept: ' +
    'there they come from AEP_* variables (segjobs help environment).',
  examples: [
    { command: 'segjobs auth login', explains: 'store credentials; it asks for what it needs' },
    { command: 'segjobs auth status', explains: 'see who you are, and whether the service agrees' },
    { command: 'segjobs auth logout', explains: 'remove the secret from this machine' },
  ],
  commands: [loginCommand, logoutCommand, statusCommand, tokenCommand],
};
