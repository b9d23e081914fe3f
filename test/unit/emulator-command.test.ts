import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import type { Host } from '../../src/host.ts';
import { run } from '../../src/main.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'emulator-command-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
    this.emit('text');
  }
}

interface Started {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stop: (code?: 'INTERRUPTED' | 'TERMINATED') => void;
  readonly exitCode: Promise<number>;
}

/** Runs `segjobs ARGV` in this process, with an environment of its own. */
function start(argv: readonly string[], env: Record<string, string> = {}): Started {
  const [stdout, stderr, controller] = [new Sink(), new Sink(), new AbortController()];
  const host: Host = {
    env: { PATH: process.env['PATH'], SEGJOBS_CONFIG_DIR: join(directory, 'users-config'), ...env },
    platform: process.platform,
    homeDir: directory,
    userId: process.getuid?.(),
    stdin: new PassThrough(),
    stdout,
    stderr,
    clock: {
      now: Date.now,
      monotonicMs: () => performance.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    random: () => 0.5,
    signal: controller.signal,
    version: '0.0.0',
    launcher: [process.execPath, '/nowhere/segjobs.js'],
    setForcedExitCode: () => undefined,
    screen: { isOurs: () => true, hold: () => () => undefined, release: () => undefined },
  };
  return {
    stdout,
    stderr,
    stop: (code = 'INTERRUPTED') => controller.abort(new SegjobsError(code, 'stopped')),
    exitCode: run(host, argv),
  };
}

async function ended(argv: readonly string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = start(argv, env);
  return { exitCode: await exitCode, stdout: stdout.text, stderr: stderr.text };
}

async function until({ stderr, exitCode }: Started, text: string): Promise<void> {
  const over = exitCode.then((code) => `ended with ${code}: ${stderr.text}`);
  while (!stderr.text.includes(text)) {
    const early = await Promise.race([over, new Promise<void>((resolve) => stderr.once('text', resolve))]);
    if (typeof early === 'string') throw new Error(early);
  }
}

describe('segjobs emulator start', () => {
  it('prints export lines that lead to it, serves, and ends cleanly when stopped', async () => {
    const started = start(['emulator', 'start', '--now', '2026-03-02T09:00:00Z', '--verbose'], {
      NO_PROXY: 'intra.net',
    });
    await until(started, 'Ctrl-C');
    const exported = Object.fromEntries(
      [...started.stdout.text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(exported).toEqual({
      AEP_CLIENT_ID: expect.any(String),
      AEP_CLIENT_SECRET: expect.any(String),
      AEP_ORG_ID: expect.stringMatching(/@AdobeOrg$/),
      AEP_SANDBOX_NAME: 'prod',
      SEGJOBS_API_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      SEGJOBS_IMS_URL: exported['SEGJOBS_API_URL'],
      NO_PROXY: 'intra.net,127.0.0.1',
    });
    expect(started.stderr.text).toMatch(
      `Serving Segment Jobs on ${exported['SEGJOBS_API_URL']}; jobs: 153 in prod, 31 in dev.`,
    );
    const response = await fetch(`${exported['SEGJOBS_API_URL']}/data/core/ups/segment/jobs`, {
      headers: { 'x-request-id': 'r-1' },
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('date')).toMatch(/^Mon, 02 Mar 2026 09:0\d:/);
    expect(started.stderr.text).toContain('GET /data/core/ups/segment/jobs 403 r-1');
    started.stop();
    expect(await started.exitCode).toBe(0);
    await expect(fetch(exported['SEGJOBS_API_URL'] ?? '')).rejects.toThrow();
  });

  it('unsets what would win over the exported values', async () => {
    const started = start(['emulator', 'start'], { AEP_ACCESS_TOKEN: 'x', SEGJOBS_PROFILE: 'none' });
    started.stop();
    await started.exitCode;
    expect(started.stdout.text).toMatch(/^unset AEP_ACCESS_TOKEN SEGJOBS_PROFILE\nexport AEP_CLIENT_ID=/);
  });

  it('explains the faults', async () => {
    const { exitCode, stdout } = await ended(['emulator', 'start', '--fault', 'help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^A fault is OPERATION:ITEM/);
  });

  it.each([
    [['--fault', 'list:nope'], 2, 'there is no nope'],
    [['--speed', '0'], 2, 'invalid --speed "0"'],
    [['--port', '70000'], 2, 'invalid --port "70000"'],
    [['--now', 'soon'], 2, 'invalid --now "soon"'],
    [['-o', 'json'], 2, 'json'],
    [['--data', '/nowhere/at/all/jobs.json'], 1, '/nowhere/at/all/jobs.json'],
  ])('refuses %j with exit code %i', async (flags, code, message) => {
    const { exitCode, stdout, stderr } = await ended(['emulator', 'start', ...flags]);
    expect([exitCode, stdout]).toEqual([code, '']);
    expect(stderr).toContain(message);
  });

  it('says that a port is taken, and leaves a broken data file as it is', async () => {
    const first = start(['emulator', 'start']);
    await until(first, 'Ctrl-C');
    const port = /127\.0\.0\.1:(\d+)/.exec(first.stdout.text)?.[1] ?? '';
    const second = await ended(['emulator', 'start', '--port', port]);
    expect([second.exitCode, second.stderr]).toEqual([2, expect.stringContaining(`port ${port} is in use`)]);
    first.stop();
    await first.exitCode;
    const file = join(directory, 'jobs.json');
    writeFileSync(file, '{"half":');
    const broken = await ended(['emulator', 'start', '--data', file]);
    expect([broken.exitCode, broken.stderr]).toEqual([1, expect.stringContaining('it is not valid JSON')]);
    expect(readFileSync(file, 'utf8')).toBe('{"half":');
  });
});

describe('segjobs emulator exec', () => {
  const writesEnvironment = `require('fs').writeFileSync(process.argv[1], JSON.stringify({
    env: process.env, dirs: ['SEGJOBS_CONFIG_DIR', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'].map((name) => require('fs').statSync(process.env[name]).isDirectory()),
  }))`;

  it('hands its own variables and directories to the command, none of the user, and removes them', async () => {
    const file = join(directory, 'env.json');
    const users = {
      AEP_ACCESS_TOKEN: 'of the user',
      AEP_SANDBOX_NAME: 'of the user',
      SEGJOBS_PROFILE: 'none',
      SEGJOBS_DEBUG: '0',
      XDG_CACHE_HOME: '/of/the/user',
      KEPT: 'yes',
    };
    const { exitCode } = await ended(
      ['emulator', 'exec', '--', process.execPath, '-e', writesEnvironment, file],
      users,
    );
    expect(exitCode).toBe(0);
    const { env, dirs } = JSON.parse(readFileSync(file, 'utf8'));
    expect(dirs).toEqual([true, true, true]);
    expect(
      Object.keys(env)
        .filter((name) => /^(AEP|SEGJOBS)_/.test(name))
        .sort(),
    ).toEqual([
      'AEP_CLIENT_ID',
      'AEP_CLIENT_SECRET',
      'AEP_ORG_ID',
      'AEP_SANDBOX_NAME',
      'SEGJOBS_API_URL',
      'SEGJOBS_CONFIG_DIR',
      'SEGJOBS_IMS_URL',
    ]);
    expect(env).toMatchObject({ AEP_SANDBOX_NAME: 'prod', KEPT: 'yes', NO_PROXY: '127.0.0.1' });
    expect(Object.values(env)).not.toContain('of the user');
    expect(env.XDG_CACHE_HOME).not.toBe('/of/the/user');
    expect(() => readdirSync(dirname(env.SEGJOBS_CONFIG_DIR))).toThrow('ENOENT');
  });

  it('puts a segjobs that is this program first in PATH', async () => {
    const file = join(directory, 'launcher.txt');
    const reads = `const [first] = process.env.PATH.split(require('path').delimiter);
      require('fs').writeFileSync(process.argv[1], require('fs').readFileSync(first + '/segjobs', 'utf8'))`;
    await ended(['emulator', 'exec', '--', process.execPath, '-e', reads, file]);
    expect(readFileSync(file, 'utf8')).toBe(
      `#!/bin/sh\nexec '${process.execPath}' '/nowhere/segjobs.js' "$@"\n`,
    );
  });

  it("exits with the command's code, or with 128 and the signal that ended it", async () => {
    const exit = (code: string) => ended(['emulator', 'exec', '--', process.execPath, '-e', code]);
    expect((await exit('process.exit(42)')).exitCode).toBe(42);
    if (process.platform !== 'win32')
      expect((await exit("process.kill(process.pid, 'SIGKILL')")).exitCode).toBe(137);
  });

  it('hands a signal on and waits for the command', async () => {
    const ready = join(directory, 'ready');
    const waits = `process.on('SIGTERM', () => process.exit(7)); require('fs').writeFileSync(process.argv[1], ''); setTimeout(() => {}, 60000)`;
    const started = start(['emulator', 'exec', '--', process.execPath, '-e', waits, ready]);
    while (!readdirSync(directory).includes('ready')) await new Promise((resolve) => setTimeout(resolve, 10));
    started.stop('TERMINATED');
    expect(await started.exitCode).toBe(process.platform === 'win32' ? 1 : 7);
  });

  it('answers as a shell does where there is nothing to run', async () => {
    const missing = await ended(['emulator', 'exec', '--', 'no-such-command']);
    expect([missing.exitCode, missing.stderr]).toEqual([
      127,
      expect.stringContaining('cannot run "no-such-command": it was not found'),
    ]);
    if (process.platform === 'win32') return;
    const file = join(directory, 'plain.txt');
    writeFileSync(file, '', { mode: 0o600 });
    const denied = await ended(['emulator', 'exec', '--', file]);
    expect([denied.exitCode, denied.stderr]).toEqual([126, expect.stringContaining('permission denied')]);
  });

  it.each([
    [['list'], 'needs -- before the command'],
    [['list', '--', 'ls'], 'needs -- before the command'],
    [['--'], 'needs COMMAND'],
    [['--fault', 'help', '--', 'ls'], '--fault help runs no command'],
  ])('refuses %j', async (words, message) => {
    const { exitCode, stderr } = await ended(['emulator', 'exec', ...words]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
