import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/all.ts';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import type { Ended, Started } from '../support/processes.ts';

// Every command with --debug, and every byte that it shows to anybody: streams, process list, error text.

let world: BinaryWorld;
let readyToken: string;
beforeAll(async () => {
  world = await createBinaryWorld();
  readyToken = world.emulator.credentials.accessToken;
});
afterAll(() => world.close());
beforeEach(async () => {
  for (const part of ['config', 'cache', 'state'])
    rmSync(join(world.home, part), { recursive: true, force: true });
});
afterEach(() => world.emulator.clearFaults());

interface Line {
  readonly argv: readonly string[];
  readonly stdin?: string | undefined;
  /** Whether it uses the stored profile "kept" instead of the environment. */
  readonly isStored?: boolean | undefined;
}

/** By command; SECRET, TOKEN and the like on stdin, because no flag takes one. */
function linesOf(job: string): Readonly<Record<string, readonly Line[]>> {
  const { clientId, orgId, clientSecret } = world.emulator.credentials;
  const segment = world.emulator.definitionIds().evaluable[0] ?? '';
  const credentialFile = world.file(
    'credential.json',
    JSON.stringify({ CLIENT_ID: clientId, ORG_ID: orgId, CLIENT_SECRETS: [clientSecret] }),
  );
  const who = ['--client-id', clientId, '--org-id', orgId];
  const stored = (...argv: string[]): Line => ({ argv, isStored: true });
  return {
    list: [{ argv: ['list'] }, { argv: ['list', '-o', 'json'] }, stored('list')],
    create: [
      { argv: ['create', segment] },
      { argv: ['create', segment, '--dry-run'] },
      { argv: ['create', segment, '--watch', '--timeout', '0'] },
    ],
    get: [{ argv: ['get', job] }, { argv: ['get', 'no-such-job', '-o', 'json'] }],
    'bulk-get': [{ argv: ['bulk-get', job, 'no-such-job'] }],
    cancel: [{ argv: ['cancel', job, '--dry-run'] }, { argv: ['cancel', job] }],
    watch: [
      { argv: ['watch', job, '--timeout', '0'] },
      { argv: ['watch', job, '--timeout', '0', '-o', 'ndjson'] },
    ],
    quota: [{ argv: ['quota'] }, { argv: ['quota', '-o', 'json'] }, stored('quota')],
    stats: [{ argv: ['stats'] }, { argv: ['stats', '-o', 'json'] }],
    completion: [{ argv: ['completion', 'bash'] }, stored('completion', 'zsh')],
    'auth login': [
      { argv: ['auth', 'login', ...who, '--client-secret-stdin'], stdin: clientSecret },
      { argv: ['auth', 'login', ...who, '--client-secret-stdin'], stdin: `${clientSecret} and more` },
      { argv: ['auth', 'login', ...who, '--access-token-stdin'], stdin: readyToken },
      { argv: ['auth', 'login', ...who, '--access-token-stdin'], stdin: `${readyToken}\n${readyToken}` },
      { argv: ['auth', 'login', '--from-file', credentialFile] },
      { argv: ['auth', 'login', '--from-file', '-'], stdin: `{"CLIENT_SECRETS":["${clientSecret}"` },
    ],
    'auth status': [{ argv: ['auth', 'status'] }, stored('auth', 'status', '-o', 'json')],
    'auth token': [{ argv: ['auth', 'token'] }],
    'auth logout': [stored('auth', 'logout')],
    'config list': [stored('config', 'list'), stored('config', 'list', '-o', 'json')],
    'config get': [stored('config', 'get', 'orgId'), stored('config', 'get', 'clientSecret')],
    'config set': [stored('config', 'set', 'sandbox', 'dev')],
    'config unset': [stored('config', 'unset', 'sandbox')],
    'config use': [stored('config', 'use', 'kept')],
    'config delete': [stored('config', 'delete', 'kept')],
    'config path': [stored('config', 'path')],
    'emulator start': [{ argv: ['emulator', 'start'] }],
    'emulator exec': [{ argv: ['emulator', 'exec', '--', 'segjobs', 'list', '-L', '1', '--debug'] }],
  };
}

