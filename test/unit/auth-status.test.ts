import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

// What `auth status` tells somebody who has never seen Adobe's codes: one cause, in words, and what to do about it.

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

type Env = Readonly<Record<string, string | undefined>>;

const status = (env: Env = {}) => world.segjobs(['auth', 'status'], { env });

/** A fault that answers with this JSON. */
const answers = (operation: string, httpStatus: number, body: object) =>
  world.emulator.addFault(
    `${operation}:status=${httpStatus},body="${JSON.stringify(body).replace(/["\\]/g, '\\$&')}"`,
  );
const gateway = (code: string, message: string) => ({ error_code: code, message });
const service = (httpStatus: number, message: string) => ({
  requestId: 'r-1',
  errors: { [httpStatus]: [{ code: httpStatus, message }] },
  title: message,
  status: httpStatus,
});

/** A token as Adobe makes them, as far as it can be read; signed by nobody. */
function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [part({ alg: 'none' }), part(claims), 'x'].join('.');
}

const hour = 3_600_000;
const withToken = (accessToken: string, more: Env = {}): Env => ({
  AEP_ACCESS_TOKEN: accessToken,
  AEP_CLIENT_SECRET: undefined,
  ...more,
});
const noFault = () => undefined;
const emptyHanded = () => world.emulator.addFault('sandboxes:body="{\\"sandboxes\\":[]}"');

