import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryOptions, type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// The built program's credentials: where they are kept, which of them count, and that nobody gets to see them.

let world: BinaryWorld;
let home: string;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'segjobs-config-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A user with nothing but a home and the addresses of the emulator. */
const newUser = (more: BinaryOptions['env'] = {}) => ({
  HOME: home,
  SEGJOBS_CONFIG_DIR: undefined,
  XDG_CACHE_HOME: undefined,
  XDG_STATE_HOME: undefined,
  AEP_CLIENT_ID: undefined,
  AEP_CLIENT_SECRET: undefined,
  AEP_ORG_ID: undefined,
  AEP_SANDBOX_NAME: undefined,
  ...more,
});
const run = (argv: readonly string[], more: BinaryOptions['env'] = {}, stdin?: string) =>
  world.run(argv, { env: newUser(more), ...(stdin === undefined ? {} : { stdin: { text: stdin } }) });

function loginArguments(...more: readonly string[]): readonly string[] {
  const { clientId, orgId } = world.emulator.credentials;
  return ['auth', 'login', '--client-id', clientId, '--org-id', orgId, '--client-secret-stdin', ...more];
}
const login = (...more: readonly string[]) =>
  run(loginArguments(...more), {}, `${world.emulator.credentials.clientSecret}\n`);

/** Every file and directory below a home with its mode: `700 .config`. */
function modes(directory: string, below = ''): string[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    const mode = (statSync(join(directory, path)).mode & 0o777).toString(8);
    return [`${mode} ${path}`, ...(entry.isDirectory() ? modes(directory, path) : [])];
  });
}

const secretsOf = (text: string): readonly string[] => {
  const { clientSecret, accessToken } = world.emulator.credentials;
  const minted = world.emulator.requests.flatMap(({ headers }) => {
    const [, token = ''] = /^Bearer (.+)$/.exec(headers['authorization'] ?? '') ?? [];
    return token === '' ? [] : [token];
  });
  return [...new Set([clientSecret, accessToken, ...minted])].filter((secret) => text.includes(secret));
};

describe.runIf(isPosix)('auth login', () => {
  it.each(['000', '022', '077'])(
    'makes every file 0600 and every directory 0700 under umask %s [fault 130]',
    async (umask) => {
      const words = loginArguments('--sandbox', 'prod').join(' ');
      const { exitCode, stderr } = await world.shell(
        `umask ${umask}; printf %s "$SECRET" | segjobs ${words} && segjobs list -L 1 -q && segjobs create SEG -q`,
        { env: newUser({ SECRET: world.emulator.credentials.clientSecret }) },
      );
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      const kept = modes(home);
      expect(kept.some((line) => line.endsWith('config.json'))).toBe(true);
      for (const line of kept) {
        const isDirectory = statSync(join(home, line.slice(4))).isDirectory();
        expect(line).toMatch(isDirectory ? /^700 / : /^600 /);
      }
    },
  );

  it('stores what works, and only that', async () => {
    const wrong = await run(loginArguments(), {}, 'wrong-secret');
    expect([wrong.exitCode, wrong.stdout]).toEqual([4, '']);
    expect(wrong.stderr).not.toContain('wrong-secret');
    expect((await run(['list'])).exitCode).toBe(4);
    const right = await login('--sandbox', 'dev');
    expect(right).toMatchObject({ exitCode: 0 });
    expect((await run(['list', '-L', '1', '-o', 'ids'])).stdout).toMatch(/^\S+\n$/);
    expect(world.emulator.requests.at(-1)?.headers['x-sandbox-name']).toBe('dev');
  });

  it('leaves a profile that status explains and token hands out, until logout', async () => {
    await login('--sandbox', 'prod');
    const [status, token] = await Promise.all([run(['auth', 'status', '--json']), run(['auth', 'token'])]);
    expect(status.exitCode).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      schemaVersion: 1,
      profile: 'default',
      sandbox: 'prod',
    });
    expect(secretsOf(status.stdout + status.stderr)).toEqual([]);
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const used = await run(['list', '-L', '1', '-o', 'ids'], {
      AEP_ACCESS_TOKEN: token.stdout.trim(),
      AEP_CLIENT_ID: world.emulator.credentials.clientId,
      AEP_ORG_ID: world.emulator.credentials.orgId,
      AEP_SANDBOX_NAME: 'prod',
      HOME: join(home, 'elsewhere'),
    });
    expect(used.exitCode).toBe(0);
    expect((await run(['auth', 'logout'])).exitCode).toBe(0);
    expect((await run(['auth', 'status'])).exitCode).toBe(4);
    expect((await run(['auth', 'token'])).exitCode).toBe(4);
    const { clientSecret } = world.emulator.credentials;
    const left = modes(home).flatMap((line) => {
      const path = join(home, line.slice(4));
      return statSync(path).isFile() ? [readFileSync(path, 'utf8')] : [];
    });
    expect(left.join('')).not.toContain(clientSecret);
    expect(secretsOf(left.join(''))).toEqual([]);
  });
});

