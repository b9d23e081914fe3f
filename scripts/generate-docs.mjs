// Writes man/ and docs/reference.md from the commands: run it after a change to one; a test says when it was forgotten.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSource } from './bundle/load-source.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { documentFiles } = await loadSource("export { documentFiles } from './scripts/docs/files.ts';");

const packageFile = join(root, 'package.json');
const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
const files = documentFiles({ version });

mkdirSync(join(root, 'man'), { recursive: true });
for (const name of readdirSync(join(root, 'man'))) rmSync(join(root, 'man', name));
for (const [path, text] of files) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

// npm installs the manual pages that package.json names one by one.
const man = [...files.keys()].filter((path) => path.startsWith('man/')).map((path) => `./${path}`);
const before = readFileSync(packageFile, 'utf8');
const after = `${JSON.stringify({ ...JSON.parse(before), man }, null, 2)}\n`;
if (after !== before) writeFileSync(packageFile, after);
console.log(`${files.size} files are up to date with the commands.`);
