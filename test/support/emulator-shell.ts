// An emulator held open by `segjobs emulator exec`, and commands run in the environment that it gives to its command.

import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Ended, type StartOptions, startCommand } from './processes.ts';
import { programCall } from './program.ts';

const projectRoot = resolve(import.meta.dirname, '../..');

export interface EmulatorShell {
  /** What `emulator exec` hands to its command. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** `flags` as `emulator exec` takes them. Nothing of this process's environment gets in but PATH. */
export async function openEmulatorShell(flags: readonly string[], home: string): Promise<EmulatorShell> {
  const tell = 'node -e "console.log(JSON.stringify(process.env))"; exec cat';
  const call = programCall(['emulator', 'exec', ...flags, '--', 'sh', '-c', tell]);
  const started = startCommand(call.command, call.parameters, {
    env: { ...call.env, HOME: home },
    stdin: 'open',
    limitMs: 120_000,
    keepsStdout: false,
  });
  const { child } = started;
  if (child.stdout === null) throw new Error('there is no stdout');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), started.ended]);
  if (!Array.isArray(first)) throw new Error(first.stderr);
  const { PWD, OLDPWD, SHLVL, _, ...env } = JSON.parse(String(first[0])) as Record<string, string>;
  return {
    env,
    close: async () => {
      child.stdin?.end();
      await started.ended;
    },
  };
}

/** Runs a program to its end. */
export function runIn(file: string, args: readonly string[], options: StartOptions): Promise<Ended> {
  return startCommand(file, args, { limitMs: 60_000, ...options }).ended;
}

/** The package as npm would publish it, from what is built now; returns the path of the .tgz. */
export async function packProject(directory: string): Promise<string> {
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory];
  const { stdout, stderr, exitCode } = await runIn('npm', words, {
    cwd: projectRoot,
    env: { HOME: directory },
  });
  if (exitCode !== 0) throw new Error(stderr);
  return join(directory, stdout.trim());
}
