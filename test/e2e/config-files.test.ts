import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCommand } from '../support/processes.ts';
import { programCall, programInShell } from '../support/program.ts';
import { createWorld, type World } from '../support/world.ts';

// The built program and the files it keeps: modes, links, broken and missing homes, many processes at once.

const isPosix = process.platform !== 'win32';

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-e2e-'));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

const directory = () => join(home, '.config', 'segjobs');
const configFile = () => join(directory(), 'config.json');
const modeOf = (path: string) => (fs.statSync(path).mode & 0o777).toString(8);

/** The directories hold what a test is about and nothing else. */
const noCodeCache = { NODE_DISABLE_COMPILE_CACHE: '1' };

const run = (argv: readonly string[], env: Record<string, string> = { HOME: home }) => {
  const { command, parameters } = programCall(argv);
  return startCommand(command, parameters, { env: { ...env, ...noCodeCache }, limitMs: 60_000 }).ended;
};

/** Through a shell, for umask, limits and closed streams; `segjobs` is the program. */
function shell(script: string, env: Record<string, string> = { HOME: home }) {
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `segjobs() { ${programInShell} "$@"; }; ${script}`],
    {
      env: { PATH: process.env['PATH'] ?? '', ...noCodeCache, ...env },
      encoding: 'utf8',
    },
  );
  return { exitCode: status, stdout, stderr };
}

