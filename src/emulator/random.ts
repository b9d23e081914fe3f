// Numbers that look random and never change: everything the emulator makes up follows from a seed and a name.

const golden = 0x9e3779b9;

/** Spreads the bits of a 32-bit number (the finaliser of MurmurHash3, public domain). */
function scramble(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A 32-bit number that follows from the parts and their order; equal parts, equal number. */
export function hashOf(...parts: readonly (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const part of parts) {
    if (typeof part === 'number') {
      h = scramble(h ^ (part | 0) ^ Math.imul(Math.floor(part / 0x1_0000_0000), golden));
    } else {
      for (let i = 0; i < part.length; i++) h = Math.imul(h ^ part.charCodeAt(i), 0x01000193);
      h = scramble(h ^ part.length);
    }
  }
  return h >>> 0;
}

/** A number from 0 (included) to 1 (excluded) that follows from the parts. */
export function fractionOf(...parts: readonly (string | number)[]): number {
  return hashOf(...parts) / 0x1_0000_0000;
}

/** A whole number from `low` to `high`, both included. */
export function integerOf(low: number, high: number, ...parts: readonly (string | number)[]): number {
  return low + Math.floor(fractionOf(...parts) * (high - low + 1));
}

/** One of the choices. Throws where there are none. */
export function choiceOf<T>(choices: readonly T[], ...parts: readonly (string | number)[]): T {
  const choice = choices[hashOf(...parts) % choices.length];
  if (choice === undefined) throw new RangeError('nothing to choose from');
  return choice;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexOf(word: number): string {
  return (
    (hexOfByte[word >>> 24] ?? '') +
    (hexOfByte[(word >>> 16) & 255] ?? '') +
    (hexOfByte[(word >>> 8) & 255] ?? '') +
    (hexOfByte[word & 255] ?? '')
  );
}

/** A UUID (version 4 in form) that follows from the parts. */
export function uuidOf(...parts: readonly (string | number)[]): string {
  const base = hashOf(...parts);
  const a = hexOf(scramble(base + golden));
  const b = hexOf((scramble(base ^ 0x5bd1e995) & 0xffff0fff) | 0x4000);
  const c = hexOf((scramble(base + 2 * golden + 1) & 0x3fffffff) | 0x80000000);
  const d = hexOf(hashOf('uuid', ...parts));
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 32 letters and digits, the form in which the service writes a request id of its own making. */
export function requestIdOf(...parts: readonly (string | number)[]): string {
  let text = '';
  for (let i = 0; i < 32; i++) text += letters.charAt(hashOf('request', i, ...parts) % letters.length);
  return text;
}
