// Bundles src/ into dist/: a small file that starts, the program, and apart from it what few commands need.
// `--outdir DIR` builds elsewhere than in dist; `--sizes` tells what each package takes; `--readable` keeps the names
// of functions, for stack traces and for telling what was loaded.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { lazyBuiltins } from './bundle/lazy-builtins.mjs';
import { licences } from './bundle/licences.mjs';
import { loadSource } from './bundle/load-source.mjs';
import { trim } from './bundle/trim.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    outdir: { type: 'string', default: 'dist' },
    readable: { type: 'boolean', default: false },
    sizes: { type: 'boolean', default: false },
  },
});
const outdir = resolve(root, flags.outdir);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/**
 * What few commands load, a file for each, so that the others need not read it. Nothing of ours that throws our own
 * errors: each file has its own copy of what it imports, and `instanceof` would not know the other's.
 */
const apart = {
  'conf.cjs': ['conf'],
  'emulator.cjs': ['../emulator/emulator.ts'],
  'jmespath.cjs': ['@aws-lambda-powertools/jmespath', '@aws-lambda-powertools/jmespath/functions'],
  'ora.cjs': ['ora'],
};

const setApart = {
  name: 'set-apart',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ path, kind }) => {
      const [file] = Object.entries(apart).find(([, paths]) => paths.includes(path)) ?? [];
      return kind === 'entry-point' || file === undefined ? undefined : { path: `./${file}`, external: true };
    });
  },
};

/** What went into each file, by its path from the root. */
const inputs = [];

/** Returns the text of one bundle. */
async function bundle(entry, { define = {}, plugins = [], ...options } = {}) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    ...entry,
    outfile: 'bundle.cjs',
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: !flags.readable,
    legalComments: 'none',
    // Node would load what is imported late through its ES module loader, at six milliseconds the first time.
    supported: { 'dynamic-import': false },
    // In ASCII, so that Node can keep it at one byte a character.
    charset: 'ascii',
    define: { SEGJOBS_VERSION: JSON.stringify(version), ...define },
    metafile: true,
    logLevel: 'warning',
    plugins: [...plugins, trim, lazyBuiltins],
    ...options,
  });
  inputs.push(...Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs)));
  return outputFiles[0].text;
}

mkdirSync(outdir, { recursive: true });
/** In one step: a program that is being started finds the old file or the new one. */
function write(name, text) {
  const temporary = join(outdir, `.${name}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, join(outdir, name));
}

/** The tree of commands as data, from the declarations themselves. */
const { programTree } = await loadSource("export { programTree } from './src/command-tree.ts';");
const tree = programTree();

const main = await bundle({ entryPoints: ['src/main.ts'] }, { plugins: [setApart] });
for (const [file, paths] of Object.entries(apart)) {
  const [first] = paths.map((path) => path.replace('..', './src'));
  const contents = [
    ...paths.map((path) => `export * from '${path.replace('..', './src')}';`),
    ...(['conf', 'ora'].includes(first) ? [`export { default } from '${first}';`] : []),
  ].join('');
  write(file, await bundle({ stdin: { contents, resolveDir: root } }));
}
// As the function that code-cache.ts calls, so that it need not copy half a megabyte to make it one.
write('main.cjs', `(function(exports,require,module,__filename,__dirname){${main}\n})`);
write('complete.cjs', await bundle({ entryPoints: ['src/completion/candidates.ts'] }));
write(
  'help.cjs',
  await bundle(
    { entryPoints: ['src/instant-help.ts'] },
    { define: { SEGJOBS_TREE: JSON.stringify(JSON.stringify(tree)) } },
  ),
);
write(
  'segjobs.cjs',
  await bundle(
    { entryPoints: ['src/start.ts'] },
    {
      external: ['./complete.cjs', './help.cjs'],
      define: {
        SEGJOBS_BUILD: JSON.stringify(createHash('sha256').update(main).digest('hex').slice(0, 12)),
      },
    },
  ),
);
write('THIRD-PARTY-LICENSES.txt', licences(root, inputs));

if (flags.sizes) {
  const sizes = new Map();
  for (const [path, { bytesInOutput }] of inputs) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(path)?.[1] ?? 'segjobs';
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  for (const [name, bytes] of [...sizes].sort((a, b) => b[1] - a[1]))
    console.log(`${String(bytes).padStart(8)}  ${name}`);
}