describe.runIf(isPosix)('the configuration file', () => {
  it.each(['000', '022', '077'])('is 0600 in directories of 0700 under umask %s [fault 130]', (umask) => {
    expect(shell(`umask ${umask}; segjobs config set sandbox dev`)).toMatchObject({ exitCode: 0 });
    expect([modeOf(join(home, '.config')), modeOf(directory()), modeOf(configFile())]).toEqual([
      '700',
      '700',
      '600',
    ]);
    expect(fs.readdirSync(directory())).toEqual(['config.json']);
  });

  it('is repaired with a warning when others can read it, and its directory too [fault 130]', async () => {
    fs.mkdirSync(directory(), { recursive: true });
    fs.chmodSync(directory(), 0o755);
    fs.writeFileSync(configFile(), '{}');
    fs.chmodSync(configFile(), 0o644);
    const ran = await run(['config', 'set', 'sandbox', 'dev']);
    expect(ran).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('it is private now'),
    });
    expect([modeOf(directory()), modeOf(configFile())]).toEqual(['700', '600']);
  });

  it('in a directory the user named leaves the mode of that directory alone', async () => {
    fs.chmodSync(home, 0o755);
    await run(['config', 'set', 'sandbox', 'dev'], { SEGJOBS_CONFIG_DIR: home });
    expect([modeOf(home), modeOf(join(home, 'config.json'))]).toEqual(['755', '600']);
  });

  it('that is a link of a dotfile manager stays one [fault 134]', async () => {
    fs.mkdirSync(directory(), { recursive: true });
    const target = join(home, 'dotfiles.json');
    fs.writeFileSync(target, '{"version":1,"profiles":{}}', { mode: 0o600 });
    fs.symlinkSync(target, configFile());
    expect((await run(['config', 'set', 'sandbox', 'dev'])).exitCode).toBe(0);
    expect(fs.readlinkSync(configFile())).toBe(target);
    expect(JSON.parse(fs.readFileSync(target, 'utf8')).profiles.default).toEqual({ sandbox: 'dev' });
  });

  it('that is broken is named with its position by every command that needs it, and kept [fault 131]', async () => {
    fs.mkdirSync(directory(), { recursive: true });
    const broken = '{\n  "profiles": { "a": { "clientSecret": "hush-hush" }\n';
    fs.writeFileSync(configFile(), broken, { mode: 0o600 });
    for (const line of [
      'list',
      'auth status',
      'config list',
      'config set sandbox dev',
      'auth login',
      'auth logout',
    ]) {
      const ran = await run(line.split(' '));
      expect([line, ran.exitCode, ran.stdout]).toEqual([line, 2, '']);
      expect(ran.stderr).toMatch(/^error: .*config\.json:3:1: not valid JSON$/m);
      expect(ran.stderr).not.toMatch(/hush|SyntaxError|\bat /);
    }
    expect(fs.readFileSync(configFile(), 'utf8')).toBe(broken);
  });

  it('survives a disk that is full in the middle of a write, and so does its directory [fault 135]', () => {
    fs.mkdirSync(directory(), { recursive: true });
    const old = JSON.stringify({ version: 1, profiles: {}, filler: 'x'.repeat(9_000) });
    fs.writeFileSync(configFile(), old, { mode: 0o600 });
    // A limit of a few blocks cuts a write short first and refuses the rest, as a full disk does.
    const ran = shell('trap "" XFSZ; ulimit -f 4; segjobs config set sandbox dev');
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ran.stderr).toMatch(
      /^error: cannot write .*config\.json: the file would be larger than allowed$/m,
    );
    expect(fs.readFileSync(configFile(), 'utf8')).toBe(old);
    expect(fs.readdirSync(directory())).toEqual(['config.json']);
  });

  it('keeps twenty values that twenty processes set at once [fault 132]', { timeout: 60_000 }, async () => {
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const ends = await Promise.all(
      names.map((name) => run(['config', 'set', 'sandbox', name, '--profile', name])),
    );
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 0));
    const { profiles } = JSON.parse(fs.readFileSync(configFile(), 'utf8'));
    expect(Object.keys(profiles).sort()).toEqual([...names].sort());
    expect(fs.readdirSync(directory())).toEqual(['config.json']);
  });

  it('is the only file read: nothing in the working directory counts [fault 140]', () => {
    const evil = JSON.stringify({
      version: 1,
      activeProfile: 'evil',
      profiles: { evil: { sandbox: 'evil' } },
    });
    for (const name of ['segjobs.json', 'config.json', '.segjobs.json', '.env', '.npmrc', '.segjobsrc']) {
      fs.writeFileSync(
        join(home, name),
        name === '.env' ? 'AEP_SANDBOX_NAME=evil\nSEGJOBS_PROFILE=evil\n' : evil,
      );
    }
    fs.mkdirSync(join(home, 'node_modules', 'conf'), { recursive: true });
    fs.writeFileSync(join(home, 'node_modules', 'conf', 'index.js'), 'console.log("evil")');
    const ran = shell(
      `cd "${home}"; segjobs config list; segjobs config set sandbox dev; segjobs config list`,
    );
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout + ran.stderr).not.toContain('evil');
  });

  it.each(['HOME=', 'HOME=relative'])('is written nowhere under %s [fault 137]', (assignment) => {
    const ran = shell(`cd "${home}"; ${assignment} segjobs config set sandbox dev`, {});
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toContain('SEGJOBS_CONFIG_DIR');
    expect(fs.readdirSync(home)).toEqual([]);
  });

  it.each(['<&-', '< /dev/null'])(
    'is not needed to ask: auth login %s is exit 2 at once [faults 106, 109]',
    (stdin) => {
      const ran = shell(`segjobs auth login ${stdin}`);
      expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
      expect(ran.stderr).toContain('--client-id, --org-id, --client-secret-stdin');
    },
  );
});

describe.runIf(isPosix)('credentials from the environment', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  const credentials = () => {
    const { HOME: _, SEGJOBS_CONFIG_DIR: __, XDG_CACHE_HOME: ___, XDG_STATE_HOME: ____, ...rest } = world.env;
    return rest as Record<string, string>;
  };

  it.each([
    ['no home', {}],
    ['an empty home', { HOME: '' }],
    ['a home that does not exist', { HOME: '/nonexistent/home' }],
    ['a home nothing can be written to', { HOME: '/proc/1' }],
    ['a broken configuration', { SEGJOBS_CONFIG_DIR: 'BROKEN' }],
  ])('are enough with %s [fault 137]', async (_, env) => {
    const vars = Object.fromEntries(
      Object.entries(env).map(([name, value]) => {
        if (value !== 'BROKEN') return [name, value];
        fs.writeFileSync(join(home, 'config.json'), '{"broken');
        return [name, home];
      }),
    );
    const { command, parameters } = programCall(['list', '-L', '1', '-o', 'ids']);
    const ran = await startCommand(command, parameters, { env: { ...credentials(), ...vars } }).ended;
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\S+\n$/) });
  });
});
