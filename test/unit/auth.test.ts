import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, type Ran, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

/** No credentials in the environment: what is stored has to do. */
const bare = {
  AEP_CLIENT_ID: undefined,
  AEP_CLIENT_SECRET: undefined,
  AEP_ORG_ID: undefined,
  AEP_SANDBOX_NAME: undefined,
};

const credentials = () => world.emulator.credentials;
const configFile = () => join(world.env['SEGJOBS_CONFIG_DIR'] ?? '', 'config.json');
const stored = () => JSON.parse(fs.readFileSync(configFile(), 'utf8'));
const hasFile = () => fs.existsSync(configFile());

function run(
  line: string,
  options: { stdin?: string; env?: Record<string, string | undefined> } = {},
): Promise<Ran> {
  return world.segjobs(line.split(' '), { stdin: options.stdin, env: { ...bare, ...options.env } });
}

function login(more = '', stdin = `${credentials().clientSecret}\n`): Promise<Ran> {
  const { clientId, orgId } = credentials();
  return run(`auth login --client-id ${clientId} --org-id ${orgId} --client-secret-stdin${more}`, { stdin });
}

/** No output may hold a secret or a token. */
function expectNoSecret({ stdout, stderr }: Ran): void {
  expect(stdout + stderr).not.toContain(credentials().clientSecret);
  expect(stdout + stderr).not.toMatch(/eyJ[\w-]+\.[\w-]+/);
}

