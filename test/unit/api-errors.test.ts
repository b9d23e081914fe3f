// Every documented way of saying no becomes one error: code, message, hint, request id; safe to print.

import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Refusal, refusalError } from '../../src/api/service-errors.ts';
import { clientFor, createTestWorld, errorOf, testToken, told } from '../support/api-client.ts';
import { json, type ScriptedServer, startServer, text } from '../support/http-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

function refusal(status: number, body: unknown, more: Partial<Refusal> = {}): Refusal {
  return {
    status,
    text: typeof body === 'string' ? body : JSON.stringify(body),
    contentType: 'application/json',
    requestId: 'adobe-1',
    location: undefined,
    retryAfterMs: undefined,
    url: new URL('https://platform.adobe.io/data/core/ups/segment/jobs'),
    operation: 'read',
    sandbox: 'prod',
    isTokenRenewable: false,
    serviceNow: Date.parse('2026-11-23T12:00:00Z'),
    secrets: [],
    ...more,
  };
}

const serviceError = (status: number, ...entries: unknown[]) => ({
  requestId: 'body-1',
  errors: { [status]: entries },
  type: 'https://ns.adobe.com/aep/errors/UPAPI-101903-404',
  title: 'Service title',
  status,
});

test.each([
  [
    401,
    { error_code: '401013', message: 'Oauth token is not valid' },
    'UNAUTHORIZED',
    4,
    'the access token was not accepted: Oauth token is not valid',
    /AEP_ACCESS_TOKEN/,
  ],
  [
    403,
    { error_code: '403010', message: 'Oauth token is missing.' },
    'FORBIDDEN',
    4,
    'access was refused: Oauth token is missing.',
    /Authorization header/,
  ],
  [
    403,
    { error_code: '403000', message: 'Api Key is required' },
    'FORBIDDEN',
    4,
    'access was refused: Api Key is required',
    /AEP_CLIENT_ID/,
  ],
  [
    403,
    { error_code: '403003', message: 'Api Key is invalid' },
    'FORBIDDEN',
    4,
    'access was refused: Api Key is invalid',
    /same project/,
  ],
  [
    400,
    { error_code: '400003', message: 'Missing header' },
    'REFUSED',
    3,
    'the service refused the request (HTTP 400): Missing header',
    /AEP_ORG_ID/,
  ],
  [
    403,
    { error_code: '403025', message: 'Profile is not valid' },
    'FORBIDDEN',
    4,
    'access was refused: Profile is not valid',
    /organization id/,
  ],
  [
    403,
    { error_code: '403027', message: 'User region is missing' },
    'FORBIDDEN',
    4,
    'access was refused: User region is missing',
    /product profile/,
  ],
  [
    429,
    { error_code: '429050', message: 'Too many requests' },
    'THROTTLED',
    7,
    'too many requests: Too many requests',
    /later/,
  ],
  [
    403,
    serviceError(403, { code: 403, message: 'No permission' }),
    'FORBIDDEN',
    4,
    'access was refused: No permission',
    /sandbox "prod"/,
  ],
  [
    404,
    serviceError(404, { code: 'UPAPI-101903-404', message: 'No such job' }),
    'NOT_FOUND',
    5,
    'not found in sandbox "prod": No such job',
    /id and the sandbox/,
  ],
  [
    400,
    serviceError(400, { message: 'one' }, { message: 'two' }, { message: 'three' }, { message: 'four' }),
    'REFUSED',
    3,
    'the service refused the request (HTTP 400): one; two; three (and 1 more)',
    /--debug/,
  ],
  [
    400,
    serviceError(400),
    'REFUSED',
    3,
    'the service refused the request (HTTP 400): Service title',
    /--debug/,
  ],
  [
    422,
    { type: 'x', title: 'Unprocessable', status: 422, detail: 'bad property', report: {} },
    'REFUSED',
    3,
    'the service refused the request (HTTP 422): Unprocessable: bad property',
    /--debug/,
  ],
  [
    429,
    { message: 'slow down', statusCode: '429', retryAfterMs: '500' },
    'THROTTLED',
    7,
    'too many requests: slow down',
    /come back in 1 s/,
  ],
  [
    400,
    { error: 'invalid_scope', error_description: 'no such scope' },
    'REFUSED',
    3,
    'the service refused the request (HTTP 400): no such scope',
    /--debug/,
  ],
  [
    503,
    { title: 'Down', detail: 'for maintenance' },
    'UNAVAILABLE',
    7,
    'the service is not available (HTTP 503): Down: for maintenance',
    /status\.adobe\.com/,
  ],
  [408, '', 'UNAVAILABLE', 7, 'the service is not available (HTTP 408)', /later/],
  [501, 'plain text', 'UNAVAILABLE', 7, 'the service is not available (HTTP 501)', /later/],
  [405, [], 'REFUSED', 3, 'the service refused the request (HTTP 405)', /--debug/],
  [407, '<html></html>', 'NETWORK', 7, 'the proxy asks for a login', /HTTPS_PROXY/],
])('%i %j is %s', (status, body, code, exitCode, message, hint) => {
  const error = refusalError(refusal(status, body));
  expect(error).toMatchObject({ code, exitCode, message, httpStatus: status, requestId: 'adobe-1' });
  expect(error.hint).toMatch(hint);
});

