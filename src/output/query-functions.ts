// The functions of JMESPath, mended where the library strays from the specification: a 0 that `map` turns into null,
// lists that are sorted in their place, text sorted by the locale, many numbers that overflow the stack, text that is
// taken for a number (`''`, `0x10`), halves of characters.

import { PowertoolsFunctions } from './jmespath.ts';

/** A function as the library calls it: with all its arguments, worked out. Throws where they are of the wrong type. */
type Callable = (args: readonly unknown[]) => unknown;

/** `&name`, as a function gets it. */
interface Expression {
  visit(value: unknown): unknown;
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What `search` takes for its functions. `print` writes a value as JSON, for `to_string`. */
export function createFunctions(print: (value: unknown) => string): PowertoolsFunctions {
  const functions = new PowertoolsFunctions();
  functions.introspectMethods();
  // The library's own additions (base64, gzip) are no JMESPath.
  for (const name of functions.methods) if (name.includes('Powertools')) functions.methods.delete(name);
  functions.introspectMethods = () => functions.methods;

  const standard = PowertoolsFunctions.prototype as unknown as Readonly<Record<string, Callable>>;
  const call = (name: string, ...args: readonly unknown[]) => standard[name]?.(args);
  const copyOf = (value: unknown) => (Array.isArray(value) ? [...value] : value);
  const sorted = (list: unknown): readonly unknown[] => {
    const copy = call('funcSort', copyOf(list)) as unknown[];
    return typeof copy[0] === 'string' ? (copy as string[]).sort(byCharacters) : copy;
  };
  const mended: Readonly<Record<string, Callable>> = {
    funcAvg: ([list]) => (Array.isArray(list) && list.length === 0 ? null : call('funcAvg', list)),
    funcContains: ([within, wanted]) => {
      const found = call('funcContains', within, wanted);
      return Array.isArray(within) ? within.some((item) => print(item) === print(wanted)) : found;
    },
    funcLength: ([value]) => (typeof value === 'string' ? [...value].length : call('funcLength', value)),
    funcMap: ([expression, list]) => {
      const results: unknown[] = [];
      const { visit } = expression as Expression;
      const noting: Expression = {
        visit: (item) => results.push(visit.call(expression, item) ?? null),
      };
      call('funcMap', noting, list);
      return results;
    },
    funcMax: ([list]) => sorted(list).at(-1) ?? null,
    funcMin: ([list]) => sorted(list)[0] ?? null,
    funcNotNull: (args) => args.find((value) => value !== null && value !== undefined) ?? null,
    funcReverse: ([given]) =>
      typeof given === 'string' ? [...given].reverse().join('') : call('funcReverse', copyOf(given)),
    funcSort: ([list]) => sorted(list),
    funcToNumber: ([value]) =>
      typeof value === 'string' && !jsonNumber.test(value) ? null : call('funcToNumber', value),
    funcToString: ([value]) => (typeof value === 'string' ? value : print(value)),
  };
  return Object.assign(functions, mended);
}

function byCharacters(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `sort_by` for `funcSortBy`. */
export function functionNames(): ReadonlySet<string> {
  const { methods } = createFunctions(String);
  return new Set(
    [...methods].map((name) =>
      name
        .replace(/^func(.)/, (_, first: string) => first.toLowerCase())
        .replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
    ),
  );
}
