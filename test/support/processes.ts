// Rooms of the program run in processes of their own: what several writers, or a killed one, do to a file.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bundles a TypeScript program (imports are relative to `src/`) into a file that any Node can run. */
export async function bundleProgram(contents: string, outfile: string): Promise<void> {
  const resolveDir = fileURLToPath(new URL('../../src/', import.meta.url));
  await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
  });
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a bundled program with nothing of this process's environment. */
export function startProgram(file: string, parameters: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [file, ...parameters], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([exitCode, signal]): Ended => ({ exitCode, signal, ...texts }));
  return { child, ended };
}
