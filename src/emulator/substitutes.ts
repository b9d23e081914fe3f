// What a fault answers in place of the service.

import { STATUS_CODES } from 'node:http';
import {
  type Answer,
  gatewayError,
  htmlAnswer,
  jsonAnswer,
  loginError,
  serviceCodes,
  serviceError,
} from './errors.ts';
import type { Fault, Substitute } from './faults.ts';
import type { Operation } from './gateway.ts';

const loginPage = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in to continue</title></head>
<body><form method="post" action="/login"><h1>Corporate network: sign in</h1><input name="user"><input name="password" type="password"></form></body>
</html>
`;

/** An error with that status, in the shape in which that part of the platform tells it. */
function errorAnswer(operation: Operation, status: number, requestId: string): Answer {
  const title = STATUS_CODES[status] ?? 'Error';
  if (operation === 'token')
    return loginError(status, status === 429 ? 'too_many_requests' : 'server_error', title);
  if (status === 401) return gatewayError('401013', 'Oauth token is not valid');
  if (status === 403) return gatewayError('403027', 'User region is missing');
  if (status === 404) return serviceError(404, serviceCodes.notFound, 'Not found.', requestId);
  if (status === 429 && operation === 'create') {
    const message =
      'There are too many segmentation jobs in processing at the moment. Try again at a later time.';
    return serviceError(429, serviceCodes.tooManyJobs, message, requestId);
  }
  if (status === 429) return gatewayError('429050', 'Too many requests');
  const code =
    status === 503
      ? serviceCodes.unavailable
      : status === 500
        ? serviceCodes.internal
        : `UPAPI-100002-${status}`;
  return serviceError(status, code, title, requestId);
}

const usualStatus: Partial<Record<Operation, number>> = { 'bulk-get': 207 };

/** Whether the service has to work for the answer: a success status alone only changes the status. */
export function keepsAnswer({ status, content, location }: Substitute): boolean {
  return status !== undefined && status < 300 && content === undefined && location === undefined;
}

/** The answer of a substitute; `own` is the service's, where the work was done. */
export function substituteAnswer(
  { status, content, location }: Substitute,
  operation: Operation,
  requestId: string,
  own: Answer | undefined,
): Answer {
  if (own !== undefined && status !== undefined && keepsAnswer({ status, content, location }))
    return { ...own, status };
  if (location !== undefined) return { status: status ?? 302, headers: { location }, body: '' };
  const given = status ?? usualStatus[operation] ?? 200;
  if (content === undefined) return errorAnswer(operation, given, requestId);
  if (content === 'html') {
    if (given >= 300) return htmlAnswer(given, `${given} ${STATUS_CODES[given] ?? 'Error'}`);
    return { status: given, headers: { 'content-type': 'text/html; charset=utf-8' }, body: loginPage };
  }
  if (content === 'empty') return jsonAnswer(given, '');
  if (content === 'not-json')
    return jsonAnswer(given, 'upstream connect error or disconnect/reset before headers');
  return jsonAnswer(given, content.text);
}

/** The headers a fault adds or replaces. `now` is service time, unix ms. */
export function faultHeaders(fault: Fault, now: number): Record<string, string> {
  const headers: Record<string, string> = {};
  if (fault.contentType !== undefined) headers['content-type'] = fault.contentType;
  if (fault.retryAfter !== undefined) {
    headers['retry-after'] =
      'text' in fault.retryAfter
        ? fault.retryAfter.text
        : // HTTP dates have whole seconds; rounded up, so that it is never earlier than asked for.
          new Date(Math.ceil((now + fault.retryAfter.dateInMs) / 1000) * 1000).toUTCString();
  }
  return headers;
}
