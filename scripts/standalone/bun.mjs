// Fetches Bun for this platform: the exact version and contents that package-lock.json beside this file names.
// It is no development dependency, because it is 100 MB that only this one script needs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const files = ['package.json', 'package-lock.json'];
const here = fileURLToPath(new URL('.', import.meta.url));

/** Path of the `bun` in `directory`, which is filled first where it holds another version or none. */
export function fetchBun(directory) {
  const isFresh = files.every(
    (name) =>
      existsSync(join(directory, name)) &&
      readFileSync(join(directory, name)).equals(readFileSync(join(here, name))),
  );
  if (!isFresh || findBun(directory) === undefined) {
    mkdirSync(directory, { recursive: true });
    for (const name of files) copyFileSync(join(here, name), join(directory, name));
    const isWindows = process.platform === 'win32';
    execFileSync(isWindows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: isWindows,
    });
  }
  const bun = findBun(directory);
  if (bun === undefined) throw new Error(`there is no Bun for ${process.platform} on ${process.arch}`);
  return bun;
}

function findBun(directory) {
  const packages = join(directory, 'node_modules', '@oven');
  if (!existsSync(packages)) return undefined;
  return readdirSync(packages)
    .flatMap((name) => ['bun', 'bun.exe'].map((file) => join(packages, name, 'bin', file)))
    .find((file) => existsSync(file));
}
