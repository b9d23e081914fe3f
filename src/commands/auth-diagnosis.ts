// Why Adobe said no, in words for somebody who has never seen its codes, and what to do about it.

import { readTokenClaims } from '../config/access-token.ts';
import { maskId } from '../config/profile-keys.ts';
import type { Settings } from '../config/settings.ts';
import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';

export interface DiagnosisFacts {
  readonly settings: Settings;
  /** Names of the sandboxes the credential sees; `undefined` where it could not be asked. */
  readonly sandboxes: readonly string[] | undefined;
  /** Unix ms on the service's clock, as far as it is known. */
  readonly now: number;
}

interface Explanation {
  readonly message: string;
  readonly hint: string;
}

const developerConsole = 'the Adobe Developer Console';
const askForRole =
  'an administrator must add the API credential of the project to a role that has this sandbox (Experience Platform, Permissions, Roles, API credentials)';

/** The failure in plain words, with the same code, status and request id; anything unknown is returned as it is. */
export function diagnose(failure: unknown, facts: DiagnosisFacts): unknown {
  if (!(failure instanceof SegjobsError)) return failure;
  const explanation = explain(failure, facts);
  if (explanation === undefined) return failure;
  const { code, httpStatus, requestId, retryAfterSeconds, details } = failure;
  return new SegjobsError(code, explanation.message, {
    hint: explanation.hint,
    httpStatus,
    requestId,
    retryAfterSeconds,
    details,
    cause: failure,
  });
}

/** The error of a credential that everybody accepts and that can do nothing. */
export function inNoSandbox(): SegjobsError {
  return new SegjobsError(
    'FORBIDDEN',
    'the credentials are good, but their technical account is in no sandbox, so it can see no jobs',
    { hint: askForRole },
  );
}

function explain(failure: SegjobsError, facts: DiagnosisFacts): Explanation | undefined {
  const { details, httpStatus, code } = failure;
  if (details?.['loginError'] === 'invalid_client') return explainSecret(failure, facts);
  const known = explainGateway(String(details?.['serviceCode'] ?? ''), failure, facts);
  if (known !== undefined) return known;
  if (code === 'UNAUTHORIZED' && httpStatus === 401) return explain401(failure, facts);
  if (code === 'FORBIDDEN') return explainSandbox(failure, facts);
  return undefined;
}

function explainSecret({ message }: SegjobsError, { settings }: DiagnosisFacts): Explanation {
  return {
    message: `${message}, which means that client id ${maskId(settings.clientId)} and this client secret do not belong together`,
    hint: `the secret may be mistyped, rotated or deleted (it comes from ${from(settings, 'credentials')}): copy client id and secret again from the OAuth Server-to-Server credential of the project in ${developerConsole}, then: segjobs auth login`,
  };
}

/** The gateway's own codes: it stands before the service, and looks at token, key and organization in this order. */
function explainGateway(
  serviceCode: string,
  { message }: SegjobsError,
  facts: DiagnosisFacts,
): Explanation | undefined {
  const { settings } = facts;
  const key = `client id ${maskId(settings.clientId)} (from ${from(settings, 'clientId')})`;
  const org = `organization ${settings.orgId} (from ${from(settings, 'orgId')})`;
  switch (serviceCode) {
    case '400003':
    case '403000':
    case '403010':
      return {
        message: `${message}, which means that a header was lost on the way`,
        hint: 'a proxy in between may have removed it; check HTTPS_PROXY, and whether the API URL is right',
      };
    case '403003':
      return (
        explainForeignToken(facts) ?? {
          message: `${message}, which means that ${key} is not one that Adobe knows, or the Experience Platform API is not part of its project`,
          hint: `client id, secret and token must come from one and the same project: compare with ${developerConsole}, and add the API "Experience Platform" to the project if it is missing`,
        }
      );
    case '403025':
      return {
        message: `${message}, which means that the credential is not entitled for ${org}`,
        hint: `check the organization id first; if it is right, the project has no product profile of Experience Platform: an administrator selects one for its API in ${developerConsole}`,
      };
    case '403027':
      return {
        message: `${message}, which means that ${org} is not the credential's own, or its project has no product profile of Experience Platform`,
        hint: `compare the organization id (24 characters and @AdobeOrg) with ${developerConsole}; if it is right, add a product profile to the project's API there`,
      };
    default:
      return undefined;
  }
}

function explain401(failure: SegjobsError, facts: DiagnosisFacts): Explanation {
  const { settings, sandboxes, now } = facts;
  const { message } = failure;
  if (sandboxes?.length === 0)
    return {
      message: `${message}, which means that the technical account is in no sandbox`,
      hint: askForRole,
    };
  if (settings.credentials.kind === 'oauth') {
    const isGateway = failure.details?.['serviceCode'] === '401013';
    return isGateway
      ? {
          message: `${message}, which means that a token minted just now is not known at this API URL`,
          hint: `login URL ${settings.imsUrl} (from ${from(settings, 'imsUrl')}) and API URL ${settings.apiUrl} (from ${from(settings, 'apiUrl')}) must be of the same environment, and client id and secret of one project`,
        }
      : {
          message: `${message}; the gateway took the token and the service behind it did not, which usually means that the technical account is in no sandbox`,
          hint: askForRole,
        };
  }
  const renew =
    'set a new AEP_ACCESS_TOKEN, or log in with client id and secret (segjobs auth login), which renews tokens by itself';
  const { expiresAt } = readTokenClaims(settings.credentials.accessToken);
  if (expiresAt !== undefined && expiresAt <= now) {
    return {
      message: `the access token expired at ${timeText(expiresAt)} (it comes from ${from(settings, 'credentials')})`,
      hint: renew,
    };
  }
  return (
    explainForeignToken(facts) ?? {
      message: `${message}, which means that it was revoked, was cut when it was copied, or is of another environment (stage, production)`,
      hint: renew,
    }
  );
}

/** Adobe's tokens name the client they were made for. */
function explainForeignToken({ settings }: DiagnosisFacts): Explanation | undefined {
  const { credentials, clientId } = settings;
  if (credentials.kind !== 'accessToken') return undefined;
  const owner = readTokenClaims(credentials.accessToken).clientId;
  if (owner === undefined || owner === clientId) return undefined;
  return {
    message: `API key and access token are of different projects: the token was made for client id ${safeText(maskId(owner))}, the key is ${maskId(clientId)} (from ${from(settings, 'clientId')})`,
    hint: 'give the client id of the project that the token comes from (AEP_CLIENT_ID)',
  };
}

function explainSandbox(
  { message }: SegjobsError,
  { settings, sandboxes }: DiagnosisFacts,
): Explanation | undefined {
  const { sandbox } = settings;
  if (sandbox === undefined) return undefined;
  if (sandboxes?.length === 0) {
    return {
      message: `cannot work in sandbox "${sandbox}": ${message}, because the technical account is in no sandbox at all`,
      hint: askForRole,
    };
  }
  if (sandboxes !== undefined && !sandboxes.includes(sandbox)) {
    return {
      message: `cannot work in sandbox "${sandbox}": ${message}`,
      hint: `sandboxes it can use: ${sandboxes.join(', ')}`,
    };
  }
  return {
    message: `${message}, which means that the credential may not look at segment jobs in sandbox "${sandbox}"`,
    hint: 'an administrator must give its role the permissions "View Segments" and, to start jobs, "Manage Segments" in this sandbox',
  };
}

function from({ sources }: Settings, key: string): string {
  return sources.get(key) ?? 'nowhere';
}

function timeText(unixMs: number): string {
  return Math.abs(unixMs) > 8.64e15
    ? 'an unknown time'
    : new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
