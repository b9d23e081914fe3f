// segjobs config: looks at and changes the per-user file, without a request and without showing a secret.

import { exitCodes, SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { type CommandGroup, defineCommand } from './command.ts';
import {
  existingProfile,
  factFormats,
  readWithWarnings,
  warnOfEnvironment,
  writeConfig,
} from './profiles.ts';

const masked = '********';

const listConfig = defineCommand({
  name: 'list',
  summary: 'show all profiles, secrets masked',
  description:
    'The client id is the API key too, so it is shortened here; segjobs config get clientId prints it whole.',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config list', explains: 'every profile and its values' },
    { command: 'segjobs config list --json | jq -r .activeProfile', explains: 'which one is active' },
    { command: 'segjobs config list -o tsv | grep sandbox', explains: 'the sandbox of each profile' },
  ],
  exitCodes: [0, 2],
  run: async (context) => {
    const { maskId, profileKeys, showProfileValue } = await import('../config/profile-keys.ts');
    const [output, config] = await Promise.all([context.output(), readWithWarnings(context)]);
    const facts = new Map<string, string | null>([['activeProfile', config.activeProfile ?? null]]);
    for (const [name, profile] of config.profiles) {
      for (const key of profileKeys) {
        const value = showProfileValue(profile, key);
        if (value !== undefined) facts.set(`${name}.${key}`, key === 'clientId' ? maskId(value) : value);
      }
      if (profile.clientSecrets !== undefined) {
        facts.set(`${name}.clientSecret`, profile.clientSecrets.map(() => masked).join(','));
      }
      if (profile.accessToken !== undefined) facts.set(`${name}.accessToken`, masked);
      // A profile that holds nothing yet must not be invisible.
      if (![...facts.keys()].some((key) => key.startsWith(`${name}.`))) facts.set(name, null);
    }
    await output.facts(Object.fromEntries(facts));
    if (config.profiles.size === 0) output.note('No profiles yet. Make one with: segjobs auth login');
    return exitCodes.done;
  },
});

const getConfig = defineCommand({
  name: 'get',
  summary: 'print one value of the active profile, or of --profile',
  description: 'The keys are those of segjobs config set.',
  operands: 'KEY',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config get sandbox', explains: 'of the active profile' },
    { command: 'segjobs config get sandbox --profile prod', explains: 'of another one' },
    { command: 'org=$(segjobs config get orgId)', explains: 'in a script' },
  ],
  exitCodes: [0, 2, 5],
  exitMeanings: { 5: 'the profile holds no such value' },
  run: async (context, { operands }) => {
    const { readProfileKey, showProfileValue } = await import('../config/profile-keys.ts');
    const key = readProfileKey(operands[0] ?? '');
    const [output, config] = await Promise.all([context.output(), readWithWarnings(context)]);
    const name = await existingProfile(context, config);
    const value = showProfileValue(config.profiles.get(name) ?? {}, key);
    if (value === undefined) {
      throw new SegjobsError('NOT_FOUND', `${key} is not set in profile "${safeText(name)}"`, {
        hint: `set it with: segjobs config set ${key} VALUE`,
      });
    }
    await output.value(value);
    return exitCodes.done;
  },
});

const setConfig = defineCommand({
  name: 'set',
  summary: 'set one value of the active profile, or of --profile',
  description:
    'Keys: clientId, orgId and scopes (who you are), sandbox (where you work), output (the format where no flag names ' +
    'one), apiUrl and imsUrl (other origins than those of Adobe), credentialCommand (where the secret comes from), limits ' +
    'and yearStart (segjobs help quota). A secret itself is stored by segjobs auth login.\n' +
    'credentialCommand is a JSON list: a program that prints the client secret, and its arguments. It is run, without a ' +
    'shell, whenever a command needs credentials.',
  operands: 'KEY VALUE',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config set sandbox dev', explains: 'work in that sandbox from now on' },
    {
      command: `segjobs config set credentialCommand '["op","read","op://work/aep/secret"]'`,
      explains: 'the secret stays in the secret manager',
    },
    { command: 'segjobs config set limits day=2,year=100', explains: 'what your contract allows' },
  ],
  exitCodes: [0, 1, 2],
  run: async (context, { operands }) => {
    const { readProfileKey, readProfileValue } = await import('../config/profile-keys.ts');
    const key = readProfileKey(operands[0] ?? '');
    const change = readProfileValue(key, operands[1] ?? '');
    const { profileName } = await import('../config/profile-choice.ts');
    const { name, isNew } = await writeConfig(context, (draft) => {
      // The name is settled under the lock: another process may just have made the first profile.
      const chosen = profileName(draft, context.globals.profile, context.env)?.name ?? 'default';
      const existed = draft.profiles.has(chosen);
      draft.changeProfile(chosen, change);
      draft.activeProfile ??= chosen;
      return { name: chosen, isNew: !existed };
    });
    const output = await context.output();
    output.note(`Set ${key} in ${isNew ? 'the new ' : ''}profile "${name}".`);
    return exitCodes.done;
  },
});

