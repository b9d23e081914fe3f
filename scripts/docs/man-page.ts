// Writes manual pages from the command tree: man(7), as old troffs and mandoc read it alike.

import type { CommandFacts, FlagFacts, TopicFacts, TreeFacts } from '../../src/command-facts.ts';
import { allFacts } from '../../src/command-facts.ts';
import {
  codesOfAnyCommand,
  exitCodeRows,
  flagGroups,
  flagText,
  globalFlagsOf,
  usageLine,
} from '../../src/help.ts';
import { paragraph } from '../../src/help-layout.ts';

export interface Release {
  readonly version: string;
}

/** Every page by its file name: `segjobs.1`, `segjobs-auth-login.1`. */
export function manPages(tree: TreeFacts, release: Release): ReadonlyMap<string, string> {
  const commands = allFacts(tree);
  return new Map([
    ['segjobs.1', programPage(tree, release)],
    ...commands.map((command): [string, string] => [
      `${pageName(command)}.1`,
      commandPage(command, tree, release),
    ]),
  ]);
}

function programPage(tree: TreeFacts, release: Release): string {
  const topics = new Map(tree.topics.map((topic) => [topic.name, topic]));
  const known: Readonly<Record<string, string>> = { environment: 'ENVIRONMENT', 'exit-codes': 'EXIT STATUS' };
  return page([
    header('segjobs', release),
    section('NAME', ['segjobs \\- manage Adobe Experience Platform segment jobs']),
    section('SYNOPSIS', ['.B segjobs', '.I command', '.RI [ flags ]']),
    section('DESCRIPTION', [
      text(
        'A segment job is an asynchronous evaluation of audience segment definitions, run by the Segmentation Service of Adobe Experience Platform (AEP). segjobs starts such jobs, waits for them, and ends with an exit code that a script can rely on.',
      ),
      '.PP',
      text(
        'segjobs emulator exec runs a command against a local service with made-up jobs: the way to try it without an account.',
      ),
    ]),
    section(
      'COMMANDS',
      allFacts(tree).flatMap((command) => definition(reference(command), text(command.summary))),
    ),
    section('OPTIONS', tree.globalFlags.flatMap(flagDefinition)),
    ...[...topics.values()].map((topic) =>
      section(known[topic.name] ?? topic.title.toUpperCase(), topicLines(topic)),
    ),
    section('EXAMPLES', [
      ...example('what a list looks like, without an account', 'segjobs emulator exec -- segjobs list'),
      ...example(
        'one job for two segments, followed to its end',
        'segjobs create SEGMENT_ID OTHER_SEGMENT_ID --watch',
      ),
      ...example(
        'go on when the evaluation of the night has succeeded',
        'segjobs watch --source scheduler --since 00:00 && ./export.sh',
      ),
    ]),
    section('SEE ALSO', seeAlso(tree.commands.map(pageName))),
  ]);
}

