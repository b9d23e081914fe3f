// One authenticated request to the API: the four required headers, a request id, and one fresh token after a 401.

import { SegjobsError } from '../errors.ts';
import { readBaseUrl } from './base-url.ts';
import type { ApiConnection, ApiHost, RequestPreview } from './client.ts';
import type { Operation, RetryBudget } from './retry.ts';
import { createSender, type Outcome, type SendWatcher } from './sender.ts';
import type { TokenSource } from './token.ts';
import type { HttpAnswer } from './transport.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Percent-encoded, with its query. */
  readonly path: string;
  readonly operation: Operation;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Instead: JSON already. */
  readonly jsonBody?: string | undefined;
  /** Default: a new one for every attempt. */
  readonly requestId?: string | undefined;
  /** The sandbox look-up is the one call that is made outside of a sandbox. */
  readonly isOutsideSandbox?: boolean | undefined;
  readonly maxRetries?: number | undefined;
  /** As in `Sending`. */
  readonly retriesBefore?: number | undefined;
  readonly canShrink?: boolean | undefined;
  readonly budget?: RetryBudget | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly watcher?: SendWatcher | undefined;
  readonly memory?: ((length: number) => Buffer) | undefined;
}

export interface Session {
  /** How the call ended. Throws only what came before it was sent (no sandbox, no token), and interrupts. */
  attempt(call: Call): Promise<Outcome>;
  /** The answer to a call that succeeded; throws the error of one that did not. */
  request(call: Call): Promise<HttpAnswer>;
  /** The call as it would be sent, credentials masked. */
  preview(call: Call): RequestPreview;
  newRequestId(): string;
  serviceNow(): number;
  /** `serviceNow()`, or `undefined` before a first answer has told it. */
  knownServiceNow(): number | undefined;
  newBudget(): RetryBudget;
}

const mask = '***';

/**
 * A version 4 UUID. From the ordinary random numbers: it has to be unique, not secret, and loading `node:crypto` would
 * cost every command more than its request.
 */
function randomUuid(): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) =>
    (place === 'x' ? Math.floor(Math.random() * 16) : 8 + Math.floor(Math.random() * 4)).toString(16),
  );
}

export function createSession(connection: ApiConnection, tokens: TokenSource, host: ApiHost): Session {
  const { orgId, clientId, sandbox } = connection;
  const sender = createSender(connection, host);
  const newRequestId = host.requestId ?? (() => randomUuid());
  /** Tokens that were renewed after a refusal and refused again. */
  const refusedAfresh = new Set<string>();

  function urlOf(call: Call): URL {
    return new URL(`${readBaseUrl(connection.apiUrl, 'the API URL')}${call.path}`);
  }

  function headersOf(call: Call, token: string, apiKey: string, requestId: string): Record<string, string> {
    return {
      authorization: `Bearer ${token}`,
      'x-api-key': apiKey,
      'x-gw-ims-org-id': checkHeader(orgId, 'the organization id', 'AEP_ORG_ID'),
      ...(call.isOutsideSandbox === true ? {} : { 'x-sandbox-name': checkSandbox(sandbox) }),
      'x-request-id': requestId,
      accept: 'application/json',
      'user-agent': `segjobs/${host.version ?? '0'}`,
      ...(call.body === undefined && call.jsonBody === undefined
        ? {}
        : { 'content-type': 'application/json' }),
    };
  }

  async function attempt(call: Call): Promise<Outcome> {
    const url = urlOf(call);
    const apiKey = checkHeader(clientId, 'the client id', 'AEP_CLIENT_ID');
    // Everything that can be wrong here is found before a token is asked for.
    headersOf(call, mask, apiKey, mask);
    let token = await tokens.get();
    const secrets = [token, apiKey];
    const send = (isTokenRenewable: boolean) =>
      sender.send({
        method: call.method,
        url,
        operation: call.operation,
        headers: async () => headersOf(call, token, apiKey, call.requestId ?? newRequestId()),
        body: call.jsonBody ?? (call.body === undefined ? undefined : JSON.stringify(call.body)),
        isFresh: call.operation === 'create',
        secrets,
        sandbox: call.isOutsideSandbox === true ? undefined : sandbox,
        isTokenRenewable,
        maxRetries: call.maxRetries,
        retriesBefore: call.retriesBefore,
        canShrink: call.canShrink,
        budget: call.budget,
        signal: call.signal,
        watcher: call.watcher,
        memory: call.memory,
      });
    const outcome = await send(refusedAfresh.has(token));
    if (outcome.kind === 'answer' || outcome.failure.httpStatus !== 401) return outcome;
    call.watcher?.onRefused();
    const renewed = await tokens.refresh(token);
    if (renewed === undefined) return outcome;
    token = renewed;
    secrets.push(renewed);
    const second = await send(true);
    if (second.kind === 'failed' && second.failure.httpStatus === 401) {
      refusedAfresh.add(renewed);
      tokens.giveUp?.(renewed);
    }
    return { ...second, wasRepeated: second.wasRepeated || outcome.wasRepeated };
  }

  async function request(call: Call): Promise<HttpAnswer> {
    const outcome = await attempt(call);
    if (outcome.kind === 'failed') throw outcome.error;
    return outcome.answer;
  }

  function preview(call: Call): RequestPreview {
    const headers = headersOf(call, mask, mask, 'a new one for each request');
    return { method: call.method, url: urlOf(call).href, headers, body: call.body };
  }

  return {
    attempt,
    request,
    preview,
    newRequestId,
    serviceNow: sender.serviceNow,
    knownServiceNow: sender.knownServiceNow,
    newBudget: sender.newBudget,
  };
}

function checkSandbox(sandbox: string | undefined): string {
  if (sandbox === undefined || sandbox === '') {
    throw new SegjobsError('CONFIG', 'no sandbox was chosen', {
      hint: 'choose one with --sandbox NAME, AEP_SANDBOX_NAME, or for good: segjobs config set sandbox NAME',
    });
  }
  return checkHeader(sandbox, 'the sandbox name', 'AEP_SANDBOX_NAME');
}

/** Visible ASCII: anything else would end the header or never be a valid value. */
function checkHeader(value: string, what: string, variable: string): string {
  if (/^[\u0021-\u007e]+$/.test(value)) return value;
  const problem = value === '' ? 'is missing' : 'holds a character that cannot be in it';
  throw new SegjobsError('CONFIG', `${what} ${problem}`, {
    hint: `check it: segjobs auth status shows where it comes from (${variable}, or the profile)`,
  });
}
