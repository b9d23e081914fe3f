// Runs a profile's `credentialCommand`: the way to keep the client secret in a secret manager.

import { spawn } from 'node:child_process';
import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { Env } from './connection.ts';
import { withoutLineBreak } from './credentials.ts';
import { recogniseCredentials } from './import.ts';

/** Long enough for a secret manager that asks for a finger on a sensor. */
const limitMs = 120_000;
const maxBytes = 256 * 1024;

/**
 * Runs program and arguments without a shell and returns the client secrets it printed on stdout: one line, or a
 * credential file as `auth login --from-file` knows them. Its stderr is the user's, its stdin empty.
 * Throws `NO_CREDENTIALS` when it cannot be started, fails, takes over two minutes or prints no secret; what it
 * printed is never quoted.
 */
export async function runCredentialCommand(argv: readonly string[], env: Env): Promise<readonly string[]> {
  const [program = '', ...parameters] = argv;
  const name = safeText(program);
  const fail = (what: string) =>
    new SegjobsError('NO_CREDENTIALS', `the credentialCommand ${name} ${what}`, {
      hint: 'run it by hand to see what it prints; change it with: segjobs config set credentialCommand',
    });
  const text = await new Promise<string>((resolve, reject) => {
    const child = spawn(program, parameters, {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: limitMs,
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else child.kill();
    });
    child.on('error', (cause) => {
      const isMissing = 'code' in cause && cause.code === 'ENOENT';
      reject(fail(isMissing ? 'was not found' : 'could not be started'));
    });
    child.on('close', (code, signal) => {
      if (size > maxBytes) reject(fail('printed more than a credential'));
      else if (signal !== null) reject(fail(`was ended by ${signal}`));
      else if (code !== 0) reject(fail(`failed with exit code ${code}`));
      else resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
  const secrets = secretsIn(withoutLineBreak(text));
  if (secrets.length === 0) throw fail('printed no client secret');
  return secrets;
}

function secretsIn(text: string): readonly string[] {
  if (!text.trimStart().startsWith('{')) return text.trim() === '' ? [] : [text];
  try {
    return recogniseCredentials(JSON.parse(text)).clientSecrets;
  } catch {
    return [];
  }
}
