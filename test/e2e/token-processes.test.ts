import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rotatedClientSecret } from '../../src/emulator/emulator.ts';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// The built program, many times over: one access token for all of them.

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  fs.rmSync(tokenDir(), { recursive: true, force: true });
  fs.rmSync(join(world.home, 'config'), { recursive: true, force: true });
  world.newRequests();
});
afterEach(() => world.emulator.clearFaults());

const tokenDir = () => join(world.env['XDG_CACHE_HOME'] ?? '', 'segjobs', 'tokens');
const tokenRequests = () => world.newRequests().filter((line) => line === 'POST token').length;
const list = ['list', '-L', '1', '-o', 'ids'];
const one = {
  exitCode: 0,
  stdout: expect.stringMatching(/^\S+\n$/),
  stderr: expect.stringMatching(/^Showing 1 of \d+ jobs; .*\n$/),
};

/** No credentials in the environment: what is stored has to do. */
const bare = { AEP_CLIENT_ID: undefined, AEP_CLIENT_SECRET: undefined, AEP_ORG_ID: undefined };

function storeProfile(profile: object): void {
  const { clientId, orgId } = world.emulator.credentials;
  const path = world.file(
    'config/config.json',
    JSON.stringify({
      version: 1,
      activeProfile: 'a',
      profiles: { a: { clientId, orgId, ...profile } },
    }),
  );
  fs.chmodSync(path, 0o600);
}

async function untilTokenIsAsked(): Promise<void> {
  while (!world.emulator.requests.slice(mark).some(({ operation }) => operation === 'token')) {
    await new Promise((next) => setTimeout(next, 5));
  }
}
let mark = 0;
beforeEach(() => {
  mark = world.emulator.requests.length;
});

describe('an access token', () => {
  it('is minted once for fifty processes that are started together', { timeout: 90_000 }, async () => {
    world.emulator.addFault('token:delay=500ms');
    const ends = await Promise.all(Array.from({ length: 50 }, () => world.run(list, { limitMs: 80_000 })));
    for (const end of ends) expect(end).toMatchObject(one);
    expect(tokenRequests()).toBe(1);
    expect(fs.readdirSync(tokenDir())).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
  });

  it('that was revoked is renewed once for ten processes that use it at the same time', {
    timeout: 60_000,
  }, async () => {
    await world.run(list);
    world.emulator.revokeTokens();
    world.newRequests();
    const ends = await Promise.all(Array.from({ length: 10 }, () => world.run(list, { limitMs: 50_000 })));
    for (const end of ends) expect(end).toMatchObject(one);
    expect(tokenRequests()).toBe(1);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is minted at once by the next process when the one that was about to got a %s',
    async (signal) => {
      world.emulator.addFault('token:hang,times=1');
      const first = world.start(list);
      await untilTokenIsAsked();
      first.child.kill(signal);
      await first.ended;
      const started = performance.now();
      expect(await world.run(list)).toMatchObject(one);
      expect(performance.now() - started).toBeLessThan(4000);
      expect(fs.readdirSync(tokenDir())).toHaveLength(1);
    },
  );

  it('is minted by others too when the one that is about to gets no answer', async () => {
    world.emulator.addFault('token:hang,times=1');
    const first = world.start(list);
    await untilTokenIsAsked();
    const env = { SEGJOBS_HTTP_TIMEOUT: '2s' };
    expect(await world.run(list, { env })).toMatchObject(one);
    first.child.kill('SIGTERM');
    await first.ended;
  });

  it.each([400, -400])('is shared by commands whose clock is %i days off [fault 111]', async (days) => {
    const shift = world.file(
      `shift${days}.cjs`,
      `const now = Date.now; const off = ${days} * 86400000; const Real = Date;
       Date.now = () => now() + off;
       globalThis.Date = new Proxy(Real, {
         construct: (target, args) => new target(...(args.length === 0 ? [now() + off] : args)),
       });`,
    );
    const nodeFlags = ['--require', shift];
    expect(await world.run(list, { nodeFlags })).toMatchObject(one);
    expect(await world.run(list, { nodeFlags })).toMatchObject(one);
    expect(tokenRequests()).toBe(1);
    // And after the clock was set right, whether or not that looks like an expiry.
    expect(await world.run(list)).toMatchObject(one);
    expect(await world.run(list)).toMatchObject(one);
    expect(tokenRequests()).toBeLessThanOrEqual(1);
  });

  it('is minted with whichever of two secrets is valid during a rotation', async () => {
    for (const clientSecrets of [
      ['retired-and-gone', rotatedClientSecret],
      [world.emulator.credentials.clientSecret, rotatedClientSecret],
      [rotatedClientSecret],
    ]) {
      storeProfile({ clientSecrets });
      fs.rmSync(tokenDir(), { recursive: true, force: true });
      world.newRequests();
      expect(await world.run(list, { env: bare })).toMatchObject(one);
      expect(tokenRequests()).toBe(clientSecrets[0] === 'retired-and-gone' ? 2 : 1);
    }
  });

  it('is refused where both secrets are wrong (exit 4), naming neither', async () => {
    storeProfile({ clientSecrets: ['retired-and-gone', 'mistyped-and-sad'] });
    const ran = await world.run(list, { env: bare });
    expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ran.stderr).toContain('invalid_client');
    expect(ran.stderr).not.toMatch(/retired|mistyped/);
  });
});

