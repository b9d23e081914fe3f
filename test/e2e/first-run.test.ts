import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';
import { hasPty, startPty } from '../support/pty-session.ts';

// The first minutes of a new user: what `segjobs` alone says, and that each thing it advises works as it stands.

let world: BinaryWorld;
let home: string;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'segjobs-new-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const nobody = () => ({
  HOME: home,
  SEGJOBS_CONFIG_DIR: join(home, 'config'),
  AEP_CLIENT_ID: undefined,
  AEP_CLIENT_SECRET: undefined,
  AEP_ORG_ID: undefined,
  AEP_SANDBOX_NAME: undefined,
});
const shell = (line: string) => world.shell(line, { env: nobody() });

describe.runIf(isPosix)('a new user', () => {
  it('is told three lines, on stdout, and each command in them works', async () => {
    const { exitCode, stdout, stderr } = await shell('segjobs');
    expect({ exitCode, stderr, lines: stdout.trimEnd().split('\n').length }).toEqual({
      exitCode: 0,
      stderr: '',
      lines: 3,
    });
    const commands = [...stdout.matchAll(/: (segjobs .*?)(?= {2}|$)/gm)].map(([, command = '']) => command);
    expect(commands).toEqual(['segjobs emulator exec -- segjobs list', 'segjobs auth login', 'segjobs help']);
    const [tried, , helped] = await Promise.all(commands.map(shell));
    expect(tried).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('SUCCEEDED') });
    expect(helped).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('list segment jobs') });
  });

  it.runIf(hasPty)('logs in by answering, and the next command is the one that was advised', async () => {
    const { clientId, clientSecret, orgId } = world.emulator.credentials;
    const session = startPty(
      'segjobs auth login; echo "code $?"; segjobs list -L 2',
      world.environment(nobody()),
    );
    for (const [question, answer] of [
      [/Client id:/, clientId],
      [/Organization id:/, orgId],
      [/Client secret/, clientSecret],
      [/Sandbox, by/, 'dev'],
    ] as const) {
      await session.until(question);
      session.type(`${answer}\r`);
    }
    await session.exitCode;
    expect(session.screen()).toMatch(/Next: segjobs list\r\n.*code 0\r\n[\s\S]*Showing 2 of/);
    expect((await shell('segjobs')).stdout).toContain('list segment jobs');
  });
});
