import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';
import { ownAction, readYaml, valuesIn } from '../support/ci-steps.ts';
import { packProject, runIn } from '../support/emulator-shell.ts';

// The GitHub Action of action/: its script run as action.yml runs it, with the files and variables of a runner.

const directory = resolve(import.meta.dirname, '../../action');
const secret = 'p8e-Secret%0A/x_1234567890';

describe('action.yml', () => {
  const action = readYaml(readFileSync(join(directory, 'action.yml'), 'utf8'));
  const inputs = Object.keys(action['inputs'] as object);
  const { steps } = action['runs'] as { readonly steps: readonly Record<string, unknown>[] };

  it('is one step that runs the script beside it, and uses nobody else', () => {
    expect(steps.map((step) => Object.keys(step).sort())).toEqual([['env', 'id', 'run', 'shell']]);
    expect(steps[0]?.['run']).toBe('node "$GITHUB_ACTION_PATH/setup.mjs"');
  });

  it('hands each input over as a variable, never as a part of a command', () => {
    const handed = Object.fromEntries(
      inputs.map((name) => [`SETUP_${name.toUpperCase().replaceAll('-', '_')}`, `\${{ inputs.${name} }}`]),
    );
    expect(steps[0]?.['env']).toEqual(handed);
  });

  it('has a line in its README for each input and output', () => {
    const readme = readFileSync(join(directory, 'README.md'), 'utf8');
    for (const name of [...inputs, ...Object.keys(action['outputs'] as object)]) {
      expect(readme).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
    }
  });
});

