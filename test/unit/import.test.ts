import { describe, expect, it } from 'vitest';
import { recogniseCredentials } from '../../src/config/import.ts';

/** Made up for every run: nothing that looks like a credential is kept in a file. */
const made = (what: string) => `${what}-${Math.random().toString(36).slice(2)}`;
const clientId = made('client');
const secret = made('secret');
const spare = made('spare');
const token = made('token');
const orgId = `${made('ORG')}@AdobeOrg`;

describe('a credential file', () => {
  it("is known as the Developer Console's credential", () => {
    const file = {
      ORG_ID: orgId,
      CLIENT_ID: clientId,
      CLIENT_SECRETS: [secret, spare],
      SCOPES: ['openid', 'AdobeID'],
      TECHNICAL_ACCOUNT_ID: 'x',
      TECHNICAL_ACCOUNT_EMAIL: 'y',
    };
    expect(recogniseCredentials(file)).toEqual({
      format: 'Developer Console credential',
      clientId,
      clientSecrets: [secret, spare],
      orgId,
      scopes: 'openid,AdobeID',
    });
  });

  const oauth = {
    integration_type: 'oauth_server_to_server',
    oauth_server_to_server: { client_id: clientId, client_secrets: [secret], scopes: ['openid'] },
  };
  const project = (credentials: unknown) => ({
    project: { org: { ims_org_id: orgId }, workspace: { details: { credentials } } },
  });

  it("is known as the Developer Console's project, whatever other credentials it holds", () => {
    expect(recogniseCredentials(project([{ integration_type: 'service', jwt: {} }, oauth]))).toEqual({
      format: 'Developer Console project',
      clientId,
      clientSecrets: [secret],
      orgId,
      scopes: 'openid',
    });
  });

  it.each([
    [
      'no OAuth credential',
      [{ integration_type: 'service' }],
      /no credential of the kind OAuth Server-to-Server/,
    ],
    ['two of them', [oauth, oauth], /2 OAuth Server-to-Server credentials/],
    ['no list', 'x', /no credential of the kind/],
  ])('as a project with %s is refused', (_, credentials, told) => {
    expect(() => recogniseCredentials(project(credentials))).toThrow(told);
  });

  const postman = (values: Record<string, string>, disabled: string[] = []) => ({
    name: 'Adobe',
    values: Object.entries(values).map(([key, value]) => ({ key, value, enabled: !disabled.includes(key) })),
  });

  it("is known as Adobe's Postman environment", () => {
    const values = {
      API_KEY: clientId,
      CLIENT_SECRET: secret,
      ACCESS_TOKEN: token,
      IMS_ORG: orgId,
      SANDBOX_NAME: 'dev',
      SCOPES: 'openid, AdobeID',
      IMS: 'ims-na1.adobelogin.com',
    };
    expect(recogniseCredentials(postman(values))).toEqual({
      format: 'Postman environment',
      clientId,
      clientSecrets: [secret],
      orgId,
      scopes: 'openid,AdobeID',
      sandbox: 'dev',
      imsUrl: 'https://ims-na1.adobelogin.com',
      accessToken: token,
    });
  });

  it('as a Postman environment leaves out what is empty, disabled or no sandbox', () => {
    const found = recogniseCredentials(
      postman({ API_KEY: clientId, CLIENT_SECRET: secret, ACCESS_TOKEN: '', SANDBOX_NAME: 'My Sandbox' }, [
        'CLIENT_SECRET',
      ]),
    );
    expect(found).toMatchObject({ clientSecrets: [], accessToken: undefined, sandbox: undefined });
  });

  it.each([
    ['ims-na1.adobelogin.com', 'https://ims-na1.adobelogin.com'],
    ['https://ims-na1-stg1.adobelogin.com/ims', 'https://ims-na1-stg1.adobelogin.com'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['evil.example', undefined],
    ['https://adobelogin.com.evil.example', undefined],
    ['https://x:y@ims-na1.adobelogin.com', undefined],
    ['http://ims-na1.adobelogin.com', undefined],
  ])('may send the secret to %s: %s', (host, imsUrl) => {
    expect(recogniseCredentials(postman({ API_KEY: clientId, IMS: host })).imsUrl).toBe(imsUrl);
  });

  it.each([
    [{ org_id: orgId, client_id: clientId, secret, 'sandbox-name': 'dev', scopes: 'openid,AdobeID' }],
    [
      {
        ORG_ID: orgId,
        API_KEY: clientId,
        Client_Secret: secret,
        'Sandbox-Name': 'dev',
        SCOPES: ['openid', 'AdobeID'],
      },
    ],
  ])("is known as aepp's configuration, keys in any case: %j", (file) => {
    expect(recogniseCredentials(file)).toEqual({
      format: 'aepp configuration',
      clientId,
      clientSecrets: [secret],
      orgId,
      scopes: 'openid,AdobeID',
      sandbox: 'dev',
    });
  });

  it("takes aepp's template for what it is: nothing filled in", () => {
    expect(() =>
      recogniseCredentials({ org_id: '<orgID>', client_id: '<client_id>', secret: '<secret>' }),
    ).toThrow(/not a credential file/);
  });

  it.each([
    null,
    1,
    'x',
    [],
    {},
    { profiles: {} },
    { project: { secret: token } },
    { values: [{ key: 'X', value: token }] },
  ])('is not %j, and the refusal shows no value', (file) => {
    expect(() => recogniseCredentials(file)).toThrow(expect.objectContaining({ exitCode: 2 }));
    try {
      recogniseCredentials(file);
    } catch (error) {
      expect(String(error)).not.toContain(token);
    }
  });

  it('takes nothing inherited for content', () => {
    const file = JSON.parse(`{"__proto__":{"CLIENT_ID":"x","CLIENT_SECRETS":["y"]}}`);
    expect(() => recogniseCredentials(file)).toThrow(/not a credential file/);
  });
});