test('without the header, the request id of the body is told', () => {
  expect(refusalError(refusal(404, serviceError(404), { requestId: undefined })).requestId).toBe('body-1');
});

test('a 404 with an HTML page is a wrong address, not a missing job', () => {
  const error = refusalError(refusal(404, '<html>nginx</html>', { contentType: 'text/html' }));
  expect(error).toMatchObject({ code: 'REFUSED', exitCode: 3 });
  expect(error.message).toContain(
    'does not know the address https://platform.adobe.io/data/core/ups/segment/jobs',
  );
});

test('a 409 is a conflict for a cancel, and a refusal for a create', () => {
  expect(refusalError(refusal(409, {}, { operation: 'cancel' }))).toMatchObject({
    code: 'CONFLICT',
    exitCode: 6,
  });
  expect(refusalError(refusal(409, {}, { operation: 'create' }))).toMatchObject({
    code: 'REFUSED',
    exitCode: 3,
  });
});

test('a 401 after a fresh token names other causes than an expired one', () => {
  expect(refusalError(refusal(401, {}, { isTokenRenewable: true })).hint).toContain(
    'technical account has a role in this sandbox',
  );
});

test('fault 26: a 403 is exit 4, one request, and names the sandbox', async () => {
  server.script([], json(403, { title: 'Forbidden' }));
  const error = await errorOf(clientFor(server.url, createTestWorld(), { sandbox: 'dev-2' }).get('a'));
  expect(error).toMatchObject({ code: 'FORBIDDEN', exitCode: 4, httpStatus: 403 });
  expect(told(error)).toContain('sandbox "dev-2"');
  expect(server.requests).toHaveLength(1);
});

test.each([300, 301, 302, 303, 304, 307, 308])(
  'fault 50: a %i to another host is an error, and that server sees nothing',
  async (status) => {
    const other = await startServer();
    server.script([], json(status, {}, { location: `${other.url}/login?token=abc#x` }));
    const error = await errorOf(clientFor(server.url).get('a'));
    expect(error).toMatchObject({ code: 'REDIRECTED', exitCode: 3, httpStatus: status });
    expect(error.message).toContain(`a redirect to ${other.url}/login,`);
    expect(told(error)).not.toContain('token=abc');
    expect(server.requests).toHaveLength(1);
    expect(other.requests).toHaveLength(0);
    await other.close();
  },
);

