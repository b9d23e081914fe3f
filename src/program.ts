// The command tree: turns declared commands into a parser, and the command line into one call or one text.

import { CommanderError, Option, Command as Parser } from 'commander';
import {
  commandPath,
  type Facts,
  globalFlags,
  helpAbout,
  helpText,
  type TextRequest,
  unknownCommand,
} from './command-tree.ts';
import { commands } from './commands/all.ts';
import type { Call, Command, Flag, LeafCommand } from './commands/command.ts';
import type { FormatRule } from './context.ts';
import { SegjobsError, usageError } from './errors.ts';
import type { GlobalFlags } from './host.ts';
import type { OutputFormat } from './output/format.ts';
import { safeText } from './safe-text.ts';
import { shellWord } from './shell-word.ts';

/** What a command line asks for. */
export type Request =
  | TextRequest
  | {
      readonly kind: 'call';
      readonly command: LeafCommand;
      readonly call: Call;
      readonly globals: GlobalFlags;
      readonly rules: readonly FormatRule[];
    };

/**
 * Reads a command line (without node and script). Nothing is opened, sent or printed.
 * Throws a usage error naming the flag and the valid values.
 */
export function readCommandLine(argv: readonly string[], facts: Facts): Request {
  const dashes = argv.indexOf('--');
  let request: Request | undefined;

  const root = new Parser('segjobs');
  root.exitOverride().configureOutput({
    writeOut: () => undefined,
    writeErr: () => undefined,
    outputError: () => undefined,
  });
  root.helpOption(false).helpCommand(false);
  for (const { usage, summary } of globalFlags) root.option(usage, summary);
  root.option('-h, --help', 'show help').option('-V, --version', 'show the version');

  const add = (parent: Parser, command: Command, path: readonly string[]) => {
    // What no word names cannot be called, and a parser with every flag of every command costs milliseconds.
    if (!argv.includes(command.name)) return;
    const parser = parent.command(command.name).helpOption(false).helpCommand(false);
    const ownPath = [...path, command.name];
    if ('commands' in command) {
      for (const child of command.commands) add(parser, child, ownPath);
      parser.argument('[command...]');
      parser.action((words: readonly string[]) => {
        if (words[0] !== undefined && !wantsHelp(root))
          throw unknownCommand(words[0], command.commands, ownPath);
        request = helpText(ownPath, facts);
      });
      return;
    }
    for (const flag of Object.values(command.flags)) parser.addOption(parserOption(flag));
    parser.argument('[operands...]').allowExcessArguments(true);
    parser.action((operands: readonly string[]) => {
      if (wantsHelp(root)) {
        request = helpText(ownPath, facts);
        return;
      }
      const flags = readFlags(command, parser.opts());
      checkNeeds(command, parser.opts());
      request = {
        kind: 'call',
        command,
        call: {
          operands: checkOperands(command, operands, ownPath, parser.opts()),
          flags,
          afterDashes: dashes < 0 ? undefined : argv.slice(dashes + 1),
        },
        globals: readGlobals(root),
        rules: withQueryRule(
          command,
          formatRules(command, parser.opts(), ownPath),
          root.opts(),
          parser.opts()['watch'] === true,
        ),
      };
    });
  };

  for (const command of commands) add(root, command, []);
  root
    .command('help')
    .helpOption(false)
    .argument('[topic...]')
    .action((words: readonly string[]) => {
      request = helpAbout(words, facts);
    });
  root.argument('[command...]').action((words: readonly string[]) => {
    if (root.opts()['version'] === true) request = { kind: 'text', text: `${facts.version}\n` };
    else if (words[0] !== undefined && !wantsHelp(root)) throw unknownCommand(words[0], commands, []);
    else {
      const text = wantsHelp(root) ? undefined : facts.firstRun?.();
      request = text === undefined ? helpText([], facts) : { kind: 'text', text };
    }
  });

  try {
    root.parse([...argv], { from: 'user' });
  } catch (error) {
    throw asUsageError(error, argv, dashes);
  }
  if (root.opts()['version'] === true) return { kind: 'text', text: `${facts.version}\n` };
  if (request === undefined) throw new SegjobsError('INTERNAL', 'the command line led to no command');
  return request;
}

function wantsHelp(root: Parser): boolean {
  return root.opts()['help'] === true;
}

function parserOption(flag: Flag): Option {
  const option = new Option(flag.usage, flag.summary);
  const name = option.long ?? flag.usage;
  if (flag.kind === 'switch') return option;
  const parse = (text: string): unknown => {
    try {
      return flag.parse(text);
    } catch (error) {
      if (!(error instanceof SegjobsError) || error.code !== 'USAGE') throw error;
      throw usageError(`invalid ${name} "${safeText(text)}": ${error.message}`, error.hint);
    }
  };
  if (flag.kind === 'value' || flag.kind === 'optional') return option.argParser(parse);
  return option.argParser((text: string, earlier: readonly unknown[] | undefined) => [
    ...(earlier ?? []),
    parse(text),
  ]);
}

/** The long name as commander keeps it: `--access-token-stdin` → `accessTokenStdin`. */
function optionKey(flag: Flag): string {
  return new Option(flag.usage).attributeName();
}

function readFlags(command: LeafCommand, parsed: Readonly<Record<string, unknown>>): Call['flags'] {
  const values: [string, unknown][] = Object.entries(command.flags).map(([name, flag]) => {
    const value = parsed[optionKey(flag)];
    if (flag.kind === 'switch') return [name, value === true];
    if (flag.kind === 'optional' && value !== undefined) {
      return [name, { value: value === true ? undefined : value }];
    }
    return [name, flag.kind === 'repeated' ? (value ?? []) : value];
  });
  return Object.fromEntries(values);
}

