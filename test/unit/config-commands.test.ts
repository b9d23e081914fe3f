import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/host.ts';
import { runIn } from '../support/world.ts';

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-config-'));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

const clock: Clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => undefined };
const configFile = () => join(home, 'config.json');
const segjobs = (...argv: string[]) => runIn({ HOME: home, SEGJOBS_CONFIG_DIR: home }, clock, argv);
const put = (content: unknown) => fs.writeFileSync(configFile(), JSON.stringify(content), { mode: 0o600 });
const stored = () => JSON.parse(fs.readFileSync(configFile(), 'utf8'));

const two = {
  version: 1,
  activeProfile: 'a',
  profiles: {
    a: { clientId: 'client-id-of-a', orgId: 'A@AdobeOrg', clientSecret: 'hush-a', sandbox: 'dev' },
    b: { accessToken: 'hush-b', limits: { day: 2, year: 50 }, credentialCommand: ['op', 'read x'] },
  },
};

describe('config list', () => {
  it('shows every profile, secrets masked', async () => {
    put(two);
    const { stdout, exitCode } = await segjobs('config', 'list');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'activeProfile\ta',
      'a.clientId\tclie…of-a',
      'a.orgId\tA@AdobeOrg',
      'a.sandbox\tdev',
      'a.clientSecret\t********',
      'b.credentialCommand\t["op","read x"]',
      'b.limits\tday=2,year=50',
      'b.accessToken\t********',
      '',
    ]);
  });

  it('is a flat JSON object', async () => {
    put(two);
    const { stdout } = await segjobs('config', 'list', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, activeProfile: 'a', 'a.sandbox': 'dev' });
    expect(stdout).not.toContain('hush');
  });

  it('says how to begin when there is nothing', async () => {
    expect(await segjobs('config', 'list')).toEqual({
      exitCode: 0,
      stdout: 'activeProfile\t\n',
      stderr: 'No profiles yet. Make one with: segjobs auth login\n',
    });
  });

  it('makes an open file private and warns', async () => {
    put(two);
    fs.chmodSync(configFile(), 0o644);
    expect((await segjobs('config', 'list', '-q')).stderr).toContain('it is private now');
  });
});

