import { describe, expect, it } from 'vitest';
import { createTokens } from '../../src/emulator/tokens.ts';
import { startService } from './called-service.ts';

describe('the gateway', () => {
  it.each([
    [
      'no token',
      { Authorization: undefined },
      403,
      { error_code: '403010', message: 'Oauth token is missing.' },
    ],
    [
      'a wrong token',
      { Authorization: 'Bearer x.y.z' },
      401,
      { error_code: '401013', message: 'Oauth token is not valid' },
    ],
    [
      'a token without Bearer',
      { Authorization: 'x.y.z' },
      401,
      { error_code: '401013', message: 'Oauth token is not valid' },
    ],
    ['no API key', { 'x-api-key': undefined }, 403, { error_code: '403000', message: 'Api Key is required' }],
    [
      'a wrong API key',
      { 'x-api-key': 'other' },
      403,
      { error_code: '403003', message: 'Api Key is invalid' },
    ],
    [
      'no organization',
      { 'x-gw-ims-org-id': undefined },
      400,
      { error_code: '400003', message: expect.stringContaining('Missing header') },
    ],
    [
      'another organization',
      { 'x-gw-ims-org-id': 'ABCDEF0123456789ABCDEF01@AdobeOrg' },
      403,
      { error_code: '403025', message: 'Profile is not valid' },
    ],
    [
      'no id of an organization',
      { 'x-gw-ims-org-id': 'acme' },
      403,
      { error_code: '403027', message: 'User region is missing' },
    ],
  ])('refuses a request with %s', async (_, headers, status, body) => {
    const { call } = await startService({ historyJobs: 0 });
    for (const path of ['/segment/jobs', '/segment/jobs/some-id', '/segment/definitions']) {
      const told = await call(path, { headers });
      expect([told.status, told.json()]).toEqual([status, body]);
    }
    const cancel = await call('/segment/jobs/some-id', { method: 'DELETE', headers });
    expect([cancel.status, cancel.json()]).toEqual([status, body]);
    const create = await call('/segment/jobs', { method: 'POST', headers, body: [{ segmentId: 'A' }] });
    expect([create.status, create.json()]).toEqual([status, body]);
  });

  it.each([
    ['no sandbox', { 'x-sandbox-name': undefined }],
    ['an unknown sandbox', { 'x-sandbox-name': 'prod2' }],
    ['a sandbox in capitals', { 'x-sandbox-name': 'PROD' }],
  ])('lets %s through to the service, which says 403 in its own shape', async (_, headers) => {
    const { call } = await startService({ historyJobs: 0 });
    const told = await call('/segment/jobs', { headers: { ...headers, 'x-request-id': 'mine' } });
    expect(told.status).toBe(403);
    expect(told.json()).toEqual({
      requestId: 'mine',
      errors: { 403: [{ code: 'UPAPI-113752-403', message: expect.stringContaining('sandbox') }] },
      type: 'https://ns.adobe.com/aep/errors/UPAPI-113752-403',
      title: expect.any(String),
      status: 403,
    });
  });

  it('takes the authorization scheme in any case, as some clients write it', async () => {
    const { call, emulator } = await startService({ historyJobs: 0 });
    const headers = { Authorization: `bearer ${emulator.credentials.accessToken}` };
    expect((await call('/segment/jobs', { headers })).status).toBe(200);
  });

  it('answers an unknown path with a page of HTML, with or without credentials', async () => {
    const { call, raw } = await startService({ historyJobs: 0 });
    for (const told of [await call('/segment/job'), await call('/segment/jobs/'), await raw('/')]) {
      expect(told.status).toBe(404);
      expect(told.headers.get('content-type')).toMatch('text/html');
      expect(told.text).toMatch('<html>');
    }
  });

  it.each([
    ['PUT', '/segment/jobs', 'GET, POST'],
    ['DELETE', '/segment/jobs', 'GET, POST'],
    ['PATCH', '/segment/jobs/some-id', 'GET, DELETE'],
    ['GET', '/segment/jobs/bulk-get', 'POST'],
  ])('answers %s %s with 405 and the methods there are', async (method, path, allow) => {
    const { call } = await startService({ historyJobs: 0 });
    const told = await call(path, { method });
    expect([told.status, told.headers.get('allow'), told.json().status]).toEqual([405, allow, 405]);
  });

  it('gives every answer a request id, the one that was sent or one of its own, and JSON', async () => {
    const { call } = await startService({ historyJobs: 0 });
    const own = await call('/segment/jobs', { headers: { 'x-request-id': 'my-id-1' } });
    expect(own.headers.get('x-request-id')).toBe('my-id-1');
    expect(own.headers.get('content-type')).toMatch('application/json');
    const [first, second] = [await call('/segment/jobs'), await call('/segment/jobs/none')];
    expect(first.headers.get('x-request-id')).toMatch(/^\w{32}$/);
    expect(second.json().requestId).toBe(second.headers.get('x-request-id'));
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  });

  it('shows the time of the service clock in Date', async () => {
    const { call, emulator } = await startService({ historyJobs: 0, startAt: Date.UTC(2031, 0, 1) });
    emulator.advance(36 * 3_600_000);
    const shown = Date.parse((await call('/segment/jobs')).headers.get('date') ?? '');
    expect(new Date(shown).toISOString()).toMatch(/^2031-01-02T12:00/);
  });

  it('tells the sandboxes, with and without the trailing slash, and needs no sandbox for it', async () => {
    const { raw, headers } = await startService({ historyJobs: 0 });
    for (const path of ['/data/foundation/sandbox-management/', '/data/foundation/sandbox-management']) {
      const told = await raw(path, { headers: { ...headers, 'x-sandbox-name': undefined } });
      expect(told.status).toBe(200);
      expect(told.json().sandboxes).toMatchObject([
        { name: 'prod', title: 'Prod', state: 'active', type: 'production', isDefault: true },
        { name: 'dev', state: 'active', type: 'development', isDefault: false },
      ]);
    }
    const refused = await raw('/data/foundation/sandbox-management/');
    expect(refused.json().error_code).toBe('403010');
  });
});

