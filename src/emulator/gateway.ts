// The gateway before the service: routes, required headers, and the errors it answers with itself.

import { type Answer, gatewayError, htmlAnswer, serviceCodes, serviceError } from './errors.ts';
import { type Sandbox, sandboxes } from './sandboxes.ts';
import { clientId, orgId, type Tokens } from './tokens.ts';

/** What a request asks for, by the names the fault specs use. */
export const operations = [
  'list',
  'create',
  'get',
  'bulk-get',
  'cancel',
  'token',
  'sandboxes',
  'definitions',
] as const;

export type Operation = (typeof operations)[number];

export interface Route {
  readonly operation: Operation;
  /** The decoded id in the path, for get, cancel and one definition. */
  readonly id?: string | undefined;
}

const ups = '/data/core/ups/segment';

/** Path pattern → method → operation. `:id` is one path segment that is not empty. */
const table: readonly (readonly [path: RegExp, methods: Readonly<Record<string, Operation>>])[] = [
  [new RegExp(`^${ups}/jobs$`), { GET: 'list', POST: 'create' }],
  [new RegExp(`^${ups}/jobs/bulk-get$`), { POST: 'bulk-get' }],
  [new RegExp(`^${ups}/jobs/([^/]+)$`), { GET: 'get', DELETE: 'cancel' }],
  [new RegExp(`^${ups}/definitions$`), { GET: 'definitions' }],
  [new RegExp(`^${ups}/definitions/bulk-get$`), { POST: 'definitions' }],
  [new RegExp(`^${ups}/definitions/([^/]+)$`), { GET: 'definitions' }],
  [/^\/data\/foundation\/sandbox-management\/?$/, { GET: 'sandboxes' }],
  [/^\/ims\/token\/v[123]$/, { POST: 'token' }],
];

/** Finds the operation, or the gateway's answer where there is none. `path` is as it was sent, without the query. */
export function findRoute(method: string, path: string, requestId: string): Route | Answer {
  for (const [pattern, methods] of table) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const operation = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (operation === undefined) {
      const refused = serviceError(405, serviceCodes.method, 'Request method not supported.', requestId);
      return { ...refused, headers: { ...refused.headers, allow: Object.keys(methods).join(', ') } };
    }
    if (match[1] === undefined) return { operation };
    try {
      return { operation, id: decodeURIComponent(match[1]) };
    } catch {
      return serviceError(400, serviceCodes.malformedQuery, 'Malformed path.', requestId);
    }
  }
  return htmlAnswer(404, '404 Not Found');
}

type Header = (name: string) => string | undefined;

/** The gateway's answer to a request without valid credentials, or nothing. */
export function refuseCredentials(header: Header, tokens: Tokens): Answer | undefined {
  const authorization = header('authorization')?.trim();
  if (authorization === undefined || authorization === '')
    return gatewayError('403010', 'Oauth token is missing.');
  const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined || !tokens.isValid(token))
    return gatewayError('401013', 'Oauth token is not valid');
  const key = header('x-api-key')?.trim();
  if (!key) return gatewayError('403000', 'Api Key is required');
  if (key !== clientId) return gatewayError('403003', 'Api Key is invalid');
  const org = header('x-gw-ims-org-id')?.trim();
  if (!org) return gatewayError('400003', 'Missing header: x-gw-ims-org-id');
  if (org !== orgId) {
    // Not entitled for that organization, or not the id of any.
    return /^[0-9A-F]{24}@AdobeOrg$/.test(org)
      ? gatewayError('403025', 'Profile is not valid')
      : gatewayError('403027', 'User region is missing');
  }
  return undefined;
}

/**
 * The sandbox of a request, or the service's answer. Both a missing header and a name the caller has no access to are
 * 403: the documents of these operations know no other refusal, and access control does not tell what exists.
 */
export function findSandbox(header: Header, requestId: string): Sandbox | Answer {
  const name = header('x-sandbox-name')?.trim();
  if (!name) {
    return serviceError(403, serviceCodes.permission, 'The header x-sandbox-name is required.', requestId);
  }
  const sandbox = sandboxes.find((candidate) => candidate.name === name);
  if (sandbox !== undefined) return sandbox;
  const message = `Permission denied on some resources. The sandbox ${name} does not exist or is not accessible.`;
  return serviceError(403, serviceCodes.permission, message, requestId);
}