const names = commands.flatMap((command) =>
  'commands' in command ? command.commands.map(({ name }) => `${command.name} ${name}`) : [command.name],
);

function storeProfile(): void {
  const { clientId, orgId, clientSecret } = world.emulator.credentials;
  const profiles = {
    kept: { clientId, orgId, clientSecret, sandbox: 'prod' },
    old: { accessToken: readyToken },
  };
  world.file('config/config.json', JSON.stringify({ version: 1, activeProfile: 'kept', profiles }));
}

/** Each secret as it is, and as it would travel. */
function forms(...secrets: readonly string[]): readonly string[] {
  return secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
  ]);
}

/** Tokens that the emulator was sent: those that were minted while a command ran included. */
const sentTokens = () => [
  ...new Set(
    world.emulator.requests.flatMap(({ headers }) => headers['authorization']?.replace(/^Bearer /, '') ?? []),
  ),
];

function expectNone(text: string, secrets: readonly string[], where: string): void {
  for (const form of forms(...secrets)) {
    if (text.includes(form))
      expect.fail(`${where} holds a credential:\n${text.replaceAll(form, '<<<HERE>>>')}`);
  }
}

/** What a process list shows of it while it runs, again and again until it has ended. */
async function watchProcessList({ child, ended }: Started): Promise<string> {
  let seen = '';
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && process.platform === 'linux') {
    for (const file of ['cmdline', 'comm', 'status']) {
      try {
        seen += readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
      } catch {
        // It has just ended.
      }
    }
    await new Promise((next) => setTimeout(next, 10));
  }
  return seen;
}

async function runSeen({ argv, stdin, isStored }: Line): Promise<Ended & { readonly listed: string }> {
  if (isStored) storeProfile();
  const bare = { AEP_CLIENT_ID: undefined, AEP_CLIENT_SECRET: undefined, AEP_ORG_ID: undefined };
  const started = world.start(argv[1] === 'exec' ? argv : [...argv, '--debug'], {
    env: isStored ? bare : {},
    stdin: stdin === undefined ? 'ignore' : { text: stdin },
    limitMs: 20_000,
  });
  if (argv[1] === 'start') {
    await started.until('stdout', /SEGJOBS_API_URL/);
    started.child.kill('SIGINT');
  }
  const listed = await watchProcessList(started);
  return { ...(await started.ended), listed };
}

