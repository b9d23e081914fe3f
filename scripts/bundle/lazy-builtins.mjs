// Makes Node's own costly modules load at their first use instead of at start-up.
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
 * Every static import of such a module becomes an object of getters. `class A extends http.Agent` and whatever else
 * runs when a file is loaded still load it there and then: such files must be imported late themselves.
 */
export const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ path, kind, namespace }) => {
      const name = path.replace(/^node:/, '');
      if (namespace === 'lazy' || kind === 'dynamic-import' || !costly.has(name) || !isBuiltin(path))
        return undefined;
      return { path: name, namespace: 'lazy' };
    });
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: lazyModule(path),
      loader: 'js',
      resolveDir: '.',
    }));
  },
};

function lazyModule(name) {
  const keys = Object.keys(require(`node:${name}`)).filter(
    (key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default',
  );
  const getters = keys.map((key) => `get ${key}(){return real().${key}}`);
  return `let loaded;
const real = () => (loaded ??= require('node:${name}'));
module.exports = {__esModule: true, get default(){return real()},${getters.join(',')}};`;
}