describe('auth status explains', () => {
  it.each<[cause: string, fault: () => void, env: () => Env, message: RegExp, hint: RegExp]>([
    [
      'a wrong client secret (IMS invalid_client)',
      noFault,
      () => ({ AEP_CLIENT_SECRET: 'mistyped' }),
      /login service refused the credentials \(invalid_client: .*\), which means that client id emul…0000 and this client secret do not belong together/,
      /mistyped, rotated or deleted \(it comes from environment AEP_CLIENT_SECRET\).*OAuth Server-to-Server.*segjobs auth login/,
    ],
    [
      'a client id that the login service does not know',
      noFault,
      () => ({ AEP_CLIENT_ID: 'f'.repeat(32) }),
      /client id ffff…ffff and this client secret do not belong together/,
      /segjobs auth login/,
    ],
    [
      'scopes that the project does not have (IMS invalid_scope)',
      () => answers('token', 400, { error: 'invalid_scope', error_description: 'invalid scope' }),
      () => ({}),
      /invalid_scope/,
      /check the scopes/,
    ],
    [
      'JWT credentials, which are switched off (IMS unauthorized_client)',
      () => answers('token', 400, { error: 'unauthorized_client' }),
      () => ({}),
      /unauthorized_client/,
      /OAuth server-to-server/,
    ],
    [
      'an organization that does not know the credential (403025)',
      noFault,
      () => ({ AEP_ORG_ID: `${'F'.repeat(24)}@AdobeOrg` }),
      /Profile is not valid, which means that the credential is not entitled for organization F{24}@AdobeOrg \(from environment AEP_ORG_ID\)/,
      /check the organization id first.*product profile/,
    ],
    [
      'a wrong organization, or no product profile (403027)',
      noFault,
      () => ({ AEP_ORG_ID: 'ACME@AdobeOrg' }),
      /User region is missing, which means that organization ACME@AdobeOrg .* is not the credential's own, or .* no product profile/,
      /24 characters and @AdobeOrg.*product profile/,
    ],
    [
      'a key and a token of different projects (403003)',
      noFault,
      () => withToken(world.emulator.credentials.accessToken, { AEP_CLIENT_ID: '0123'.repeat(8) }),
      /API key and access token are of different projects: the token was made for client id emul…0000, the key is 0123…0123 \(from environment AEP_CLIENT_ID\)/,
      /the client id of the project that the token comes from/,
    ],
    [
      'a key and a token of different projects (401013)',
      () => answers('sandboxes', 401, gateway('401013', 'Oauth token is not valid')),
      () => withToken(world.emulator.credentials.accessToken, { AEP_CLIENT_ID: '0123'.repeat(8) }),
      /of different projects/,
      /AEP_CLIENT_ID/,
    ],
    [
      'a key that is unknown, or whose project lacks the API (403003)',
      () => answers('sandboxes', 403, gateway('403003', 'Api Key is invalid')),
      () => ({ AEP_SANDBOX_NAME: undefined }),
      /Api Key is invalid, which means that client id emul…0000 \(from environment AEP_CLIENT_ID\) is not one that Adobe knows/,
      /one and the same project.*add the API "Experience Platform"/,
    ],
    [
      'a token that has expired, with its time (401013)',
      noFault,
      () => {
        const claims = {
          created_at: String(world.emulator.now() - 25 * hour),
          expires_in: String(24 * hour),
        };
        return withToken(tokenOf(claims));
      },
      /error: the access token expired at 2026-03-10T08:00:0\dZ \(it comes from environment AEP_ACCESS_TOKEN\)/,
      /set a new AEP_ACCESS_TOKEN, or log in with client id and secret/,
    ],
    [
      'a token that was cut or revoked (401013)',
      noFault,
      () => withToken('abc.def'),
      /Oauth token is not valid, which means that it was revoked, was cut when it was copied, or is of another environment/,
      /set a new AEP_ACCESS_TOKEN/,
    ],
    [
      'a fresh token that the gateway does not know (401013)',
      () => answers('sandboxes', 401, gateway('401013', 'Oauth token is not valid')),
      () => ({}),
      /Oauth token is not valid, which means that a token minted just now is not known at this API URL/,
      /login URL http.* \(from environment SEGJOBS_IMS_URL\) and API URL http.* must be of the same environment/,
    ],
    [
      'an account in no sandbox, where no sandbox is chosen',
      emptyHanded,
      () => ({ AEP_SANDBOX_NAME: undefined }),
      /the credentials are good, but their technical account is in no sandbox/,
      /administrator must add the API credential of the project to a role/,
    ],
    [
      'an account in no sandbox, whom the service answers with 401',
      () => {
        emptyHanded();
        answers('list', 401, service(401, 'Unauthorized'));
      },
      () => ({}),
      /Unauthorized, which means that the technical account is in no sandbox/,
      /role/,
    ],
    [
      'an account in no sandbox, whom the service answers with 403',
      () => {
        emptyHanded();
        answers('list', 403, service(403, 'Permission denied'));
      },
      () => ({}),
      /cannot work in sandbox "prod": .*Permission denied, because the technical account is in no sandbox at all/,
      /role/,
    ],
    [
      'a 401 of the service for a fresh token, where sandboxes cannot be listed',
      () => {
        answers('sandboxes', 403, service(403, 'no'));
        answers('list', 401, service(401, 'Unauthorized'));
      },
      () => ({}),
      /the gateway took the token and the service behind it did not, which usually means that the technical account is in no sandbox/,
      /role/,
    ],
    [
      'a sandbox that is not its own',
      noFault,
      () => ({ AEP_SANDBOX_NAME: 'staging' }),
      /cannot work in sandbox "staging"/,
      /sandboxes it can use: prod, dev/,
    ],
    [
      'a role without the permission for segments',
      () => answers('list', 403, service(403, 'Permission denied on some resources')),
      () => ({}),
      /which means that the credential may not look at segment jobs in sandbox "prod"/,
      /"View Segments"/,
    ],
    [
      'a header that a proxy removed (403010)',
      () => answers('any', 403, gateway('403010', 'Oauth token is missing.')),
      () => withToken('abc.def'),
      /Oauth token is missing\., which means that a header was lost/,
      /proxy/,
    ],
    [
      'a missing organization header (400003)',
      () => answers('sandboxes', 400, gateway('400003', 'Missing header: x-gw-ims-org-id')),
      () => ({}),
      /Missing header.*a header was lost/,
      /proxy/,
    ],
  ])('%s: exit 4', async (_, fault, env, message, hint) => {
    fault();
    const ran = await status(env());
    expect(ran.exitCode).toBe(4);
    expect(ran.stdout).toContain('accepted\tfalse\n');
    const [errorLine = '', hintLine = ''] = ran.stderr
      .split('\n')
      .filter((line) => !line.startsWith('note:'));
    expect(errorLine).toMatch(/^error: /);
    expect(errorLine).toMatch(message);
    expect(hintLine).toMatch(/^hint: /);
    expect(hintLine).toMatch(hint);
    const { clientSecret, clientId } = world.emulator.credentials;
    expect(ran.stdout + ran.stderr).not.toContain(clientSecret);
    expect(ran.stdout + ran.stderr).not.toContain(clientId);
    expect(ran.stdout + ran.stderr).not.toMatch(/eyJ|mistyped\)|abc\.def/);
  });

  it('what it knows in JSON as well, with code, status and request id', async () => {
    const ran = await world.segjobs(['auth', 'status', '-o', 'json'], {
      env: { AEP_ORG_ID: 'ACME@AdobeOrg' },
    });
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: false, org: 'ACME@AdobeOrg', sandboxes: null });
    expect(JSON.parse(ran.stderr.trim().split('\n').at(-1) ?? '').error).toMatchObject({
      code: 'FORBIDDEN',
      exitCode: 4,
      httpStatus: 403,
      requestId: expect.any(String),
      details: { serviceCode: '403027' },
    });
  });

  it.each<[string, () => void, Env, RegExp]>([
    [
      'nothing listens',
      noFault,
      { SEGJOBS_API_URL: 'http://127.0.0.1:9', SEGJOBS_MAX_RETRIES: '0' },
      /127\.0\.0\.1:9/,
    ],
    [
      'the login service does not listen',
      noFault,
      { SEGJOBS_IMS_URL: 'http://127.0.0.1:9', SEGJOBS_MAX_RETRIES: '0' },
      /no access token/,
    ],
    ['the service has an outage', () => world.emulator.addFault('any:status=503'), {}, /not available/],
    [
      'a portal redirects',
      () => world.emulator.addFault('sandboxes:redirect=https://portal.example/'),
      {},
      /redirect/,
    ],
    ['a proxy answers with a page', () => world.emulator.addFault('sandboxes:html'), {}, /HTML|page/],
    ['the answer makes no sense', () => world.emulator.addFault('sandboxes:not-json'), {}, /./],
    ['the API URL leads elsewhere', () => world.emulator.addFault('any:status=404,html'), {}, /./],
  ])('that nobody could be asked when %s: exit 7, accepted unknown', async (_, fault, env, told) => {
    fault();
    const ran = await world.segjobs(['auth', 'status', '-o', 'json'], { env });
    expect(ran.exitCode).toBe(7);
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: null });
    expect(ran.stderr).toMatch(told);
  });

  it('nothing where all is well: exit 0', async () => {
    const ran = await status();
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout).toContain('accepted\ttrue\n');
    expect(ran.stdout).toContain('orgFrom\tenvironment AEP_ORG_ID\n');
  });
});
