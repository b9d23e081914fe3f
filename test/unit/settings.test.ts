import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Credentials, resolveSettings, type SettingsFlags } from '../../src/config/settings.ts';
import { emptyConfig, type StoredConfig, type StoredProfile } from '../../src/config/stored.ts';
import { SegjobsError } from '../../src/errors.ts';

/** Made up here, so that a search for them in a message finds them. */
const secretText = ['S3', 'cr3t'.repeat(4)].join('-');
const tokenText = ['T0', 'k3n'.repeat(4)].join('-');

const prod: StoredProfile = {
  clientId: 'prod-id',
  orgId: 'PROD@AdobeOrg',
  clientSecrets: ['prod-secret'],
  sandbox: 'prod',
};
const dev: StoredProfile = {
  clientId: 'dev-id',
  orgId: 'DEV@AdobeOrg',
  accessToken: 'dev-token',
  sandbox: 'dev',
};

function configWith(profiles: Record<string, StoredProfile>, activeProfile?: string): StoredConfig {
  return { ...emptyConfig('/c/config.json'), activeProfile, profiles: new Map(Object.entries(profiles)) };
}

const both = configWith({ prod, dev }, 'prod');
const noConfig = emptyConfig('/c/config.json');

interface World {
  flags?: SettingsFlags;
  env?: Readonly<Record<string, string | undefined>>;
  config?: StoredConfig;
  files?: Record<string, string>;
  runCredentialCommand?: (argv: readonly string[]) => Promise<readonly string[]>;
}

const notAskedFor = () => Promise.reject(new Error('not asked for'));

const resolve = ({
  flags = {},
  env = {},
  config = noConfig,
  files = {},
  runCredentialCommand = notAskedFor,
}: World) =>
  resolveSettings({
    flags,
    env,
    config: async () => config,
    readSecretFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw new SegjobsError('USAGE', `cannot read ${path}`);
      return text;
    },
    runCredentialCommand,
  });

