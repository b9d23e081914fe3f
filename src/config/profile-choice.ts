// Which profile is meant: by flag, by variable, or the active one.

import { SegjobsError, usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { nearest } from '../suggestions.ts';
import { faultOfProfileName } from './checks.ts';
import { type ChosenProfile, type Env, envValue, type Source, sourceOf } from './connection.ts';
import type { StoredConfig } from './stored.ts';

/** The name of the profile in force (without a look whether it exists): flag, `SEGJOBS_PROFILE`, active one. */
export function profileName(
  config: Pick<StoredConfig, 'activeProfile'>,
  flag: string | undefined,
  env: Env,
): { readonly name: string; readonly source: Source } | undefined {
  const variable = envValue(env, 'SEGJOBS_PROFILE');
  const name = flag ?? variable ?? config.activeProfile;
  if (name === undefined) return undefined;
  const source =
    flag === undefined && variable === undefined
      ? 'config file'
      : sourceOf({ flag: flag === undefined ? undefined : '--profile', env: 'SEGJOBS_PROFILE' });
  const fault = faultOfProfileName(name);
  if (fault !== undefined && source !== 'config file') {
    throw usageError(`invalid profile name in ${source.replace(/^\w+ /, '')}: it ${fault}`);
  }
  return { name, source };
}

/**
 * The profile in force, with its content; `sources` learns how it was chosen. Throws a usage error when the one
 * asked for does not exist, `NO_CREDENTIALS` when nobody has logged in.
 */
export function chooseProfile(
  config: StoredConfig,
  flag: string | undefined,
  env: Env,
  sources: Map<string, Source>,
): ChosenProfile {
  const chosen = profileName(config, flag, env);
  const stored = chosen === undefined ? undefined : config.profiles.get(chosen.name);
  if (chosen !== undefined && stored !== undefined) {
    sources.set('profile', chosen.source);
    return { name: chosen.name, stored, path: config.path ?? 'the configuration' };
  }
  if (chosen !== undefined && chosen.source !== 'config file')
    throw noSuchProfile(chosen.name, config, chosen.source);
  const [other] = config.profiles.keys();
  if (other !== undefined) {
    throw new SegjobsError('NO_CREDENTIALS', 'no profile is active', {
      hint: `run: segjobs config use ${safeText(other)} (or name one with --profile)`,
    });
  }
  throw new SegjobsError('NO_CREDENTIALS', 'not logged in', {
    hint: 'run: segjobs auth login (or set AEP_CLIENT_ID, AEP_CLIENT_SECRET and AEP_ORG_ID)',
  });
}

/** The usage error of a profile that does not exist, naming those that do. */
export function noSuchProfile(name: string, config: StoredConfig, source?: Source): SegjobsError {
  const names = [...config.profiles.keys()].map(safeText);
  const near = nearest(name, names);
  const from = source === undefined ? '' : ` (${source})`;
  const known = names.length === 0 ? 'there are no profiles yet' : `profiles: ${names.join(', ')}`;
  return usageError(
    `no profile "${safeText(name)}"${from}; ${known}`,
    near === undefined ? 'make one with: segjobs auth login --profile NAME' : `did you mean: ${near}`,
  );
}