describe('config set, get and unset', () => {
  it.each([
    ['clientId', 'abc', 'abc'],
    ['orgId', 'X@AdobeOrg', 'X@AdobeOrg'],
    ['sandbox', 'dev-1', 'dev-1'],
    ['scopes', 'openid, AdobeID', 'openid,AdobeID'],
    ['apiUrl', 'https://GW.example/', 'https://gw.example'],
    ['imsUrl', 'http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['output', 'json', 'json'],
    ['credentialCommand', '[ "op", "read x" ]', '["op","read x"]'],
    ['yearStart', '02-29', '02-29'],
    ['yearStart', '2026-07-01', '2026-07-01'],
    ['limits', 'year=50, day=2', 'year=50,day=2'],
    ['limits', 'day=0', 'day=0'],
  ])('%s %s round-trips', async (key, value, shown) => {
    expect((await segjobs('config', 'set', key, value)).exitCode).toBe(0);
    const { stdout } = await segjobs('config', 'get', key, '-o', 'tsv');
    expect(stdout.trim().split(',').sort()).toEqual(shown.split(',').sort());
    expect((await segjobs('config', 'set', key, stdout.trim())).exitCode).toBe(0);
    expect((await segjobs('config', 'unset', key, '-o', 'tsv')).stderr).toContain(`Removed ${key}`);
    expect(await segjobs('config', 'get', key)).toMatchObject({ exitCode: 5, stdout: '' });
    expect((await segjobs('config', 'unset', key)).stderr).toContain('was not set');
  });

  it.each([
    ['clientId', 'a b'],
    ['clientId', ''],
    ['orgId', 'é'],
    ['sandbox', 'Prod'],
    ['sandbox', 'a\nb'],
    ['scopes', ' '],
    ['apiUrl', 'http://platform.adobe.io'],
    ['apiUrl', 'https://user:hush@platform.adobe.io'],
    ['imsUrl', 'ims-na1.adobelogin.com'],
    ['output', 'xml'],
    ['credentialCommand', 'op read x'],
    ['credentialCommand', '[]'],
    ['credentialCommand', '["op",1]'],
    ['credentialCommand', '[""]'],
    ['credentialCommand', '{}'],
    ['yearStart', '2026-02-30'],
    ['yearStart', '13-01'],
    ['yearStart', 'July'],
    ['limits', '2'],
    ['limits', 'day=-1'],
    ['limits', 'day=1,day=2'],
    ['limits', 'week=1'],
  ])('%s may not be %j: exit 2, naming the key, nothing written', async (key, value) => {
    const ran = await segjobs('config', 'set', key, '--', value);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toContain(`invalid ${key}`);
    expect(ran.stderr).not.toContain('hush');
    expect(fs.existsSync(configFile())).toBe(false);
  });

  it.each(['set', 'get', 'unset'])('config %s names the valid keys for an unknown one', async (verb) => {
    const argv = verb === 'set' ? ['sandbx', 'dev'] : ['sandbx'];
    const ran = await segjobs('config', verb, ...argv);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('clientId, orgId, sandbox, scopes, apiUrl, imsUrl, output');
    expect(ran.stderr).toContain('did you mean: sandbox');
  });

  it.each([
    ['clientSecret', '--client-secret-stdin'],
    ['client_secret', '--client-secret-stdin'],
    ['clientSecrets', '--client-secret-stdin'],
    ['accessToken', '--access-token-stdin'],
  ])('%s is a secret: the error names the command that stores it', async (key, flag) => {
    const ran = await segjobs('config', 'set', key, 'hush');
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(`segjobs auth login ${flag}`);
    expect(ran.stderr).not.toContain('hush');
    expect((await segjobs('config', 'get', key)).exitCode).toBe(2);
  });

  it('work on the profile of --profile, and say when it is new', async () => {
    put(two);
    expect((await segjobs('config', 'set', 'sandbox', 'prod', '--profile', 'c')).stderr).toBe(
      'Set sandbox in the new profile "c".\n',
    );
    expect(stored()).toMatchObject({
      activeProfile: 'a',
      profiles: { a: { sandbox: 'dev' }, c: { sandbox: 'prod' } },
    });
    expect((await segjobs('config', 'get', 'sandbox', '-p', 'c')).stdout).toBe('prod\n');
    expect(await segjobs('config', 'get', 'sandbox', '-p', 'd')).toMatchObject({ exitCode: 2 });
  });

  it('refuse __proto__ as a profile and leave objects alone', async () => {
    expect((await segjobs('config', 'set', 'sandbox', 'dev', '--profile', '__proto__')).exitCode).toBe(2);
    expect(({} as Record<string, unknown>)['sandbox']).toBeUndefined();
  });
});

describe('config use and delete', () => {
  it('switch and remove profiles', async () => {
    put(two);
    expect((await segjobs('config', 'use', 'b')).stderr).toBe('Profile "b" is active now.\n');
    expect(stored().activeProfile).toBe('b');
    const ran = await segjobs('config', 'delete', 'b');
    expect(ran).toMatchObject({ exitCode: 0, stdout: '' });
    expect(ran.stderr).toContain('No profile is active now.');
    expect(stored()).toEqual({ version: 1, profiles: { a: two.profiles.a } });
  });

  it.each(['use', 'delete'])(
    'config %s of an unknown profile is exit 2 and names the known ones',
    async (verb) => {
      put(two);
      const ran = await segjobs('config', verb, 'z');
      expect(ran.exitCode).toBe(2);
      expect(ran.stderr).toContain('profiles: a, b');
      expect(stored()).toEqual(two);
    },
  );
});

describe('config path', () => {
  it('prints the path, whether or not the file exists', async () => {
    expect(await segjobs('config', 'path')).toMatchObject({ exitCode: 0, stdout: `${configFile()}\n` });
  });

  it('is exit 2 where there is no place for one', async () => {
    const ran = await runIn({ HOME: '' }, clock, ['config', 'path']);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toContain('SEGJOBS_CONFIG_DIR');
  });
});
