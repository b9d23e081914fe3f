// One library as the build trims it, in a file of its own: for tests, which must meet the library that is shipped.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { trim } from './trim.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the path of an ES module. */
export async function trimmedLibrary(name) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${name}'; export { default } from '${name}';`, resolveDir: root },
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    bundle: true,
    platform: 'node',
    write: false,
    plugins: [trim],
  });
  const directory = join(root, 'build', 'test');
  const file = join(directory, `${name}.mjs`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, outputFiles[0].contents);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
