// The files that are made from the commands: manual pages and the reference.

import { programTree } from '../../src/command-tree.ts';
import { manPages, type Release } from './man-page.ts';
import { referencePage } from './reference.ts';

/** Their texts by their paths in the package. */
export function documentFiles(release: Release): ReadonlyMap<string, string> {
  const tree = programTree();
  return new Map([
    ...[...manPages(tree, release)].map(([name, text]): [string, string] => [`man/${name}`, text]),
    ['docs/reference.md', referencePage(tree)],
  ]);
}
