// Keeps the compiled code of the program between starts: reading it back costs a third of compiling it again.
// Node 22 has a cache of its own (`module.enableCompileCache`), Node 20 has not.

import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { ensurePrivateDir, removeFile, writeFileAtomic } from './files.ts';

export interface Loaded {
  /** What the file exports. */
  readonly exports: unknown;
  /** Writes the code that has been compiled by now, unless it came from the cache. Never throws. */
  keep(): void;
}

const largestCacheBytes = 16 * 1024 * 1024;

/**
 * Runs a file of ASCII characters that holds a CommonJS module as a function. `cacheFile` is where its code is kept, with a name that another content of
 * the file, or another V8, does not have; V8 itself refuses what does not fit its version and flags. A file that
 * somebody else could have written is not read: it is a program.
 */
export function loadScript(
  file: string,
  cacheFile: string | undefined,
  world: { readonly require: NodeJS.Require; readonly userId: number | undefined },
): Loaded {
  const cachedData = cacheFile === undefined ? undefined : readOwn(cacheFile, world.userId);
  const script = new Script(fs.readFileSync(file, 'latin1'), { filename: file, cachedData });
  const module = { exports: {} };
  script.runInThisContext().call(module.exports, module.exports, world.require, module, file, dirname(file));
  const isCached = cachedData !== undefined && script.cachedDataRejected === false;
  return {
    exports: module.exports,
    keep: () => {
      if (cacheFile !== undefined && !isCached) write(cacheFile, script, world.userId);
    },
  };
}

function readOwn(path: string, userId: number | undefined): Buffer | undefined {
  let handle: number | undefined;
  try {
    handle = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    const { size, uid, mode } = fs.fstatSync(handle);
    const isOwn = userId === undefined || (uid === userId && (mode & 0o022) === 0);
    if (!isOwn || size === 0 || size > largestCacheBytes) return undefined;
    const bytes = Buffer.allocUnsafeSlow(size);
    if (fs.readSync(handle, bytes, 0, size, 0) !== size) return undefined;
    // V8 runs what it is given, damaged or not, and then crashes. To compare two copies is the fastest check there is.
    const [code, copy] = [bytes.subarray(0, size / 2), bytes.subarray(size / 2)];
    return code.equals(copy) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}

/** Never throws: a start without a cache is only slower. The code of other builds goes: nobody will ask for it. */
function write(path: string, script: Script, userId: number | undefined): void {
  const directory = dirname(path);
  try {
    ensurePrivateDir(directory);
    const code = script.createCachedData();
    writeFileAtomic(path, Buffer.concat([code, code]), { userId });
    for (const name of fs.readdirSync(directory)) {
      if (buildOf(name) !== buildOf(path)) removeFile(join(directory, name));
    }
  } catch {
    // Whatever stands in the way stands there at the next start, too.
  }
}

/** `…/0123abcd-11.3.244.8-x64-list.bin` → `0123abcd`. */
function buildOf(path: string): string {
  return /([^/\\]*?)-[^/\\]*$/.exec(path)?.[1] ?? '';
}