describe.runIf(isPosix)('a credentialCommand', () => {
  /** Tells each run in a file, and prints the secret after a moment. */
  const fetcher = () => {
    const log = join(world.home, 'fetched');
    fs.rmSync(log, { force: true });
    const program = world.file(
      'fetch.cjs',
      `require('node:fs').appendFileSync(process.argv[2], 'x');
       setTimeout(() => console.log(process.argv[3]), 300);`,
    );
    return {
      argv: [process.execPath, program, log, world.emulator.credentials.clientSecret],
      runs: () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').length : 0),
    };
  };

  it('is run once for ten processes, and not at all while a token is cached', {
    timeout: 60_000,
  }, async () => {
    const { argv, runs } = fetcher();
    storeProfile({ credentialCommand: argv });
    const ends = await Promise.all(
      Array.from({ length: 10 }, () => world.run(list, { env: bare, limitMs: 50_000 })),
    );
    for (const end of ends) expect(end).toMatchObject(one);
    expect(runs()).toBe(1);
    expect(await world.run(['auth', 'status'], { env: bare })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('credentials\tcredential command\n'),
    });
    expect(runs()).toBe(1);
  });

  it.each([
    ['config', 'path'],
    ['config', 'list'],
    ['create', 'A', '--dry-run'],
    ['auth', 'logout'],
  ])('is not run by segjobs %s %s, which need no token', async (...argv) => {
    const fetched = fetcher();
    storeProfile({ credentialCommand: fetched.argv });
    expect(await world.run(argv.filter(Boolean), { env: bare })).toMatchObject({ exitCode: 0 });
    expect(fetched.runs()).toBe(0);
  });

  it('that fails is exit 4 with its own stderr, and without its output', async () => {
    const secret = world.emulator.credentials.clientSecret;
    const program = world.file(
      'failing.cjs',
      `console.log(process.argv[2]); console.error('vault: locked'); process.exitCode = 7;`,
    );
    storeProfile({ credentialCommand: [process.execPath, program, secret] });
    const ran = await world.run([...list, '--debug'], { env: bare });
    expect(ran).toMatchObject({ exitCode: 4, stdout: '' });
    expect(ran.stderr).toContain('vault: locked\n');
    expect(ran.stderr).toMatch(/^error: the credentialCommand .* failed with exit code 7$/m);
    expect(ran.stderr).not.toContain(secret);
  });

  it('ends with the program that runs it', async () => {
    const program = world.file(
      'slow.cjs',
      `console.error('pid ' + process.pid); setInterval(() => {}, 1000);`,
    );
    storeProfile({ credentialCommand: [process.execPath, program] });
    const { child, ended, until } = world.start(list, { env: bare });
    await until('stderr', /pid \d+\n/);
    child.kill('SIGTERM');
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(143);
    expect(() => process.kill(Number(/pid (\d+)/.exec(stderr)?.[1]), 0)).toThrow('ESRCH');
  });
});
