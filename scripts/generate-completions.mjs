// Writes completions/ from the command tree: run it after a change to a command; a test says when it was forgotten.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSource } from './bundle/load-source.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { completionFiles, programTree } = await loadSource(
  "export { programTree } from './src/command-tree.ts'; export * from './src/completion/scripts.ts';",
);
mkdirSync(join(root, 'completions'), { recursive: true });
for (const [name, text] of completionFiles(programTree()))
  writeFileSync(join(root, 'completions', name), text);
