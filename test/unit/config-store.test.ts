import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, updateConfig } from '../../src/config/store.ts';
import { SegjobsError } from '../../src/errors.ts';

const userId = process.getuid?.();
const isPosix = userId !== undefined;
/** Made up here, so that a search for it in any output finds it. */
const secret = ['s', 'ecr', 'et-', 'x'.repeat(20)].join('');
const clock = {
  now: () => 1_800_000_000_000,
  sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
};

let home: string;
let configFile: string;

beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-config-'));
  configFile = join(home, 'segjobs', 'config.json');
});

afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

const places = () => ({ configFile, mayRepairDir: true });
const read = () => readConfig({ configFile }, { userId });
const update: <T>(change: Parameters<typeof updateConfig<T>>[2]) => ReturnType<typeof updateConfig<T>> = (
  change,
) => updateConfig(places(), { userId, clock }, change);

function put(content: string | Uint8Array, mode = 0o600): void {
  fs.mkdirSync(join(home, 'segjobs'), { recursive: true });
  fs.writeFileSync(configFile, content);
  fs.chmodSync(configFile, mode);
}

function failureOf(action: () => unknown): SegjobsError {
  try {
    action();
  } catch (error) {
    if (error instanceof SegjobsError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('reading', () => {
  it('finds nothing where there is no file, and no place for one', () => {
    expect(read()).toMatchObject({ activeProfile: undefined, profiles: new Map(), warnings: [] });
    expect(readConfig({ configFile: undefined }, { userId }).profiles.size).toBe(0);
  });

  it('gives profiles with one secret or several', () => {
    put(
      JSON.stringify({
        version: 1,
        activeProfile: 'a',
        profiles: { a: { clientId: 'id', clientSecret: 's' }, b: { clientSecrets: ['s', 't'] } },
      }),
    );
    const { activeProfile, profiles } = read();
    expect(activeProfile).toBe('a');
    expect(profiles.get('a')).toMatchObject({ clientId: 'id', clientSecrets: ['s'] });
    expect(profiles.get('b')?.clientSecrets).toEqual(['s', 't']);
  });

  it.each([
    ['empty', '', ':1:1: the file is empty'],
    ['cut short', `{"profiles":{"a":{"clientSecret":"${secret}`, /:1:\d+: not valid JSON/],
    ['not JSON', `{\n  "clientSecret": ${secret}\n}`, ':2:19: not valid JSON'],
    ['binary', Uint8Array.of(0x80, 0xff, 0, 1, 2), ':1:1: the file is not UTF-8 text'],
    [
      'UTF-16',
      Buffer.from(`\uFEFF{"a":"${secret}"}`, 'utf16le'),
      ':1:1: the file is UTF-16; it must be UTF-8',
    ],
    ['with a byte order mark', '\uFEFF{}', /:1:1: .* byte order mark/],
    ['a list', `["${secret}"]`, ': must hold one JSON object'],
    ['a text', `"${secret}"`, ': must hold one JSON object'],
    ['null', 'null', ': must hold one JSON object'],
    ['profiles as a list', '{"profiles":[]}', ': "profiles" must be an object'],
    ['a profile as text', `{"profiles":{"a":"${secret}"}}`, ': "profiles.a" must be an object'],
    [
      'a secret as a number',
      '{"profiles":{"a":{"clientSecret":1}}}',
      ': "profiles.a.clientSecret" must be text',
    ],
    [
      'a command as text',
      '{"profiles":{"a":{"credentialCommand":"x"}}}',
      ': "profiles.a.credentialCommand" must be a list of texts',
    ],
    ['limits as a number', '{"profiles":{"a":{"limits":2}}}', ': "profiles.a.limits" must be an object'],
    ['a version as text', '{"version":"1"}', ': "version" must be a whole number'],
  ])(
    'a file that is %s is refused with its path, never an excerpt, and stays [fault 131]',
    async (_, content, told) => {
      put(content);
      const before = fs.readFileSync(configFile);
      const error = failureOf(read);
      expect(error).toMatchObject({ code: 'CONFIG', exitCode: 2 });
      if (typeof told === 'string') expect(error.message).toBe(`${configFile}${told}`);
      else expect(error.message).toMatch(told);
      expect(`${error.message} ${error.hint} ${error.stack} ${String(error.cause)}`).not.toContain(
        secret.slice(0, 8),
      );

      await expect(update((draft) => draft.changeProfile('a', { sandbox: 'dev' }))).rejects.toMatchObject({
        code: 'CONFIG',
      });
      expect(fs.readFileSync(configFile)).toEqual(before);
    },
  );

  it.runIf(isPosix)('makes a file private that others can read, and warns [fault 130]', () => {
    put('{}', 0o644);
    expect(read().warnings).toEqual([expect.stringContaining('it is private now')]);
    expect(fs.statSync(configFile).mode & 0o777).toBe(0o600);
    expect(read().warnings).toEqual([]);
  });

  it('takes __proto__ and constructor for names like any other', () => {
    put('{"profiles":{"__proto__":{"clientId":"evil"},"constructor":{"__proto__":{"sandbox":"x"}}}}');
    const { profiles } = read();
    expect([...profiles.keys()]).toEqual(['__proto__', 'constructor']);
    expect(profiles.get('constructor')?.sandbox).toBeUndefined();
    expect(({} as Record<string, unknown>)['clientId']).toBeUndefined();
  });

  it.runIf(isPosix)('refuses a link to a device', () => {
    fs.mkdirSync(join(home, 'segjobs'));
    fs.symlinkSync('/dev/zero', configFile);
    expect(failureOf(read).message).toBe(`${configFile}: not a regular file`);
  });

  it('refuses a file of two megabytes', () => {
    put(`{"x":"${'y'.repeat(2 * 1024 * 1024)}"}`);
    expect(failureOf(read).message).toBe(`${configFile}: too large`);
  });
});

describe('changing', () => {
  it('makes a private file in a private directory', async () => {
    await update((draft) => draft.changeProfile('a', { sandbox: 'dev', clientSecrets: [secret] }));
    expect(JSON.parse(fs.readFileSync(configFile, 'utf8'))).toEqual({
      version: 1,
      profiles: { a: { sandbox: 'dev', clientSecret: secret } },
    });
    expect(fs.readdirSync(join(home, 'segjobs'))).toEqual(['config.json']);
    if (!isPosix) return;
    expect(fs.statSync(configFile).mode & 0o777).toBe(0o600);
    expect(fs.statSync(join(home, 'segjobs')).mode & 0o777).toBe(0o700);
  });

  it('returns what the change returned, and the new configuration', async () => {
    const { value, config } = await update((draft) => {
      draft.changeProfile('a', { limits: { day: 2 } });
      draft.activeProfile = 'a';
      return 'done';
    });
    expect(value).toBe('done');
    expect(config).toMatchObject({ activeProfile: 'a' });
    expect(read().profiles.get('a')?.limits).toEqual({ day: 2 });
  });

  it('keeps unknown keys and a newer version, and says so [fault 138]', async () => {
    const newer = {
      future: { big: [1, null, { __proto__: null, a: 'b' }] },
      version: 7,
      profiles: { a: { colour: 'red', sandbox: 'prod' }, b: { other: true } },
    };
    put(JSON.stringify(newer));
    const { kept } = await update((draft) => draft.changeProfile('a', { sandbox: 'dev' }));
    expect(kept).toContain('version 7');
    expect(JSON.parse(fs.readFileSync(configFile, 'utf8'))).toEqual({
      ...newer,
      profiles: { a: { colour: 'red', sandbox: 'dev' }, b: { other: true } },
    });

    put('{"version":1,"extra":1,"profiles":{"a":{"colour":1}}}');
    const second = await update((draft) => draft.changeProfile('a', { sandbox: 'dev' }));
    expect(second.kept).toBe('kept what this version does not know: extra, profiles.a.colour');
  });

  it('keeps keys called __proto__', async () => {
    const text = '{"version":1,"__proto__":{"x":1},"profiles":{"__proto__":{"clientId":"c"},"a":{}}}';
    put(text);
    await update((draft) => draft.changeProfile('a', { sandbox: 'dev' }));
    expect(fs.readFileSync(configFile, 'utf8').replace(/\s/g, '')).toBe(
      text.replace('"a":{}', '"a":{"sandbox":"dev"}'),
    );
  });

  it('does not touch a file that needs no change', async () => {
    put('{"profiles":{"a":{"sandbox":"dev"}}}');
    const before = fs.statSync(configFile);
    await update((draft) => draft.changeProfile('a', { sandbox: 'dev' }));
    expect(fs.statSync(configFile)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it('writes nothing when the change throws, and frees the lock', async () => {
    put('{"profiles":{}}');
    const failing = update(() => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(fs.readFileSync(configFile, 'utf8')).toBe('{"profiles":{}}');
    expect(fs.readdirSync(join(home, 'segjobs'))).toEqual(['config.json']);
  });

  it('swaps one secret for two and back without a trace of the old', async () => {
    await update((draft) => draft.changeProfile('a', { clientSecrets: ['one'] }));
    await update((draft) => draft.changeProfile('a', { clientSecrets: ['two', 'three'] }));
    expect(JSON.parse(fs.readFileSync(configFile, 'utf8')).profiles.a).toEqual({
      clientSecrets: ['two', 'three'],
    });
    await update((draft) => draft.changeProfile('a', { clientSecrets: undefined }));
    expect(JSON.parse(fs.readFileSync(configFile, 'utf8')).profiles.a).toEqual({});
  });

  it('forgets the active profile when it is deleted', async () => {
    put('{"version":1,"activeProfile":"a","profiles":{"a":{},"b":{}}}');
    await update((draft) => draft.deleteProfile('a'));
    expect(JSON.parse(fs.readFileSync(configFile, 'utf8'))).toEqual({ version: 1, profiles: { b: {} } });
  });

  it('says that there is no place for a file', async () => {
    const nowhere = updateConfig({ configFile: undefined, mayRepairDir: false }, { userId, clock }, () => 1);
    await expect(nowhere).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('SEGJOBS_CONFIG_DIR'),
    });
  });
});
