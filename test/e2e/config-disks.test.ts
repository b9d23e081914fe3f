import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostTag } from '../../src/files.ts';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// The built program on disks that are read-only or full, and in homes that are none. Disks are real ones, mounted in
// a namespace of the test's own, where this machine lets us; a home that may not be written to does for others.

const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const isRoot = process.getuid?.() === 0;

let world: BinaryWorld;
let home: string;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  home = fs.mkdtempSync(join(world.home, 'disk-'));
});

const configFile = () => join(home, '.config', 'segjobs', 'config.json');
/** Everything of the tool's lies below this home. */
const inHome = () => ({
  HOME: home,
  SEGJOBS_CONFIG_DIR: undefined,
  XDG_CACHE_HOME: undefined,
  XDG_STATE_HOME: undefined,
});
const config = () => {
  const { clientId, orgId, clientSecret } = world.emulator.credentials;
  const a = { clientId, orgId, clientSecret, sandbox: 'prod' };
  return JSON.stringify({ version: 1, activeProfile: 'a', profiles: { a } });
};

function storeProfile(): void {
  fs.mkdirSync(join(configFile(), '..'), { recursive: true, mode: 0o700 });
  fs.chmodSync(join(configFile(), '..'), 0o700);
  fs.writeFileSync(configFile(), config(), { mode: 0o600 });
}

/** A lock that a killed command left, which nobody can remove from a disk that is read-only now. */
function leaveLock(): void {
  const tokens = join(home, '.config', 'segjobs', 'cache', 'tokens');
  const owner = { pid: 2 ** 22 + 1, host: hostTag(), since: Date.now(), token: 'x' };
  for (const name of fs.readdirSync(tokens))
    fs.writeFileSync(join(tokens, `${name}.lock`), JSON.stringify(owner));
  for (const name of fs.readdirSync(tokens)) if (name.endsWith('.json')) fs.rmSync(join(tokens, name));
}

/** Runs a script in which the home is read-only. */
const readOnly = (script: string, env: Record<string, string | undefined> = {}) => {
  if (canMount) {
    const mounted = `mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 99; ${script}`;
    return world.shell(`exec unshare -m bash -c '${mounted}'`, { env: { ...inHome(), ...env } });
  }
  return world.shell(
    `find "$HOME" -type d -exec chmod u-w {} +; ${script}; code=$?; chmod -R u+w "$HOME"; exit $code`,
    { env: { ...inHome(), ...env } },
  );
};

describe.runIf(isPosix && (canMount || !isRoot))('on a disk that is read-only [fault 137]', () => {
  it.each([
    ['an empty home', () => undefined],
    ['a home with a profile', storeProfile],
  ])('credentials of the environment are enough, with %s', async (_, prepare) => {
    prepare();
    const ran = await readOnly(
      'segjobs list -L 1 -o ids && segjobs auth status -o json && segjobs auth token',
    );
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    expect(ran.stderr).not.toContain('cannot');
  });

  it('a stored profile works, each command with a token of its own', async () => {
    storeProfile();
    world.newRequests();
    const bare = { AEP_CLIENT_ID: undefined, AEP_CLIENT_SECRET: undefined, AEP_ORG_ID: undefined };
    const ran = await readOnly('segjobs list -L 1 -o ids && segjobs list -L 1 -o ids', bare);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    expect(world.newRequests().filter((line) => line === 'POST token')).toHaveLength(2);
  });

  it('a lock that a killed command left there keeps nobody waiting', async () => {
    await world.shell('segjobs list -L 1 -o ids', { env: inHome() });
    leaveLock();
    const started = performance.now();
    const ran = await readOnly('segjobs list -L 1 -o ids');
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('a job is created, with a warning that nothing can be remembered of it', async () => {
    const ran = await readOnly('segjobs create A -o ids');
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\S+\n$/) });
    expect(ran.stderr.trim().split('\n').length).toBeGreaterThanOrEqual(2);
  });

  it('what would have to be stored is exit 1, and says why', async () => {
    storeProfile();
    const { clientId, orgId } = world.emulator.credentials;
    for (const command of [
      'segjobs config set sandbox dev',
      'segjobs config delete a',
      `printf %s "$AEP_CLIENT_SECRET" | segjobs auth login --client-id ${clientId} --org-id ${orgId} --client-secret-stdin`,
    ]) {
      const ran = await readOnly(command);
      expect(ran, command).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ran.stderr).toMatch(/^error: cannot write .*: .*(read-only|permission denied)/m);
    }
    expect(fs.readFileSync(configFile(), 'utf8')).toBe(config());
  });
});