describe('no credential is shown [fault 136]', () => {
  it('by any command: each has its lines here', async () => {
    expect(Object.keys(linesOf('x')).sort()).toEqual([...names].sort());
  });

  it.each(names)(
    'by segjobs %s --debug: not on stdout, not on stderr, not in a process list',
    { timeout: 60_000 },
    async (name) => {
      const job = await world.activeJob();
      const { clientSecret, clientId } = world.emulator.credentials;
      for (const line of linesOf(job)[name] ?? []) {
        const { stdout, stderr, listed, exitCode } = await runSeen(line);
        const what = `segjobs ${line.argv.join(' ').slice(0, 80)}`;
        // A bug of ours, or a process that had to be killed, would have shown nothing of interest.
        expect([what, exitCode]).not.toEqual([what, expect.toBeOneOf([1, null])]);
        const tokens = [readyToken, ...sentTokens()];
        // The one command that prints a token; and the emulator tells the credentials of its own that lead to it.
        const printed = name === 'auth token' || name === 'emulator start' ? '' : stdout;
        expectNone(printed, [clientSecret, clientId, ...tokens], `stdout of ${what}`);
        expectNone(stderr, [clientSecret, clientId, ...tokens], `stderr of ${what}`);
        expectNone(listed, [clientSecret, ...tokens], `the process list during ${what}`);
        if (process.platform === 'linux') expect(listed).toContain(line.argv[0]);
        expect(stderr).not.toMatch(/Bearer \S*[^*\s]|client_secret=/);
      }
    },
  );

  it.each([
    ['the API', 'list'],
    ['the login service', 'token'],
  ])('although %s repeats what it was sent', async (_, operation) => {
    const { clientSecret, clientId } = world.emulator.credentials;
    const parrot = `no: ${clientSecret} ${clientId} Bearer ${readyToken}`;
    for (const body of [
      { error_code: '403003', message: parrot },
      { error: 'invalid_client', error_description: parrot },
      { title: parrot, status: 403 },
    ]) {
      world.emulator.clearFaults();
      world.emulator.addFault(
        `${operation}:status=403,body="${JSON.stringify(body).replaceAll('"', '\\"')}"`,
      );
      const env = operation === 'list' ? { AEP_ACCESS_TOKEN: readyToken } : {};
      for (const format of ['tsv', 'json']) {
        const { stdout, stderr, exitCode } = await world.run(['list', '--debug', '-o', format], { env });
        expect(exitCode).toBe(4);
        // Each place hides what it was sent: the API never sees the secret, the login service never a token.
        const sent = operation === 'list' ? [readyToken, clientId] : [clientSecret, clientId];
        expectNone(stdout + stderr, sent, `an error of ${operation}`);
      }
    }
  });

  it.each<[string, Record<string, string>]>([
    [
      'a login service that is not there',
      { SEGJOBS_IMS_URL: 'http://127.0.0.1:9', SEGJOBS_MAX_RETRIES: '0' },
    ],
    ['a password in a URL', { SEGJOBS_API_URL: 'https://user:hush-hush@platform.adobe.io' }],
    ['a secret with a line break', { AEP_CLIENT_SECRET: 'hush-hush\nhush-hush' }],
    ['a token with a line break', { AEP_ACCESS_TOKEN: 'hush-hush\nhush-hush' }],
  ])('by the stack trace that --debug prints of %s', async (_, env) => {
    const { stdout, stderr, exitCode } = await world.run(['list', '--debug'], { env });
    expect(exitCode).not.toBe(0);
    const { clientSecret, clientId } = world.emulator.credentials;
    expectNone(stdout + stderr, [clientSecret, clientId, 'hush-hush', ...sentTokens()], 'the output');
  });

  it('by the stack trace that --debug prints of a bug of ours', async () => {
    const sabotage = world.file('sabotage.cjs', `Math.random = () => { throw new TypeError('sabotage'); };`);
    const { stdout, stderr, exitCode } = await world.run(['list', '--debug'], {
      nodeFlags: ['-r', sabotage],
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/TypeError: sabotage\n\s+at /);
    const { clientSecret, clientId } = world.emulator.credentials;
    expectNone(stdout + stderr, [clientSecret, clientId, ...sentTokens()], 'the output');
  });

  it.runIf(hasPs())('by `ps` while a token is asked for', async () => {
    world.emulator.addFault('token:delay=2s,times=1');
    const started = world.start(['list', '-L', '1', '--debug']);
    while (world.emulator.requests.at(-1)?.operation !== 'token')
      await new Promise((next) => setTimeout(next, 10));
    const listed = execFileSync('ps', ['-ww', '-eo', 'pid,ppid,args'], { encoding: 'utf8' });
    expect(listed).toContain('list -L 1 --debug');
    const { clientSecret } = world.emulator.credentials;
    expectNone(listed, [clientSecret, readyToken], 'ps');
    expect((await started.ended).exitCode).toBe(0);
  });
});

function hasPs(): boolean {
  try {
    return execFileSync('ps', ['-ww', '-eo', 'args'], { encoding: 'utf8' }).includes('node');
  } catch {
    return false;
  }
}