describe('a secret', () => {
  it('is in no output, not even under --debug, in an error or as JSON [fault 136]', async () => {
    await login('--sandbox', 'prod');
    const lines = [
      ['list', '-L', '2', '--debug'],
      ['get', 'nobody', '--debug', '--json'],
      ['create', 'SEG', '--dry-run', '-o', 'table'],
      ['create', 'SEG', '--dry-run', '--json', '--debug'],
      ['config', 'list'],
      ['config', 'list', '--json'],
      ['config', 'get', 'clientId'],
      ['auth', 'status', '--debug'],
      ['config', 'set', 'clientSecret', 'typed-secret'],
    ];
    const ends = await Promise.all(lines.map((argv) => run(argv)));
    const texts = ends.map(({ stdout, stderr }) => stdout + stderr);
    expect(secretsOf(texts.join('\n'))).toEqual([]);
    expect(ends[0]?.stderr).toMatch(
      /^GET \/data\/core\/ups\/segment\/jobs\?\S+ -> 200 in \d+ ms, request id \S+$/m,
    );
    expect(texts[2]).toContain('authorization: Bearer ***');
    expect(texts[2]).not.toContain(world.emulator.credentials.clientId);
    expect(ends[8]).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('auth login --client-secret-stdin'),
    });
    expect(texts[8]).not.toContain('typed-secret');
  });

  it('is in no output under --debug when the service refuses it, or repeats it', async () => {
    const { clientSecret, clientId, orgId } = world.emulator.credentials;
    const env = {
      AEP_CLIENT_ID: clientId,
      AEP_CLIENT_SECRET: `${clientSecret}-wrong`,
      AEP_ORG_ID: orgId,
      AEP_SANDBOX_NAME: 'prod',
    };
    const refused = await run(['list', '--debug'], env);
    expect([refused.exitCode, refused.stdout]).toEqual([4, '']);
    expect(refused.stderr).not.toContain(clientSecret);
    expect(refused.stderr).toMatch(/^POST \/ims\/token\/v3 -> 400 /m);
  });

  it.runIf(process.platform === 'linux')('is in the command line of no process [fault 136]', async () => {
    world.emulator.addFault('sandboxes:delay=400ms');
    world.newRequests();
    const { clientSecret } = world.emulator.credentials;
    const started = world.start(loginArguments(), { env: newUser(), stdin: { text: clientSecret } });
    // By now it has read the secret and is being answered.
    await expect.poll(() => world.newRequests(), { timeout: 5000 }).toContain('GET sandboxes');
    const commandLine = readFileSync(`/proc/${started.child.pid}/cmdline`, 'utf8');
    world.emulator.clearFaults();
    expect(commandLine).toContain('--client-secret-stdin');
    expect(commandLine).not.toContain(clientSecret);
    expect((await started.ended).exitCode).toBe(0);
  });
});

describe('which settings count', () => {
  const sandboxAsked = async (argv: readonly string[], env: BinaryOptions['env'] = {}) => {
    const { exitCode, stderr } = await run([...argv, '-L', '1'], env);
    if (exitCode !== 0) return stderr;
    return world.emulator.requests.at(-1)?.headers['x-sandbox-name'];
  };

  it('a flag before the environment before the profile; an explicit --profile before every AEP_ variable', async () => {
    await login('--sandbox', 'dev');
    await login('--sandbox', 'prod', '--profile', 'second');
    const inEnvironment = { AEP_SANDBOX_NAME: 'prod' };
    expect(await sandboxAsked(['list'])).toBe('dev');
    expect(await sandboxAsked(['list'], inEnvironment)).toBe('prod');
    expect(await sandboxAsked(['list', '--sandbox', 'dev'], inEnvironment)).toBe('dev');
    expect(await sandboxAsked(['list', '--profile', 'default'], inEnvironment)).toBe('dev');
    expect(await sandboxAsked(['list', '--profile', 'default', '--sandbox', 'prod'])).toBe('prod');
    expect(await sandboxAsked(['list'], { SEGJOBS_PROFILE: 'second' })).toBe('prod');
    expect(await sandboxAsked(['list', '-p', 'third'])).toMatch(/^error: .*third/);
    await run(['config', 'use', 'second']);
    expect(await sandboxAsked(['list'])).toBe('prod');
  });

  it('nobody logged in is exit 4, and says what is missing', async () => {
    const [nothing, half] = await Promise.all([
      run(['list']),
      run(['list'], { AEP_CLIENT_ID: 'a', AEP_ORG_ID: 'b', AEP_SANDBOX_NAME: 'prod' }),
    ]);
    expect([nothing.exitCode, half.exitCode]).toEqual([4, 4]);
    expect(nothing.stderr).toContain('segjobs auth login');
    expect(half.stderr).toContain('AEP_CLIENT_SECRET');
  });

  it('credentials from the environment need no home: nothing is written, a create works [fault 137]', async () => {
    const { clientId, clientSecret, orgId } = world.emulator.credentials;
    const { exitCode, stdout } = await run(['create', 'SEG', '-o', 'ids'], {
      HOME: undefined,
      AEP_CLIENT_ID: clientId,
      AEP_CLIENT_SECRET: clientSecret,
      AEP_ORG_ID: orgId,
      AEP_SANDBOX_NAME: 'prod',
      XDG_CACHE_HOME: '/proc/1/cache',
      XDG_STATE_HOME: '/proc/1/state',
      SEGJOBS_CONFIG_DIR: '/proc/1/config',
    });
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\S+\n$/)]);
  });

  it('the tool asks for a token once and keeps it', async () => {
    await login('--sandbox', 'prod');
    world.newRequests();
    await run(['list', '-L', '1']);
    await run(['get', 'nobody']);
    expect(world.newRequests()).toEqual(['GET list', 'GET get']);
  });
});
