// The licences of the packages in a bundle, as they must travel with it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `inputs` are entries of esbuild's `metafile.outputs[…].inputs`, with paths from `root`. */
export function licences(root, inputs) {
  const packages = new Set(
    inputs
      .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes('node_modules/'))
      .map(([path]) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
      .filter((path) => path !== undefined),
  );
  const notices = [...packages].sort().map((path) => {
    const about = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, path)).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    const text =
      file === undefined ? `Licence: ${about.license}` : readFileSync(join(root, path, file), 'utf8').trim();
    return `${about.name} ${about.version}\n\n${text}\n`;
  });
  return `segjobs contains these packages:\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
