// One library as the build trims it, in a file of its own: for tests, which must meet the library that is shipped.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { trim } from './trim.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the path of a CommonJS file. */
export async function trimmedLibrary(name) {
  const { outputFiles } = await build({
    stdin: { contents: `module.exports = require('${name}')`, resolveDir: root },
    bundle: true,
    platform: 'node',
    write: false,
    plugins: [trim],
  });
  const directory = join(root, 'build', 'test');
  const file = join(directory, `${name}.cjs`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, outputFiles[0].contents);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