test.each([
  ['/elsewhere', /redirect to http:\/\/127\.0\.0\.1:\d+\/elsewhere,/],
  ['data:text/plain,hello', /a data: address/],
  ['http://[bad', /an address that cannot be read/],
  ['javascript:alert(1)', /a javascript: address/],
  [undefined, /nowhere/],
])('a redirect to %s is told', async (location, shown) => {
  server.script([], json(302, {}, location === undefined ? {} : { location }));
  expect((await errorOf(clientFor(server.url).get('a'))).message).toMatch(shown);
});

test('fault 51: a redirect loop is one request', async () => {
  server.script([], (request, response, socket) =>
    json(302, {}, { location: request.path })(request, response, socket),
  );
  expect(await errorOf(clientFor(server.url).get('a'))).toMatchObject({ code: 'REDIRECTED' });
  expect(server.requests).toHaveLength(1);
});

const hostile = 'a\u001b[2Jb\u001b]0;title\u0007c\u001b]52;c;aGk=\u0007d\re\nf\u009b31mg\u202eh\u0000i';

test.each([
  ['gateway', { error_code: `403\u001b[2J`, message: hostile }],
  ['service', { requestId: hostile, errors: { '400': [{ code: hostile, message: hostile }] } }],
  ['problem', { title: hostile, detail: hostile }],
  ['profile', { message: hostile, statusCode: '400' }],
  ['login', { error: hostile, error_description: hostile }],
  ['message alone', { message: hostile }],
])('fault 60: control characters in an error of the %s shape do not reach the message', (_name, body) => {
  const error = refusalError(refusal(400, body, { requestId: undefined }));
  const shown = [error.message, error.hint, error.requestId, JSON.stringify(error.details)].join('');
  expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(error.message).toContain('abcd e fghi');
});

test('fault 60: nor from headers and the reason phrase', async () => {
  const bytes = `HTTP/1.1 400 Bad\u001b[31m\r\nx-request-id: r\u009b31m1\r\ncontent-length: 2\r\n\r\n{}`;
  server.script([], (_request, _response, socket) => {
    socket.end(Buffer.from(bytes, 'latin1'));
  });
  const world = createTestWorld();
  const error = await errorOf(clientFor(server.url, world).get('a'));
  const shown = [told(error), error.requestId ?? '', ...world.debug].join(' ');
  expect(shown.replaceAll('\n', ' ')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test('a message of a megabyte is cut to one short line', () => {
  const error = refusalError(
    refusal(400, {
      message: 'long '.repeat(200_000),
      errors: { '400': [{ message: 'x'.repeat(1_000_000) }] },
    }),
  );
  expect(error.message.length).toBeLessThanOrEqual(400);
  expect(error.message.endsWith('…')).toBe(true);
});

test('whatever an error holds, the message is one safe line of bounded length without the secret', () => {
  const body = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom(
        'error_code',
        'message',
        'errors',
        'title',
        'detail',
        'statusCode',
        'error',
        'requestId',
        'retryAfterMs',
      ),
      fc.oneof(
        fc.jsonValue(),
        fc.string({ unit: 'binary' }),
        fc.constant(hostile),
        fc.constant(`x${testToken}y`),
      ),
    ),
  );
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 599 }), body, (status, value) => {
      const error = refusalError(refusal(status, value, { secrets: [testToken] }));
      for (const line of [error.message, error.hint ?? '', error.requestId ?? '']) {
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(line).not.toContain(testToken);
        expect([...line].length).toBeLessThanOrEqual(450);
      }
    }),
  );
});

test('an error page under gzip, or in another encoding, is told by its status', async () => {
  server.script([
    text(400, 'not gzip', { 'content-encoding': 'gzip' }),
    text(400, 'x', { 'content-encoding': 'br' }),
  ]);
  const client = clientFor(server.url);
  expect((await errorOf(client.get('a'))).message).toBe('the service refused the request (HTTP 400)');
  expect((await errorOf(client.get('a'))).message).toBe('the service refused the request (HTTP 400)');
});
