// Installs segjobs into a directory of this job and logs it in. Run by action.yml, which hands over its inputs as SETUP_*.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const isWindows = process.platform === 'win32';
const oldestNode = [20, 19];

/** Input by its name in action.yml; `undefined` where it was left out or is blank. */
function input(name) {
  const text = process.env[`SETUP_${name.toUpperCase().replaceAll('-', '_')}`]?.trim();
  return text === '' ? undefined : text;
}

const inputs = Object.fromEntries(
  ['version', 'path', 'client-id', 'client-secret', 'access-token', 'org-id', 'scopes', 'sandbox'].map(
    (name) => [name, input(name)],
  ),
);

/** What the programs started here see: no secret that is not theirs, and no setting of npm's that turns to the console. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^SETUP_/i.test(name)),
);

function main() {
  maskSecrets();
  checkInputs();
  checkNode();
  const runnerTemp = variable('RUNNER_TEMP');
  // Private (0700), and emptied by the runner when the job ends.
  const home = mkdtempSync(join(runnerTemp, 'segjobs-'));
  const prefix = join(home, 'program');
  mkdirSync(prefix);
  install(prefix, home);
  const program = join(prefix, ...(isWindows ? [] : ['lib']), 'node_modules', 'segjobs', 'bin', 'segjobs.js');
  const version = run(process.execPath, [program, '--version'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
  if (inputs.version !== undefined && version !== inputs.version) {
    fail(`asked for segjobs ${inputs.version}, got ${version}`);
  }
  say(`segjobs ${version} is installed in ${prefix}`);
  toFile('GITHUB_PATH', isWindows ? prefix : join(prefix, 'bin'));
  setValue('GITHUB_OUTPUT', 'version', version);
  if (inputs['client-id'] === undefined) {
    say('No client-id was given, so nothing is logged in.');
    setValue('GITHUB_OUTPUT', 'config-directory', '');
    return;
  }
  const config = join(home, 'config');
  mkdirSync(config, { mode: 0o700 });
  logIn(program, config);
  setValue('GITHUB_ENV', 'SEGJOBS_CONFIG_DIR', config);
  setValue('GITHUB_OUTPUT', 'config-directory', config);
  say(`The login is kept in ${config} until this job ends; segjobs auth logout removes it sooner.`);
}

/** Before anything else: from here on the runner replaces them in every log, whatever prints them. */
function maskSecrets() {
  for (const name of ['client-secret', 'access-token']) {
    // A mask covers one line; each line of a longer text needs its own.
    for (const line of (inputs[name] ?? '').split(/\r?\n/).filter((text) => text.trim() !== '')) {
      process.stdout.write(`::add-mask::${escapeData(line)}\n`);
    }
  }
}