describe('auth login', () => {
  it('stores what works as the first, active profile, and the next command uses it', async () => {
    const ran = await login(' --sandbox dev -o json');
    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schemaVersion: 1,
      profile: 'default',
      active: true,
      org: credentials().orgId,
      sandbox: 'dev',
      credentials: 'client secret',
      file: configFile(),
    });
    expect(ran.stderr).toBe('Logged in. Try: segjobs list\n');
    expectNoSecret(ran);
    expect(stored()).toEqual({
      version: 1,
      activeProfile: 'default',
      profiles: {
        default: {
          clientId: credentials().clientId,
          orgId: credentials().orgId,
          sandbox: 'dev',
          clientSecret: credentials().clientSecret,
        },
      },
    });
    expect((await run('list -L 1')).exitCode).toBe(0);
  });

  it('saves nothing when the secret is wrong, even while a token of the right one is cached', async () => {
    await login(' --profile good --sandbox dev');
    const before = fs.readFileSync(configFile());
    const ran = await login(' --profile bad --sandbox dev', 'wrong-secret\n');
    expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ran.stderr).toMatch(/^Nothing was saved\.\nerror: the login service refused the credentials/);
    expect(ran.stderr).not.toContain('wrong-secret');
    expect(fs.readFileSync(configFile())).toEqual(before);
  });

  it('saves nothing when the sandbox cannot be used, and names those that can', async () => {
    const ran = await login(' --sandbox nope');
    expect(ran.exitCode).toBe(4);
    expect(ran.stderr).toContain('error: cannot work in sandbox "nope"');
    expect(ran.stderr).toContain('hint: sandboxes it can use: prod, dev');
    expect(hasFile()).toBe(false);
  });

  it('saves nothing when the service is out of reach (exit 7)', async () => {
    const { clientId, orgId, clientSecret } = credentials();
    const ran = await run(`auth login --client-id ${clientId} --org-id ${orgId} --client-secret-stdin`, {
      stdin: clientSecret,
      env: { SEGJOBS_API_URL: 'http://127.0.0.1:9', SEGJOBS_MAX_RETRIES: '0' },
    });
    expect(ran.exitCode).toBe(7);
    expect(hasFile()).toBe(false);
  });

  it('without a sandbox works, and says what to do next', async () => {
    const ran = await login();
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain('segjobs config set sandbox NAME');
  });

  it('to a second profile leaves the first one active', async () => {
    await login(' --sandbox prod');
    const ran = await login(' --profile second --sandbox dev');
    expect(ran.stdout).toContain('active\tfalse');
    expect(ran.stderr).toContain('segjobs list --profile second');
    expect(stored()).toMatchObject({ activeProfile: 'default', profiles: { second: { sandbox: 'dev' } } });
  });

  it('again needs only the new secret', async () => {
    await login(' --sandbox dev');
    const ran = await run('auth login --client-secret-stdin', { stdin: credentials().clientSecret });
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain('are taken from profile "default"');
    expect(stored().profiles.default).toMatchObject({ sandbox: 'dev', clientId: credentials().clientId });
  });

  it('for another client takes over neither organization nor sandbox of the old one', async () => {
    await login(' --sandbox dev');
    const ran = await run('auth login --client-id another --client-secret-stdin', { stdin: 'x' });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('--org-id');
  });

  it('stores a ready access token in place of a secret', async () => {
    await login(' --sandbox dev');
    const token = (await run('auth token')).stdout;
    const ran = await run('auth login --access-token-stdin', { stdin: token });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('credentials\taccess token');
    expect(stored().profiles.default).toMatchObject({ accessToken: token.trim() });
    expect(stored().profiles.default).not.toHaveProperty('clientSecret');
    expectNoSecret(ran);
  });

  it('reads a credential file, both secrets of a rotation included', async () => {
    const { clientId, orgId, clientSecret } = credentials();
    const file = join(world.env['HOME'] ?? '', 'credential.json');
    const content = {
      CLIENT_ID: clientId,
      ORG_ID: orgId,
      CLIENT_SECRETS: ['retired', clientSecret],
      SCOPES: ['openid'],
    };
    fs.writeFileSync(file, JSON.stringify(content));
    const ran = await run(`auth login --from-file ${file} --sandbox prod`);
    expect(ran.exitCode).toBe(0);
    expect(stored().profiles.default).toMatchObject({
      clientSecrets: ['retired', clientSecret],
      scopes: 'openid',
    });
    const piped = await run('auth login --from-file - --profile piped --sandbox prod', {
      stdin: JSON.stringify(content),
    });
    expect(piped.exitCode).toBe(0);
  });

  it.each<[string, (facts: { clientId: string; clientSecret: string; orgId: string }) => object]>([
    [
      'a credential of the Developer Console',
      ({ clientId, clientSecret, orgId }) => ({
        ORG_ID: orgId,
        CLIENT_ID: clientId,
        CLIENT_SECRETS: [clientSecret],
        SCOPES: ['openid', 'AdobeID'],
        TECHNICAL_ACCOUNT_ID: 'A@techacct.adobe.com',
        TECHNICAL_ACCOUNT_EMAIL: 'b@techacct.adobe.com',
      }),
    ],
    [
      'a project of the Developer Console',
      ({ clientId, clientSecret, orgId }) => ({
        project: {
          name: 'made-up',
          org: { ims_org_id: orgId },
          workspace: {
            details: {
              credentials: [
                {
                  integration_type: 'oauth_server_to_server',
                  oauth_server_to_server: {
                    client_id: clientId,
                    client_secrets: [clientSecret],
                    scopes: ['openid', 'AdobeID'],
                  },
                },
              ],
            },
          },
        },
      }),
    ],
    [
      'a Postman environment',
      ({ clientId, clientSecret, orgId }) => ({
        name: 'made-up',
        values: Object.entries({
          API_KEY: clientId,
          CLIENT_SECRET: clientSecret,
          IMS_ORG: orgId,
          SCOPES: 'openid,AdobeID',
          SANDBOX_NAME: 'prod',
        }).map(([key, value]) => ({ key, value, enabled: true })),
      }),
    ],
    [
      'an aepp configuration',
      ({ clientId, clientSecret, orgId }) => ({
        org_id: orgId,
        client_id: clientId,
        secret: clientSecret,
        'sandbox-name': 'prod',
        scopes: 'openid,AdobeID',
      }),
    ],
  ])(
    'takes %s as it was saved, from a file or a pipe, with or without a byte order mark',
    async (_, write) => {
      const text = JSON.stringify(write(credentials()), undefined, 2);
      const file = join(world.env['HOME'] ?? '', 'saved.json');
      fs.writeFileSync(file, `\uFEFF${text}`);
      for (const [from, stdin] of [
        [file, undefined],
        ['-', text],
      ] as const) {
        const ran = await run(`auth login --from-file ${from} --sandbox dev`, stdin ? { stdin } : {});
        expect(ran).toMatchObject({ exitCode: 0, stderr: 'Logged in. Try: segjobs list\n' });
        expectNoSecret(ran);
        expect(stored().profiles.default).toEqual({
          clientId: credentials().clientId,
          clientSecret: credentials().clientSecret,
          orgId: credentials().orgId,
          scopes: 'openid,AdobeID',
          sandbox: 'dev',
        });
        expect((await run('list -L 1')).exitCode).toBe(0);
        fs.rmSync(configFile());
      }
    },
  );

  it('needs the secret itself to work: neither a cached token nor one that another process mints will do', async () => {
    await login(' --sandbox dev');
    await run('list -L 1');
    const tokenFiles = () => fs.readdirSync(join(world.env['XDG_CACHE_HOME'] ?? '', 'segjobs', 'tokens'));
    const ran = await run('auth login --client-secret-stdin', { stdin: 'wrong-secret\n' });
    expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ran.stderr).toContain(
      'hint: the secret may be mistyped, rotated or deleted (it comes from this login)',
    );
    // The login that works is not harmed by the one that does not.
    expect(tokenFiles()).toHaveLength(1);
    expect((await run('list -L 1')).exitCode).toBe(0);
  });

  it('warns when the environment goes before what was just stored', async () => {
    const { clientId, orgId, clientSecret } = credentials();
    const ran = await world.segjobs(
      [
        'auth',
        'login',
        '--client-id',
        clientId,
        '--org-id',
        orgId,
        '--client-secret-stdin',
        '--sandbox',
        'dev',
      ],
      { stdin: clientSecret },
    );
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain('AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID');
  });

  it.each<[string, string, string | undefined, RegExp]>([
    [
      'nothing given and nobody to ask',
      'auth login',
      undefined,
      /--client-id, --org-id, --client-secret-stdin; or --from-file/,
    ],
    ['two sources', 'auth login --client-secret-stdin --from-file x', undefined, /exclude each other/],
    ['an empty stdin', 'auth login --client-id a --org-id b --client-secret-stdin', '\n', /stdin is empty/],
    ['a missing file', 'auth login --from-file /no/such/file', undefined, /no such file/],
    [
      'a file that is no JSON',
      'auth login --from-file -',
      '{"CLIENT_SECRETS":["hush',
      /stdin:1:\d+: not valid JSON/,
    ],
    [
      'a file of something else',
      'auth login --from-file -',
      '{"name":"hush"}',
      /stdin: not a credential file/,
    ],
    [
      'a file without a secret',
      'auth login --from-file -',
      '{"CLIENT_ID":"a","ORG_ID":"b","CLIENT_SECRETS":[]}',
      /--client-secret-stdin/,
    ],
    ['an impossible sandbox', 'auth login --sandbox ../x', undefined, /--sandbox/],
    ['an impossible profile', 'auth login --profile ../x', undefined, /--profile/],
    ['an impossible client id', 'auth login --client-id \u001b[2J', undefined, /--client-id/],
    ['a format that makes no sense', 'auth login -o ids', undefined, /cannot be printed as ids/],
  ])('refuses %s before anything is sent (exit 2)', async (_, line, stdin, told) => {
    const ran = await run(line, stdin === undefined ? {} : { stdin });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toMatch(told);
    expect(ran.stderr).not.toMatch(/hush|\u001b/);
    expect(hasFile()).toBe(false);
  });

  it('refuses a secret with a line break in it (exit 4), not printing it [fault 94]', async () => {
    const ran = await login('', 'first-half\r\nsecond-half\n');
    expect(ran.exitCode).toBe(4);
    expect(ran.stderr).not.toContain('half');
  });
});

