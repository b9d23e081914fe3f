// Makes one executable of segjobs for this platform, for people without Node: build/standalone/segjobs (npm run build:standalone).
// esbuild bundles, with the real node-fetch: Bun's own bundler would put its fetch in place of it. Bun compiles the bundle.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { lazyBuiltins } from './bundle/lazy-builtins.mjs';
import { licences } from './bundle/licences.mjs';
import { trim } from './bundle/trim.mjs';
import { fetchBun } from './standalone/bun.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { outdir: { type: 'string', default: join(root, 'build/standalone') } },
});
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const bundle = join(values.outdir, 'bundle.cjs');
const program = join(values.outdir, process.platform === 'win32' ? 'segjobs.exe' : 'segjobs');

/** What Bun's node:net cannot do is done by a stand-in, in the one file that asks for it. */
const pipeSocket = {
  name: 'pipe-socket',
  setup({ onResolve }) {
    onResolve({ filter: /^node:net$/ }, ({ importer }) =>
      /[\\/]src[\\/]user-file\.ts$/.test(importer)
        ? { path: join(root, 'scripts/standalone/pipe-socket.mjs') }
        : undefined,
    );
  },
};

mkdirSync(values.outdir, { recursive: true });
const bun = fetchBun(join(root, 'build/bun'));
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['scripts/standalone/start.mjs'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  // One file: a late import runs a part of it.
  supported: { 'dynamic-import': false },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  define: { SEGJOBS_VERSION: JSON.stringify(readJson('package.json').version) },
  plugins: [pipeSocket, trim, lazyBuiltins],
  metafile: true,
  logLevel: 'warning',
});
const settings = [
  '--compile',
  '--bytecode',
  '--minify-syntax',
  '--minify-whitespace',
  // A .env or bunfig.toml in the working directory is somebody else's, and must not lead this program astray.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];
execFileSync(bun, ['build', bundle, ...settings, '--outfile', program], {
  cwd: values.outdir,
  stdio: ['ignore', 'ignore', 'inherit'],
});

const [version] = Object.values(readJson('scripts/standalone/package.json').optionalDependencies);
const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
writeFileSync(
  join(values.outdir, 'THIRD-PARTY-LICENSES.txt'),
  `${licences(root, inputs)}\n${'-'.repeat(80)}\n\nbun ${version}\n\nLicence: MIT; it contains JavaScriptCore (LGPL 2) and others: https://bun.sh/docs/project/licensing\n`,
);
console.log(`${program} (${Math.round(statSync(program).size / 1e6)} MB)`);
