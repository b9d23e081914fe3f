// How help looks: the page of a command or a topic, made from the tree as data and wrapped to the terminal.

import type { CommandFacts, ExampleFacts, FlagFacts, TopicFacts, TreeFacts } from './command-facts.ts';
import { findFacts } from './command-facts.ts';
import { exitCodes, usageError } from './errors.ts';
import { breakCommand, columnRows, paragraph, type Row } from './help-layout.ts';
import { safeText } from './safe-text.ts';
import { nearest } from './suggestions.ts';

export interface HelpLook {
  /** Columns of the terminal; pages are at least 28 and at most 100 wide. */
  readonly columns: number;
  /** Whether headings may be bold. */
  readonly isStyled?: boolean | undefined;
}

/** Codes that any command may end with; a closing sentence tells them instead of a row each. */
export const codesOfAnyCommand: readonly number[] = [
  exitCodes.internal,
  exitCodes.hangup,
  exitCodes.interrupted,
  exitCodes.terminated,
];

/**
 * What `segjobs help WORDS` shows: a topic, or a command's page; the program's without words.
 * Throws a usage error for anything else.
 */
export function helpPage(tree: TreeFacts, words: readonly string[], look: HelpLook): string {
  const topic = words.length === 1 ? tree.topics.find(({ name }) => name === words[0]) : undefined;
  if (topic !== undefined) return renderTopic(topic, look);
  const isCommand = words.length === 0 || findFacts(tree, words) !== undefined;
  if (isCommand) return renderHelp(tree, words, look);
  const known = words.findIndex((_, index) => findFacts(tree, words.slice(0, index + 1)) === undefined);
  const path = words.slice(0, known);
  const names = (path.length === 0 ? tree.commands : (findFacts(tree, path)?.commands ?? [])).map(
    ({ name }) => name,
  );
  const near = nearest(
    words[known] ?? '',
    path.length === 0 ? [...names, ...tree.topics.map((t) => t.name)] : names,
  );
  throw usageError(
    `no help for "${safeText(words.join(' '))}"`,
    near === undefined
      ? `see: ${['segjobs help', ...path].join(' ')}`
      : `did you mean: ${['segjobs help', ...path, near].join(' ')}`,
  );
}

/** The page of one command, or of the program where `path` is empty; it ends in a newline. */
export function renderHelp(tree: TreeFacts, path: readonly string[], look: HelpLook): string {
  const page = createPage(look);
  const command = findFacts(tree, path);
  if (command === undefined) programPage(page, tree);
  else if (command.commands !== undefined) groupPage(page, command, command.commands);
  else leafPage(page, command, tree);
  return page.text();
}

/** The page of a topic; it ends in a newline. */
export function renderTopic(topic: TopicFacts, look: HelpLook): string {
  const page = createPage(look);
  page.heading(topic.title);
  for (const part of topic.parts) {
    if ('text' in part) page.paragraphs(part.text);
    else if ('lines' in part) page.lines(part.lines);
    else
      page.rows(
        part.title,
        part.rows.map(([left, right]) => ({ left, right })),
      );
  }
  return page.text();
}

/** What a code means for this command: without a watch, 0 speaks of no watched job. */
export function exitCodeRows(command: CommandFacts, tree: Pick<TreeFacts, 'exitCodes'>): readonly Row[] {
  const isWatching = command.exitCodes.includes(exitCodes.jobFailed);
  return command.exitCodes
    .filter((code) => !codesOfAnyCommand.includes(code))
    .map((code) => ({
      left: String(code),
      right:
        command.exitMeanings?.[code] ??
        (code === exitCodes.done && !isWatching ? 'done' : (tree.exitCodes[code] ?? '')),
    }));
}

export const anyCommandSentence =
  'Any command can also end with 1 (a problem on this machine), 130 (Ctrl-C), 129 or 143 (told to stop).';

/** The flags of a command under their headings, in the order of the declaration. */
export function flagGroups(
  command: CommandFacts,
): readonly { readonly title: string; readonly flags: readonly FlagFacts[] }[] {
  return [...new Set(command.flags.map(({ group }) => group))].map((group) => {
    const flags = command.flags.filter((flag) => flag.group === group);
    const needs = new Set(flags.map((flag) => flag.needs));
    const [needed] = needs;
    return { title: needs.size === 1 && needed !== undefined ? `${group} (with ${needed})` : group, flags };
  });
}

/** The flags of every command as they are with this one: `--output` names its formats, and none speaks of others. */
export function globalFlagsOf({ formats }: CommandFacts, tree: TreeFacts): readonly FlagFacts[] {
  return tree.globalFlags.flatMap((flag) => {
    if (['--json', '--query'].includes(flag.long) && !formats.includes('json')) return [];
    if (flag.long !== '--output' || formats.length === 0) return [flag];
    return [{ ...flag, summary: formats.join(', ') }];
  });
}

