// JSON as values that a library can compute with, and back into text with every number as it was written.

import { compactJson, quoteJson } from '../lossless-json.ts';
import { createNumberBook, isHeld } from './exact-numbers.ts';

/** Deeper JSON is refused: everything that walks the values calls itself. */
export const deepestNesting = 500;

/** Reads documents and prints what was found in them; one for all the documents that belong together. */
export interface ExactValues {
  /**
   * The value of a JSON text that `JSON.parse` accepts. Objects have no prototype, so that `__proto__` and `toString`
   * are keys like any other. Throws a `RangeError` for more than `deepestNesting` levels.
   * `onOpen` is called with each array and object, and where in the text it begins.
   */
  read(json: string, onOpen?: (value: object, at: number) => void): unknown;
  /**
   * To be called once all is read: gives each number that no double can hold a double of its own, close by, that
   * stands for it. `literals` are further numbers, from the expression; the answer has the double of each.
   */
  settle(literals: readonly string[]): readonly number[];
  /** The value as compact JSON. What was read and left whole comes out with the tokens it had. */
  print(value: unknown): string;
}

/** Where the text of an array or object is that would not come out the same from its value. */
interface Source {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

type Holder = Record<string | number, unknown>;

/** An object that inherits nothing, as `Object.create(null)`, but laid out as small and read as fast as any other. */
function Bag() {}
Bag.prototype = Object.create(null);

const quote = 0x22;
const backslash = 0x5c;

/** White space, comma, `]` or `}`. */
function endsAtom(code: number): boolean {
  return code <= 0x20 || code === 0x2c || code === 0x5d || code === 0x7d;
}

export function createExactValues(): ExactValues {
  const sources = new Map<object, Source>();
  /** `text` is `undefined` for another value under the key of an earlier one. */
  const unheld: {
    readonly holder: Holder;
    readonly key: string | number;
    readonly text: string | undefined;
    readonly value: unknown;
  }[] = [];
  const roots: unknown[] = [];
  const book = createNumberBook();

  function read(text: string, onOpen: (value: object, at: number) => void = () => undefined): unknown {
    let at = 0;
    const skipSpace = () => {
      while (text.charCodeAt(at) <= 0x20) at++;
    };
    const skipTo = (mark: string) => {
      skipSpace();
      if (text[at] !== mark) return false;
      at++;
      return true;
    };
    const string = (): string => {
      const start = at;
      let end = text.indexOf('"', at + 1);
      const first = text.slice(start + 1, end);
      at = end + 1;
      if (!first.includes('\\')) return first;
      end = start + 1;
      while (text.charCodeAt(end) !== quote) end += text.charCodeAt(end) === backslash ? 2 : 1;
      at = end + 1;
      return JSON.parse(text.slice(start, at));
    };
    /** Whether the value alone would not be printed as it was written. */
    const put = (holder: Holder, key: string | number, depth: number): boolean => {
      skipSpace();
      const first = text[at];
      if (first === '"') {
        holder[key] = string();
        return false;
      }
      if (first === '{' || first === '[') {
        holder[key] = first === '{' ? object(depth + 1) : array(depth + 1);
        return false;
      }
      const start = at;
      while (at < text.length && !endsAtom(text.charCodeAt(at))) at++;
      const token = text.slice(start, at);
      if (first === 't' || first === 'f' || first === 'n') {
        holder[key] = first === 'n' ? null : first === 't';
        return false;
      }
      const value = Number(token);
      holder[key] = value;
      if (String(value) === token) return false;
      if (!isHeld(token, value)) unheld.push({ holder, key, text: token, value });
      return true;
    };
    const open = (value: object, depth: number) => {
      if (depth > deepestNesting) throw new RangeError(`more than ${deepestNesting} levels of JSON`);
      onOpen(value, at);
      at++;
    };
    const object = (depth: number): object => {
      const start = at;
      const value: Holder = new (Bag as unknown as new () => Holder)();
      let isOdd = false;
      open(value, depth);
      if (!skipTo('}')) {
        do {
          skipSpace();
          const key = string();
          // Keys that look like numbers change their place in an object, and a repeated one is lost.
          const isRepeated = key in value;
          isOdd ||= (key.charCodeAt(0) <= 0x39 && /^\d+$/.test(key)) || isRepeated;
          const before = unheld.length;
          skipTo(':');
          isOdd = put(value, key, depth) || isOdd;
          // What was read last counts: the number under the same key must not come back when all is settled.
          if (isRepeated && (unheld.length === before || unheld.at(-1)?.holder !== value))
            unheld.push({ holder: value, key, text: undefined, value: value[key] });
        } while (skipTo(','));
        skipTo('}');
      }
      if (isOdd) sources.set(value, { text, start, end: at });
      return value;
    };
    const array = (depth: number): object => {
      const start = at;
      const value: unknown[] = [];
      let isOdd = false;
      open(value, depth);
      if (!skipTo(']')) {
        do isOdd = put(value as unknown as Holder, value.length, depth) || isOdd;
        while (skipTo(','));
        skipTo(']');
      }
      if (isOdd) sources.set(value, { text, start, end: at });
      return value;
    };
    const root: Holder = { value: undefined };
    put(root, 'value', 0);
    roots.push(root);
    return root['value'];
  }

  function settle(literals: readonly string[]): readonly number[] {
    const texts = [
      ...unheld.flatMap(({ text }) => text ?? []),
      ...literals.filter((text) => !isHeld(text, Number(text))),
    ];
    if (texts.length > 0) {
      const taken = new Set<number>(literals.map(Number));
      for (const root of roots) collectNumbers(root, taken);
      book.assign(texts, taken);
      for (const { holder, key, text, value } of unheld)
        holder[key] = text === undefined ? value : book.standInFor(text);
    }
    return literals.map((text) => book.standInFor(text));
  }

  function print(value: unknown): string {
    if (typeof value === 'number') return book.textOf(value);
    if (typeof value === 'string' || typeof value === 'boolean') return quoteJson(value);
    if (typeof value !== 'object' || value === null) return 'null';
    const source = sources.get(value);
    if (source !== undefined) return compactJson(source.text.slice(source.start, source.end));
    if (Array.isArray(value)) return `[${value.map(print).join(',')}]`;
    const prototype = Object.getPrototypeOf(value);
    // What is no data: a reference to an expression.
    if (prototype !== Bag.prototype && prototype !== Object.prototype) return 'null';
    return `{${Object.entries(value)
      .map(([key, member]) => `${quoteJson(key)}:${print(member)}`)
      .join(',')}}`;
  }

  return { read, settle, print };
}

function collectNumbers(value: unknown, into: Set<number>): void {
  if (typeof value === 'number') into.add(value);
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) collectNumbers(member, into);
}
