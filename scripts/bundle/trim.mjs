// Takes out of the libraries what segjobs never uses of them, where every start or every row would pay for it.
// What each part cost is in docs/decisions.md; test/e2e/trimmed-build.test.ts holds the build to what the libraries do.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** By the library that imports, then by what it imports: the file in its place. */
const standIns = {
  chalk: { '#supports-color': 'supports-color.mjs' },
  'cli-table3': { 'string-width': 'string-width.cjs' },
  conf: { 'ajv/dist/2020.js': 'ajv.mjs', 'ajv-formats': 'ajv.mjs', semver: 'semver.mjs' },
  'node-fetch': {
    'data-uri-to-buffer': 'data-uri.mjs',
    'fetch-blob': 'blob.mjs',
    'fetch-blob/from.js': 'fetch-blob.mjs',
    'formdata-polyfill/esm.min.js': 'form-data.mjs',
  },
  ora: { 'cli-spinners': 'cli-spinners.mjs', 'string-width': 'string-width.cjs' },
};
const replaced = new RegExp(`^(?:${[...new Set(Object.values(standIns).flatMap(Object.keys))].join('|')})$`);
const files = new URL('./stand-ins/', import.meta.url);

/** Measures a whole cell for a debug message, once for each of its lines. */
const debugText = 'let content = utils.truncate(this.content, 10, this.truncate);';

export const trim = {
  name: 'trim',
  setup(build) {
    build.onResolve({ filter: replaced }, ({ path, importer }) => {
      const file = standIns[libraryOf(importer)]?.[path];
      return file === undefined ? undefined : { path: fileURLToPath(new URL(file, files)) };
    });
    build.onLoad({ filter: /cli-table3[\\/]src[\\/]cell\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(debugText)) throw new Error('cli-table3 has changed: look again at what to trim');
      return { contents: source.replace(debugText, "let content = '';"), loader: 'js' };
    });
  },
};

/** The innermost package of a path: `…/node_modules/ora/index.js` → `ora`. */
function libraryOf(path) {
  return path.split(/node_modules[\\/]/).length < 2
    ? undefined
    : /^(?:@[^\\/]+[\\/])?[^\\/]+/.exec(path.split(/node_modules[\\/]/).at(-1))?.[0];
}
