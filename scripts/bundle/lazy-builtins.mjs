// Makes Node's own costly modules load at their first use instead of at start-up.
import { readFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';

const require = createRequire(import.meta.url);

/** What each costs when loaded, and how few commands need it, is in docs/decisions.md. */
const costly = new Set([
  'assert',
  'child_process',
  'crypto',
  'dns',
  'fs/promises',
  'http',
  'https',
  'net',
  'os',
  'readline',
  'stream/web',
  'timers/promises',
  'tls',
  'tty',
  'worker_threads',
  'zlib',
]);

/**
 * Every static import of such a module becomes an object of getters, one for each name that the importing file takes.
 * `class A extends http.Agent` and whatever else runs when a file is loaded still load it there and then: such files
 * must be imported late themselves.
 */
export const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, async ({ path, kind, namespace, importer }) => {
      const name = path.replace(/^node:/, '');
      if (namespace === 'lazy' || kind === 'dynamic-import' || !costly.has(name) || !isBuiltin(path)) {
        return undefined;
      }
      const keys = namesTaken(await readFile(importer, 'utf8').catch(() => ''), path) ?? allNames(name);
      return { path: `${name}?${keys.join(',')}`, namespace: 'lazy' };
    });
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
      const [name, keys] = path.split('?');
      return { contents: lazyModule(name, keys.split(',')), loader: 'js', resolveDir: '.' };
    });
  },
};

/** What a file takes of a module by name; `undefined` where it takes the module as a whole in a way not looked into. */
function namesTaken(source, path) {
  const clauses = source.matchAll(
    new RegExp(`import\\s+(?!type\\b)([\\w$]+)?\\s*,?\\s*(?:\\{([^}]*)\\})?\\s*from\\s*['"]${path}['"]`, 'g'),
  );
  const all = [...clauses];
  // Bundled from a package of ES modules, a default import is the object of getters itself.
  if (all.some(([, whole]) => whole !== undefined)) return undefined;
  const names = all.flatMap(([, , braces = '']) =>
    braces.split(',').map((part) => part.trim().split(/\s+as\s+/)[0]),
  );
  const isUnclear = new RegExp(`(?:\\* as [\\w$]+ from|require\\(|export .* from)\\s*['"]${path}['"]`).test(
    source,
  );
  return isUnclear || source === ''
    ? undefined
    : [...new Set(names)].filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
}

function allNames(name) {
  return Object.keys(require(`node:${name}`)).filter(
    (key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default',
  );
}

function lazyModule(name, keys) {
  const getters = keys.filter((key) => key !== '').map((key) => `get ${key}(){return real().${key}}`);
  return `let loaded;
const real = () => (loaded ??= require('node:${name}'));
module.exports = {__esModule: true, get default(){return real()},${getters.join(',')}};`;
}
