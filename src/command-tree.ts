// Finds commands by their words, and the help page of each: the tree as it was declared, without a parser.

import { findFacts, type TreeFacts, treeFacts } from './command-facts.ts';
import { commands } from './commands/all.ts';
import type { Command } from './commands/command.ts';
import { helpTopics } from './commands/help-topics.ts';
import { exitCodeMeanings, type SegjobsError, usageError } from './errors.ts';
import { helpPage, renderHelp } from './help.ts';
import { outputFormats } from './output/format.ts';
import { safeText } from './safe-text.ts';
import { nearest } from './suggestions.ts';

/** A request that is answered by a text. */
export interface TextRequest {
  readonly kind: 'text';
  readonly text: string;
}

export interface Facts {
  readonly version: string;
  /** Columns of the terminal the help is for; 80 where unknown. */
  readonly columns: number;
  /** Whether headings of the help may be bold. */
  readonly isStyled?: boolean | undefined;
  /** What stands in place of the program's page where no command is given and nobody has set the program up yet. */
  readonly firstRun?: (() => string | undefined) | undefined;
}

interface GlobalFlag {
  readonly usage: string;
  readonly summary: string;
  readonly choices?: readonly string[];
}

/** Flags that stand before or after any command. */
export const globalFlags: readonly GlobalFlag[] = [
  {
    usage: '-o, --output <format>',
    summary: `${outputFormats.join(', ')} (default: table on a terminal, tsv elsewhere)`,
    choices: outputFormats,
  },
  { usage: '--json', summary: 'short for --output json' },
  {
    usage: '--query <expr>',
    summary: 'print what this JMESPath finds in the JSON of the whole result; -o tsv: as bare text',
  },
  { usage: '-p, --profile <name>', summary: 'use this profile, and no AEP_* variable' },
  { usage: '--sandbox <name>', summary: 'work in this sandbox' },
  { usage: '-q, --quiet', summary: 'no notes and no progress on stderr; warnings and errors stay' },
  { usage: '--no-input', summary: 'never ask; fail where a question would be' },
  { usage: '--no-color', summary: 'no colour' },
  { usage: '--debug', summary: 'tell each request on stderr (never a credential)' },
];

let tree: TreeFacts | undefined;

/** The whole tree as data: commands, global flags, topics, exit codes. */
export function programTree(): TreeFacts {
  tree ??= treeFacts({ commands, globalFlags, topics: helpTopics, exitCodes: exitCodeMeanings });
  return tree;
}

/** The usage error of a word that names no command, with the one it most likely meant. */
export function unknownCommand(
  word: string,
  among: readonly Pick<Command, 'name'>[],
  path: readonly string[],
): SegjobsError {
  const line = ['segjobs', ...path].join(' ');
  const near = nearest(word, [
    ...among.map((command) => command.name),
    ...(path.length === 0 ? ['help'] : []),
  ]);
  const hint = near === undefined ? `see: ${line} --help` : `did you mean: ${line} ${near}`;
  return usageError(`unknown command "${safeText([line, word].join(' '))}"`, hint);
}

/** The leading words that name a command: `['auth', 'login']`. */
export function commandPath(words: readonly string[]): string[] {
  let known = 0;
  while (known < words.length && findFacts(programTree(), words.slice(0, known + 1)) !== undefined)
    known += 1;
  return words.slice(0, known);
}

/** The help page of a command, or of the program. */
export function helpText(path: readonly string[], facts: Facts): TextRequest {
  return { kind: 'text', text: renderHelp(programTree(), path, facts) };
}

/** What `segjobs help WORDS` shows: a topic, or a command's page. Throws a usage error for anything else. */
export function helpAbout(words: readonly string[], facts: Facts): TextRequest {
  return { kind: 'text', text: helpPage(programTree(), words, facts) };
}
