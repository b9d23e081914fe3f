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

/** By the end of a file's path: what stands in it, and what takes its place. */
const edits = [
  {
    // Measures a whole cell for a debug message, once for each of its lines.
    file: /cli-table3[\\/]src[\\/]cell\.js$/,
    from: /let content = utils\.truncate\(this\.content, 10, this\.truncate\);/,
    to: "let content = '';",
  },
  {
    // A stream behind the stream: body.ts reads the answer itself, and 15 % of a long list go into passing it on.
    file: /node-fetch[\\/]src[\\/]index\.js$/,
    from: /let body = pump\(response_, new PassThrough\(\), error => \{\s*if \(error\) \{\s*reject\(error\);\s*\}\s*\}\);/,
    to: 'let body = response_;',
  },
];

export const trim = {
  name: 'trim',
  setup(build) {
    build.onResolve({ filter: replaced }, ({ path, importer }) => {
      const file = standIns[libraryOf(importer)]?.[path];
      return file === undefined ? undefined : { path: fileURLToPath(new URL(file, files)) };
    });
    for (const { file, from, to } of edits) {
      build.onLoad({ filter: file }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!from.test(source)) throw new Error(`${path} has changed: look again at what to trim`);
        return { contents: source.replace(from, to), loader: 'js' };
      });
    }
  },
};

/** The innermost package of a path: `…/node_modules/ora/index.js` → `ora`. */
function libraryOf(path) {
  return path.split(/node_modules[\\/]/).length < 2
    ? undefined
    : /^(?:@[^\\/]+[\\/])?[^\\/]+/.exec(path.split(/node_modules[\\/]/).at(-1))?.[0];
}
