// What the auth and config commands share: which profile is meant, and how a change to it is written.

import type { ConfigDraft } from '../config/draft.ts';
import type { StoredConfig } from '../config/store.ts';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import type { OutputFormat } from '../output/format.ts';

/** What flat facts and single values can be printed in. */
export const factFormats: readonly OutputFormat[] = ['table', 'tsv', 'json', 'ndjson'];

/** The stored configuration; what is wrong with its file is told. */
export async function readWithWarnings(context: Context): Promise<StoredConfig> {
  const [output, config] = await Promise.all([context.output(), context.config()]);
  for (const warning of config.warnings) output.warn(warning);
  return config;
}

/** The profile in force. Throws a usage error when there is none, naming those there are. */
export async function existingProfile(context: Context, config: StoredConfig): Promise<string> {
  const { noSuchProfile, profileName } = await import('../config/profile-choice.ts');
  const chosen = profileName(config, context.globals.profile, context.env);
  if (chosen === undefined) throw usageError('no profile is active', 'make one with: segjobs auth login');
  if (!config.profiles.has(chosen.name)) throw noSuchProfile(chosen.name, config, chosen.source);
  return chosen.name;
}

/** Changes the stored configuration under its lock, and tells what is worth telling. Returns what `change` returned. */
export async function writeConfig<T>(context: Context, change: (draft: ConfigDraft) => T): Promise<T> {
  const { updateConfig } = await import('../config/store.ts');
  const { clock, signal, host } = context;
  const written = await updateConfig(
    await context.locations(),
    { userId: host.userId, clock, signal },
    change,
  );
  const output = await context.output();
  for (const warning of written.config.warnings) output.warn(warning);
  if (written.kept !== undefined) output.note(written.kept);
  return written.value;
}

/** Says what would make a user wonder why the profile they chose has no effect. */
export async function warnOfEnvironment(context: Context): Promise<void> {
  const [{ hasEnvironmentBundle, setAepVariables }, output] = await Promise.all([
    import('../config/credentials.ts'),
    context.output(),
  ]);
  if (!hasEnvironmentBundle(context.env)) return;
  output.warn(`${setAepVariables(context.env).join(', ')} in the environment go before the active profile`);
}