describe('the login service', () => {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

  async function login(fields: Record<string, string | undefined>) {
    const { raw, emulator } = await startService({ historyJobs: 0, tokenLifetimeMs: 86_399_000 });
    const { clientId, clientSecret } = emulator.credentials;
    const usual = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'client_credentials',
      scope: 'openid,session,AdobeID,read_organizations,additional_info.projectedProductContext',
    };
    const kept = Object.entries({ ...usual, ...fields }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const body = new URLSearchParams(kept).toString();
    return raw('/ims/token/v3', { method: 'POST', headers: form, body });
  }

  it('gives a token for a day', async () => {
    const told = await login({});
    expect(told.status).toBe(200);
    expect(told.json()).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 86_399,
    });
  });

  it('writes the times into the token as strings of milliseconds', async () => {
    const { access_token: token } = (await login({})).json();
    const [, payload = '', ...rest] = token.split('.');
    expect(rest).toHaveLength(1);
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      created_at: expect.stringMatching(/^1772\d{9}$/),
      expires_in: '86399000',
      client_id: expect.stringMatching(/^emulator/),
    });
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client'],
    ['no secret', { client_secret: undefined }, 'invalid_client'],
    ['a wrong client id', { client_id: 'wrong' }, 'invalid_client'],
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no grant', { grant_type: undefined }, 'invalid_request'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
    ['a scope that is none', { scope: 'open id!' }, 'invalid_scope'],
  ])('refuses %s with 400', async (_, fields, error) => {
    const told = await login(fields);
    expect(told.status).toBe(400);
    expect(told.json()).toEqual({ error, error_description: expect.any(String) });
  });

  it('takes both secrets while one is being replaced', async () => {
    const { rotatedClientSecret } = await import('../../src/emulator/emulator.ts');
    expect((await login({ client_secret: rotatedClientSecret })).status).toBe(200);
  });

  it('ends a token after its life in real time, whatever the speed of the service clock', () => {
    let realMs = 0;
    const tokens = createTokens({
      lifetimeMs: 1000,
      monotonicMs: () => realMs,
      serviceNow: () => 60 * realMs,
    });
    const token = tokens.mint();
    realMs = 999;
    expect([tokens.isValid(token), tokens.isValid(`${token}x`)]).toEqual([true, false]);
    realMs = 1000;
    expect(tokens.isValid(token)).toBe(false);
  });

  it('refuses every token after they were revoked, and gives new ones', async () => {
    const { call, raw, emulator } = await startService({ historyJobs: 0 });
    emulator.revokeTokens();
    expect((await call('/segment/jobs')).json().error_code).toBe('401013');
    const { clientId, clientSecret } = emulator.credentials;
    const fields = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'client_credentials',
      scope: 'openid',
    };
    const told = await raw(`/ims/token/v3?${new URLSearchParams(fields)}`, { method: 'POST' });
    const headers = { Authorization: `Bearer ${told.json().access_token}` };
    expect((await call('/segment/jobs', { headers })).status).toBe(200);
  });
});
