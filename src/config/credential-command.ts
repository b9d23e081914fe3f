// Runs a profile's `credentialCommand`: the way to keep the client secret in a secret manager.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { Env } from './connection.ts';
import { withoutLineBreak } from './credentials.ts';
import { recogniseCredentials } from './import.ts';

/** Long enough for a secret manager that asks for a finger on a sensor. */
const defaultLimitMs = 120_000;
/** For a command that does not want to end: after this it is killed, and no longer waited for. */
const graceMs = 1_000;
const maxBytes = 256 * 1024;

export interface CommandWorld {
  readonly env: Env;
  /** Ends the command; its reason is thrown. */
  readonly signal: AbortSignal;
  readonly limitMs?: number | undefined;
}

/**
 * Runs program and arguments without a shell and returns the client secrets it printed on stdout: one line, or a
 * credential file as `auth login --from-file` knows them. Its stderr is the user's, its stdin empty.
 * Throws `NO_CREDENTIALS` when it cannot be started, fails, takes over two minutes or prints no secret; what it
 * printed is never quoted.
 */
export async function runCredentialCommand(
  argv: readonly string[],
  { env, signal, limitMs = defaultLimitMs }: CommandWorld,
): Promise<readonly string[]> {
  signal.throwIfAborted();
  const name = safeText(argv[0] ?? '');
  const fail = (what: string) =>
    new SegjobsError('NO_CREDENTIALS', `the credentialCommand ${name} ${what}`, {
      hint: 'run it by hand to see what it prints; change it with: segjobs config set credentialCommand',
    });
  const text = await new Promise<string>((resolve, reject) => {
    const child = start(argv, env);
    if (child === undefined) {
      reject(fail('could not be started'));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    let grace: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => end(fail(`took longer than ${limitMs / 1000} s`)), limitMs);
    const onAbort = () => end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });

    const settle = (outcome: () => void) => {
      clearTimeout(limit);
      clearTimeout(grace);
      signal.removeEventListener('abort', onAbort);
      // What it started may still hold the pipe open, and with it this process.
      child.stdout.destroy();
      outcome();
    };
    const end = (reason: unknown) => {
      child.kill();
      clearTimeout(grace);
      grace = setTimeout(() => {
        child.kill('SIGKILL');
        settle(() => reject(reason));
      }, graceMs);
      child.once('exit', () => settle(() => reject(reason)));
    };
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else end(fail('printed more than a credential'));
    });
    child.on('error', (cause) => {
      const isMissing = 'code' in cause && cause.code === 'ENOENT';
      settle(() => reject(fail(isMissing ? 'was not found' : 'could not be started')));
    });
    const conclude = (code: number | null, killer: NodeJS.Signals | null) =>
      settle(() => {
        if (killer !== null) reject(fail(`was ended by ${killer}`));
        else if (code !== 0) reject(fail(`failed with exit code ${code}`));
        else resolve(Buffer.concat(chunks).toString('utf8'));
      });
    child.on('close', conclude);
    child.on('exit', (code, killer) => {
      grace ??= setTimeout(() => conclude(code, killer), graceMs);
    });
  });
  const secrets = secretsIn(withoutLineBreak(text));
  if (secrets.length === 0) throw fail('printed no client secret');
  return secrets;
}

/** `undefined` for what no process can be: an empty name, a NUL in an argument. */
function start(argv: readonly string[], env: Env): ChildProcessByStdio<null, Readable, null> | undefined {
  const [program = '', ...parameters] = argv;
  try {
    return spawn(program, parameters, {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      windowsHide: true,
    });
  } catch {
    return undefined;
  }
}

function secretsIn(text: string): readonly string[] {
  if (!text.trimStart().startsWith('{')) return text.trim() === '' ? [] : [text];
  try {
    return recogniseCredentials(JSON.parse(text)).clientSecrets;
  } catch {
    return [];
  }
}