/** A flag that means nothing without another one is refused: ignored, it would promise what does not happen. */
function checkNeeds(command: LeafCommand, parsed: Readonly<Record<string, unknown>>): void {
  for (const flag of Object.values(command.flags)) {
    const needed = flag.needs === undefined ? undefined : command.flags[flag.needs];
    if (needed === undefined || parsed[optionKey(flag)] === undefined) continue;
    if (parsed[optionKey(needed)] !== undefined) continue;
    const [name, other] = [longName(flag), longName(needed)];
    throw usageError(`${name} means nothing without ${other}`, `add ${other}, or leave ${name} out`);
  }
}

function longName(flag: Flag): string {
  return new Option(flag.usage).long ?? flag.usage;
}

function readGlobals(root: Parser): GlobalFlags {
  const given = root.opts<{
    output?: string;
    query?: string;
    json?: boolean;
    profile?: string;
    sandbox?: string;
    quiet?: boolean;
    input?: boolean;
    color?: boolean;
    debug?: boolean;
  }>();
  if (given.json && given.output !== undefined && given.output !== 'json') {
    throw usageError(
      `--json and --output ${safeText(given.output)} contradict each other`,
      'give one of them',
    );
  }
  return {
    output: given.json ? 'json' : given.output,
    query: given.query,
    profile: given.profile,
    sandbox: given.sandbox,
    quiet: given.quiet === true,
    noInput: given.input === false,
    noColor: given.color === false,
    debug: given.debug === true,
  };
}

function formatRules(
  command: LeafCommand,
  parsed: Readonly<Record<string, unknown>>,
  path: readonly string[],
): FormatRule[] {
  const ofFlags = Object.values(command.flags).flatMap((flag): FormatRule[] => {
    if (flag.formats === undefined || parsed[optionKey(flag)] === undefined) return [];
    return [{ formats: flag.formats, subject: longName(flag) }];
  });
  return [{ formats: command.formats, subject: `segjobs ${path.join(' ')}` }, ...ofFlags];
}

/**
 * A query searches JSON: of a whole result, which a stream of events has not. What it finds is printed as JSON unless
 * a flag names a format: outside a terminal tsv is what there is without one.
 */
function withQueryRule(
  { streamsEvents }: LeafCommand,
  rules: readonly FormatRule[],
  { query, output }: { readonly query?: string; readonly output?: string },
  isWatching: boolean,
): readonly FormatRule[] {
  if (query === undefined) return rules;
  const isStream = streamsEvents === 'always' || (streamsEvents === 'with --watch' && isWatching);
  const formats: readonly OutputFormat[] = isStream ? ['json'] : ['json', 'ndjson'];
  const conflict = rules.find((rule) => !formats.some((format) => rule.formats.includes(format)));
  if (conflict !== undefined) {
    throw conflict === rules[0]
      ? usageError(`${conflict.subject} prints no JSON for --query to search`, 'leave --query out')
      : usageError(`${conflict.subject} and --query cannot be used together`, 'leave one of them out');
  }
  const printed: readonly OutputFormat[] = output === undefined ? formats : [...formats, 'tsv'];
  return [...rules, { formats: printed, subject: isStream ? 'a watch with --query' : '--query' }];
}

function checkOperands(
  command: LeafCommand,
  operands: readonly string[],
  path: readonly string[],
  parsed: Readonly<Record<string, unknown>>,
): readonly string[] {
  const shape = command.operands ?? '';
  const line = `segjobs ${path.join(' ')}`;
  const usage = `usage: ${[line, command.usage ?? shape].join(' ').trim()}`;
  const names = shape.split(' ').filter((name) => name !== '');
  const least = names.filter((name) => !name.startsWith('[')).length;
  const most = shape.includes('...') ? Number.POSITIVE_INFINITY : names.length;
  if (operands.length < least) {
    const missing = names.slice(operands.length).join(' and ');
    throw usageError(`${line} needs ${missing}`, swallowedOperand(command, parsed, line) ?? usage);
  }
  if (operands.length > most) {
    const extra = operands.slice(most).map((word) => `"${safeText(word)}"`);
    throw usageError(`${line} does not take ${extra.join(', ')}`, usage);
  }
  return operands;
}

/** A flag whose value may be left out takes the word behind it for its value: what was meant for an operand, too. */
function swallowedOperand(
  command: LeafCommand,
  parsed: Readonly<Record<string, unknown>>,
  line: string,
): string | undefined {
  for (const flag of Object.values(command.flags)) {
    const value = flag.kind === 'optional' ? parsed[optionKey(flag)] : undefined;
    if (typeof value !== 'string') continue;
    const word = shellWord(value);
    return `${word} was read as the value of ${longName(flag)}; put it first: ${line} ${word} ${longName(flag)}`;
  }
  return undefined;
}

/** What commander says, in our own form: its first line is the message, its suggestion the hint. */
function asUsageError(error: unknown, argv: readonly string[], dashes: number): unknown {
  if (!(error instanceof CommanderError)) return error;
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /Did you mean (.*)\?/.exec(rest.join(' '))?.[1];
  const words = argv.filter((word) => !word.startsWith('-'));
  const path = commandPath(words);
  if (path.join(' ') === 'emulator exec' && dashes < 0) {
    return usageError(
      'segjobs emulator exec needs -- before the command',
      'for example: segjobs emulator exec --speed 60 -- sh -c "segjobs list"',
    );
  }
  const hint =
    suggestion === undefined
      ? `see: ${['segjobs', ...path].join(' ')} --help`
      : `did you mean: ${suggestion.replace(/^one of /, '')}`;
  return usageError(safeText(first.replaceAll("'", '"')), hint);
}
