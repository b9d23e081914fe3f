// Bundles src/main.ts into dist/segjobs.cjs: one file, so that start-up reads one file; with the licences of what is in it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/segjobs.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  define: { SEGJOBS_VERSION: JSON.stringify(version) },
  metafile: true,
  logLevel: 'warning',
});

/** Directories of the packages that left bytes in the bundle. */
const packages = new Set(
  Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes('node_modules/'))
    .map(([path]) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((path) => path !== undefined),
);
const notices = [...packages].sort().map((path) => {
  const {
    name,
    version: packageVersion,
    license,
  } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, path)).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text =
    file === undefined ? `Licence: ${license}` : readFileSync(join(root, path, file), 'utf8').trim();
  return `${name} ${packageVersion}\n\n${text}\n`;
});
writeFileSync(
  join(root, dirname('dist/segjobs.cjs'), 'THIRD-PARTY-LICENSES.txt'),
  `segjobs contains these packages:\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`,
);

if (process.argv.includes('--sizes')) {
  const sizes = new Map();
  for (const [path, { bytesInOutput }] of Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs),
  )) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? 'segjobs';
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  for (const [name, bytes] of [...sizes].sort((a, b) => b[1] - a[1]))
    console.log(`${String(bytes).padStart(8)}  ${name}`);
}
