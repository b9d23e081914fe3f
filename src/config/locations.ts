// Where the tool keeps its files: one rule for every platform, decided from the environment alone.

import { posix, win32 } from 'node:path';
import { usageError } from '../errors.ts';

/** `C:\` or `\\server`, with either slash. */
const startsAtRoot = /^(?:[a-z]:[\\/]|[\\/]{2}[^\\/])/i;

/** Absolute paths; `undefined` where the environment names no home to keep them in. */
export interface Locations {
  readonly configFile: string | undefined;
  /** Cached tokens; its content may be deleted at any time. */
  readonly cacheDir: string | undefined;
  /** Create intents: what must outlive a process. */
  readonly stateDir: string | undefined;
  /** Whether the config directory is the tool's own, so that its mode may be repaired; not one the user named. */
  readonly mayRepairDir: boolean;
}

export interface LocationFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home directory of the account, for when the environment names none. */
  readonly homeDir: string | undefined;
}

/**
 * `$SEGJOBS_CONFIG_DIR`, else `$XDG_CONFIG_HOME/segjobs`, else `%APPDATA%\segjobs` on Windows, else
 * `~/.config/segjobs`. Cache and state follow `$XDG_CACHE_HOME` and `$XDG_STATE_HOME`, else lie beside the
 * config file. A relative XDG value is ignored, as that specification demands; a `HOME` that is set but empty or
 * relative counts as none, because taking it would write into the working directory. A relative
 * `SEGJOBS_CONFIG_DIR` is a usage error for the same reason. On Windows a path needs its drive or its server:
 * `\x` and `C:x` depend on where a command happens to be run.
 */
export function locate(facts: LocationFacts): Locations {
  const { env, platform } = facts;
  const path = platform === 'win32' ? win32 : posix;
  const isWhole = (value: string) => (path === win32 ? startsAtRoot.test(value) : path.isAbsolute(value));
  const absolute = (value: string | undefined) =>
    value !== undefined && isWhole(value) && !value.includes('\0') ? path.normalize(value) : undefined;
  const under = (base: string | undefined, ...rest: string[]) =>
    base === undefined ? undefined : path.join(base, ...rest);

  const asked = env['SEGJOBS_CONFIG_DIR'];
  const named = absolute(asked);
  if (asked && named === undefined) throw usageError('SEGJOBS_CONFIG_DIR must be an absolute path');
  const home = absolute(
    platform === 'win32' ? (env['USERPROFILE'] ?? facts.homeDir) : (env['HOME'] ?? facts.homeDir),
  );
  const appData = platform === 'win32' ? absolute(env['APPDATA']) : undefined;
  const configDir =
    named ??
    under(absolute(env['XDG_CONFIG_HOME']), 'segjobs') ??
    under(appData, 'segjobs') ??
    under(home, '.config', 'segjobs');
  return {
    configFile: under(configDir, 'config.json'),
    cacheDir: under(absolute(env['XDG_CACHE_HOME']), 'segjobs') ?? under(configDir, 'cache'),
    stateDir: under(absolute(env['XDG_STATE_HOME']), 'segjobs') ?? under(configDir, 'state'),
    mayRepairDir: named === undefined && configDir !== undefined,
  };
}