describe.runIf(canMount)('on a disk that is full [fault 135]', () => {
  /** Runs a script with the home on a disk of 64 kB, of which `FULL` takes the rest and `FREE` gives it back. */
  const small = (script: string, content = config()) =>
    world.shell(
      `exec unshare -m bash -c '
        mount -t tmpfs -o size=64k,mode=700 none "$HOME" || exit 99
        cd "$HOME"; mkdir -p -m 700 .config .config/segjobs; printf %s "$CONTENT" > "$FILE"; chmod 600 "$FILE"
        FULL() { dd if=/dev/zero of=filler bs=4k count=100 2> /dev/null; }
        FREE() { rm filler; }
        ${script}'`,
      { env: { ...inHome(), CONTENT: content, FILE: configFile() } },
    );

  it.each([
    ['for anything', 'FULL', config],
    [
      'for more than a lock',
      'FULL; truncate -s -4096 filler',
      () => JSON.stringify({ ...JSON.parse(config()), future: 'x'.repeat(9_000) }),
    ],
  ])(
    'with no room %s a change is exit 1, the old file is whole, and with room again it works',
    async (_, fill, content) => {
      const script = `
      ${fill}; segjobs config set sandbox dev; echo "code $?"
      [ "$(cat "$FILE")" = "$CONTENT" ] && echo same; ls -A .config/segjobs
      FREE; segjobs config set sandbox dev; echo "code $?"; ls -A .config/segjobs; segjobs config get sandbox`;
      const ran = await small(script, content());
      expect(ran.stdout.split('\n')).toEqual([
        'code 1',
        'same',
        'config.json',
        'code 0',
        'config.json',
        'dev',
        '',
      ]);
      expect(ran.stderr).toMatch(/^error: cannot write .*config\.json.*: the disk is full$/m);
    },
  );

  it('a token that cannot be cached is used all the same', async () => {
    const ran = await small('FULL; segjobs list -L 1 -o ids; code=$?; find .config -type f; exit $code');
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    expect(ran.stdout.trim().split('\n').slice(1)).toEqual(['.config/segjobs/config.json']);
  });

  it('a login is proven, not stored, and says so', async () => {
    const { clientId, orgId } = world.emulator.credentials;
    const ran = await small(`
      FULL
      printf %s "$AEP_CLIENT_SECRET" | segjobs auth login --client-id ${clientId} --org-id ${orgId} --client-secret-stdin --sandbox dev
      echo "code $?"; [ "$(cat "$FILE")" = "$CONTENT" ] && echo same`);
    expect(ran.stdout).toBe('code 1\nsame\n');
    expect(ran.stderr).not.toContain('Logged in');
  });
});

describe.runIf(isPosix)('in a home that is none [fault 137]', () => {
  it.each([
    ['unset', 'unset HOME'],
    ['empty', 'HOME='],
    ['relative', 'HOME=relative'],
    ['a file', 'HOME=$PWD/file'],
    ['of another kind', 'HOME=/dev/null'],
  ])(
    '(%s) commands work with credentials of the environment, and write nothing here',
    async (_, assignment) => {
      const cwd = fs.mkdtempSync(join(world.home, 'cwd-'));
      fs.writeFileSync(join(cwd, 'file'), '');
      const env = { SEGJOBS_CONFIG_DIR: undefined, XDG_CACHE_HOME: undefined, XDG_STATE_HOME: undefined };
      // An account's own home stands in for a variable that is not set; here it must not be the tester's.
      const home =
        assignment === 'unset HOME' ? `export XDG_CONFIG_HOME=${join(cwd, 'file')}` : `export ${assignment}`;
      const ran = await world.shell(
        `${assignment.startsWith('unset') ? 'unset HOME;' : ''} ${home}; segjobs list -L 1 -o ids && segjobs create A -o ids`,
        {
          env,
          cwd,
        },
      );
      expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\S+\n\S+\n$/) });
      expect(fs.readdirSync(cwd)).toEqual(['file']);
    },
  );
});
