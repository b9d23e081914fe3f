// The composition root: the only file that touches the process, its signals and real timers.

import { userInfo } from 'node:os';
import { hrtime } from 'node:process';
import { programTree } from './command-tree.ts';
import { firstRunText } from './config/first-run.ts';
import { type Context, createContext } from './context.ts';
import { type ErrorCode, exitCodes, SegjobsError } from './errors.ts';
import { formatAskedFor } from './format-asked-for.ts';
import { helpLook } from './help-look.ts';
import type { Clock, GlobalFlags, Host } from './host.ts';
import { readCommandLine } from './program.ts';
import { createScreenKeeper } from './screen-keeper.ts';

declare const SEGJOBS_VERSION: string;

const version = typeof SEGJOBS_VERSION === 'string' ? SEGJOBS_VERSION : '0.0.0-development';
/** npm and some shells deliver one Ctrl-C twice; only a later second one means "leave at once". */
const sameKeypressMs = 100;
/** How long a process that was told to stop waits for a reader that takes nothing. */
const stuckReaderMs = 500;
const longestTimerMs = 2 ** 31 - 1;

/**
 * Runs one command line and returns its exit code; the caller sets `process.exitCode` and lets the streams drain.
 * `launcher` is how this very program is started.
 */
export async function main(
  process: NodeJS.Process,
  launcher: Host['launcher'] = [process.execPath, process.argv[1] ?? ''],
): Promise<number> {
  const { signal, setForcedExitCode } = listenForSignals(process);
  const host: Host = {
    env: process.env,
    platform: process.platform,
    get homeDir() {
      return accountHome();
    },
    userId: process.getuid?.(),
    // To ask for it is to open it, and few commands read it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    clock: realClock,
    random: Math.random,
    signal,
    version,
    launcher,
    setForcedExitCode,
    keepMemoryFlat: () => keepMemoryFlat(process),
    screen: createScreenKeeper(process),
  };
  // A reader that went away is told to the writer by its own callback; without a listener it would crash here.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error) => {
    host.screen.release();
    void report(host, process.argv.slice(2), undefined, error).finally(() =>
      process.exit(exitCodes.internal),
    );
  });
  return run(host, process.argv.slice(2));
}

let hasOwnFlags = false;

/** Whether the code compiled by now will fit the next start: V8 refuses what was compiled under other flags. */
export function canKeepCode(): boolean {
  return !hasOwnFlags;
}

/**
 * A list that passes through leaves nothing but short-lived garbage, for which V8 would take 40 MB more: its nursery
 * stays as small as it began, and the heap is collected after each fifth that it grows. Both are read at every
 * collection; another runtime may not have them.
 */
function keepMemoryFlat(process: NodeJS.Process): void {
  try {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    hasOwnFlags = true;
    setFlagsFromString('--semi-space-growth-factor=1');
    setFlagsFromString('--heap-growing-percent=20');
  } catch {
    // It is only a wish.
  }
}

/** Runs one command line in the given world. Never throws: a failure is printed and becomes its exit code. */
export async function run(host: Host, argv: readonly string[]): Promise<number> {
  let context: Context | undefined;
  try {
    if (argv[0] === '__complete') {
      const { answerCompletion } = await import('./completion/candidates.ts');
      const { env, platform, homeDir, userId, clock } = host;
      host.stdout.write(
        answerCompletion({ env, platform, homeDir, userId, now: clock.now() }, argv.slice(1)),
      );
      return exitCodes.done;
    }
    const request = readCommandLine(argv, {
      version: host.version,
      ...helpLook(host.env, host.stdout, argv.includes('--no-color')),
      firstRun: () => firstRunText(host),
    });
    if (request.kind === 'text') {
      const { createSink } = await import('./output/sink.ts');
      await createSink(host.stdout, 'stdout').write(request.text);
      return exitCodes.done;
    }
    const isDebug = request.globals.debug || isOn(host.env['SEGJOBS_DEBUG']);
    context = createContext(host, { ...request.globals, debug: isDebug }, request.rules, programTree);
    return await request.command.run(context, request.call);
  } catch (error) {
    return await report(host, argv, context, error);
  } finally {
    await context?.close();
  }
}

