// The per-user file: read plainly and checked whole, written under a lock and in one step.

import { dirname } from 'node:path';
import { SegjobsError } from '../errors.ts';
import { type LockOptions, withFileLock } from '../file-lock.ts';
import {
  ensurePrivateDir,
  FileProblem,
  makePrivate,
  type Ownership,
  privateDirMode,
  privateFileMode,
  readRegular,
  writeFileAtomic,
} from '../files.ts';
import { locateJsonError } from '../json-error.ts';
import { safeText } from '../safe-text.ts';
import { ConfigDraft } from './draft.ts';
import type { Locations } from './locations.ts';
import {
  configError,
  configVersion,
  decodeConfig,
  emptyConfig,
  type RawObject,
  type StoredConfig,
} from './stored.ts';

export { type Locations, locate } from './locations.ts';
export type { StoredConfig, StoredProfile } from './stored.ts';

const maxConfigBytes = 1024 * 1024;

/**
 * The stored configuration; an empty one where there is no file, or no place for one. A file that others can
 * read is made private, and `warnings` says so. Throws `CONFIG` (exit 2) for a file that is no regular file of
 * the user's, or whose content is broken: naming path and position, never an excerpt, and changing nothing.
 * Loads no library: this is on the way of every command.
 */
export function readConfig({ configFile }: Pick<Locations, 'configFile'>, owner: Ownership): StoredConfig {
  if (configFile === undefined) return emptyConfig(undefined);
  const file = readConfigBytes(configFile, owner);
  if (file === undefined) return emptyConfig(configFile);
  const config = decodeConfig(parseConfig(file.bytes, configFile), configFile);
  if (!file.isOpenToOthers) return config;
  const isRepaired = makePrivate(file.target, privateFileMode);
  const name = safeText(configFile);
  const warning = isRepaired
    ? `${name} could be read by other users of this machine; it is private now`
    : `${name} can be read by other users of this machine, and its mode could not be changed`;
  return { ...config, warnings: [warning] };
}

export interface Written<T> {
  /** What `change` returned. */
  readonly value: T;
  /** The configuration as it is now. */
  readonly config: StoredConfig;
  /** Facts for a note: keys of another version that were kept. */
  readonly kept: string | undefined;
}

/**
 * Reads the file, lets `change` edit a draft of it and writes it back, while no other process can do the same:
 * twenty processes setting twenty keys leave twenty keys. Nothing is written when nothing changed.
 * Throws `CONFIG` for a broken file (which is never overwritten) or where there is no place for one, `LOCAL_IO`
 * when writing fails, and whatever `change` throws; each time with the old file as it was.
 */
export async function updateConfig<T>(
  locations: Pick<Locations, 'configFile' | 'mayRepairDir'>,
  options: Ownership & Pick<LockOptions, 'clock' | 'signal'>,
  change: (draft: ConfigDraft) => T,
): Promise<Written<T>> {
  const { configFile } = locations;
  if (configFile === undefined) {
    throw new SegjobsError('CONFIG', 'there is no place for a configuration file: HOME names no directory', {
      hint: 'set SEGJOBS_CONFIG_DIR to an absolute path',
    });
  }
  // Loaded before the lock is taken: others need not wait for it.
  const { default: Conf } = await import('conf');
  const directory = dirname(configFile);
  ensurePrivateDir(directory);
  if (locations.mayRepairDir && options.userId !== undefined) makePrivate(directory, privateDirMode);
  return withFileLock(configFile, options, () => {
    const before = readConfig(locations, options);
    const file = openConf(Conf as unknown as ConfClass, configFile, options);
    const content = file.store;
    const textBefore = JSON.stringify(content);
    const value = change(new ConfigDraft(content, configFile));
    if (JSON.stringify(content) !== textBefore) {
      const versioned = Object.hasOwn(content, 'version') ? content : { version: configVersion, ...content };
      decodeConfig(versioned, configFile);
      file.store = versioned;
    }
    const config = decodeConfig(content, configFile);
    return { value, config: { ...config, warnings: before.warnings }, kept: describeKept(config) };
  });
}

function describeKept({ version, unknownKeys }: StoredConfig): string | undefined {
  if (version > configVersion)
    return `the configuration was written by a newer segjobs (version ${version}); kept so`;
  if (unknownKeys.length === 0) return undefined;
  return `kept what this version does not know: ${unknownKeys.join(', ')}`;
}

function readConfigBytes(configFile: string, owner: Ownership): ReturnType<typeof readRegular> {
  try {
    return readRegular(configFile, { maxBytes: maxConfigBytes, ...owner });
  } catch (cause) {
    if (cause instanceof FileProblem) throw configError(configFile, cause.reason);
    throw cause;
  }
}

/** The parsed content. Every failure is caught here: Node would print the offending line, secret included. */
function parseConfig(bytes: Uint8Array, configFile: string): RawObject {
  const broken = (what: string, line = 1, column = 1) => configError(`${configFile}:${line}:${column}`, what);
  if (bytes.length === 0) throw broken('the file is empty');
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw broken('the file is UTF-16; it must be UTF-8');
  }
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    throw broken('the file begins with a byte order mark; save it as UTF-8 without one');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw broken('the file is not UTF-8 text');
  }
  try {
    return JSON.parse(text) as RawObject;
  } catch {
    const { line, column } = locateJsonError(text) ?? { line: 1, column: 1 };
    throw broken('not valid JSON', line, column);
  }
}

/** The part of Conf that is used; `_write` and `_ensureDirectory` are what its own methods call. */
interface ConfFile {
  store: RawObject;
  _write(content: RawObject): void;
  _ensureDirectory(): void;
}

type ConfClass = new (options: object) => ConfFile;

/**
 * Conf on our file, with its reading and writing replaced: its own write checks neither for a short write (a full
 * disk leaves half a file and exit 0) nor the mode, and its own read throws with the text of a broken file in it.
 */
function openConf(Conf: ConfClass, configFile: string, owner: Ownership): ConfFile {
  class CheckedFile extends Conf {
    override _write(content: RawObject): void {
      writeFileAtomic(configFile, `${JSON.stringify(content, undefined, 2)}\n`, owner);
    }

    override _ensureDirectory(): void {
      ensurePrivateDir(dirname(configFile));
    }
  }
  return new CheckedFile({
    cwd: dirname(configFile),
    configName: 'config',
    fileExtension: 'json',
    projectSuffix: '',
    configFileMode: privateFileMode,
    accessPropertiesByDotNotation: false,
    deserialize: (text: string) => parseConfig(Buffer.from(text), configFile),
  });
}
