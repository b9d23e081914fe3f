// Programs run in processes of their own: the built one, rooms of it, and shell lines around them.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
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

export interface Started {
  readonly child: ChildProcess;
  /** When it has ended and all it wrote has been read. */
  readonly ended: Promise<Ended>;
  /** Resolves when what it wrote so far matches; rejects when it ends before. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** `ignore` (the default) is /dev/null; a text is fed and ended; `open` stays open and silent. */
  readonly stdin?: 'ignore' | 'open' | { readonly text: string } | undefined;
  /** It is killed (SIGKILL, which no test expects) after this long. */
  readonly limitMs?: number | undefined;
  /** False: stdout is for the caller to read, and `Ended` has none of it. */
  readonly keepsStdout?: boolean | undefined;
}

/** Starts a command with nothing of this process's environment but PATH. */
export function startCommand(
  command: string,
  parameters: readonly string[],
  { env = {}, cwd, stdin = 'ignore', limitMs = 15_000, keepsStdout = true }: StartOptions = {},
): Started {
  const options: SpawnOptions = {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: [stdin === 'ignore' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  };
  const child = spawn(command, parameters, options);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      if (name === 'stderr' || keepsStdout) texts[name] += chunk;
    });
  }
  // A program that reads no stdin may be gone before it is fed.
  child.stdin?.on('error', () => undefined);
  if (typeof stdin === 'object') child.stdin?.end(stdin.text);
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let hasEnded = false;
  const ended = once(child, 'close').then(([exitCode, signal]): Ended => {
    clearTimeout(limit);
    hasEnded = true;
    return { exitCode, signal, ...texts };
  });
  const until = async (stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void> => {
    while (!pattern.test(texts[stream])) {
      if (hasEnded) throw new Error(`${pattern} did not appear on ${stream}:\n${texts[stream]}`);
      await new Promise((next) => setTimeout(next, 5));
    }
  };
  return { child, ended, until };
}

/** Starts a bundled program with nothing of this process's environment. */
export function startProgram(
  file: string,
  parameters: readonly string[],
  env: Record<string, string> = {},
): Started {
  return startCommand(process.execPath, [file, ...parameters], { env, limitMs: 60_000 });
}
