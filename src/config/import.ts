// The credential files people already have: recognised by their shape, whatever they are called.

import { usageError } from '../errors.ts';
import { faultOfSandbox, faultOfServiceUrl, isLoopback, normalScopes, originOf } from './checks.ts';
import { isObject, own, type RawObject } from './stored.ts';

type CredentialFormat =
  | 'Developer Console credential'
  | 'Developer Console project'
  | 'Postman environment'
  | 'aepp configuration';

/** What a file offers. Which part is missing is the caller's to ask for or to refuse. */
export interface ImportedCredentials {
  readonly format: CredentialFormat;
  readonly clientId: string | undefined;
  /** Empty when the file holds none. */
  readonly clientSecrets: readonly string[];
  readonly orgId: string | undefined;
  /** Joined by commas. */
  readonly scopes?: string | undefined;
  readonly sandbox?: string | undefined;
  /** An origin. */
  readonly imsUrl?: string | undefined;
  readonly accessToken?: string | undefined;
}

/**
 * Reads one of the four files: Adobe Developer Console's credential download (`CLIENT_ID`, `CLIENT_SECRETS`…) or
 * project download (`project.workspace.details.credentials`), Adobe's Postman environment (`values: [{key, value}]`)
 * and the configuration of aepp (`org_id`, `client_id` or `api_key`, `secret`…, keys in any case).
 * Throws a usage error saying what was not found, never a value.
 */
export function recogniseCredentials(json: unknown): ImportedCredentials {
  if (isObject(json)) {
    const found = fromProject(json) ?? fromPostman(json) ?? fromConsole(json) ?? fromAepp(json);
    if (found !== undefined) return found;
  }
  throw usageError(
    'not a credential file: found neither CLIENT_ID (Developer Console credential), project.workspace (Developer Console project), values (Postman environment) nor client_id or api_key (aepp)',
    'download the OAuth Server-to-Server credential from the Adobe Developer Console',
  );
}

function fromConsole(json: RawObject): ImportedCredentials | undefined {
  const clientId = textOf(json, 'CLIENT_ID');
  const clientSecrets = textsOf(json, 'CLIENT_SECRETS');
  if (clientId === undefined || !Object.hasOwn(json, 'CLIENT_SECRETS')) return undefined;
  return {
    format: 'Developer Console credential',
    clientId,
    clientSecrets,
    orgId: textOf(json, 'ORG_ID'),
    scopes: scopesOf(textsOf(json, 'SCOPES')),
  };
}

function fromProject(json: RawObject): ImportedCredentials | undefined {
  const project = objectOf(json, 'project');
  if (project === undefined) return undefined;
  const listed = own(objectOf(objectOf(project, 'workspace'), 'details') ?? {}, 'credentials');
  const oauth = (Array.isArray(listed) ? listed : []).flatMap((credential: unknown) => {
    if (!isObject(credential)) return [];
    const details = objectOf(credential, 'oauth_server_to_server');
    return own(credential, 'integration_type') === 'oauth_server_to_server' && details !== undefined
      ? [details]
      : [];
  });
  const [first, second] = oauth;
  if (first === undefined) {
    throw usageError(
      'the Developer Console project holds no credential of the kind OAuth Server-to-Server',
      'add one to the project (JWT credentials no longer work) and download it again',
    );
  }
  if (second !== undefined) {
    throw usageError(
      `the Developer Console project holds ${oauth.length} OAuth Server-to-Server credentials`,
      'download the one credential you mean instead of the whole project',
    );
  }
  return {
    format: 'Developer Console project',
    clientId: textOf(first, 'client_id'),
    clientSecrets: textsOf(first, 'client_secrets'),
    orgId: textOf(objectOf(project, 'org') ?? {}, 'ims_org_id'),
    scopes: scopesOf(textsOf(first, 'scopes')),
  };
}

