// Streams for tests: one that keeps what it is given, and ones that fail or dawdle as real ones do.

import { Writable } from 'node:stream';
import { describeTerminal, type Terminal } from '../../src/output/terminal.ts';

export interface Kept {
  readonly stream: Writable;
  /** Everything written so far. */
  text(): string;
}

export function keeping(): Kept {
  let kept = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      kept += chunk;
      done();
    },
  });
  return { stream, text: () => kept };
}

/** Takes `wholeWrites` writes and fails every later one, as a closed pipe (`EPIPE`) or a full disk (`ENOSPC`) does. */
export function failing(code: string, message: string, wholeWrites = 0): Kept {
  let kept = '';
  let left = wholeWrites;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      if (left === 0) {
        done(Object.assign(new Error(`${code}: ${message}, write`), { code }));
        return;
      }
      left -= 1;
      kept += chunk;
      done();
    },
  });
  return { stream, text: () => kept };
}

/** A terminal of the given width without colour, `colorLevel` 1 for colour; 0 columns: not a terminal. */
export function terminalOf(columns: number, colorLevel: 0 | 1 = 0): Terminal {
  return describeTerminal({
    isTty: columns > 0,
    columns,
    rows: 24,
    env: { FORCE_COLOR: String(colorLevel) },
    noColorFlag: false,
  });
}