const unsetConfig = defineCommand({
  name: 'unset',
  summary: 'remove one value of the active profile, or of --profile',
  description: 'The keys are those of segjobs config set. What has a default has that one again.',
  operands: 'KEY',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config unset sandbox', explains: 'no sandbox but the one that --sandbox names' },
    {
      command: 'segjobs config unset output --profile prod',
      explains: 'back to table or tsv, in that profile',
    },
    { command: 'segjobs config unset credentialCommand', explains: 'no longer ask the secret manager' },
  ],
  exitCodes: [0, 1, 2],
  run: async (context, { operands }) => {
    const { readProfileKey } = await import('../config/profile-keys.ts');
    const key = readProfileKey(operands[0] ?? '');
    const config = await context.config();
    const name = await existingProfile(context, config);
    const wasSet = await writeConfig(context, (draft) => {
      const was = draft.profiles.get(name)?.[key] !== undefined;
      if (was) draft.changeProfile(name, { [key]: undefined });
      return was;
    });
    const output = await context.output();
    output.note(
      wasSet ? `Removed ${key} from profile "${name}".` : `${key} was not set in profile "${name}".`,
    );
    return exitCodes.done;
  },
});

const useConfig = defineCommand({
  name: 'use',
  summary: 'make a profile the active one',
  description: 'Every command uses it, unless --profile or SEGJOBS_PROFILE names another one.',
  operands: 'PROFILE',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config use prod', explains: 'from now on' },
    { command: 'segjobs list --profile prod', explains: 'instead: for one command' },
    { command: 'export SEGJOBS_PROFILE=prod', explains: 'instead: for the commands of this shell' },
  ],
  exitCodes: [0, 1, 2],
  run: async (context, { operands }) => {
    const name = operands[0] ?? '';
    const { noSuchProfile } = await import('../config/profile-choice.ts');
    const config = await context.config();
    await writeConfig(context, (draft) => {
      if (!draft.profiles.has(name)) throw noSuchProfile(name, { ...config, profiles: draft.profiles });
      draft.activeProfile = name;
    });
    const output = await context.output();
    output.note(`Profile "${name}" is active now.`);
    await warnOfEnvironment(context);
    return exitCodes.done;
  },
});

const deleteConfig = defineCommand({
  name: 'delete',
  summary: 'remove a profile, its secret and its cached token',
  description: 'Where it was the active one, none is active until segjobs config use names one.',
  operands: 'PROFILE',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config delete old', explains: 'it is gone at once; nothing is asked' },
    { command: 'segjobs config list && segjobs config delete old', explains: 'look first' },
    { command: 'segjobs auth logout --profile old', explains: 'instead: remove its secret only' },
  ],
  exitCodes: [0, 1, 2],
  run: async (context, { operands }) => {
    const name = operands[0] ?? '';
    const [{ noSuchProfile }, { tokenCacheOf }] = await Promise.all([
      import('../config/profile-choice.ts'),
      import('../config/token-cache.ts'),
    ]);
    const config = await context.config();
    const { profile, wasActive } = await writeConfig(context, (draft) => {
      const { profiles, activeProfile } = draft;
      const stored = profiles.get(name);
      if (stored === undefined) throw noSuchProfile(name, { ...config, profiles });
      draft.deleteProfile(name);
      return { profile: stored, wasActive: activeProfile === name };
    });
    await tokenCacheOf(profile, await context.locations(), context.env, context.host.userId)?.remove();
    const output = await context.output();
    output.note(`Deleted profile "${name}".`);
    if (wasActive) output.note('No profile is active now. Choose one with: segjobs config use PROFILE');
    return exitCodes.done;
  },
});

const configPath = defineCommand({
  name: 'path',
  summary: 'print where the configuration file is, or would be',
  description: 'SEGJOBS_CONFIG_DIR puts it elsewhere (segjobs help environment).',
  flags: {},
  formats: factFormats,
  examples: [
    { command: 'segjobs config path', explains: 'where it is' },
    {
      command: 'cp "$(segjobs config path)" config.backup.json',
      explains: 'a copy, which holds your secrets too',
    },
    { command: 'ls -l "$(segjobs config path)"', explains: 'who may read it: you alone' },
  ],
  exitCodes: [0, 2],
  run: async (context) => {
    const { configFile } = await context.locations();
    if (configFile === undefined) {
      throw new SegjobsError(
        'CONFIG',
        'there is no place for a configuration file: HOME names no directory',
        {
          hint: 'set SEGJOBS_CONFIG_DIR to an absolute path',
        },
      );
    }
    const output = await context.output();
    await output.value(configFile);
    return exitCodes.done;
  },
});

export const configCommands: CommandGroup = {
  name: 'config',
  summary: 'look at and change profiles',
  description:
    'A profile holds credentials, an organization, a sandbox and preferences; all profiles of a user are in one file. ' +
    'Flags, and AEP_* and SEGJOBS_* variables, go before it (segjobs help environment).',
  examples: [
    { command: 'segjobs config list', explains: 'every profile and its values' },
    { command: 'segjobs config set sandbox dev', explains: 'work in another sandbox from now on' },
    { command: 'segjobs config use prod', explains: 'make another profile the active one' },
  ],
  commands: [listConfig, getConfig, setConfig, unsetConfig, useConfig, deleteConfig, configPath],
};
