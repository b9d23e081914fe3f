// Which value holds: flag over environment over profile over default, and where each one came from.

import { usageError } from '../errors.ts';
import { faultOfSandbox, faultOfScopes, normalScopes } from './checks.ts';
import {
  type ChosenProfile,
  type Connection,
  type Env,
  envValue,
  profileFault,
  resolveConnection,
  type Source,
  sourceOf,
} from './connection.ts';
import {
  type Credentials,
  defaultScopes,
  environmentBundle,
  hasEnvironmentBundle,
  profileBundle,
  setAepVariables,
} from './credentials.ts';
import { chooseProfile } from './profile-choice.ts';
import type { StoredConfig } from './stored.ts';

export type { Credentials } from './credentials.ts';
export { resolveOutputFormat } from './output-format.ts';

export interface Settings extends Connection {
  /** The profile that supplies the credentials; `undefined` when the environment does. */
  readonly profile: string | undefined;
  readonly clientId: string;
  readonly orgId: string;
  readonly credentials: Credentials;
  /** `undefined` when none was chosen: there is no default sandbox. */
  readonly sandbox: string | undefined;
  /** By name: `profile clientId orgId credentials sandbox scopes apiUrl imsUrl httpTimeout maxRetries`. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Things the user should know of: a profile that ignores AEP_* variables, TLS checks switched off. */
  readonly warnings: readonly string[];
}

export interface SettingsFlags {
  readonly profile?: string | undefined;
  readonly sandbox?: string | undefined;
  readonly output?: string | undefined;
}

export interface SettingsInputs {
  readonly flags: SettingsFlags;
  readonly env: Env;
  /** Asked only where a profile is needed: credentials from the environment must work without a home. */
  readonly config: () => Promise<StoredConfig>;
  /** The text of the file that `AEP_CLIENT_SECRET_FILE` names. */
  readonly readSecretFile: (path: string) => Promise<string>;
  /** Runs a profile's `credentialCommand`, once a token has to be minted. Returns the secrets it printed. */
  readonly runCredentialCommand: (argv: readonly string[]) => Promise<readonly string[]>;
}

/**
 * Settles every setting. Credentials are one bundle from one place: an explicit `--profile`, else the environment
 * as soon as one variable of a bundle is set, else the active profile. With the environment's bundle no profile
 * takes part, so that its sandbox and URLs cannot meet another organization's credentials.
 *
 * Throws `NO_CREDENTIALS` (exit 4) where credentials are missing or malformed, a usage error (exit 2) for a bad
 * flag or variable, `CONFIG` (exit 2) for a bad file. No message holds a credential.
 */
export async function resolveSettings(inputs: SettingsInputs): Promise<Settings> {
  const { flags, env, config, readSecretFile } = inputs;
  const sources = new Map<string, Source>();
  const warnings = tlsWarnings(env);
  const isExplicit = flags.profile !== undefined;
  /** What of the environment may take part beside the credentials. */
  const aepEnv: Env = isExplicit ? {} : env;
  let profile: ChosenProfile | undefined;
  if (isExplicit || !hasEnvironmentBundle(env)) {
    const stored = await config();
    warnings.push(...stored.warnings);
    profile = chooseProfile(stored, flags.profile, env, sources);
    const ignored = isExplicit ? setAepVariables(env) : [];
    if (ignored.length > 0) {
      const verb = ignored.length === 1 ? 'is' : 'are';
      warnings.push(`--profile ${profile.name} was given: ${ignored.join(', ')} ${verb} ignored`);
    }
  }
  const sandbox = givenSandbox(flags, aepEnv) ?? storedSandbox(profile);
  if (sandbox !== undefined) sources.set('sandbox', sandbox.source);
  const connection = resolveConnection(env, profile, sources);
  const bundle =
    profile === undefined
      ? await environmentBundle(env, readSecretFile)
      : profileBundle(profile, inputs.runCredentialCommand);
  for (const [key, source] of bundle.sources) sources.set(key, source);
  const { clientId, orgId, secret } = bundle;
  return {
    ...connection,
    profile: profile?.name,
    clientId,
    orgId,
    credentials:
      secret.kind === 'oauth' ? { ...secret, scopes: resolveScopes(aepEnv, profile, sources) } : secret,
    sandbox: sandbox?.name,
    sources,
    warnings,
  };
}

/** What every login in this environment should hear of, whichever way it resolves. */
export function tlsWarnings(env: Env): string[] {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return [];
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: certificates are NOT checked, and anyone on the network can read your credentials; unset it, and use NODE_EXTRA_CA_CERTS for a private CA',
  ];
}

function givenSandbox(flags: SettingsFlags, env: Env): { name: string; source: Source } | undefined {
  const variable = envValue(env, 'AEP_SANDBOX_NAME');
  const name = flags.sandbox ?? variable;
  if (name === undefined) return undefined;
  const place = flags.sandbox === undefined ? 'AEP_SANDBOX_NAME' : '--sandbox';
  const fault = faultOfSandbox(name);
  if (fault !== undefined) throw usageError(`invalid sandbox name in ${place}: it ${fault}`);
  return { name, source: sourceOf({ flag: flags.sandbox === undefined ? undefined : place, env: place }) };
}

function storedSandbox(profile: ChosenProfile | undefined): { name: string; source: Source } | undefined {
  const name = profile?.stored.sandbox;
  if (profile === undefined || name === undefined) return undefined;
  const fault = faultOfSandbox(name);
  if (fault !== undefined) throw profileFault(profile, 'sandbox', fault);
  return { name, source: sourceOf({ profile: profile.name }) };
}

/** Scopes joined by commas, however they were written. */
function resolveScopes(env: Env, profile: ChosenProfile | undefined, sources: Map<string, Source>): string {
  const fromEnv = envValue(env, 'AEP_SCOPES');
  const stored = profile?.stored.scopes;
  const scopes = normalScopes(fromEnv ?? stored ?? defaultScopes);
  const fault = faultOfScopes(scopes);
  if (fault !== undefined) {
    throw fromEnv === undefined && profile !== undefined
      ? profileFault(profile, 'scopes', fault)
      : usageError(`AEP_SCOPES ${fault}`);
  }
  sources.set('scopes', sourceOf({ env: fromEnv && 'AEP_SCOPES', profile: stored && profile?.name }));
  return scopes;
}
