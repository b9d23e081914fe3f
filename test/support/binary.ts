// The built program in a world made for one test file: by its arguments, or in a bash line as `segjobs`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';
import { type Ended, type Started, type StartOptions, startCommand } from './processes.ts';
import { programCall } from './program.ts';
import { programDirectory } from './transcript.ts';
import { createWorld, type World } from './world.ts';

/** Shell lines, signals and modes mean something here. */
export const isPosix = process.platform !== 'win32';

export interface BinaryOptions extends Omit<StartOptions, 'env'> {
  /** Added to the environment; `undefined` removes. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[] | undefined;
}

export interface BinaryWorld extends World {
  /** The home directory of this world: a place for a test's files. */
  readonly home: string;
  /** The environment of the program, with a PATH on which `segjobs` is found. */
  environment(more?: BinaryOptions['env']): Record<string, string>;
  start(argv: readonly string[], options?: BinaryOptions): Started;
  run(argv: readonly string[], options?: BinaryOptions): Promise<Ended>;
  /** A line of bash. */
  startShell(script: string, options?: BinaryOptions): Started;
  shell(script: string, options?: BinaryOptions): Promise<Ended>;
  /** Writes a file in the home directory and returns its path. */
  file(name: string, content: string | Buffer): string;
  /** Starts a job that stays unfinished until the test moves the clock; returns its id. */
  activeJob(...segmentIds: readonly string[]): Promise<string>;
  /** Requests since the last call, as `GET list`. */
  newRequests(): readonly string[];
}

export async function createBinaryWorld(options: EmulatorOptions = {}): Promise<BinaryWorld> {
  const world = await createWorld({ maxActiveJobs: 10_000, ...options });
  const program = programDirectory();
  const home = world.env['HOME'] ?? '';
  let seen = 0;
  const environment: BinaryWorld['environment'] = (more = {}) => {
    const all = {
      PATH: `${program.path}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      // A world is new: writing what nobody will read again would only take time.
      NODE_DISABLE_COMPILE_CACHE: '1',
      ...world.env,
      ...more,
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  };
  const start: BinaryWorld['start'] = (argv, { env, nodeFlags, ...rest } = {}) => {
    const call = programCall(argv, nodeFlags);
    return startCommand(call.command, call.parameters, {
      ...rest,
      env: environment({ ...call.env, ...env }),
    });
  };
  const startShell: BinaryWorld['startShell'] = (script, { env, ...rest } = {}) =>
    startCommand('bash', ['-c', script], { ...rest, env: environment(env) });
  return {
    ...world,
    home,
    environment,
    start,
    run: (argv, given) => start(argv, given).ended,
    startShell,
    shell: (script, given) => startShell(script, given).ended,
    file: (name, content) => {
      const path = join(home, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
    activeJob: async (...segmentIds) => {
      const asked =
        segmentIds.length === 0 ? world.emulator.definitionIds().evaluable.slice(0, 1) : segmentIds;
      const { stdout, stderr } = await world.segjobs(['create', ...asked, '-o', 'ids']);
      if (stdout === '') throw new Error(stderr);
      return stdout.trim();
    },
    newRequests: () => {
      const all = world.emulator.requests;
      const fresh = all.slice(seen).map(({ method, operation }) => `${method} ${operation ?? '?'}`);
      seen = all.length;
      return fresh;
    },
    close: async () => {
      program.remove();
      await world.close();
    },
  };
}

/** Plays a scene in a world of its own, so that scenes can play side by side. */
export async function inOwnWorld(
  play: (world: BinaryWorld) => Promise<void>,
  options: EmulatorOptions = {},
): Promise<void> {
  const world = await createBinaryWorld(options);
  try {
    await play(world);
  } finally {
    await world.close();
  }
}
