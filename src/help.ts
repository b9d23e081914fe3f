// How help looks: one page per command, made from its declaration.

import type { Command, Flag, LeafCommand } from './commands/command.ts';
import type { HelpTopic } from './commands/help-topics.ts';
import { type ExitCode, exitCodeMeanings, exitCodes } from './errors.ts';

export interface HelpFacts {
  /** `undefined`: the program itself. */
  readonly command: Command | undefined;
  /** `['auth', 'login']`. */
  readonly path: readonly string[];
  readonly commands: readonly Command[];
  readonly globalFlags: readonly { readonly usage: string; readonly summary: string }[];
  readonly topics: readonly HelpTopic[];
  readonly columns: number;
}

interface Row {
  readonly left: string;
  readonly right: string;
}

/** The help page of the program or of one command, ending in a newline; nothing in it is wider than `columns`. */
export function renderHelp(facts: HelpFacts): string {
  const width = Math.min(100, Math.max(40, facts.columns));
  const { command } = facts;
  const sections =
    command === undefined
      ? programSections(facts, width)
      : 'commands' in command
        ? groupSections(command, facts, width)
        : leafSections(command, facts, width);
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function programSections(facts: HelpFacts, width: number): string[] {
  const [work, settings] = [
    facts.commands.filter((command) => !('commands' in command)),
    facts.commands.filter((command) => 'commands' in command),
  ];
  return [
    wrap('segjobs manages Adobe Experience Platform segment jobs from terminals, scripts and CI.', width, 0),
    'Usage: segjobs <command> [flags]',
    section('Commands', work.map(commandRow), width),
    section('Settings and tools', settings.map(commandRow), width),
    section('Flags', facts.globalFlags.map(flagRow).concat(closingFlags), width),
    section(
      'Help',
      [
        { left: 'segjobs help <command>', right: 'flags, examples and exit codes of a command' },
        ...facts.topics.map(({ name, summary }) => ({ left: `segjobs help ${name}`, right: summary })),
      ],
      width,
    ),
    section(
      'Start',
      [
        { left: 'segjobs emulator exec -- segjobs list', right: 'try it without an account' },
        { left: 'segjobs auth login', right: 'store credentials and a sandbox' },
      ],
      width,
    ),
  ];
}

function groupSections(
  command: Command & { commands: readonly Command[] },
  facts: HelpFacts,
  width: number,
): string[] {
  const line = `segjobs ${facts.path.join(' ')}`;
  return [
    wrap(`${line}: ${command.summary}`, width, 0),
    `Usage: ${line} <command> [flags]`,
    paragraphs(command.description, width),
    section('Commands', command.commands.map(commandRow), width),
    examplesSection(command, width),
    wrap(`Every flag of a command: ${line} <command> --help`, width, 0),
  ];
}

function leafSections(command: LeafCommand, facts: HelpFacts, width: number): string[] {
  const line = `segjobs ${facts.path.join(' ')}`;
  const flags = Object.values(command.flags);
  const groups = [...new Set(flags.map((flag) => flag.group ?? 'Flags'))];
  return [
    wrap(`${line}: ${command.summary}`, width, 0),
    `Usage: ${usageOf(command, line)}`,
    paragraphs(command.description, width),
    ...groups.map((group) =>
      section(group, flags.filter((flag) => (flag.group ?? 'Flags') === group).map(flagRow), width),
    ),
    section('Global flags', facts.globalFlags.map(flagRow).concat(closingFlags), width),
    examplesSection(command, width),
    section(
      'Exit codes',
      (command.exitCodes ?? []).map((code) => ({ left: String(code), right: meaningFor(command, code) })),
      width,
    ),
  ];
}

function usageOf(command: LeafCommand, line: string): string {
  if (command.usage !== undefined) return `${line} ${command.usage}`;
  const hasFlags = Object.keys(command.flags).length > 0;
  return [line, command.operands, hasFlags ? '[flags]' : undefined].filter(Boolean).join(' ');
}

/** What a code means for this command: without a watch, 0 speaks of no watched job. */
function meaningFor(command: Command, code: ExitCode): string {
  const isWatching = command.exitCodes?.includes(exitCodes.jobFailed) === true;
  return code === exitCodes.done && !isWatching ? 'done' : exitCodeMeanings[code];
}

const closingFlags: readonly Row[] = [
  { left: '-h, --help', right: 'show this help' },
  { left: '-V, --version', right: 'show the version' },
];

function commandRow(command: Command): Row {
  return { left: command.name, right: command.summary };
}

function flagRow(
  flag: Pick<Flag, 'usage' | 'summary'> & { readonly shownDefault?: string | undefined },
): Row {
  const left = flag.usage.startsWith('--') ? `    ${flag.usage}` : flag.usage;
  const right =
    flag.shownDefault === undefined ? flag.summary : `${flag.summary} (default: ${flag.shownDefault})`;
  return { left, right };
}

function section(title: string, rows: readonly Row[], width: number): string {
  if (rows.length === 0) return '';
  const indent = 2;
  const longest = Math.max(...rows.map(({ left }) => left.length));
  const fits = indent + longest + 2 + 30 <= width;
  const column = indent + longest + 2;
  const lines = rows.flatMap(({ left, right }) => {
    if (!fits) return [`${' '.repeat(indent)}${left}`, wrap(right, width, indent + 6)];
    const [first = '', ...rest] = wrap(right, width, column).split('\n');
    return [`${' '.repeat(indent)}${left.padEnd(longest)}  ${first.trimStart()}`, ...rest];
  });
  return [`${title}:`, ...lines].join('\n');
}

function examplesSection(command: Command, width: number): string {
  const examples = command.examples ?? [];
  if (examples.length === 0) return '';
  const lines = examples.flatMap((example) => [
    wrap(`# ${example.explains}`, width, 2),
    `  ${example.command}`,
  ]);
  return ['Examples:', ...lines].join('\n');
}

function paragraphs(text: string | undefined, width: number): string {
  if (text === undefined) return '';
  return text
    .split('\n')
    .map((paragraph) => wrap(paragraph, width, 0))
    .join('\n');
}

/** Breaks at spaces so that no line passes `width`, each line indented by `indent`; a longer word stands alone. */
export function wrap(text: string, width: number, indent: number): string {
  const room = Math.max(20, width - indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each) => `${' '.repeat(indent)}${each}`).join('\n');
}
