// How the service is reached: its two origins and the limits of a request, from environment, profile or default.

import { durationExamples } from '../durations.ts';
import { usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import {
  type Fault,
  faultOfServiceUrl,
  originOf,
  readHttpTimeout,
  readMaxRetries,
  readParallel,
} from './checks.ts';
import { configError, type StoredProfile } from './stored.ts';

/** `flag --sandbox`, `environment AEP_SANDBOX_NAME`, `profile prod`, `default`: shown by `auth status`. */
export type Source = string;

export type Env = Readonly<Record<string, string | undefined>>;

export interface Connection {
  /** The gateway's origin, without a trailing slash. */
  readonly apiUrl: string;
  /** The login service's origin, without a trailing slash. */
  readonly imsUrl: string;
  /** The limit of one request. */
  readonly httpTimeoutMs: number;
  /** Tries after the first one. */
  readonly maxRetries: number;
  /** Pages of a long list that are asked for at once at most. */
  readonly parallel: number;
}

/** A profile that was chosen, with what messages need to name it. */
export interface ChosenProfile {
  readonly name: string;
  readonly stored: StoredProfile;
  /** Path of the config file. */
  readonly path: string;
}

const defaultApiUrl = 'https://platform.adobe.io';
export const defaultImsUrl = 'https://ims-na1.adobelogin.com';
const defaultHttpTimeoutMs = 60_000;
const defaultMaxRetries = 3;
const defaultParallel = 4;

/** The value of a variable; one that is set but empty counts as not set. */
export function envValue(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * Reads the connection and records in `sources` where each part came from. Throws a usage error for a bad
 * variable, `CONFIG` for a bad value in the profile; neither quotes a URL, which may hold a password.
 */
export function resolveConnection(
  env: Env,
  profile: ChosenProfile | undefined,
  sources: Map<string, Source>,
): Connection {
  const url = (name: 'apiUrl' | 'imsUrl', variable: string, byDefault: string): string => {
    const fromEnv = envValue(env, variable);
    const stored = profile?.stored[name];
    const text = fromEnv ?? stored ?? byDefault;
    const fault = faultOfServiceUrl(text);
    if (fault !== undefined) {
      throw fromEnv === undefined && profile !== undefined
        ? profileFault(profile, name, fault)
        : usageError(`${variable} ${fault}`);
    }
    sources.set(name, sourceOf({ env: fromEnv && variable, profile: stored && profile?.name }));
    return originOf(text);
  };
  const number = (
    key: string,
    variable: string,
    read: typeof readMaxRetries,
    valid: string,
    byDefault: number,
  ) => {
    const text = envValue(env, variable);
    sources.set(key, sourceOf({ env: text && variable }));
    if (text === undefined) return byDefault;
    const value = read(text);
    if (value === undefined) throw usageError(`invalid ${variable} "${safeText(text)}": must be ${valid}`);
    return value;
  };
  return {
    apiUrl: url('apiUrl', 'SEGJOBS_API_URL', defaultApiUrl),
    imsUrl: url('imsUrl', 'SEGJOBS_IMS_URL', defaultImsUrl),
    httpTimeoutMs: number(
      'httpTimeout',
      'SEGJOBS_HTTP_TIMEOUT',
      readHttpTimeout,
      `a duration from 100ms to 1d, such as ${durationExamples}`,
      defaultHttpTimeoutMs,
    ),
    maxRetries: number(
      'maxRetries',
      'SEGJOBS_MAX_RETRIES',
      readMaxRetries,
      'a whole number from 0 to 99',
      defaultMaxRetries,
    ),
    parallel: number(
      'parallel',
      'SEGJOBS_PARALLEL',
      readParallel,
      'a whole number from 1 to 16',
      defaultParallel,
    ),
  };
}

/** The first of the given places that is not `undefined`. */
export function sourceOf(place: {
  readonly flag?: string | undefined;
  readonly env?: string | undefined;
  readonly profile?: string | undefined;
}): Source {
  if (place.flag !== undefined) return `flag ${place.flag}`;
  if (place.env) return `environment ${place.env}`;
  return place.profile ? `profile ${place.profile}` : 'default';
}

/** The error (exit 2) of a profile's value that cannot be used. */
export function profileFault(profile: ChosenProfile, key: string, fault: NonNullable<Fault>): Error {
  return configError(profile.path, `"profiles.${profile.name}.${key}" ${fault}`);
}
