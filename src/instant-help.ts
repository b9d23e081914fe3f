// Help without the commands: the pages come from the tree as data, which the build puts into this file's bundle.

import { findFacts, type TreeFacts } from './command-facts.ts';
import { type HelpLook, helpPage, renderHelp } from './help.ts';

declare const SEGJOBS_TREE: string;

/** The page that a command line asks for; `undefined` where a parser has to look at it, or an error has to be told. */
export function instantHelp(argv: readonly string[], look: HelpLook): string | undefined {
  return helpFor(argv, JSON.parse(SEGJOBS_TREE) as TreeFacts, look);
}

/** As `instantHelp`, for any tree: `help WORD…`, or a command and nothing else but `-h` or `--help`. */
export function helpFor(argv: readonly string[], tree: TreeFacts, look: HelpLook): string | undefined {
  if (argv.length > 1 && argv[0] === 'help') {
    const words = argv.slice(1);
    const isKnown = findFacts(tree, words) !== undefined || tree.topics.some(({ name }) => name === words[0]);
    return isKnown && words.every(isWord) && (words.length === 1 || findFacts(tree, words) !== undefined)
      ? helpPage(tree, words, look)
      : undefined;
  }
  const words = argv.filter((word) => word !== '-h' && word !== '--help');
  if (words.length !== argv.length - 1) return undefined;
  return words.length === 0 || (words.every(isWord) && findFacts(tree, words) !== undefined)
    ? renderHelp(tree, words, look)
    : undefined;
}

function isWord(word: string): boolean {
  return /^[a-z]/.test(word);
}
