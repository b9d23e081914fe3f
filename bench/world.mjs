// Where the measured program lives while it is measured: a service, a home of its own, a profile, and no variables of yours.

import { execFileSync, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A word as a shell reads it back. */
export const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * `program` is the path of a script for node or of an executable; default: what was built last. The service holds as
 * many `jobs` and `watched` jobs. `close()` ends the service; its files are gone when this process is.
 */
export async function createWorld({ program = join(root, 'bin/segjobs.js'), jobs, watched = 0 }) {
  const home = mkdtempSync(join(tmpdir(), 'segjobs-bench-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)));
  const ask = (question) =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the server of the measurement ended'));
      server.once('exit', ended);
      server.once('message', (answer) => {
        server.off('exit', ended);
        resolve(answer);
      });
      server.send(question);
    });
  try {
    const tls = makeCertificate(home);
    const { http, https } = await ask({ jobs, watched, tls });
    const node = quoted(process.execPath);
    const segjobs = program.endsWith('.js') ? `${node} ${quoted(program)}` : quoted(program);
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: tmpdir(),
      LANG: 'C.UTF-8',
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_STATE_HOME: join(home, 'state'),
    };
    // As a person logs in; the token is minted once and read from its cache ever after.
    const logIn = `${segjobs} auth login -q --client-id bench --org-id bench@AdobeOrg --sandbox jobs-20 --client-secret-stdin`;
    execFileSync('bash', ['-c', logIn], {
      env: { ...env, SEGJOBS_API_URL: http, SEGJOBS_IMS_URL: http },
      input: 'secret-of-a-measurement\n',
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    for (const key of ['apiUrl', 'imsUrl'])
      execFileSync('bash', ['-c', `${segjobs} config set -q ${key} ${http}`], { env, stdio: 'inherit' });
    return {
      home,
      env,
      node,
      segjobs,
      http,
      https,
      /** Requests for watched jobs so far. */
      polls: async () => (await ask({})).polls,
      close: () => server.disconnect(),
    };
  } catch (error) {
    if (server.connected) server.disconnect();
    throw error;
  }
}

/** A certificate for 127.0.0.1 that nobody has signed; `undefined` without an openssl command. */
function makeCertificate(directory) {
  const line =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';
  if (spawnSync('openssl', line.split(' '), { cwd: directory }).status !== 0) return undefined;
  const read = (name) => readFileSync(join(directory, name), 'utf8');
  return { key: read('key.pem'), cert: read('cert.pem') };
}

/** Where a command is, past a version manager's stand-in; `undefined` where it is not installed. */
export function whichCommand(name) {
  const find = (line) => {
    const { status, stdout } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    return status === 0 && stdout.startsWith('/') ? stdout.trim() : undefined;
  };
  const path = find(`command -v ${name}`);
  return path?.includes('/shims/') ? find(`pyenv which ${name}`) : path;
}
