// Writes text to a stream, no faster than it is read, and tells a reader that went away from a disk that is full.

import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';

export interface Sink {
  /**
   * Resolves when the stream has taken the text or the bytes. Throws `READER_GONE` when nobody reads any more (a closed pipe) and
   * `LOCAL_IO` on any other failure; once failed, every further call throws the same.
   */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Writes without waiting; a failure is dropped. For stderr, where there is nowhere to report it. */
  tell(text: string): void;
}

/** `name` is what an error calls the stream. The stream's `error` events are handled from here on. */
export function createSink(stream: NodeJS.WritableStream, name: 'stdout' | 'stderr'): Sink {
  let failure: SegjobsError | undefined;
  const fail = (cause: unknown): SegjobsError => {
    failure ??= writeError(cause, name);
    return failure;
  };
  // Without a listener an `error` event ends the process with a stack trace.
  stream.on('error', fail);
  // A stream destroyed in mid-write may drop the callbacks; its `close` then speaks for them.
  const waiting = new Set<(failure: SegjobsError) => void>();
  stream.on('close', () => {
    const gone = fail(undefined);
    for (const reject of waiting) reject(gone);
    waiting.clear();
  });

  const write = (chunk: string | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      if (chunk.length === 0) {
        resolve();
        return;
      }
      waiting.add(reject);
      try {
        stream.write(chunk, (error) => {
          waiting.delete(reject);
          if (error) reject(fail(error));
          else resolve();
        });
      } catch (error) {
        waiting.delete(reject);
        reject(fail(error));
      }
    });

  const tell = (text: string): void => {
    if (failure !== undefined) return;
    try {
      stream.write(text);
    } catch (error) {
      fail(error);
    }
  };

  return { write, tell };
}

/** What the operating system says when the other end of a pipe, or the stream itself, is gone. */
const goneCodes: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'ECONNRESET',
  'EOF',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

function writeError(cause: unknown, name: string): SegjobsError {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (cause === undefined || goneCodes.has(code)) {
    return new SegjobsError('READER_GONE', `the reader of ${name} went away`, { cause });
  }
  return new SegjobsError('LOCAL_IO', `could not write to ${name}: ${reasonOf(cause, code)}`, {
    hint: code === 'ENOSPC' ? 'free some space where the output goes' : undefined,
    cause,
  });
}

/** `ENOSPC: no space left on device, write` → `no space left on device (ENOSPC)`. */
function reasonOf(cause: unknown, code: string | undefined): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = /^[A-Z0-9]+: (.*?)(?:, \w+)?$/.exec(message)?.[1] ?? message;
  return code === undefined ? safeText(reason) : `${safeText(reason)} (${code})`;
}
