// What the per-user file holds, once its shape has been checked.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';

/** The version this tool writes. A newer file is read as far as it is understood, and kept whole on writing. */
export const configVersion = 1;

/** What a contract allows, for estimates: on-demand evaluations a day and a year. */
export interface Limits {
  readonly day?: number | undefined;
  readonly year?: number | undefined;
}

/** One profile as stored: shapes are certain, meanings (a good URL, a known format) are checked where used. */
export interface StoredProfile {
  readonly clientId?: string | undefined;
  /** One, or two while a secret is being rotated; in the file `clientSecret` or `clientSecrets`. */
  readonly clientSecrets?: readonly string[] | undefined;
  readonly accessToken?: string | undefined;
  readonly orgId?: string | undefined;
  readonly sandbox?: string | undefined;
  readonly scopes?: string | undefined;
  readonly apiUrl?: string | undefined;
  readonly imsUrl?: string | undefined;
  readonly output?: string | undefined;
  /** Anniversary of the contract: `MM-DD` or `YYYY-MM-DD`. */
  readonly yearStart?: string | undefined;
  readonly limits?: Limits | undefined;
  /** Program and arguments; no shell. */
  readonly credentialCommand?: readonly string[] | undefined;
}

export interface StoredConfig {
  /** For messages; `undefined` where there is no place for a file. */
  readonly path: string | undefined;
  readonly version: number;
  readonly activeProfile: string | undefined;
  readonly profiles: ReadonlyMap<string, StoredProfile>;
  /** Keys this version does not know, as `profiles.prod.colour`: kept on every write. */
  readonly unknownKeys: readonly string[];
  /** What the user should know of the file: a mode that was repaired. */
  readonly warnings: readonly string[];
}

const textKeys = [
  'clientId',
  'accessToken',
  'orgId',
  'sandbox',
  'scopes',
  'apiUrl',
  'imsUrl',
  'output',
  'yearStart',
] as const satisfies readonly (keyof StoredProfile)[];

const knownProfileKeys: ReadonlySet<string> = new Set([
  ...textKeys,
  'clientSecret',
  'clientSecrets',
  'limits',
  'credentialCommand',
]);
const knownKeys: ReadonlySet<string> = new Set(['version', 'activeProfile', 'profiles']);

/** Parsed JSON of an object; every key is the file's own, `__proto__` included. */
export type RawObject = Record<string, unknown>;

export function emptyConfig(path: string | undefined): StoredConfig {
  return {
    path,
    version: configVersion,
    activeProfile: undefined,
    profiles: new Map(),
    unknownKeys: [],
    warnings: [],
  };
}

/** Checks the shape of the whole file. Throws `CONFIG` naming the file and the field, never a value. */
export function decodeConfig(raw: unknown, path: string): StoredConfig {
  const fail = (what: string): SegjobsError => configError(path, what);
  if (!isObject(raw)) throw fail('must hold one JSON object');
  const version = own(raw, 'version') ?? configVersion;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw fail('"version" must be a whole number');
  }
  const activeProfile = own(raw, 'activeProfile');
  if (activeProfile !== undefined && typeof activeProfile !== 'string') {
    throw fail('"activeProfile" must be text');
  }
  const stored = own(raw, 'profiles') ?? {};
  if (!isObject(stored)) throw fail('"profiles" must be an object');
  const unknownKeys = Object.keys(raw).filter((key) => !knownKeys.has(key));
  const profiles = new Map<string, StoredProfile>();
  for (const [name, profile] of Object.entries(stored)) {
    const place = `profiles.${name}`;
    if (!isObject(profile)) throw fail(`"${place}" must be an object`);
    profiles.set(name, decodeProfile(profile, place, fail));
    for (const key of Object.keys(profile))
      if (!knownProfileKeys.has(key)) unknownKeys.push(`${place}.${key}`);
  }
  return { path, version, activeProfile, profiles, unknownKeys: unknownKeys.map(safeText), warnings: [] };
}

function decodeProfile(raw: RawObject, place: string, fail: (what: string) => SegjobsError): StoredProfile {
  const text = (key: string): string | undefined => {
    const value = own(raw, key);
    if (value === undefined || typeof value === 'string') return value;
    throw fail(`"${place}.${key}" must be text`);
  };
  const texts = (key: string): readonly string[] | undefined => {
    const value = own(raw, key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
      return value;
    throw fail(`"${place}.${key}" must be a list of texts`);
  };
  const single = text('clientSecret');
  const several = texts('clientSecrets');
  if (single !== undefined && several !== undefined) {
    throw fail(`"${place}" holds both "clientSecret" and "clientSecrets"`);
  }
  return {
    ...Object.fromEntries(textKeys.map((key) => [key, text(key)])),
    clientSecrets: single === undefined ? several : [single],
    limits: decodeLimits(own(raw, 'limits'), `${place}.limits`, fail),
    credentialCommand: texts('credentialCommand'),
  };
}

function decodeLimits(raw: unknown, place: string, fail: (what: string) => SegjobsError): Limits | undefined {
  if (raw === undefined) return undefined;
  if (!isObject(raw)) throw fail(`"${place}" must be an object`);
  const count = (key: string): number | undefined => {
    const value = own(raw, key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw fail(`"${place}.${key}" must be a whole number`);
  };
  return { day: count('day'), year: count('year') };
}

/** The error of a file that cannot be used: exit 2, and the file stays as it is. */
export function configError(path: string, what: string): SegjobsError {
  return new SegjobsError('CONFIG', `${safeText(path)}: ${safeText(what)}`, {
    hint: 'correct the file, or move it away and start again with: segjobs auth login',
  });
}

export function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object's own value; nothing inherited is ever taken for content. */
export function own(object: RawObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