function fromPostman(json: RawObject): ImportedCredentials | undefined {
  const listed = own(json, 'values');
  if (!Array.isArray(listed)) return undefined;
  const values = new Map<string, string>();
  for (const entry of listed) {
    if (!isObject(entry) || own(entry, 'enabled') === false) continue;
    const key = own(entry, 'key');
    const value = own(entry, 'value');
    if (typeof key === 'string' && typeof value === 'string' && value.trim() !== '')
      values.set(key, value.trim());
  }
  const clientId = values.get('API_KEY') ?? values.get('CLIENT_ID');
  if (clientId === undefined) {
    throw usageError('the Postman environment has no enabled variable API_KEY with a value');
  }
  const secret = values.get('CLIENT_SECRET');
  return {
    format: 'Postman environment',
    clientId,
    clientSecrets: secret === undefined ? [] : [secret],
    orgId: values.get('IMS_ORG'),
    scopes: scopesOf(values.get('SCOPES')),
    sandbox: goodSandbox(values.get('SANDBOX_NAME')),
    imsUrl: goodImsUrl(values.get('IMS')),
    accessToken: values.get('ACCESS_TOKEN'),
  };
}

function fromAepp(json: RawObject): ImportedCredentials | undefined {
  const values = new Map(
    Object.entries(json).map(([key, value]) => [key.toLowerCase().replaceAll('-', '_'), value]),
  );
  const text = (...keys: string[]) => {
    for (const key of keys) {
      const value = values.get(key);
      if (typeof value === 'string' && value.trim() !== '' && !isPlaceholder(value)) return value.trim();
    }
    return undefined;
  };
  const clientId = text('client_id', 'api_key');
  if (clientId === undefined) return undefined;
  const secret = text('secret', 'client_secret');
  const scopes = values.get('scopes');
  return {
    format: 'aepp configuration',
    clientId,
    clientSecrets: secret === undefined ? [] : [secret],
    orgId: text('org_id'),
    scopes: Array.isArray(scopes)
      ? scopesOf(scopes.filter((scope) => typeof scope === 'string'))
      : scopesOf(text('scopes')),
    sandbox: goodSandbox(text('sandbox_name')),
  };
}

/** aepp writes a template with `<client_id>` in the places to fill in. */
function isPlaceholder(value: string): boolean {
  return /^<.*>$/.test(value.trim());
}

function textOf(object: RawObject, key: string): string | undefined {
  const value = own(object, key);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function textsOf(object: RawObject, key: string): readonly string[] {
  const value = own(object, key);
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => (typeof item === 'string' && item.trim() !== '' ? [item.trim()] : []));
}

function objectOf(object: RawObject | undefined, key: string): RawObject | undefined {
  const value = object === undefined ? undefined : own(object, key);
  return isObject(value) ? value : undefined;
}

/** `undefined` when there are none: the default ones are asked for then. */
function scopesOf(scopes: string | readonly string[] | undefined): string | undefined {
  const normal = normalScopes(typeof scopes === 'string' ? scopes : (scopes ?? []).join(','));
  return normal === '' ? undefined : normal;
}

/** A sandbox that could not be one is left out: the login asks for it or goes on without. */
function goodSandbox(name: string | undefined): string | undefined {
  return name !== undefined && faultOfSandbox(name) === undefined ? name : undefined;
}

/**
 * Postman's `IMS` is a host (`ims-na1.adobelogin.com`) or a URL, sometimes with a path. Only Adobe's own login
 * hosts and this machine are taken from a file: one found in a repository must not say where a secret is sent.
 */
function goodImsUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const origin = /^[a-z]+:\/\/[^/?#]+/i.exec(url)?.[0] ?? '';
  if (faultOfServiceUrl(origin) !== undefined) return undefined;
  const { hostname } = new URL(origin);
  return hostname.endsWith('.adobelogin.com') || isLoopback(hostname) ? originOf(origin) : undefined;
}
