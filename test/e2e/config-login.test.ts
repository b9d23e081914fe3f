import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { programInShell } from '../support/program.ts';
import { hasPty, startPty } from '../support/pty-session.ts';
import { createWorld, type World } from '../support/world.ts';

// The built program's login as a conversation on a real terminal.

describe.runIf(hasPty)('auth login on a terminal', () => {
  let world: World;
  let home: string;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    home = fs.mkdtempSync(join(tmpdir(), 'segjobs-login-'));
  });
  afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

  const start = (redirect = '') =>
    startPty(
      `${programInShell} auth login ${redirect}; code=$?; stty -a | grep -ow -- '-*echo'; exit $code`,
      {
        HOME: home,
        SEGJOBS_CONFIG_DIR: home,
        SEGJOBS_API_URL: world.emulator.url,
        SEGJOBS_IMS_URL: world.emulator.url,
        NO_COLOR: '1',
      },
    );
  const configFile = () => join(home, 'config.json');

  it('asks for everything, hides the secret, proves it, and stores it', async () => {
    const { clientId, clientSecret, orgId } = world.emulator.credentials;
    const session = start();
    await session.until(/Client id:/);
    session.type(`${clientId}\r`);
    await session.until(/Organization id/);
    session.type(`${orgId}\r`);
    await session.until(/Client secret:/);
    session.type(`${clientSecret}\r`);
    await session.until(/Sandbox to work in \(prod, dev; Enter for none\):/);
    session.type('nope\r');
    await session.until(/\(no such sandbox\)/);
    session.type('dev\r');
    expect(await session.exitCode).toBe(0);
    expect(session.screen()).toContain('Logged in. Try: segjobs list');
    expect(session.screen()).not.toContain(clientSecret);
    expect(session.screen()).toMatch(/^echo\r?$/m);
    expect(JSON.parse(fs.readFileSync(configFile(), 'utf8')).profiles.default).toMatchObject({
      clientSecret,
      sandbox: 'dev',
    });
  });

  it('asks on stderr, so that stdout stays data', async () => {
    const { clientId } = world.emulator.credentials;
    const session = start(`> "${join(home, 'out')}"`);
    await session.until(/Client id:/);
    session.type(`${clientId}\r`);
    await session.until(/Organization id/);
    session.type('\x03');
    expect(await session.exitCode).toBe(130);
    expect(fs.readFileSync(join(home, 'out'), 'utf8')).toBe('');
  });

  it('asks again for what cannot be right', async () => {
    const session = start();
    await session.until(/Client id:/);
    session.type('\r');
    await session.until(/\(it must not be empty\) Client id:/);
    session.type('a b\r');
    await session.until(/\(it holds a blank or a character outside ASCII\) Client id:/);
    session.type('\x03');
    expect(await session.exitCode).toBe(130);
  });

  it.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('%s at the secret is exit 130, stores nothing and restores echo [fault 107]', async (_, key) => {
    const { clientId, orgId } = world.emulator.credentials;
    const session = start();
    await session.until(/Client id:/);
    session.type(`${clientId}\r`);
    await session.until(/Organization id/);
    session.type(`${orgId}\r`);
    await session.until(/Client secret:/);
    session.type(key);
    expect(await session.exitCode).toBe(130);
    expect(session.screen()).toMatch(/^echo\r?$/m);
    expect(fs.existsSync(configFile())).toBe(false);
  });
});