function checkInputs() {
  if (inputs.version !== undefined && inputs.path !== undefined) fail('version and path exclude each other');
  // `latest`, `^1` and the like would be another program tomorrow.
  if (inputs.version !== undefined && !/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(inputs.version)) {
    fail(`version must be an exact one, such as 0.1.0, not "${inputs.version}"`);
  }
  const secrets = ['client-secret', 'access-token'].filter((name) => inputs[name] !== undefined);
  if (secrets.length === 2) fail('client-secret and access-token exclude each other');
  const wanted = ['client-id', 'org-id'].filter((name) => inputs[name] === undefined);
  const isLogin = ['client-id', 'client-secret', 'access-token', 'org-id'].some(
    (name) => inputs[name] !== undefined,
  );
  if (isLogin && secrets.length === 0) wanted.push('client-secret (or access-token)');
  if (isLogin && wanted.length > 0) {
    fail(
      `a login needs ${wanted.join(' and ')} too; a secret that is not set reaches an action as an empty text`,
    );
  }
  for (const [name, text] of Object.entries(inputs)) {
    if (/[\r\n]/.test(text ?? '')) fail(`${name} must be one line`);
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  fail(
    `segjobs needs Node ${oldestNode.join('.')} or later, this is ${process.versions.node}; use actions/setup-node first`,
  );
}

function install(prefix, home) {
  if (inputs.version !== undefined) {
    npmInstall(prefix, `segjobs@${inputs.version}`);
    return;
  }
  const source =
    inputs.path === undefined
      ? resolve(dirname(fileURLToPath(import.meta.url)), '..')
      : resolve(process.env.GITHUB_WORKSPACE ?? '.', inputs.path);
  if (!existsSync(source)) fail(`there is nothing at ${source}`);
  if (statSync(source).isFile()) {
    npmInstall(prefix, source, '--offline');
    return;
  }
  const build = join(home, 'build');
  const tarball = packFrom(source, build);
  npmInstall(prefix, tarball, '--offline');
  rmSync(build, { recursive: true, force: true });
}

/** Builds a copy, so that the sources stay as they were checked out; returns the path of the package. */
function packFrom(source, build) {
  if (!existsSync(join(source, 'package-lock.json')))
    fail(`${source} holds no package-lock.json: what it needs is not pinned`);
  const left = new Set(['.git', 'node_modules', 'dist', 'coverage', 'test']);
  cpSync(source, build, { recursive: true, filter: (path) => path === source || !left.has(basename(path)) });
  say(`Building segjobs from ${source}`);
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], build);
  npm(['run', '--silent', 'build'], build);
  npm(['pack', '--silent', '--ignore-scripts'], build);
  const tarball = readdirSync(build).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) fail('npm pack made no package');
  return join(build, tarball);
}

function npmInstall(prefix, what, ...flags) {
  npm(
    [
      'install',
      '--global',
      '--prefix',
      prefix,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      ...flags,
      what,
    ],
    prefix,
  );
}

function npm(args, cwd) {
  // npm is a .cmd on Windows, which only a shell can start.
  const words = isWindows ? args.map((word) => `"${word}"`) : args;
  run('npm', words, { cwd, shell: isWindows, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Everything goes by stdin, in a form that `auth login` knows: a command line can be read by every user of the machine. */
function logIn(program, config) {
  const values = {
    API_KEY: inputs['client-id'],
    CLIENT_SECRET: inputs['client-secret'],
    ACCESS_TOKEN: inputs['access-token'],
    IMS_ORG: inputs['org-id'],
    SCOPES: inputs.scopes,
  };
  const environmentFile = {
    values: Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({ key, value })),
  };
  const sandbox = inputs.sandbox === undefined ? [] : ['--sandbox', inputs.sandbox];
  run(process.execPath, [program, 'auth', 'login', '--from-file', '-', '--no-input', ...sandbox], {
    input: JSON.stringify(environmentFile),
    env: { ...environment, SEGJOBS_CONFIG_DIR: config },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

/** Runs a program to its end and returns its stdout where that is a pipe; its failure ends this one with its code. */
function run(file, args, options) {
  const { status, signal, error, stdout } = spawnSync(file, args, {
    env: environment,
    encoding: 'utf8',
    ...options,
  });
  if (error !== undefined) fail(`cannot run ${file}: ${error.message}`);
  if (status !== 0)
    fail(`${basename(file)} ${args[0]} ended with ${signal ?? `exit code ${status}`}`, status ?? 1);
  return stdout ?? '';
}

function variable(name) {
  const value = process.env[name];
  if (value === undefined || value === '') fail(`${name} is not set: this script is for GitHub Actions`);
  return value;
}

function toFile(name, line) {
  appendFileSync(variable(name), `${line}\n`);
}

/** GitHub's form for any value: between two lines that do not stand in it. */
function setValue(file, name, value) {
  const mark = `end-${randomUUID()}`;
  toFile(file, `${name}<<${mark}\n${value}\n${mark}`);
}

function escapeData(text) {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(message, code = 1) {
  process.stdout.write(`::error title=setup-segjobs::${escapeData(message)}\n`);
  process.exit(code);
}

main();
