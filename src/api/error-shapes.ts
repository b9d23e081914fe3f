// What the body of an error says, in whichever of Adobe's documented shapes it comes.

import { safeText } from '../safe-text.ts';

/** What an error's body says, whichever of the documented shapes it has. */
export interface ErrorFacts {
  readonly shape: 'gateway' | 'service' | 'problem' | 'profile' | 'login' | 'html' | 'other';
  /** One line; empty when it said nothing. */
  readonly message: string;
  /** The gateway's or the login service's code, else the service's first one. */
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  readonly httpStatus?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Characters of what the service said that a message repeats. */
export const longestMessage = 300;
const mostEntries = 3;

/** One harmless line of at most `limit` characters; a cut is marked. */
export function oneLine(text: string, limit = longestMessage): string {
  // Cut first: a text of megabytes is not worth cleaning.
  const safe = safeText(text.slice(0, limit * 4))
    .replace(/ {2,}/g, ' ')
    .trim();
  const characters = [...safe];
  return characters.length <= limit ? safe : `${characters.slice(0, limit - 1).join('')}…`;
}

/**
 * Reads the body of an error. The shapes: gateway `{error_code,message}`; service `{errors:{"404":[{code,message}]},
 * requestId,title}`; problem+json `{title,detail}`; older profile `{message,statusCode,retryAfterMs}`; login
 * `{error,error_description}`; an HTML page; anything else.
 */
export function readErrorBody(text: string, contentType = ''): ErrorFacts {
  const body = parseObject(text);
  if (body === undefined) return { shape: isHtml(text, contentType) ? 'html' : 'other', message: '' };
  return readErrorObject(body);
}

/** The same for an error that was found inside an answer, as bulk-get gives them by id. */
export function readErrorObject(body: Readonly<Record<string, unknown>>): ErrorFacts {
  const requestId = textOf(body['requestId']);
  const own = textOf(body['message']);
  const gatewayCode = textOf(body['error_code']);
  if (gatewayCode !== undefined) {
    const code = oneLine(gatewayCode, 40);
    return {
      shape: 'gateway',
      message: oneLine(own ?? ''),
      code,
      requestId,
      httpStatus: statusOf(code.slice(0, 3)),
    };
  }
  const entries = entriesOf(body['errors']);
  if (entries !== undefined) {
    const told = entries.flatMap(({ message }) => message ?? []);
    const shown = told.slice(0, mostEntries).join('; ');
    const more = told.length > mostEntries ? ` (and ${told.length - mostEntries} more)` : '';
    return {
      shape: 'service',
      message: oneLine(shown === '' ? (textOf(body['title']) ?? own ?? '') : shown + more),
      code: entries[0]?.code,
      requestId,
      httpStatus: entries[0]?.httpStatus ?? statusOf(body['status']),
    };
  }
  const loginError = textOf(body['error']);
  if (loginError !== undefined) {
    return {
      shape: 'login',
      message: oneLine(textOf(body['error_description']) ?? own ?? loginError),
      code: oneLine(loginError, 60),
      requestId,
    };
  }
  if (body['statusCode'] !== undefined) {
    return {
      shape: 'profile',
      message: oneLine(own ?? ''),
      requestId,
      httpStatus: statusOf(body['statusCode']),
      retryAfterMs: millisecondsOf(body['retryAfterMs']),
    };
  }
  const [title, detail] = [textOf(body['title']), textOf(body['detail'])];
  if (title !== undefined || detail !== undefined) {
    const message = [title, detail].filter((part) => part !== undefined).join(': ');
    return { shape: 'problem', message: oneLine(message), requestId, httpStatus: statusOf(body['status']) };
  }
  return { shape: 'other', message: oneLine(own ?? ''), requestId, httpStatus: statusOf(body['status']) };
}

/** Whether a text is a web page rather than an answer of the API. */
export function isHtml(text: string, contentType = ''): boolean {
  return (
    contentType.includes('html') || /^\s*<(?:!doctype|html|head|body|\?xml|!--)/i.test(text.slice(0, 200))
  );
}

interface Entry {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly httpStatus?: number | undefined;
}

/** `{"404":[{code,message}]}`, or a bare array of such entries. */
function entriesOf(errors: unknown): readonly Entry[] | undefined {
  if (Array.isArray(errors)) return errors.map((entry) => entryOf(entry, undefined));
  if (!isObject(errors)) return undefined;
  return Object.entries(errors).flatMap(([status, list]) =>
    (Array.isArray(list) ? list : [list]).map((entry) => entryOf(entry, statusOf(status))),
  );
}

function entryOf(entry: unknown, httpStatus: number | undefined): Entry {
  if (!isObject(entry)) return { message: textOf(entry), httpStatus };
  const code = textOf(entry['code']);
  return {
    httpStatus,
    code: code === undefined ? undefined : oneLine(code, 40),
    message: textOf(entry['message']) ?? textOf(entry['msg']),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function statusOf(value: unknown): number | undefined {
  const status = Number(textOf(value));
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

function millisecondsOf(value: unknown): number | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
