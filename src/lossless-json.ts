// Cuts, compacts and indents JSON as text, so that numbers, key order and unknown fields come out as they came in.
// Every function takes text that `JSON.parse` has accepted; none of them calls itself, so that
// no depth of nesting can overflow the stack.

export { locateJsonError } from './json-error.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Levels beyond this one are not indented further: the text would grow with the square of the depth. */
const deepestIndent = 64;

/** Legal in JSON as they are, but a terminal may obey them: DEL, C1, line separators, bidirectional controls. */
const unsafeToShow = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
const allUnsafeToShow = new RegExp(unsafeToShow, 'g');

function escapeUnsafe(json: string): string {
  if (!unsafeToShow.test(json)) return json;
  return json.replace(
    allUnsafeToShow,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function skipWhiteSpace(text: string, from: number): number {
  let at = from;
  while (isWhiteSpace(text.charCodeAt(at))) at++;
  return at;
}

/** The position after the string that opens at `from`. */
function skipString(text: string, from: number): number {
  let end = from;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

/** The position after the value that begins at `from`. */
function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = skipString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (code === openBracket || code === openBrace) depth++;
    else if (code === closeBracket || code === closeBrace) {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (code === comma || isWhiteSpace(code))) return at;
    at++;
  }
  return at;
}

function openingOf(text: string, opening: number, kind: string): number {
  const at = skipWhiteSpace(text, 0);
  if (text.charCodeAt(at) !== opening) throw new TypeError(`the JSON text is not an ${kind}`);
  return at;
}

/** The elements of an array, each as the text it had. Throws a `TypeError` when the text is no array. */
export function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let at = skipWhiteSpace(text, openingOf(text, openBracket, 'array') + 1);
  while (at < text.length && text.charCodeAt(at) !== closeBracket) {
    const end = skipValue(text, at);
    elements.push(text.slice(at, end));
    at = skipWhiteSpace(text, end);
    if (text.charCodeAt(at) === comma) at = skipWhiteSpace(text, at + 1);
  }
  return elements;
}

export interface JsonMember {
  /** Decoded: `\u0061` reads `a`. */
  readonly key: string;
  /** As the text it had. */
  readonly value: string;
}

/**
 * The members of an object in the order of the text, duplicates included.
 * Throws a `TypeError` when the text is no object.
 */
export function membersOf(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  let at = skipWhiteSpace(text, openingOf(text, openBrace, 'object') + 1);
  while (at < text.length && text.charCodeAt(at) !== closeBrace) {
    const keyEnd = skipString(text, at);
    const key: string = JSON.parse(text.slice(at, keyEnd));
    const start = skipWhiteSpace(text, skipWhiteSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    members.push({ key, value: text.slice(start, end) });
    at = skipWhiteSpace(text, end);
    if (text.charCodeAt(at) === comma) at = skipWhiteSpace(text, at + 1);
  }
  return members;
}

/**
 * The text of the value that is found by going from key to key: `memberOf(text, '_page', 'next')`.
 * The last of duplicate keys counts, as for `JSON.parse`. `undefined` where a key is absent or its parent no object.
 */
export function memberOf(text: string, ...path: readonly string[]): string | undefined {
  let value = text;
  for (const key of path) {
    if (value.charCodeAt(skipWhiteSpace(value, 0)) !== openBrace) return undefined;
    const found = membersOf(value).findLast((member) => member.key === key);
    if (found === undefined) return undefined;
    value = found.value;
  }
  return value;
}

/**
 * The same tokens without white space. Inside strings, characters that a terminal may obey are written as `\u…`;
 * the spelling of numbers, the order of keys and duplicate keys stay.
 */
export function compactJson(text: string): string {
  let compact = '';
  let kept = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) at = skipString(text, at);
    else if (isWhiteSpace(code)) {
      compact += text.slice(kept, at);
      at = skipWhiteSpace(text, at);
      kept = at;
    } else at++;
  }
  return escapeUnsafe(kept === 0 ? text : compact + text.slice(kept));
}

/** Indents JSON piece by piece, as `JSON.stringify(value, null, 2)` would, without holding the whole. */
export interface JsonIndenter {
  /** The text to print for the next fragment. A fragment may end between any two tokens, never inside one. */
  write(fragment: string): string;
  /** The line break after the last fragment, or nothing where none was written; the indenter may be used again. */
  end(): string;
}

/** `indent` is the number of spaces for each level. */
export function createJsonIndenter(indent = 2): JsonIndenter {
  let depth = 0;
  let justOpened = false;
  let isEmpty = true;
  const newLine = () => `\n${' '.repeat(indent * Math.min(depth, deepestIndent))}`;

  function write(fragment: string): string {
    let out = '';
    let at = 0;
    while (at < fragment.length) {
      const code = fragment.charCodeAt(at);
      if (isWhiteSpace(code)) {
        at++;
        continue;
      }
      isEmpty = false;
      const isClosing = code === closeBracket || code === closeBrace;
      if (isClosing) depth = Math.max(0, depth - 1);
      if (justOpened !== isClosing && (justOpened || isClosing)) out += newLine();
      justOpened = code === openBracket || code === openBrace;
      if (justOpened) depth++;
      if (code === quote || !(isClosing || justOpened || code === comma || code === colon)) {
        const end = code === quote ? skipString(fragment, at) : skipAtom(fragment, at);
        out += fragment.slice(at, end);
        at = end;
        continue;
      }
      out += fragment[at];
      if (code === comma) out += newLine();
      if (code === colon) out += ' ';
      at++;
    }
    return out;
  }

  function end(): string {
    const lineBreak = isEmpty ? '' : '\n';
    depth = 0;
    justOpened = false;
    isEmpty = true;
    return lineBreak;
  }

  return { write, end };
}

/** The position after a number or a literal; always beyond `from`. */
function skipAtom(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && !isPunctuation(text.charCodeAt(at))) at++;
  return at;
}

function isPunctuation(code: number): boolean {
  return (
    code === comma ||
    code === colon ||
    code === quote ||
    code === openBracket ||
    code === closeBracket ||
    code === openBrace ||
    code === closeBrace ||
    isWhiteSpace(code)
  );
}

/** The same tokens on indented lines, without a final line break. Escapes nothing: hand it compact JSON. */
export function indentJson(text: string, indent = 2): string {
  return createJsonIndenter(indent).write(text);
}

/** `JSON.stringify` with the escapes of `compactJson`; `null` for what JSON cannot say (`undefined`, a function). */
export function quoteJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value) ?? 'null');
}
