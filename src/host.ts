// The world outside the program, as `main.ts` or a test hands it in: clock, streams, signals, environment.

import type { ScreenKeeper } from './screen-keeper.ts';

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds from any fixed point; never jumps. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Global flags, before or after the subcommand. */
export interface GlobalFlags {
  readonly output?: string | undefined;
  /** A JMESPath expression over the whole result. */
  readonly query?: string | undefined;
  readonly profile?: string | undefined;
  readonly sandbox?: string | undefined;
  readonly quiet: boolean;
  readonly noInput: boolean;
  readonly noColor: boolean;
  readonly debug: boolean;
}

/** The world outside, as `main.ts` or a test hands it in. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home directory of the operating system's account, or `undefined` where it has none. */
  readonly homeDir: string | undefined;
  readonly userId: number | undefined;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted with a `SegjobsError` (INTERRUPTED, TERMINATED, HANGUP) when the process is told to stop. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** How this very program is started: Node and the path of `bin/segjobs.js`, or a standalone program alone. */
  readonly launcher: readonly [string, ...string[]];
  /** The exit code when a second Ctrl-C ends the process at once, where it is not the signal's own. */
  setForcedExitCode(code: number | undefined): void;
  /** From here on the process takes little memory rather than little time, where the runtime knows how. */
  keepMemoryFlat?(): void;
  /** Whoever draws over lines of the terminal holds it, and is told when to give it back. */
  readonly screen: ScreenKeeper;
}

export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};
