// The error bodies of the gateway, the service and the login service, each in its own shape.

/** An answer before it is delivered. A `string` body is sent as UTF-8. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request the emulator cannot do; thrown by handlers, turned into its answer by the server. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

export function jsonAnswer(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** `403010` is HTTP 403: the first three digits say it. */
export function gatewayError(code: string, message: string, headers: Record<string, string> = {}): Answer {
  return jsonAnswer(Number(code.slice(0, 3)), JSON.stringify({ error_code: code, message }), headers);
}

/** Codes seen in Adobe's samples where there is one; the others are of the same form. */
export const serviceCodes = {
  notFound: 'UPAPI-113000-404',
  idCount: 'UPAPI-113015-400',
  malformedBody: 'UPLIB-101206-500',
  malformedQuery: 'UPAPI-113017-400',
  mediaType: 'UPAPI-113018-415',
  permission: 'UPAPI-113752-403',
  method: 'UPAPI-113019-405',
  tooLarge: 'UPAPI-113020-413',
  tooManyJobs: 'UPAPI-113021-429',
  internal: 'UPAPI-100000-500',
  unavailable: 'UPAPI-100001-503',
} as const;

/**
 * The service's error document. As in the samples `code` is the bare status for a refused body and the full code
 * elsewhere, and the end of `type` need not agree with the status.
 */
export function serviceErrorBody(status: number, code: string, message: string, requestId: string): object {
  const listed = code.endsWith(`-${status}`) ? code : status;
  return {
    requestId,
    errors: { [status]: [{ code: listed, message }] },
    type: `https://ns.adobe.com/aep/errors/${code}`,
    title: message,
    status,
  };
}

export function serviceError(status: number, code: string, message: string, requestId: string): Answer {
  return jsonAnswer(status, JSON.stringify(serviceErrorBody(status, code, message, requestId)));
}

/** The login service's error (RFC 6749 §5.2); a wrong secret is 400 there, not 401. */
export function loginError(status: number, error: string, description: string): Answer {
  return jsonAnswer(status, JSON.stringify({ error, error_description: description }));
}

/** The page a gateway or a proxy answers with where no service is behind it. */
export function htmlAnswer(status: number, title: string): Answer {
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: { 'content-type': 'text/html' }, body };
}