/** `segjobs get JOB_ID [flags]`. */
export function usageLine(command: CommandFacts): string {
  const line = ['segjobs', ...command.path].join(' ');
  if (command.commands !== undefined) return `${line} <command> [flags]`;
  if (command.usage !== undefined) return `${line} ${command.usage}`;
  return [line, command.operands, command.flags.length > 0 ? '[flags]' : undefined].filter(Boolean).join(' ');
}

/** What stands beside a flag. */
export function flagText({ summary, shownDefault }: FlagFacts): string {
  return shownDefault === undefined ? summary : `${summary} (default: ${shownDefault})`;
}

interface Page {
  heading(title: string): void;
  /** Paragraphs, one a line. */
  paragraphs(text: string | undefined): void;
  rows(title: string | undefined, rows: readonly Row[], closing?: string): void;
  /** Lines of a shell, or others without blanks in them. */
  lines(lines: readonly string[]): void;
  usage(usage: string): void;
  examples(title: string, examples: readonly ExampleFacts[]): void;
  text(): string;
}

function createPage({ columns, isStyled = false }: HelpLook): Page {
  const width = Math.min(100, Math.max(28, columns));
  const sections: string[] = [];
  const strong = (text: string) => (isStyled ? `\u001b[1m${text}\u001b[22m` : text);
  // Each line by itself: a terminal that shows a page from its middle shows the style all the same.
  const heading = (title: string) => paragraph(title, { width }).split('\n').map(strong).join('\n');
  const shellLines = (line: string) => breakCommand(line, width - 2).map((each) => `  ${each}`);
  const add = (section: string) => {
    if (section !== '') sections.push(section);
  };
  return {
    heading: (title) => add(heading(title)),
    paragraphs: (text = '') =>
      add(
        text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => paragraph(line, { width }))
          .join('\n\n'),
      ),
    rows: (title, rows, closing) => {
      if (rows.length === 0) return;
      const lines = [columnRows(rows, width)];
      if (title !== undefined) lines.unshift(heading(`${title}:`));
      if (closing !== undefined) lines.push(paragraph(closing, { width, indent: 2 }));
      add(lines.join('\n'));
    },
    lines: (lines) => add(lines.flatMap((line) => shellLines(line)).join('\n')),
    usage: (usage) => {
      const text = paragraph(`Usage: ${usage}`, { width, hang: 4 });
      add(text.replace('Usage:', strong('Usage:')));
    },
    examples: (title, examples) => {
      if (examples.length === 0) return;
      // Each line is a comment of its own: what is pasted runs nothing of it.
      const comment = (text: string) =>
        paragraph(text, { width: width - 4 })
          .split('\n')
          .map((line) => `  # ${line}`);
      const lines = examples.flatMap(({ command, explains }) => [
        ...comment(explains),
        ...shellLines(command),
      ]);
      add([heading(`${title}:`), ...lines].join('\n'));
    },
    text: () => `${sections.join('\n\n')}\n`,
  };
}

function programPage(page: Page, tree: TreeFacts): void {
  page.paragraphs('segjobs manages Adobe Experience Platform segment jobs from terminals, scripts and CI.');
  page.usage('segjobs <command> [flags]');
  page.rows('Commands', tree.commands.filter(({ isTool }) => !isTool).map(commandRow));
  page.rows('Settings and tools', tree.commands.filter(({ isTool }) => isTool).map(commandRow));
  page.rows('Flags', tree.globalFlags.map(flagRow));
  page.rows('Help', [
    { left: 'segjobs help <command>', right: 'flags, examples and exit codes of a command' },
    ...tree.topics.map(({ name, summary }) => ({ left: `segjobs help ${name}`, right: summary })),
  ]);
  page.examples('Start', [
    { command: 'segjobs emulator exec -- segjobs list', explains: 'try it, without an account' },
    { command: 'segjobs auth login', explains: 'store credentials and a sandbox' },
  ]);
}

function groupPage(page: Page, group: CommandFacts, commands: readonly CommandFacts[]): void {
  const line = ['segjobs', ...group.path].join(' ');
  page.paragraphs(`${line}: ${group.summary}`);
  page.usage(usageLine(group));
  page.paragraphs(group.description);
  page.rows('Commands', commands.map(commandRow));
  page.examples('Examples', group.examples);
  page.paragraphs(`Flags, examples and exit codes of each: ${line} <command> --help`);
}

function leafPage(page: Page, command: CommandFacts, tree: TreeFacts): void {
  page.paragraphs(`${['segjobs', ...command.path].join(' ')}: ${command.summary}`);
  page.usage(usageLine(command));
  page.paragraphs(command.description);
  for (const { title, flags } of flagGroups(command)) page.rows(title, flags.map(flagRow));
  page.rows('Global flags', globalFlagsOf(command, tree).map(flagRow));
  page.examples('Examples', command.examples);
  page.rows('Exit codes', exitCodeRows(command, tree), anyCommandSentence);
}

function commandRow({ name, summary }: CommandFacts): Row {
  return { left: name, right: summary };
}

function flagRow(flag: FlagFacts): Row {
  return { left: flag.short === undefined ? `    ${flag.usage}` : flag.usage, right: flagText(flag) };
}
