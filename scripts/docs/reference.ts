// Writes the reference of every command in Markdown, from the same tree as the help.

import type { CommandFacts, FlagFacts, TopicFacts, TreeFacts } from '../../src/command-facts.ts';
import { allFacts } from '../../src/command-facts.ts';
import {
  anyCommandSentence,
  exitCodeRows,
  flagGroups,
  flagText,
  globalFlagsOf,
  usageLine,
} from '../../src/help.ts';

/** The whole of `docs/reference.md`. */
export function referencePage(tree: TreeFacts): string {
  const commands = allFacts(tree);
  const blocks = [
    '<!-- Made from the commands by "npm run docs". -->',
    '# Reference',
    'What `segjobs help` shows, on one page. `man segjobs` holds the same.',
    ['- [Global flags](#global-flags)', ...commands.map(contentsLine), ...tree.topics.map(topicLine)].join(
      '\n',
    ),
    '## Global flags',
    'They stand before or after any command.',
    flagTable(tree.globalFlags),
    ...commands.flatMap((command) => commandBlocks(command, tree)),
    ...tree.topics.flatMap(topicBlocks),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function contentsLine({ path, summary }: CommandFacts): string {
  const title = ['segjobs', ...path].join(' ');
  return `${'  '.repeat(path.length - 1)}- [\`${title}\`](#${anchor(title)}): ${prose(summary)}`;
}

function topicLine({ title, summary }: TopicFacts): string {
  return `- [${title}](#${anchor(title)}): ${prose(summary)}`;
}

function anchor(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}

function commandBlocks(command: CommandFacts, tree: TreeFacts): string[] {
  const { path, summary, description, examples, commands } = command;
  const exits = exitCodeRows(command, tree).map(({ left, right }) => [left, prose(right)] as const);
  return [
    `${'#'.repeat(path.length + 1)} \`segjobs ${path.join(' ')}\``,
    `${prose(sentence(summary))}.`,
    fence([usageLine(command)]),
    ...proseParagraphs(description),
    ...(commands === undefined
      ? flagGroups(command).flatMap(({ title, flags }) => [`**${prose(title)}**`, flagTable(flags)])
      : []),
    commands === undefined ? `Output formats: ${outputFormats(command, tree)}.` : '',
    '**Examples**',
    fence(examples.flatMap(({ explains, command: line }) => [`# ${explains}`, line])),
    ...(commands === undefined
      ? ['**Exit codes**', table(['code', 'when'], exits), prose(anyCommandSentence)]
      : []),
  ];
}

function outputFormats(command: CommandFacts, tree: TreeFacts): string {
  const summary = globalFlagsOf(command, tree).find(({ long }) => long === '--output')?.summary ?? '';
  return prose(summary);
}

function topicBlocks({ title, parts }: TopicFacts): string[] {
  return [
    `## ${title}`,
    ...parts.flatMap((part): string[] => {
      if ('text' in part) return [prose(part.text)];
      if ('lines' in part) return [fence(part.lines)];
      const rows = part.rows.map(([left, right]) => [code(left), prose(right)] as const);
      return [part.title === undefined ? '' : `**${prose(part.title)}**`, table(['', ''], rows)];
    }),
  ];
}

function flagTable(flags: readonly FlagFacts[]): string {
  return table(
    ['flag', ''],
    flags.map((flag) => [code(flag.usage), prose(flagText(flag))] as const),
  );
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  return [head, ['---', '---'] as const, ...rows].map(([left, right]) => `| ${left} | ${right} |`).join('\n');
}

function fence(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

/** A bar within code would still end the cell of a table. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function proseParagraphs(description = ''): string[] {
  return description
    .split('\n')
    .filter((line) => line !== '')
    .map(prose);
}

/** Flags as code, because two hyphens in running text may be shown as a dash; nothing else is markup. */
function prose(text: string): string {
  return text
    .replaceAll(/[\\`*_<>|[\]]/g, '\\$&')
    .replaceAll(/(?<![\w-])--?[a-z][a-z-]*/g, (flag) => `\`${flag}\``);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
