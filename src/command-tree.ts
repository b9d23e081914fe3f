// Finds commands by their words, and the help page of each: the tree as it was declared, without a parser.

import { commands } from './commands/all.ts';
import type { Command, CommandGroup } from './commands/command.ts';
import { helpTopics } from './commands/help-topics.ts';
import { type SegjobsError, usageError } from './errors.ts';
import { renderHelp } from './help.ts';
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
}

/** Flags that stand before or after any command. */
export const globalFlags: readonly { readonly usage: string; readonly summary: string }[] = [
  {
    usage: '-o, --output <format>',
    summary: `${outputFormats.join(', ')} (default: table on a terminal, tsv elsewhere)`,
  },
  { usage: '--json', summary: 'short for --output json' },
  { usage: '-p, --profile <name>', summary: 'use this profile, and no AEP_* variable' },
  { usage: '--sandbox <name>', summary: 'work in this sandbox' },
  { usage: '-q, --quiet', summary: 'no notes and no progress on stderr; warnings and errors stay' },
  { usage: '--no-input', summary: 'never ask; fail where a question would be' },
  { usage: '--no-color', summary: 'no colour' },
  { usage: '--debug', summary: 'tell each request on stderr (never a credential)' },
];

/** The usage error of a word that names no command, with the one it most likely meant. */
export function unknownCommand(
  word: string,
  among: readonly Command[],
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
  const path: string[] = [];
  let among: readonly Command[] = commands;
  for (const word of words) {
    const found = among.find((command) => command.name === word);
    if (found === undefined) break;
    path.push(word);
    if (!('commands' in found)) break;
    among = found.commands;
  }
  return path;
}

/** The help page of a command, or of the program. */
export function helpText(command: Command | undefined, path: readonly string[], facts: Facts): TextRequest {
  const text = renderHelp({
    command,
    path,
    commands,
    globalFlags,
    topics: helpTopics,
    columns: facts.columns,
  });
  return { kind: 'text', text };
}

/** What `segjobs help WORDS` shows: a topic, or a command's page. Throws a usage error for anything else. */
export function helpAbout(words: readonly string[], facts: Facts): TextRequest {
  const [first] = words;
  if (first === undefined) return helpText(undefined, [], facts);
  const topic = helpTopics.find((candidate) => candidate.name === first);
  if (topic !== undefined) return { kind: 'text', text: topic.text };
  const path = commandPath(words);
  if (path.length < words.length) {
    const names = [...commands.map((command) => command.name), ...helpTopics.map(({ name }) => name)];
    const near = nearest(words[path.length] ?? '', names);
    throw usageError(
      `no help for "${safeText(words.join(' '))}"`,
      near === undefined ? 'see: segjobs help' : `did you mean: segjobs help ${near}`,
    );
  }
  return helpText(findCommand(path), path, facts);
}

function findCommand(path: readonly string[]): Command | undefined {
  let found: Command | undefined;
  let among: readonly Command[] = commands;
  for (const name of path) {
    found = among.find((command) => command.name === name);
    among = (found as CommandGroup | undefined)?.commands ?? [];
  }
  return found;
}
