// segjobs emulator exec: runs one command against an emulator of its own, and with nothing of the user's own settings.

import type { ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Context } from '../context.ts';
import { type ExitCode, SegjobsError, usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { defineCommand } from './command.ts';
import { faultHelpAskedFor, serviceFlags, serviceVariables, startService } from './emulator-service.ts';

/** What shells answer when there is nothing to run, and when it may not be run (POSIX 2.8.2). */
const commandNotFound = 127;
const commandNotExecutable = 126;

const signalOfCode: Readonly<Record<string, NodeJS.Signals>> = {
  INTERRUPTED: 'SIGINT',
  TERMINATED: 'SIGTERM',
  HANGUP: 'SIGHUP',
};

export const emulatorExecCommand = defineCommand({
  name: 'exec',
  summary: 'run a command against an emulator of its own',
  description:
    'Starts an emulator, runs the command with the variables that lead to it, and ends with its exit code (127 where ' +
    'the command is not found, 126 where it may not be run).\n' +
    'Your own AEP_* and SEGJOBS_* variables and profiles are out of its reach, and segjobs within it is this very program.',
  operands: 'COMMAND...',
  usage: '[flags] -- COMMAND...',
  flags: serviceFlags,
  formats: ['table', 'tsv'],
  examples: [
    { command: 'segjobs emulator exec -- segjobs list', explains: 'what a list looks like' },
    {
      command: 'segjobs emulator exec --speed 600 -- segjobs create SEGMENT_ID --watch',
      explains: 'a whole evaluation in a few seconds',
    },
    { command: 'segjobs emulator exec --speed 600 -- ./nightly.sh', explains: 'try a pipeline script' },
  ],
  exitCodes: [0, 1, 2],
  run: async (context, { operands, flags, afterDashes }) => {
    if (afterDashes === undefined || afterDashes.length === 0 || operands.length !== afterDashes.length) {
      throw usageError(
        'segjobs emulator exec needs -- before the command',
        'for example: segjobs emulator exec --speed 60 -- sh -c "segjobs list"',
      );
    }
    const help = await faultHelpAskedFor(flags);
    if (help !== undefined)
      throw usageError('--fault help runs no command', 'use: segjobs emulator start --fault help');
    const emulator = await startService(context, flags, 0);
    let directory: string | undefined;
    try {
      directory = await mkdtemp(join(tmpdir(), 'segjobs-emulator-'));
      const env = await sealedEnvironment(context, directory, serviceVariables(emulator, context.env));
      return await runCommand(context, afterDashes, env);
    } finally {
      await emulator.close();
      if (directory !== undefined) await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  },
});

type Environment = Record<string, string | undefined>;

/** The user's environment with everything of segjobs replaced by what belongs to this emulator. */
async function sealedEnvironment(
  { env, host }: Context,
  directory: string,
  variables: Readonly<Record<string, string>>,
): Promise<Environment> {
  const inherited = Object.entries(env).filter(([name]) => !/^(AEP|SEGJOBS)_/i.test(name));
  const own = {
    launchers: join(directory, 'bin'),
    config: join(directory, 'config'),
    cache: join(directory, 'cache'),
    state: join(directory, 'state'),
  };
  for (const path of Object.values(own)) await mkdir(path, { mode: 0o700 });
  await writeLauncher(own.launchers, host.launcher);
  // Windows spells it `Path`, and any other spelling would be a second variable beside it.
  const pathName = inherited.find(([name]) => name.toUpperCase() === 'PATH')?.[0] ?? 'PATH';
  const path = [own.launchers, env[pathName]].filter(Boolean).join(delimiter);
  return {
    ...Object.fromEntries(inherited),
    ...variables,
    SEGJOBS_CONFIG_DIR: own.config,
    XDG_CACHE_HOME: own.cache,
    XDG_STATE_HOME: own.state,
    [pathName]: path,
  };
}

/** Writes a `segjobs` that starts this very program: for POSIX shells, and for Windows. */
async function writeLauncher(directory: string, launcher: readonly string[]): Promise<void> {
  const quoted = launcher.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const script = join(directory, 'segjobs');
  await writeFile(script, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(script, 0o700);
  await writeFile(join(directory, 'segjobs.cmd'), `@${launcher.map((word) => `"${word}"`).join(' ')} %*\r\n`);
}

/** Runs the command on this process's own streams; returns its exit code, or 128 and the signal's number. */
async function runCommand(
  context: Context,
  [command = '', ...given]: readonly string[],
  env: Environment,
): Promise<ExitCode | number> {
  const { spawn } = await import('node:child_process');
  context.signal.throwIfAborted();
  const [self, ...own] = context.host.launcher;
  // Windows cannot spawn a .cmd without a shell, so the launcher is for the scripts.
  const [file, args] = command === 'segjobs' ? [self, [...own, ...given]] : [command, given];
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio: 'inherit', env, windowsHide: true });
  } catch (cause) {
    throw usageError(`cannot run "${safeText(command)}": ${safeText((cause as Error).message)}`);
  }
  const forward = () => {
    const { reason } = context.signal;
    child.kill((reason instanceof SegjobsError && signalOfCode[reason.code]) || 'SIGTERM');
  };
  context.signal.addEventListener('abort', forward, { once: true });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EACCES') throw cause;
    const isMissing = code === 'ENOENT';
    const output = await context.output();
    output.error(
      usageError(
        `cannot run "${safeText(command)}": ${isMissing ? 'it was not found' : 'permission denied'}`,
        isMissing ? 'check the name and PATH; a shell line needs: sh -c "…"' : 'is it executable?',
      ),
    );
    return isMissing ? commandNotFound : commandNotExecutable;
  } finally {
    context.signal.removeEventListener('abort', forward);
  }
}
