// The keys of a profile that `segjobs config` reads and sets: what each may be, and how it is written and shown.

import { usageError } from '../errors.ts';
import { parseLimits, parseYearStart } from '../jobs/quota-terms.ts';
import { outputFormats } from '../output/format.ts';
import { safeText } from '../safe-text.ts';
import { nearest } from '../suggestions.ts';
import {
  type Fault,
  faultOfHeaderValue,
  faultOfSandbox,
  faultOfScopes,
  faultOfServiceUrl,
  normalScopes,
  originOf,
} from './checks.ts';
import type { ProfileChange } from './draft.ts';
import { isOutputFormat } from './output-format.ts';
import type { Limits, StoredProfile } from './stored.ts';

/** In the order they are listed. */
export const profileKeys = [
  'clientId',
  'orgId',
  'sandbox',
  'scopes',
  'apiUrl',
  'imsUrl',
  'output',
  'credentialCommand',
  'yearStart',
  'limits',
] as const;

export type ProfileKey = (typeof profileKeys)[number];

const secretKeys: readonly string[] = ['clientSecret', 'clientSecrets', 'accessToken'];

/** The key of that name. Throws a usage error naming the valid ones, and for a secret the command that stores it. */
export function readProfileKey(text: string): ProfileKey {
  const key = profileKeys.find((known) => known === text);
  if (key !== undefined) return key;
  const secret = secretKeys.find((name) => name.toLowerCase() === text.toLowerCase().replaceAll(/[-_]/g, ''));
  if (secret !== undefined) {
    const flag = secret === 'accessToken' ? '--access-token-stdin' : '--client-secret-stdin';
    throw usageError(
      `${secret} is a secret: it is neither shown nor given on a command line`,
      `store it with: segjobs auth login ${flag}`,
    );
  }
  const near = nearest(text, profileKeys);
  throw usageError(
    `unknown key "${safeText(text)}"; keys: ${profileKeys.join(', ')}`,
    near === undefined ? undefined : `did you mean: ${near}`,
  );
}

/** The change that sets a key to what was typed. Throws a usage error that does not repeat a URL's password. */
export function readProfileValue(key: ProfileKey, text: string): ProfileChange {
  const checked = (value: string, fault: Fault): ProfileChange => {
    if (fault !== undefined) throw usageError(`invalid ${key}: it ${fault}`);
    return { [key]: value };
  };
  switch (key) {
    case 'clientId':
    case 'orgId':
      return checked(text, faultOfHeaderValue(text));
    case 'sandbox':
      return checked(text, faultOfSandbox(text));
    case 'scopes':
      return checked(normalScopes(text), faultOfScopes(normalScopes(text)));
    case 'apiUrl':
    case 'imsUrl': {
      const fault = faultOfServiceUrl(text);
      return checked(fault === undefined ? originOf(text) : text, fault);
    }
    case 'output':
      return checked(text, isOutputFormat(text) ? undefined : `must be one of ${outputFormats.join(', ')}`);
    case 'credentialCommand':
      return { credentialCommand: readCommand(text) };
    case 'yearStart':
      return checked(
        text,
        parseYearStart(text) === undefined ? 'must be a date: YYYY-MM-DD or MM-DD' : undefined,
      );
    case 'limits':
      return { limits: readLimits(text) };
  }
}

/** A stored value as `config get` prints it and `config set` takes it back; `undefined` when it is not set. */
export function showProfileValue(profile: StoredProfile, key: ProfileKey): string | undefined {
  if (key === 'credentialCommand') {
    return profile.credentialCommand === undefined ? undefined : JSON.stringify(profile.credentialCommand);
  }
  if (key === 'limits') return showLimits(profile.limits);
  return profile[key];
}

/** Enough of an id to tell two apart, never the whole. */
export function maskId(id: string): string {
  return id.length < 12 ? '…' : `${id.slice(0, 4)}…${id.slice(-4)}`;
}

function readCommand(text: string): readonly string[] {
  let command: unknown;
  try {
    command = JSON.parse(text);
  } catch {
    command = undefined;
  }
  const isCommand =
    Array.isArray(command) &&
    command.every((part): part is string => typeof part === 'string' && !part.includes('\0')) &&
    command[0] !== undefined &&
    command[0] !== '';
  if (isCommand) return command as string[];
  throw usageError(
    'invalid credentialCommand: it must be a JSON list of texts, program first (no shell is used)',
    `for example: segjobs config set credentialCommand '["op","read","op://work/aep/secret"]'`,
  );
}

function readLimits(text: string): Limits {
  const limits = parseLimits(text);
  if (limits !== undefined) return limits;
  throw usageError(
    'invalid limits: it must be day=N, year=N or both joined by a comma, such as day=2,year=50',
  );
}

function showLimits(limits: Limits | undefined): string | undefined {
  if (limits === undefined) return undefined;
  const parts = Object.entries(limits).flatMap(([name, count]) =>
    count === undefined ? [] : [`${name}=${count}`],
  );
  return parts.join(',');
}
