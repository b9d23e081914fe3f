// One library as the build trims it, in a file of its own: for tests, which must meet the library that is shipped.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { trim } from './trim.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** For `resolve.alias`: the libraries that are edited, not only lightened, as they are in the bundle. */
export async function trimmedAliases() {
  const names = ['cli-table3', 'node-fetch'];
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await trimmedLibrary(name)])));
}

/** Returns the path of an ES module. */
async function trimmedLibrary(name) {
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