describe('auth status', () => {
  it('tells each value, where it came from, and that the service accepts it', async () => {
    await login(' --sandbox dev');
    const ran = await run('auth status -o json', { env: { AEP_SANDBOX_NAME: 'prod' } });
    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      profile: 'default',
      profileFrom: 'config file',
      org: credentials().orgId,
      orgFrom: 'profile default',
      sandbox: 'prod',
      sandboxFrom: 'environment AEP_SANDBOX_NAME',
      apiUrl: world.emulator.url,
      apiUrlFrom: 'environment SEGJOBS_API_URL',
      credentials: 'client secret',
      credentialsFrom: 'profile default',
      tokenExpires: expect.stringMatching(/^20\d\d-.*Z$/),
      accepted: true,
      sandboxes: 'prod,dev',
    });
    expect(ran.stdout).not.toContain(credentials().clientId);
    expectNoSecret(ran);
  });

  it('reads the expiry of a ready token from the token itself', async () => {
    await login(' --sandbox dev');
    const token = (await run('auth token')).stdout.trim();
    const { clientId, orgId } = credentials();
    const env = { AEP_ACCESS_TOKEN: token, AEP_CLIENT_ID: clientId, AEP_ORG_ID: orgId };
    const facts = JSON.parse((await run('auth status -o json', { env })).stdout);
    expect(facts).toMatchObject({ profile: null, credentials: 'access token', accepted: true });
    expect(Date.parse(facts.tokenExpires)).toBeGreaterThan(world.emulator.now());
  });

  it('is exit 4 with the facts and the reason when the service refuses', async () => {
    await login(' --sandbox dev');
    const { clientId, orgId } = credentials();
    const env = { AEP_ACCESS_TOKEN: 'made-up', AEP_CLIENT_ID: clientId, AEP_ORG_ID: orgId };
    const ran = await run('auth status', { env });
    expect(ran.exitCode).toBe(4);
    expect(ran.stdout).toContain('accepted\tfalse');
    expect(ran.stderr).toMatch(/^error: /m);
    expect(ran.stdout + ran.stderr).not.toContain('made-up');
  });

  it('does not call credentials bad when the service is out of reach', async () => {
    await login(' --sandbox dev');
    const env = { SEGJOBS_API_URL: 'http://127.0.0.1:9', SEGJOBS_MAX_RETRIES: '0' };
    const ran = await run('auth status -o json', { env });
    expect(ran.exitCode).toBe(7);
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: null });
  });

  it('is exit 4 when nobody logged in', async () => {
    const ran = await run('auth status');
    expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ran.stderr).toContain('segjobs auth login');
  });
});

