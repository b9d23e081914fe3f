// The whole program in process, in a world made for one test: captured streams, an emulator, time that costs nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import type { Clock, Host } from '../../src/host.ts';
import { run } from '../../src/main.ts';
import { checkExitCode } from './documented-codes.ts';
import { checkPrinted } from './schemas.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | undefined;
  /** Added to the environment; `undefined` removes. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether stdout looks like a terminal of 100 columns. */
  readonly isTty?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with every piece of stdout as it is written; for readers that go away, destroy the stream in it. */
  readonly onStdout?: ((chunk: string, stream: PassThrough) => void) | undefined;
}

export interface World {
  readonly emulator: Emulator;
  readonly env: Readonly<Record<string, string>>;
  /** Runs one command line to its end. */
  segjobs(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  close(): Promise<void>;
}

/** 10 March 2026, 09:00 UTC: tests see the same history wherever and whenever they run. */
export const worldStart = Date.parse('2026-03-10T09:00:00Z');

/** Starts an emulator and a home for it; a wait in the program moves the emulator's clock instead of taking time. */
export async function createWorld(options: EmulatorOptions = {}): Promise<World> {
  const emulator = await startEmulator({ startAt: worldStart, ...options });
  const home = mkdtempSync(join(tmpdir(), 'segjobs-world-'));
  const env: Record<string, string> = {
    HOME: home,
    SEGJOBS_CONFIG_DIR: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
    SEGJOBS_API_URL: emulator.url,
    SEGJOBS_IMS_URL: emulator.url,
    AEP_CLIENT_ID: emulator.credentials.clientId,
    AEP_CLIENT_SECRET: emulator.credentials.clientSecret,
    AEP_ORG_ID: emulator.credentials.orgId,
    AEP_SANDBOX_NAME: 'prod',
  };
  return {
    emulator,
    env,
    segjobs: (argv, runOptions = {}) => runIn(env, costlessClock(emulator), argv, runOptions),
    close: async () => {
      await emulator.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * Real time, but a sleep only moves this clock and the emulator's ahead. A long one still takes a moment, because
 * the program may be sleeping beside a request (a heartbeat) and the answer must have its chance to come first.
 */
function costlessClock(emulator: Emulator): Clock {
  let skippedMs = 0;
  return {
    now: () => emulator.now(),
    monotonicMs: () => performance.now() + skippedMs,
    sleep: async (ms, signal) => {
      await new Promise((resolve) => setTimeout(resolve, ms > 50_000 ? 150 : 2));
      signal?.throwIfAborted();
      skippedMs += ms;
      emulator.advance(ms);
    },
  };
}

/** Runs one command line in the given environment, and in no other. */
export async function runIn(
  env: Readonly<Record<string, string>>,
  clock: Clock,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const stdout = capture(options.isTty === true, options.onStdout);
  const stderr = capture(false);
  const host: Host = {
    env: { ...env, ...options.env },
    platform: process.platform,
    homeDir: env['HOME'],
    userId: process.getuid?.(),
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    clock,
    random: () => 0.5,
    signal: options.signal ?? new AbortController().signal,
    version: '0.0.0-test',
    launcher: [process.execPath, ''],
    setForcedExitCode: () => undefined,
    screen: { isOurs: () => true, hold: () => () => undefined, release: () => undefined },
  };
  const exitCode = await run(host, argv);
  const ran = { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  checkPrinted({ argv, defaultFormat: host.env['SEGJOBS_OUTPUT'], ...ran });
  checkExitCode(argv, exitCode);
  return ran;
}

function capture(isTTY: boolean, onChunk?: RunOptions['onStdout']) {
  const chunks: string[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: isTTY ? 100 : undefined,
    rows: isTTY ? 30 : undefined,
  });
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk.toString('utf8'));
    onChunk?.(chunk.toString('utf8'), stream);
  });
  return { stream, text: () => chunks.join('') };
}
