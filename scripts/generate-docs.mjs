// Writes man/ and docs/reference.md from the commands: run it after a change to one; a test says when it was forgotten.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['scripts/docs/files.ts'],
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
  createRequire(import.meta.url),
);

const packageFile = join(root, 'package.json');
const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
const files = made.exports.documentFiles({ version });

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
