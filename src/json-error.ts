// Says where a text stops being JSON: line and column, never a quotation.

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const anyWhiteSpace = /[ \t\r\n]*/y;

function skipWhiteSpace(text: string, from: number): number {
  anyWhiteSpace.lastIndex = from;
  anyWhiteSpace.test(text);
  return anyWhiteSpace.lastIndex;
}

export interface TextPosition {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters (code points). */
  readonly column: number;
}

/**
 * Where a text stops being JSON, or `undefined` when it is JSON: for naming the place in a broken file without
 * quoting it, since it may hold secrets.
 */
export function locateJsonError(text: string): TextPosition | undefined {
  const open: number[] = [];
  let at = skipWhiteSpace(text, 0);
  let awaits: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'commaOrEnd' = 'value';
  for (;;) {
    const code = text.charCodeAt(at);
    const parent = open.at(-1);
    if (awaits === 'commaOrEnd') {
      if (parent === undefined) return at === text.length ? undefined : positionAt(text, at);
      if (code === comma) awaits = parent === openBrace ? 'key' : 'value';
      else if (code === closingOf(parent)) open.pop();
      else return positionAt(text, at);
      at = skipWhiteSpace(text, at + 1);
      continue;
    }
    if ((awaits === 'valueOrEnd' || awaits === 'keyOrEnd') && code === closingOf(parent)) {
      open.pop();
      awaits = 'commaOrEnd';
      at = skipWhiteSpace(text, at + 1);
      continue;
    }
    if (awaits === 'key' || awaits === 'keyOrEnd') {
      if (code !== quote) return positionAt(text, at);
      const key = checkString(text, at);
      if (!key.isWhole) return positionAt(text, key.end);
      at = skipWhiteSpace(text, key.end);
      if (text.charCodeAt(at) !== colon) return positionAt(text, at);
      awaits = 'value';
      at = skipWhiteSpace(text, at + 1);
      continue;
    }
    if (code === openBracket || code === openBrace) {
      open.push(code);
      awaits = code === openBrace ? 'keyOrEnd' : 'valueOrEnd';
      at = skipWhiteSpace(text, at + 1);
      continue;
    }
    const atom = code === quote ? checkString(text, at) : checkAtom(text, at);
    if (!atom.isWhole) return positionAt(text, atom.end);
    awaits = 'commaOrEnd';
    at = skipWhiteSpace(text, atom.end);
  }
}

interface Checked {
  readonly isWhole: boolean;
  /** After the token when it is whole, else where it goes wrong. */
  readonly end: number;
}

function closingOf(opening: number | undefined): number {
  return opening === openBrace ? closeBrace : closeBracket;
}

function checkString(text: string, from: number): Checked {
  let at = from + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quote) return { isWhole: true, end: at + 1 };
    // NaN past the end of the text fails this comparison too.
    if (!(code >= 0x20)) return { isWhole: false, end: at };
    if (code !== backslash) {
      at++;
      continue;
    }
    const sequence = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6));
    if (sequence === null) return { isWhole: false, end: at };
    at += 1 + sequence[0].length;
  }
}

const atomStart = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y;

function checkAtom(text: string, from: number): Checked {
  atomStart.lastIndex = from;
  const isWhole = atomStart.test(text);
  return { isWhole, end: isWhole ? atomStart.lastIndex : from };
}

function positionAt(text: string, offset: number): TextPosition {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  let column = 1;
  for (let at = lineStart; at < offset; at++) {
    const isSecondHalf = (text.charCodeAt(at) & 0xfc00) === 0xdc00;
    if (!isSecondHalf) column++;
  }
  return { line, column };
}