function commandPage(command: CommandFacts, tree: TreeFacts, release: Release): string {
  const siblings =
    command.commands ??
    (command.path.length > 1
      ? (tree.commands.find(({ name }) => name === command.path[0])?.commands ?? [])
      : []);
  return page([
    header(pageName(command), release),
    section('NAME', [`${escaped(pageName(command))} \\- ${escaped(command.summary)}`]),
    section('SYNOPSIS', [synopsis(command)]),
    section('DESCRIPTION', [
      ...paragraphs(
        command.description ?? `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
      ),
    ]),
    section(
      'COMMANDS',
      (command.commands ?? []).flatMap((child) => definition(reference(child), text(child.summary))),
    ),
    ...(command.commands === undefined ? optionSections(command, tree) : []),
    section(
      'EXAMPLES',
      command.examples.flatMap(({ explains, command: line }) => example(explains, line)),
    ),
    section('SEE ALSO', seeAlso(['segjobs', ...siblings.filter((one) => one !== command).map(pageName)])),
  ]);
}

function optionSections(command: CommandFacts, tree: TreeFacts): string[] {
  const groups = flagGroups(command);
  const own = groups.flatMap(({ title, flags }) => [
    ...(title === 'Flags' ? [] : [`.SS ${escaped(title)}`]),
    ...flags.flatMap(flagDefinition),
  ]);
  const codes = [
    ...exitCodeRows(command, tree),
    ...codesOfAnyCommand.map((code) => ({ left: String(code), right: tree.exitCodes[code] ?? '' })),
  ].sort((a, b) => Number(a.left) - Number(b.left));
  return [
    section('OPTIONS', own),
    section('GLOBAL OPTIONS', globalFlagsOf(command, tree).flatMap(flagDefinition)),
    section(
      'EXIT STATUS',
      codes.flatMap(({ left, right }) => definition(`.B ${left}`, text(right))),
    ),
  ];
}

function header(name: string, { version }: Release): string {
  return `.TH ${escaped(name.toUpperCase())} 1 "" "segjobs ${version}" "segjobs manual"\n.ad l\n.nh`;
}

/** `segjobs-auth-login`. */
function pageName({ path }: CommandFacts): string {
  return ['segjobs', ...path].join('-');
}

function reference(command: CommandFacts): string {
  return `.BR ${escaped(pageName(command))} (1)`;
}

function seeAlso(names: readonly string[]): string[] {
  return names.map((name, index) => `.BR ${escaped(name)} (1)${index === names.length - 1 ? '' : ','}`);
}

/** The words of the command in bold, what stands for something in italics. */
function synopsis(command: CommandFacts): string {
  const line = ['segjobs', ...command.path].join(' ');
  const rest = usageLine(command)
    .slice(line.length)
    .replaceAll(/[A-Z][A-Z_]+|<command>|flags/g, (word) => `\u0001${word.replaceAll(/[<>]/g, '')}\u0002`);
  const styled = escaped(rest).replaceAll('\u0001', '\\fI').replaceAll('\u0002', '\\fR');
  return `\\fB${escaped(line)}\\fR${styled}`;
}

function topicLines(topic: TopicFacts): string[] {
  return topic.parts.flatMap((part, index): string[] => {
    if ('text' in part) return [...(index === 0 ? [] : ['.PP']), text(part.text)];
    if ('lines' in part) return ['.PP', ...typed(part.lines)];
    const heading = part.title === undefined ? [] : [`.SS ${escaped(part.title)}`];
    return [
      ...heading,
      ...part.rows.flatMap(([left, right]) => definition(`.B ${escaped(left)}`, text(right))),
    ];
  });
}

function flagDefinition(flag: FlagFacts): string[] {
  const value = flag.placeholder === undefined ? '' : ` \\fI${escaped(flag.placeholder)}\\fR`;
  const shown = flag.kind === 'optional' ? ` [\\fI${escaped(flag.placeholder ?? '')}\\fR]` : value;
  const names = [flag.short, flag.long].flatMap((name) =>
    name === undefined ? [] : [`\\fB${escaped(name)}\\fR`],
  );
  return definition(`${names.join(', ')}${shown}`, text(flagText(flag)));
}

function definition(term: string, explained: string): string[] {
  return ['.TP', term, explained];
}

function example(explains: string, line: string): string[] {
  return ['.PP', text(`${explains.charAt(0).toUpperCase()}${explains.slice(1)}:`), '.PP', ...typed([line])];
}

/** Lines that are shown as they are, indented. */
function typed(lines: readonly string[]): string[] {
  return ['.RS 4', '.nf', ...lines.map(typedLine), '.fi', '.RE'];
}

function paragraphs(description: string): string[] {
  return description
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line, index) => [...(index === 0 ? [] : ['.PP']), text(line)]);
}

function section(title: string, lines: readonly string[]): string {
  // A paragraph right behind a heading is no paragraph to a linter.
  const body = lines[0] === '.PP' ? lines.slice(1) : lines;
  return body.length === 0 ? '' : [`.SH ${title}`, ...body].join('\n').replaceAll(/(\n\.SS .*)\n\.PP/g, '$1');
}

function page(sections: readonly string[]): string {
  return `.\\" Made from the commands by "npm run docs".\n${sections.filter((each) => each !== '').join('\n')}\n`;
}

/** Running text, in lines that a diff shows well. A dot at the start of a line would be a request. */
function text(words: string): string {
  return paragraph(escaped(words), { width: 78 }).replaceAll(/^\./gm, '\\&.');
}

/** One line that is shown as it is. */
function typedLine(line: string): string {
  return escaped(line).replace(/^\./, '\\&.');
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\e',
  // A plain hyphen may be shown as another character, which no shell reads as a flag's.
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

function escaped(line: string): string {
  return line.replaceAll(
    /[\\\-'`^~"]|[^\u0000-\u007f]/gu,
    (character) =>
      escapes[character] ??
      `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
