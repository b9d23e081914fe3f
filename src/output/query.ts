// `--query`: a JMESPath expression over the whole result, as in aws and az; and what is wrong with one.

import { type SegjobsError, usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { nearest } from '../suggestions.ts';
import { createExactValues } from './exact-values.ts';
import {
  EmptyExpressionError,
  JMESPathError,
  JMESPathTypeError,
  LexerError,
  ParseError,
  search,
  UnknownFunctionError,
} from './jmespath.ts';
import { createFunctions, functionNames } from './query-functions.ts';

export interface Query {
  /** Begins a result that comes in pieces. */
  collect(frame: { readonly head: string; readonly tail: () => string }): Collected;
}

/** A result on its way. */
export interface Collected {
  /** One more item, as JSON, under its key where the items stand in an object. Throws where it is all too much. */
  add(json: string, key: string | undefined): void;
  /** What the expression finds in the whole, as compact JSON. Throws a usage error where it does not fit the result. */
  find(): string;
}

/** Characters of JSON that are held at once; their values take about as much memory again. */
const mostCharacters = 256 * 1024 * 1024;
const manual = 'JMESPath, as in aws and az: https://jmespath.org/specification.html';

/**
 * Reads an expression. Throws a usage error naming the character (from 1 up) where it cannot be read, or the function
 * that there is not.
 */
export function compileQuery(expression: string): Query {
  checkSyntax(expression);
  checkFunctions(expression);
  return { collect: (frame) => collect(expression, frame) };
}

function collect(expression: string, frame: Parameters<Query['collect']>[0]): Collected {
  const values = createExactValues();
  const added: unknown[] = [];
  const keys: (string | undefined)[] = [];
  let size = 0;

  function add(json: string, key: string | undefined): void {
    size += json.length;
    if (size > mostCharacters) {
      throw usageError(
        'the result is larger than --query can hold (256 MiB)',
        'ask for fewer jobs, or stream them: -o ndjson | jq',
      );
    }
    added.push(guarded(() => values.read(json)));
    keys.push(key);
  }

  function find(): string {
    // The items belong into what the head of the document has opened last.
    const text = `${frame.head}${frame.tail()}`;
    let container: object | undefined;
    const document = guarded(() =>
      values.read(text, (value, at) => {
        if (at === frame.head.length - 1) container = value;
      }),
    );
    if (Array.isArray(container)) for (const item of added) container.push(item);
    else
      for (const [index, item] of added.entries())
        Object.assign(container ?? {}, { [keys[index] ?? '']: item });
    const { text: settled } = withStandIns(expression, values.settle);
    const found = searchIn(settled, expression, document, values.print);
    return values.print(found);
  }

  return { add, find };
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw usageError(`--query cannot look into this result: ${cause.message}`, 'print it without --query');
  }
}

function searchIn(
  expression: string,
  shown: string,
  document: unknown,
  print: (value: unknown) => string,
): unknown {
  try {
    return search(padded(expression), document as object, { customFunctions: createFunctions(print) });
  } catch (error) {
    throw asUsageError(error, shown);
  }
}

/**
 * With a space in front: the library keeps expressions it has read by their text in a plain object, in which
 * `constructor` is always there; and its positions, which count from 0, become ours.
 */
function padded(expression: string): string {
  return ` ${expression}`;
}

function checkSyntax(expression: string): void {
  try {
    search(padded(expression), null as never, { customFunctions: createFunctions(String) });
  } catch (error) {
    // An argument of the wrong type is the fault of the nothing that was searched; functions are looked at next.
    if (error instanceof JMESPathTypeError || error instanceof UnknownFunctionError) return;
    throw asUsageError(error, expression);
  }
}

function checkFunctions(expression: string): void {
  const known = functionNames();
  const code = expression.replace(quoted, (text) => ' '.repeat(text.length));
  for (const { 1: name = '', index } of code.matchAll(/([A-Za-z_]\w*)\s*\(/g)) {
    if (known.has(name)) continue;
    // So short a word is near to half of them.
    const near = name.length < 4 ? undefined : nearest(name, [...known]);
    throw queryError(`unknown function "${name}" at character ${index + 1}`, near && `did you mean: ${near}`);
  }
}

/** Raw strings, quoted names and literals: what is no syntax. */
const quoted = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`/gs;
const numberLiteral = /^`\s*(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*`$/;

/** The expression with each number that no double can hold replaced by the double that stands for it. */
function withStandIns(
  expression: string,
  settle: (literals: readonly string[]) => readonly number[],
): { readonly text: string } {
  const literals = [...expression.matchAll(quoted)].flatMap(([text]) => numberLiteral.exec(text)?.[1] ?? []);
  const standIns = settle(literals);
  let next = 0;
  const text = expression.replace(quoted, (part) =>
    numberLiteral.test(part) ? `\`${standIns[next++]}\`` : part,
  );
  return { text };
}

function queryError(message: string, hint: string | undefined = manual): SegjobsError {
  return usageError(`invalid --query: ${safeText(message)}`, hint);
}

function asUsageError(error: unknown, expression: string): unknown {
  if (error instanceof LexerError) {
    const { lexerPosition, lexerValue } = error;
    const hint = lexerValue === '=' ? 'compare with ==' : undefined;
    const what = /^['"`]./.test(lexerValue)
      ? `nothing closes ${lexerValue[0]}`
      : `cannot read "${lexerValue}"`;
    return queryError(`${what} at character ${lexerPosition}`, hint);
  }
  if (error instanceof EmptyExpressionError || expression.trim() === '') return queryError('it is empty');
  if (error instanceof ParseError) {
    const { tokenType, tokenValue, lexPosition } = error;
    return tokenType === 'eof'
      ? queryError(`it ends too early, at character ${lexPosition}`)
      : queryError(`unexpected "${String(tokenValue)}" at character ${lexPosition}`);
  }
  if (error instanceof SyntaxError)
    return queryError(`a quoted name is no JSON string${positionOfBadName(expression)}`);
  if (error instanceof RangeError) return queryError('it is too deep, or what it finds is too much');
  if (!(error instanceof Error)) return error;
  const isOwn = error instanceof JMESPathError || error.message.includes('slice');
  return isOwn ? queryError(withPosition(error.message, expression)) : error;
}

function positionOfBadName(expression: string): string {
  const bad = [...expression.matchAll(quoted)].find(([text]) => text.startsWith('"') && !isJson(text));
  return bad === undefined ? '' : ` at character ${bad.index + 1}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `Invalid argument type for function sum(), …, in expression: …` → the same in short, and where the function stands. */
function withPosition(message: string, expression: string): string {
  const short = message
    .replace(/ in expression: [\s\S]*$/, '')
    .replace(/^[A-Z]/, (first) => first.toLowerCase());
  const name = /function (\w+)\(\)/.exec(short)?.[1];
  const code = expression.replace(quoted, (text) => ' '.repeat(text.length));
  const at = name === undefined ? -1 : code.search(new RegExp(`\\b${name}\\s*\\(`));
  return at < 0 ? short : `${short}, at character ${at + 1}`;
}
