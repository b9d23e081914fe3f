import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { programInShell } from '../support/program.ts';
import { hasPty, startPty } from '../support/pty-session.ts';
import { createWorld, type World } from '../support/world.ts';

/** Every file, also in hidden directories. */
const filesBelow = (directory: string) =>
  fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [entry.name] : []));

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
    await session.until(/Client secret \(it is not shown\):/);
    session.type(`${clientSecret}\r`);
    await session.until(/1 {2}prod {2}production, default\s+2 {2}dev {3}development/);
    await session.until(/Sandbox, by number or name \(Enter for prod, - for none\):/);
    session.type('nope\r');
    await session.until(/\(no such sandbox\)/);
    session.type('2\r');
    expect(await session.exitCode).toBe(0);
    expect(session.screen()).toContain('Verified: Adobe issued a token; sandbox "dev" can be read.');
    expect(session.screen()).toMatch(/^Client id {4}emul…0000\r$/m);
    expect(session.screen()).toContain('Logged in. Only you can read that file (mode 0600).');
    expect(session.screen()).toContain('Next: segjobs list');
    expect(fs.statSync(configFile()).mode & 0o777).toBe(0o600);
    expect(session.screen()).not.toContain(clientSecret);
    expect(session.screen()).toMatch(/^echo\r?$/m);
    expect(JSON.parse(fs.readFileSync(configFile(), 'utf8')).profiles.default).toMatchObject({
      clientSecret,
      sandbox: 'dev',
    });
  });

  /** Answers everything up to the secret. */
  async function untilSecret(session: ReturnType<typeof start>): Promise<void> {
    const { clientId, orgId } = world.emulator.credentials;
    await session.until(/Client id:/);
    session.type(`${clientId}\r`);
    await session.until(/Organization id:/);
    session.type(`${orgId}\r`);
    await session.until(/Client secret/);
  }

  it('asks for the secret alone again when it is wrong, and goes on with the right one', async () => {
    const session = start();
    await untilSecret(session);
    session.type('wrong\r');
    await session.until(/do not\s+belong together[\s\S]*Client secret \(try 2 of 3\):/);
    session.type(`${world.emulator.credentials.clientSecret}\r`);
    await session.until(/Sandbox, by/);
    session.type('\r');
    expect(await session.exitCode).toBe(0);
    expect(session.screen().match(/Client id:/g)).toHaveLength(1);
    expect(JSON.parse(fs.readFileSync(configFile(), 'utf8')).profiles.default.sandbox).toBe('prod');
  });

  it('gives up after three wrong secrets: exit 4, and nothing is stored', async () => {
    const session = start();
    await untilSecret(session);
    for (const next of [/try 2 of 3/, /try 3 of 3/]) {
      session.type('wrong\r');
      await session.until(next);
    }
    session.type('wrong\r');
    expect(await session.exitCode).toBe(4);
    expect(session.screen()).toContain('Nothing was saved.');
    expect(session.screen()).not.toContain('wrong');
    expect(filesBelow(home)).toEqual([]);
  });

  it('says what is next where no sandbox was wanted', async () => {
    const session = start();
    await untilSecret(session);
    session.type(`${world.emulator.credentials.clientSecret}\r`);
    await session.until(/Sandbox, by/);
    session.type('-\r');
    expect(await session.exitCode).toBe(0);
    expect(session.screen()).toContain('Next, choose a sandbox: segjobs config set sandbox NAME');
  });

  it('Ctrl-C at the last question is exit 130, and leaves neither profile nor token', async () => {
    const session = start();
    await untilSecret(session);
    session.type(`${world.emulator.credentials.clientSecret}\r`);
    await session.until(/Sandbox, by/);
    session.type('\x03');
    expect(await session.exitCode).toBe(130);
    expect(session.screen()).toContain('Nothing was saved.');
    expect(filesBelow(home)).toEqual([]);
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
    session.type('ab\r');
    await session.until(/Organization id:/);
    session.type('ABC\r');
    await session.until(/\(it must end in @AdobeOrg\) Organization id:/);
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
    await session.until(/Client secret/);
    session.type(key);
    expect(await session.exitCode).toBe(130);
    expect(session.screen()).toMatch(/^echo\r?$/m);
    expect(fs.existsSync(configFile())).toBe(false);
  });
});