async function failureOf(world: World): Promise<SegjobsError> {
  try {
    await resolve(world);
  } catch (error) {
    if (error instanceof SegjobsError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const envToken = { AEP_ACCESS_TOKEN: tokenText, AEP_CLIENT_ID: 'env-id', AEP_ORG_ID: 'ENV@AdobeOrg' };
const envSecret = { AEP_CLIENT_SECRET: secretText, AEP_CLIENT_ID: 'env-id', AEP_ORG_ID: 'ENV@AdobeOrg' };

describe('the bundle of credentials', () => {
  it.each<[string, World, string, 'accessToken' | 'oauth', string | undefined]>([
    ['the active profile', { config: both }, 'prod-id', 'oauth', 'prod'],
    [
      'the profile SEGJOBS_PROFILE chooses',
      { config: both, env: { SEGJOBS_PROFILE: 'dev' } },
      'dev-id',
      'accessToken',
      'dev',
    ],
    [
      'the environment before the active profile',
      { config: both, env: envSecret },
      'env-id',
      'oauth',
      undefined,
    ],
    [
      'the environment before SEGJOBS_PROFILE',
      { config: both, env: { ...envSecret, SEGJOBS_PROFILE: 'dev' } },
      'env-id',
      'oauth',
      undefined,
    ],
    [
      '--profile before the environment',
      { config: both, env: envToken, flags: { profile: 'dev' } },
      'dev-id',
      'accessToken',
      'dev',
    ],
    [
      '--profile before SEGJOBS_PROFILE',
      { config: both, env: { SEGJOBS_PROFILE: 'prod' }, flags: { profile: 'dev' } },
      'dev-id',
      'accessToken',
      'dev',
    ],
    ['a token before a secret', { env: { ...envSecret, ...envToken } }, 'env-id', 'accessToken', undefined],
    [
      'AEP_API_KEY for a client id',
      { env: { AEP_ACCESS_TOKEN: tokenText, AEP_API_KEY: 'key', AEP_ORG_ID: 'E@AdobeOrg' } },
      'key',
      'accessToken',
      undefined,
    ],
    [
      'AEP_CLIENT_ID before AEP_API_KEY',
      { env: { ...envToken, AEP_API_KEY: 'key' } },
      'env-id',
      'accessToken',
      undefined,
    ],
    [
      'an empty variable like none',
      { config: both, env: { AEP_ACCESS_TOKEN: '', AEP_ORG_ID: '' } },
      'prod-id',
      'oauth',
      'prod',
    ],
  ])('is %s', async (_, world, clientId, kind, profile) => {
    const settings = await resolve(world);
    expect([settings.clientId, settings.credentials.kind, settings.profile]).toEqual([
      clientId,
      kind,
      profile,
    ]);
  });

  it('takes the secret from a file, without its line break', async () => {
    const env = { AEP_CLIENT_SECRET_FILE: '/run/s', AEP_CLIENT_ID: 'i', AEP_ORG_ID: 'O@AdobeOrg' };
    const { credentials, sources } = await resolve({ env, files: { '/run/s': `${secretText}\r\n` } });
    expect(await secretsOf(credentials)).toEqual([secretText]);
    expect(sources.get('credentials')).toBe('environment AEP_CLIENT_SECRET_FILE');
  });

  it('asks neither profile nor file when the environment supplies everything [fault 137]', async () => {
    const { clientId } = await resolveSettings({
      flags: {},
      env: envSecret,
      config: () => Promise.reject(new Error('there is no home')),
      readSecretFile: notAskedFor,
      runCredentialCommand: notAskedFor,
    });
    expect(clientId).toBe('env-id');
  });

  it('runs the credentialCommand of a profile only when its secret is asked for, and prefers it to what is stored', async () => {
    const profile = { ...prod, credentialCommand: ['op', 'read'] };
    const ran: (readonly string[])[] = [];
    const { credentials, sources } = await resolve({
      config: configWith({ a: profile }, 'a'),
      runCredentialCommand: async (argv) => {
        ran.push(argv);
        return ['from-command'];
      },
    });
    expect(sources.get('credentials')).toBe('profile a (credentialCommand)');
    expect(ran).toEqual([]);
    expect(await secretsOf(credentials)).toEqual(['from-command']);
    expect(ran).toEqual([['op', 'read']]);
  });

  it('refuses what a credentialCommand printed when it can be no secret, not showing it (exit 4)', async () => {
    const { credentials } = await resolve({
      config: configWith({ a: { ...prod, credentialCommand: ['op'] } }, 'a'),
      runCredentialCommand: async () => [`${secretText}\nsecond line`],
    });
    const error = await secretsOf(credentials).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NO_CREDENTIALS', exitCode: 4 });
    expect(String(error)).not.toContain('S3-');
  });
});

async function secretsOf(credentials: Credentials): Promise<readonly string[]> {
  return credentials.kind === 'oauth' ? credentials.clientSecrets() : [];
}

describe('an incomplete bundle', () => {
  it.each<[string, World, readonly string[]]>([
    ['a token alone', { env: { AEP_ACCESS_TOKEN: tokenText } }, ['AEP_CLIENT_ID', 'AEP_ORG_ID']],
    [
      'a secret without organization',
      { env: { AEP_CLIENT_SECRET: secretText, AEP_CLIENT_ID: 'i' } },
      ['AEP_ORG_ID'],
    ],
    ['an id alone', { env: { AEP_CLIENT_ID: 'i' } }, ['AEP_CLIENT_SECRET', 'AEP_ORG_ID']],
    [
      'an id beside a usable profile: never mixed',
      { config: both, env: { AEP_CLIENT_ID: 'i' } },
      ['AEP_CLIENT_SECRET'],
    ],
    [
      'a profile without secret',
      { config: configWith({ a: { clientId: 'i', orgId: 'o' } }, 'a') },
      ['secret', 'auth login --profile a'],
    ],
    [
      'a profile without organization',
      { config: configWith({ a: { ...prod, orgId: undefined } }, 'a') },
      ['orgId'],
    ],
    ['nothing at all', {}, ['not logged in', 'segjobs auth login', 'AEP_CLIENT_ID']],
    ['an active profile that is gone', { config: configWith({}, 'old') }, ['not logged in']],
    [
      'profiles, none of them active',
      { config: configWith({ a: prod }, 'old') },
      ['no profile is active', 'segjobs config use a'],
    ],
    [
      'a secret file that cannot be read',
      { env: { ...envSecret, AEP_CLIENT_SECRET: '', AEP_CLIENT_SECRET_FILE: '/x' } },
      ['AEP_CLIENT_SECRET_FILE', '/x'],
    ],
    [
      'an empty secret file',
      { env: { ...envSecret, AEP_CLIENT_SECRET: '', AEP_CLIENT_SECRET_FILE: '/x' }, files: { '/x': '\n' } },
      ['AEP_CLIENT_SECRET_FILE'],
    ],
  ])('%s is exit 4 and says what is missing', async (_, world, told) => {
    const error = await failureOf(world);
    expect(error).toMatchObject({ code: 'NO_CREDENTIALS', exitCode: 4 });
    for (const part of told) expect(`${error.message} ${error.hint}`).toContain(part);
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toMatch(/S3-|T0-/);
  });

  it.each([
    ['AEP_ACCESS_TOKEN', { ...envToken, AEP_ACCESS_TOKEN: `${tokenText}\r\nX-Evil: 1` }],
    ['AEP_CLIENT_SECRET', { ...envSecret, AEP_CLIENT_SECRET: `${secretText}\n` }],
    ['AEP_CLIENT_ID', { ...envSecret, AEP_CLIENT_ID: 'i\u001b[2J' }],
    ['AEP_ORG_ID', { ...envSecret, AEP_ORG_ID: 'Ö@AdobeOrg' }],
  ])(
    '%s with a control or foreign character is exit 4, its value not printed [fault 94]',
    async (name, env) => {
      const error = await failureOf({ env });
      expect(error).toMatchObject({ exitCode: 4 });
      expect(error.message).toContain(name);
      expect(`${error.message}${error.hint}`).not.toMatch(/S3-|T0-|Evil|\u001b|Ö/);
    },
  );
});

describe('a profile asked for by name', () => {
  it.each<[string, World]>([
    ['--profile', { config: both, flags: { profile: 'prdo' } }],
    ['SEGJOBS_PROFILE', { config: both, env: { SEGJOBS_PROFILE: 'prdo' } }],
  ])('that does not exist is a usage error naming those that do (%s)', async (place, world) => {
    const error = await failureOf(world);
    expect(error).toMatchObject({ exitCode: 2, hint: 'did you mean: prod' });
    expect(error.message).toContain(place);
    expect(error.message).toContain('prod, dev');
  });

  it.each(['__proto__', '', '../x', 'a b', 'x'.repeat(65), 'a\nb'])('may not be %j', async (profile) => {
    expect(await failureOf({ config: both, flags: { profile } })).toMatchObject({ exitCode: 2 });
  });

  it('ignores every AEP_* variable, the sandbox included, and says so', async () => {
    const settings = await resolve({
      config: both,
      env: { ...envToken, AEP_SANDBOX_NAME: 'elsewhere', AEP_SCOPES: 'other' },
      flags: { profile: 'prod' },
    });
    expect(settings).toMatchObject({ clientId: 'prod-id', sandbox: 'prod' });
    expect(settings.credentials).not.toMatchObject({ scopes: 'other' });
    expect(settings.warnings).toEqual([
      '--profile prod was given: AEP_ACCESS_TOKEN, AEP_CLIENT_ID, AEP_ORG_ID, AEP_SCOPES, AEP_SANDBOX_NAME are ignored',
    ]);
  });

  it('gives way to --sandbox only', async () => {
    const flags = { profile: 'prod', sandbox: 'other' };
    expect(await resolve({ config: both, env: { AEP_SANDBOX_NAME: 'x' }, flags })).toMatchObject({
      sandbox: 'other',
    });
  });
});

describe('the sandbox', () => {
  it.each<[string, World, string | undefined, string | undefined]>([
    ['of the profile', { config: both }, 'prod', 'profile prod'],
    [
      'of the environment before it',
      { config: both, env: { AEP_SANDBOX_NAME: 'e' } },
      'e',
      'environment AEP_SANDBOX_NAME',
    ],
    [
      'of the flag before both',
      { config: both, env: { AEP_SANDBOX_NAME: 'e' }, flags: { sandbox: 'f' } },
      'f',
      'flag --sandbox',
    ],
    [
      "never of a profile beside the environment's credentials",
      { config: both, env: envSecret },
      undefined,
      undefined,
    ],
    [
      'never a default',
      { config: configWith({ a: { ...prod, sandbox: undefined } }, 'a') },
      undefined,
      undefined,
    ],
  ])('is that %s', async (_, world, sandbox, source) => {
    const settings = await resolve(world);
    expect([settings.sandbox, settings.sources.get('sandbox')]).toEqual([sandbox, source]);
  });

  it.each(['../x', 'Prod', 'x'.repeat(300), 'a\nb', '', '-a', 'a b', 'é'])(
    '%j is refused, from wherever it comes [fault 139]',
    async (sandbox) => {
      expect(await failureOf({ config: both, flags: { sandbox } })).toMatchObject({ exitCode: 2 });
      if (sandbox !== '') {
        expect(await failureOf({ env: { ...envSecret, AEP_SANDBOX_NAME: sandbox } })).toMatchObject({
          exitCode: 2,
        });
      }
      expect(await failureOf({ config: configWith({ a: { ...prod, sandbox } }, 'a') })).toMatchObject({
        exitCode: 2,
      });
    },
  );
});

describe('the connection', () => {
  it('has defaults', async () => {
    expect(await resolve({ env: envSecret })).toMatchObject({
      apiUrl: 'https://platform.adobe.io',
      imsUrl: 'https://ims-na1.adobelogin.com',
      httpTimeoutMs: 60_000,
      maxRetries: 3,
    });
  });

  it('comes from the environment before the profile', async () => {
    const config = configWith(
      { a: { ...prod, apiUrl: 'https://a.example', imsUrl: 'https://b.example/' } },
      'a',
    );
    const env = {
      SEGJOBS_API_URL: 'http://127.0.0.1:80/',
      SEGJOBS_HTTP_TIMEOUT: '1m30s',
      SEGJOBS_MAX_RETRIES: '0',
    };
    const { apiUrl, imsUrl, httpTimeoutMs, maxRetries, sources } = await resolve({ config, env });
    expect({ apiUrl, imsUrl, httpTimeoutMs, maxRetries }).toEqual({
      apiUrl: 'http://127.0.0.1',
      imsUrl: 'https://b.example',
      httpTimeoutMs: 90_000,
      maxRetries: 0,
    });
    expect([sources.get('apiUrl'), sources.get('imsUrl'), sources.get('maxRetries')]).toEqual([
      'environment SEGJOBS_API_URL',
      'profile a',
      'environment SEGJOBS_MAX_RETRIES',
    ]);
  });

  it.each([
    'http://localhost:8080',
    'http://127.9.9.9',
    'http://[::1]:1',
    'https://gw.example',
    'HTTPS://GW.example:8443',
  ])('may be %s', async (url) => {
    expect((await resolve({ env: { ...envSecret, SEGJOBS_API_URL: url } })).apiUrl).toBe(new URL(url).origin);
  });

  it.each([
    'http://platform.adobe.io',
    'http://localhost.evil.example',
    'http://evil.localhost',
    'http://127.0.0.1.evil.example',
    'http://0.0.0.0',
    'https://user:hunter2@platform.adobe.io',
    'https://hunter2@platform.adobe.io',
    'https://platform.adobe.io/data/core/ups',
    'https://platform.adobe.io/?hunter2',
    'https://platform.adobe.io#hunter2',
    'ftp://platform.adobe.io',
    'javascript:hunter2',
    'platform.adobe.io',
    ' ',
  ])('may not be %s, whose password is not printed [fault 123]', async (url) => {
    for (const name of ['SEGJOBS_API_URL', 'SEGJOBS_IMS_URL']) {
      const error = await failureOf({ env: { ...envSecret, [name]: url } });
      expect(error).toMatchObject({ exitCode: 2 });
      expect(error.message).toContain(name);
      expect(`${error.message}${error.hint}${error.stack}`).not.toContain('hunter2');
    }
    const inProfile = await failureOf({ config: configWith({ a: { ...prod, apiUrl: url } }, 'a') });
    expect(inProfile).toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('profiles.a.apiUrl'),
    });
    expect(inProfile.message).not.toContain('hunter2');
  });

  it.each([
    ['SEGJOBS_HTTP_TIMEOUT', ['0', '60', '-1s', '2d', 'soon', '10ms']],
    ['SEGJOBS_MAX_RETRIES', ['-1', '1.5', 'many', '100']],
    ['SEGJOBS_PARALLEL', ['0', '17', '-1', '2.5', 'all']],
  ])('%s may not be nonsense', async (name, values) => {
    for (const value of values) {
      const error = await failureOf({ env: { ...envSecret, [name]: value } });
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(`${name} "${value}"`) });
    }
  });

  it('warns where TLS checks are switched off', async () => {
    const { warnings } = await resolve({ env: { ...envSecret, NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect(warnings).toEqual([expect.stringContaining('NODE_EXTRA_CA_CERTS')]);
  });
});

describe('scopes', () => {
  it.each<[string, World, string]>([
    [
      'by default',
      { env: envSecret },
      'openid,session,AdobeID,read_organizations,additional_info.projectedProductContext',
    ],
    [
      'of the environment, however joined',
      { env: { ...envSecret, AEP_SCOPES: 'openid, AdobeID  x' } },
      'openid,AdobeID,x',
    ],
    ['of the profile', { config: configWith({ a: { ...prod, scopes: 'a b' } }, 'a') }, 'a,b'],
    [
      'of the environment before the profile',
      { config: configWith({ a: { ...prod, scopes: 'a' } }, 'a'), env: { AEP_SCOPES: 'c' } },
      'c',
    ],
  ])('are those %s', async (_, world, scopes) => {
    expect((await resolve(world)).credentials).toMatchObject({ scopes });
  });
});

it('never takes client, organization and secret from two places', async () => {
  const names = [
    'AEP_ACCESS_TOKEN',
    'AEP_CLIENT_ID',
    'AEP_API_KEY',
    'AEP_CLIENT_SECRET',
    'AEP_ORG_ID',
  ] as const;
  const setting = fc.record({
    env: fc.record(Object.fromEntries(names.map((name) => [name, fc.constant(`env-${name}`)])), {
      requiredKeys: [],
    }),
    flag: fc.option(fc.constantFrom('prod', 'dev'), { nil: undefined }),
    active: fc.option(fc.constantFrom('prod', 'dev'), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(setting, async ({ env, flag, active }) => {
      const config = configWith({ prod, dev }, active);
      const settings = await resolve({ flags: { profile: flag }, env, config }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'NO_CREDENTIALS' });
        return undefined;
      });
      if (settings === undefined) return;
      const { credentials, clientId, orgId } = settings;
      const secret =
        credentials.kind === 'oauth' ? (await credentials.clientSecrets())[0] : credentials.accessToken;
      const places = [clientId, orgId, secret ?? ''].map((value) => value.slice(0, 3).toLowerCase());
      expect(new Set(places).size).toBe(1);
    }),
  );
});
