// Writes completions/ from the command tree: run it after a change to a command; a test says when it was forgotten.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { outputFiles } = await build({
  absWorkingDir: root,
  stdin: {
    contents:
      "export { programTree } from './src/command-tree.ts'; export * from './src/completion/scripts.ts';",
    resolveDir: root,
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  write: false,
  logLevel: 'warning',
});
const made = { exports: {} };
new Function('module', 'exports', 'require', outputFiles[0].text)(
  made,
  made.exports,
  (await import('node:module')).createRequire(import.meta.url),
);
const { completionFiles, programTree } = made.exports;
mkdirSync(join(root, 'completions'), { recursive: true });
for (const [name, text] of completionFiles(programTree()))
  writeFileSync(join(root, 'completions', name), text);
