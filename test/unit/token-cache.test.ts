import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTokenCache, tokenCacheOf } from '../../src/config/token-cache.ts';

const userId = process.getuid?.();
const token = {
  accessToken: ['made', 'up'].join('-'),
  expiresAt: 1_800_000_000_000,
  lifetimeMs: 86_400_000,
  clockAheadMs: -5_000,
};

let cacheDir: string;
beforeEach(() => {
  cacheDir = join(fs.mkdtempSync(join(tmpdir(), 'segjobs-tokens-')), 'cache');
});
afterEach(() => fs.rmSync(join(cacheDir, '..'), { recursive: true, force: true }));

const open = (
  facts: { clientId?: string; imsUrl?: string; scopes?: string; identity?: readonly string[] } = {},
) =>
  createTokenCache({
    locations: { cacheDir },
    userId,
    clientId: 'client',
    imsUrl: 'https://ims.example',
    scopes: 'openid',
    ...facts,
  });

it('gives back what was written, from a private file whose name gives nothing away', async () => {
  await open().write(token);
  expect(await open().read()).toEqual(token);
  const [name = ''] = fs.readdirSync(join(cacheDir, 'tokens'));
  expect(name).toMatch(/^[0-9a-f]{64}\.json$/);
  if (userId === undefined) return;
  expect(fs.statSync(join(cacheDir, 'tokens', name)).mode & 0o777).toBe(0o600);
  expect(fs.statSync(join(cacheDir, 'tokens')).mode & 0o777).toBe(0o700);
});

it('keeps tokens of different clients, hosts and scopes apart', async () => {
  await open().write(token);
  expect(await open({ clientId: 'other' }).read()).toBeUndefined();
  expect(await open({ imsUrl: 'https://other.example' }).read()).toBeUndefined();
  expect(await open({ scopes: 'openid,AdobeID' }).read()).toBeUndefined();
});

it('does not hand the token of one secret to another, and keeps the secret out of the file', async () => {
  await open({ identity: ['right-secret'] }).write(token);
  expect(await open({ identity: ['right-secret'] }).read()).toMatchObject(token);
  expect(await open({ identity: ['wrong-secret'] }).read()).toBeUndefined();
  expect(await open().read()).toMatchObject(token);
  expect(fs.readFileSync(open().path ?? '', 'utf8')).not.toContain('right-secret');
});

it.each([
  ['empty', ''],
  ['cut short', '{"accessToken":"ma'],
  ['of another shape', '["made-up"]'],
  ['without expiry', '{"accessToken":"made-up"}'],
  ['without the clock it was minted by', JSON.stringify({ ...token, clockAheadMs: undefined })],
  ['of a time beyond all calendars', JSON.stringify({ ...token, expiresAt: 1e300 })],
  ['binary', '\u0000\u0001\ufffd'],
  ['holding a line break', JSON.stringify({ ...token, accessToken: 'a\r\nb' })],
])('counts a file that is %s as nothing cached', async (_, content) => {
  await open().write(token);
  fs.writeFileSync(open().path ?? '', content);
  expect(await open().read()).toBeUndefined();
});

it.runIf(userId !== undefined)('does not trust a file that others can read', async () => {
  await open().write(token);
  fs.chmodSync(open().path ?? '', 0o644);
  expect(await open().read()).toBeUndefined();
});

it('does without where nothing can be written', async () => {
  fs.writeFileSync(cacheDir, 'a file in the way');
  await open().write(token);
  expect(await open().read()).toBeUndefined();
  const nowhere = createTokenCache({
    locations: { cacheDir: undefined },
    userId,
    clientId: 'c',
    imsUrl: 'i',
    scopes: 's',
  });
  await nowhere.write(token);
  expect([await nowhere.read(), await nowhere.remove()]).toEqual([undefined, false]);
});

it('removes, and says whether there was one', async () => {
  await open().write(token);
  expect([await open().remove(), await open().remove()]).toEqual([true, false]);
});

it('is found again for a stored profile', async () => {
  await open({ imsUrl: 'https://ims-na1.adobelogin.com', scopes: 'a,b' }).write(token);
  const ofProfile = tokenCacheOf({ clientId: 'client', scopes: 'a b' }, { cacheDir }, {}, userId);
  expect(await ofProfile?.read()).toEqual(token);
  expect(tokenCacheOf({}, { cacheDir }, {}, userId)).toBeUndefined();
});
