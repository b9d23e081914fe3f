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
    'Client id, organization and sandbox stay, so that logging in again asks only for the secret. A token that was already issued stays valid until it expires; revoke it in the Adobe Developer Console if it leaked.',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs auth logout --profile prod', explains: 'the secret is gone from this machine' },
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
      command: 'curl -H "Authorization: Bearer $(segjobs auth token)" …',
      explains: 'the same credentials in another tool',
    },
  ],
  exitCodes: [0, 2, 4, 7],
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
  summary: 'log in and out, see what is in force',
  commands: [loginCommand, logoutCommand, statusCommand, tokenCommand],
};
