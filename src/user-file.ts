// A file the user named for its text: of any kind and owner, within a limit of size, and given up on an interrupt.

import * as fs from 'node:fs';
import { SegjobsError, usageError } from './errors.ts';
import { readUpTo } from './files.ts';
import { safeText } from './safe-text.ts';
import { explainSystemError } from './system-errors.ts';

/**
 * The text of the file. A pipe of the shell's (`<(command)`) or a named one is waited for until its writers are
 * done, or the signal is aborted, whose reason is then thrown. Bytes that are not UTF-8 become U+FFFD; a byte
 * order mark is dropped. Throws a usage error when it cannot be read or is longer than `maxBytes`.
 */
export async function readUserFile(
  path: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<string> {
  let bytes: Buffer | undefined;
  try {
    bytes = fs.statSync(path).isFIFO() ? await readPipe(path, maxBytes, signal) : readFile(path, maxBytes);
  } catch (cause) {
    if (cause instanceof SegjobsError) throw cause;
    throw usageError(`cannot read ${safeText(path)}: ${explainSystemError(cause)}`);
  }
  if (bytes === undefined) throw usageError(`${safeText(path)} holds more than ${maxBytes} bytes`);
  return new TextDecoder().decode(bytes);
}

function readFile(path: string, maxBytes: number): Buffer | undefined {
  const file = fs.openSync(path, 'r');
  try {
    return readUpTo(file, maxBytes);
  } finally {
    fs.closeSync(file);
  }
}

/** A read that waits would stop this whole program, signals included: so this one is told when there is something. */
async function readPipe(path: string, maxBytes: number, signal: AbortSignal): Promise<Buffer | undefined> {
  const { Socket } = await import('node:net');
  signal.throwIfAborted();
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false });
  const stop = () => pipe.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of pipe) {
      size += (chunk as Buffer).length;
      if (size > maxBytes) return undefined;
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw cause;
  } finally {
    signal.removeEventListener('abort', stop);
    pipe.destroy();
  }
  signal.throwIfAborted();
  return Buffer.concat(chunks, size);
}