describe.skipIf(!isPosix)('setup-segjobs', { timeout: 60_000 }, () => {
  let world: BinaryWorld;
  let packages: string;
  let segjobsPackage: string;
  let runner: string;
  beforeAll(async () => {
    world = await createBinaryWorld();
    packages = mkdtempSync(join(tmpdir(), 'segjobs-package-'));
    segjobsPackage = await packProject(packages);
  });
  afterAll(async () => {
    await world.close();
    rmSync(packages, { recursive: true });
  });
  beforeEach(() => {
    runner = mkdtempSync(join(tmpdir(), 'segjobs-runner-'));
    mkdirSync(join(runner, 'temporary'));
    for (const name of ['env', 'path', 'output']) writeFileSync(join(runner, name), '');
  });
  afterEach(() => rmSync(runner, { recursive: true }));

  /** Runs the action's step with these inputs, on a machine that can reach nothing but the emulator. */
  const setUp = (inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
    runIn('bash', ['-e', '-c', ownAction.script], {
      cwd: runner,
      env: {
        HOME: join(runner, 'home'),
        SEGJOBS_API_URL: world.emulator.url,
        SEGJOBS_IMS_URL: world.emulator.url,
        GITHUB_ACTIONS: 'true',
        CI: 'true',
        RUNNER_TEMP: join(runner, 'temporary'),
        GITHUB_WORKSPACE: runner,
        GITHUB_ENV: join(runner, 'env'),
        GITHUB_PATH: join(runner, 'path'),
        GITHUB_OUTPUT: join(runner, 'output'),
        npm_config_registry: 'http://127.0.0.1:9/',
        ...(ownAction.env(inputs) as Record<string, string>),
        ...env,
      },
    });
  const left = (name: string) => readFileSync(join(runner, name), 'utf8');
  const login = () => ({
    'client-id': world.emulator.credentials.clientId,
    'client-secret': world.emulator.credentials.clientSecret,
    'org-id': world.emulator.credentials.orgId,
    sandbox: 'prod',
  });

  it('installs a package, logs in, and leaves a program that works in the next step', async () => {
    const done = await setUp({ path: segjobsPackage, ...login() });
    expect(done.stdout).toMatch(/^segjobs \d+\.\d+\.\d+ is installed in /m);
    expect(done.exitCode).toBe(0);
    const { SEGJOBS_CONFIG_DIR = '' } = Object.fromEntries(valuesIn(join(runner, 'env')));
    const outputs = Object.fromEntries(valuesIn(join(runner, 'output')));
    expect(outputs['config-directory']).toBe(SEGJOBS_CONFIG_DIR);
    expect(done.stdout).toContain(`segjobs ${outputs['version']} is installed in `);

    const env = {
      HOME: join(runner, 'home'),
      PATH: `${left('path').trim()}:${process.env['PATH']}`,
      SEGJOBS_CONFIG_DIR,
      SEGJOBS_API_URL: world.emulator.url,
      SEGJOBS_IMS_URL: world.emulator.url,
    };
    const next = await runIn('bash', ['-e', '-c', 'segjobs --version; segjobs list --limit 1 -o ids'], {
      env,
    });
    expect(next.stdout).toMatch(new RegExp(`^${outputs['version']}\\n[0-9a-f-]{36}\\n$`));
    const bye = await runIn('bash', ['-e', '-c', 'segjobs auth logout; segjobs list'], { env });
    expect(bye.exitCode).toBe(4);
    expect(readFileSync(join(SEGJOBS_CONFIG_DIR, 'config.json'), 'utf8')).not.toContain(
      world.emulator.credentials.clientSecret,
    );
  });

  it('masks the secret before anything else, prints it nowhere, and keeps it where only this job looks', async () => {
    const { clientSecret } = world.emulator.credentials;
    const done = await setUp({ path: segjobsPackage, ...login() });
    const [first = '', ...rest] = done.stdout.split('\n');
    expect(first).toBe(`::add-mask::${clientSecret}`);
    const shown = [...rest, done.stderr, left('env'), left('output'), left('path')].join('\n');
    expect(shown).not.toContain(clientSecret);

    const { SEGJOBS_CONFIG_DIR = '' } = Object.fromEntries(valuesIn(join(runner, 'env')));
    expect(SEGJOBS_CONFIG_DIR.startsWith(join(runner, 'temporary'))).toBe(true);
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(SEGJOBS_CONFIG_DIR)).toBe(0o700);
    expect(mode(join(SEGJOBS_CONFIG_DIR, 'config.json'))).toBe(0o600);
    expect(existsSync(join(runner, 'home', '.config'))).toBe(false);
  });

  it('without credentials installs and logs nothing in', async () => {
    const done = await setUp({ path: segjobsPackage, 'client-secret': '' });
    expect(done.exitCode).toBe(0);
    expect(left('env')).toBe('');
    expect(left('path')).toMatch(/\/bin\n$/);
  });

  it('ends with the exit code of a login that failed, and hands nothing on', async () => {
    const done = await setUp({
      path: segjobsPackage,
      ...login(),
      'client-secret': 'wrong-secret-0123456789',
    });
    expect(done.exitCode).toBe(4);
    expect(done.stdout).toMatch(/^::error title=setup-segjobs::/m);
    expect(left('env')).toBe('');
    expect(`${done.stdout.split('\n').slice(1).join('\n')}${done.stderr}`).not.toContain(
      'wrong-secret-0123456789',
    );
  });

  it.each([
    [{ version: 'latest' }, 'version must be an exact one, such as 0.1.0, not "latest"'],
    [{ version: '^1.0.0' }, 'version must be an exact one, such as 0.1.0, not "^1.0.0"'],
    [{ version: '1' }, 'version must be an exact one, such as 0.1.0, not "1"'],
    [{ version: '0.1.0', path: 'x.tgz' }, 'version and path exclude each other'],
    [{ path: 'missing.tgz' }, /^there is nothing at .*missing\.tgz$/],
    [
      { 'client-id': 'c', 'client-secret': '', 'org-id': 'o' },
      /^a login needs client-secret \(or access-token\) too;/,
    ],
    [{ 'client-secret': secret }, /^a login needs client-id and org-id too;/],
    [{ 'client-secret': 'a', 'access-token': 'b' }, 'client-secret and access-token exclude each other'],
    [{ 'client-id': 'a\nb', 'client-secret': 's', 'org-id': 'o' }, 'client-id must be one line'],
  ])('refuses %j', async (inputs, why) => {
    const done = await setUp(inputs as Record<string, string>);
    expect(done.exitCode).toBe(1);
    const [, message = ''] = /^::error title=setup-segjobs::(.*)$/m.exec(done.stdout) ?? [];
    if (typeof why === 'string') expect(message).toBe(why);
    else expect(message).toMatch(why);
    expect(left('env') + left('path') + left('output')).toBe('');
  });

  describe('from sources', () => {
    /** A project that builds without any library, and a program that writes down how it was called. */
    function writeSources(): string {
      const source = join(runner, 'sources');
      mkdirSync(join(source, 'bin'), { recursive: true });
      const project = {
        name: 'segjobs',
        version: '9.8.7',
        bin: 'bin/segjobs.js',
        scripts: { build: 'node build.js' },
      };
      writeFileSync(join(source, 'package.json'), JSON.stringify(project));
      const lock = { name: 'segjobs', version: '9.8.7', lockfileVersion: 3, packages: { '': project } };
      writeFileSync(join(source, 'package-lock.json'), JSON.stringify(lock));
      writeFileSync(
        join(source, 'build.js'),
        "require('node:fs').renameSync('program.js', 'bin/segjobs.js');",
      );
      writeFileSync(
        join(source, 'program.js'),
        `#!/usr/bin/env node
if (process.argv[2] === '--version') console.log('9.8.7');
else {
  const stdin = require('node:fs').readFileSync(0, 'utf8');
  const { argv, env } = process;
  require('node:fs').writeFileSync(env.SEGJOBS_CONFIG_DIR + '/called.json', JSON.stringify({ argv, env, stdin }));
}
`,
      );
      return source;
    }

    it('builds a copy, and hands the login over by stdin alone', async () => {
      const source = writeSources();
      const inputs = {
        'client-id': 'client-0001',
        'client-secret': secret,
        'org-id': 'O@AdobeOrg',
        scopes: 'a,b',
      };
      const done = await setUp({ path: 'sources', ...inputs });
      expect(done.stdout).toContain('segjobs 9.8.7 is installed in ');
      expect(done.exitCode).toBe(0);
      expect(done.stdout.split('\n')[0]).toBe('::add-mask::p8e-Secret%250A/x_1234567890');
      expect(readdirSync(source).sort()).toEqual([
        'bin',
        'build.js',
        'package-lock.json',
        'package.json',
        'program.js',
      ]);
      const { SEGJOBS_CONFIG_DIR = '' } = Object.fromEntries(valuesIn(join(runner, 'env')));
      const called = JSON.parse(readFileSync(join(SEGJOBS_CONFIG_DIR, 'called.json'), 'utf8'));
      expect(called.argv.slice(2)).toEqual(['auth', 'login', '--from-file', '-', '--no-input']);
      expect(JSON.stringify(called.env)).not.toContain(secret);
      expect(Object.keys(called.env).filter((name: string) => name.startsWith('SETUP_'))).toEqual([]);
      expect(JSON.parse(called.stdin)).toEqual({
        values: [
          { key: 'API_KEY', value: 'client-0001' },
          { key: 'CLIENT_SECRET', value: secret },
          { key: 'IMS_ORG', value: 'O@AdobeOrg' },
          { key: 'SCOPES', value: 'a,b' },
        ],
      });
    });

    it('refuses sources whose libraries are not pinned', async () => {
      const source = writeSources();
      rmSync(join(source, 'package-lock.json'));
      const done = await setUp({ path: 'sources' });
      expect(done.exitCode).toBe(1);
      expect(done.stdout).toMatch(/::error title=setup-segjobs::\S+ holds no package-lock\.json/);
    });
  });
});
