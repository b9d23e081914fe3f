// A command on a real pseudo-terminal, by util-linux' `script`: type keys, read the screen, get the exit code.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Whether there is a `script` of the util-linux kind. Under CI its absence is an error, not a skipped test. */
export const hasPty = ((): boolean => {
  const found =
    spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
  if (!found && process.platform === 'linux' && process.env['CI'] === 'true') {
    throw new Error('these tests need the `script` command of util-linux (Debian: bsdutils)');
  }
  return found;
})();

export interface PtySession {
  /** Sends keys; `\r` is Enter, `\x03` Ctrl-C, `\x04` Ctrl-D. */
  type(keys: string): void;
  /** Everything the terminal was sent so far, escape codes included. */
  screen(): string;
  /** Resolves when the screen matches; rejects with the screen after 10 s, or when the command ends before. */
  until(pattern: RegExp): Promise<void>;
  readonly exitCode: Promise<number>;
  /** Takes the terminal away from whatever runs on it, as closing its window does. */
  close(): void;
}

/** Starts a shell command line on a terminal, with nothing of this process's environment. */
export function startPty(
  commandLine: string,
  env: Readonly<Record<string, string>> = {},
  { columns, rows }: { readonly columns: number; readonly rows: number } = { columns: 80, rows: 24 },
): PtySession {
  const child = spawn('script', ['-qfec', `stty cols ${columns} rows ${rows}; ${commandLine}`, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Keys for a command that has just ended.
  child.stdin.on('error', () => undefined);
  let screen = '';
  let hasEnded = false;
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const exitCode = once(child, 'close').then(([code]) => {
    hasEnded = true;
    return code as number;
  });
  return {
    type: (keys) => void child.stdin.write(keys),
    screen: () => screen,
    until: async (pattern) => {
      for (let waitedMs = 0; !pattern.test(screen); waitedMs += 10) {
        if (hasEnded || waitedMs > 10_000) {
          child.kill();
          throw new Error(`${pattern} did not appear on this screen:\n${screen}`);
        }
        await new Promise((next) => setTimeout(next, 10));
      }
    },
    exitCode,
    close: () => void child.kill('SIGKILL'),
  };
}
