// Bundles src/main.ts into dist/segjobs.cjs: one file, so that start-up reads one file.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/segjobs.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  define: { SEGJOBS_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
});