describe('auth token', () => {
  it('prints one token on one line, in every format a text fits', async () => {
    await login(' --sandbox dev');
    const plain = await run('auth token');
    expect(plain).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[\w.-]+\n$/) });
    expect(JSON.parse((await run('auth token --json')).stdout)).toBe(plain.stdout.trim());
  });
});

describe('auth logout', () => {
  it('removes secret and cached token, keeps the rest, and the next command is exit 4', async () => {
    await login(' --sandbox dev');
    const tokens = join(world.env['XDG_CACHE_HOME'] ?? '', 'segjobs', 'tokens');
    expect(fs.readdirSync(tokens)).toHaveLength(1);
    const ran = await run('auth logout');
    expect(ran).toMatchObject({ exitCode: 0, stderr: 'Logged out of profile "default".\n' });
    expect(fs.readdirSync(tokens)).toHaveLength(0);
    expect(stored().profiles.default).toEqual({
      clientId: credentials().clientId,
      orgId: credentials().orgId,
      sandbox: 'dev',
    });
    expect((await run('list')).exitCode).toBe(4);
    expect((await run('auth logout')).stderr).toContain('holds no secret');
  });

  it('of a profile that does not exist is a usage error naming those that do', async () => {
    await login(' --sandbox dev');
    const ran = await run('auth logout --profile defualt');
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('did you mean: default');
  });
});

it('--debug shows no secret and no token at a login [fault 136]', async () => {
  const ran = await login(' --sandbox dev --debug');
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toContain('/ims/token/v3');
  expectNoSecret(ran);
});