/** Prints a failure in the format of the command line and returns its exit code. */
async function report(
  host: Host,
  argv: readonly string[],
  context: Context | undefined,
  thrown: unknown,
): Promise<number> {
  const error = thrown instanceof SegjobsError ? thrown : internalError(thrown);
  // A reader that has what it wanted (`| head`) is no failure; commands that must say otherwise do so themselves.
  if (error.code === 'READER_GONE') return exitCodes.done;
  const isDebug = isOn(host.env['SEGJOBS_DEBUG']) || argv.includes('--debug');
  const output = await (context?.output() ?? Promise.reject(error)).catch(() => {
    const globals = { ...quietGlobals, noColor: argv.includes('--no-color') };
    return createContext(
      { ...host, env: withoutConfig(host) },
      { ...globals, output: errorFormat(argv, host) },
      [],
      programTree,
    ).output();
  });
  output.error(error, isDebug ? stackOf(error) : undefined);
  return error.exitCode;
}

const quietGlobals: GlobalFlags = { quiet: false, noInput: true, noColor: false, debug: false };

/** The format that errors are printed in when the settings could not be read: the flag's, the variable's, or text. */
function errorFormat(argv: readonly string[], host: Host): string {
  const asked = formatAskedFor(argv) ?? host.env['SEGJOBS_OUTPUT'];
  return asked === 'json' || asked === 'ndjson' ? asked : 'tsv';
}

function withoutConfig(host: Host): Host['env'] {
  return { ...host.env, SEGJOBS_OUTPUT: undefined, SEGJOBS_PROFILE: undefined };
}

function internalError(cause: unknown): SegjobsError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new SegjobsError('INTERNAL', `unexpected problem: ${what.split('\n')[0] ?? ''}`, {
    hint: 'this is a bug in segjobs; run again with --debug and report what it prints',
    cause,
  });
}

function stackOf(error: SegjobsError): string | undefined {
  const { cause } = error;
  return cause instanceof Error && cause.stack !== undefined
    ? `${error.stack}\ncaused by ${cause.stack}`
    : error.stack;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

/** The home directory of the account, not of the environment; a container may have no entry for its user. */
function accountHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

const realClock: Clock = {
  now: () => Date.now(),
  // Asking for `performance` would load a module that nothing else needs.
  monotonicMs: () => Number(hrtime.bigint()) / 1e6,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
        Math.min(Math.max(0, ms), longestTimerMs),
      );
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

const codeOfSignal = {
  SIGINT: 'INTERRUPTED',
  SIGTERM: 'TERMINATED',
  SIGHUP: 'HANGUP',
} as const satisfies Record<string, ErrorCode>;

/** Turns the first signal into an abort that commands can answer; a second one leaves at once. */
function listenForSignals(process: NodeJS.Process): {
  signal: AbortSignal;
  setForcedExitCode: (code: number | undefined) => void;
} {
  const controller = new AbortController();
  let forced: number | undefined;
  let firstAt: number | undefined;
  const leave = () => process.exit(forced ?? (controller.signal.reason as SegjobsError).exitCode);
  const isWaitingForReader = () => process.stdout.writableLength + process.stderr.writableLength > 0;
  for (const [name, code] of Object.entries(codeOfSignal)) {
    process.on(name, () => {
      const now = realClock.monotonicMs();
      if (firstAt === undefined) {
        firstAt = now;
        // A write that its reader holds up hears of no abort, and would keep the process for as long.
        if (isWaitingForReader()) setTimeout(() => isWaitingForReader() && leave(), stuckReaderMs).unref();
        controller.abort(new SegjobsError(code, `stopped by ${name}`));
      } else if (now - firstAt > sameKeypressMs) leave();
    });
  }
  return {
    signal: controller.signal,
    setForcedExitCode: (code) => {
      forced = code;
    },
  };
}
