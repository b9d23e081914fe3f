// The completion scripts of all shells, and the names under which they lie in completions/.

import type { TreeFacts } from '../command-facts.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { powershellScript } from './powershell.ts';
import { type CompletedTree, completedTree, type Shell, shells } from './values.ts';
import { zshScript } from './zsh.ts';

const writers: Readonly<Record<Shell, (tree: CompletedTree) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

/** Named as each shell wants to find it. */
const fileNames: Readonly<Record<Shell, string>> = {
  bash: 'segjobs.bash',
  zsh: '_segjobs',
  fish: 'segjobs.fish',
  powershell: 'segjobs.ps1',
};

/** The script for one shell, ending in a newline. */
export function completionScript(shell: Shell, tree: TreeFacts): string {
  return writers[shell](completedTree(tree));
}

/** File name and content of every script. */
export function completionFiles(tree: TreeFacts): ReadonlyMap<string, string> {
  return new Map(shells.map((shell) => [fileNames[shell], completionScript(shell, tree)]));
}
