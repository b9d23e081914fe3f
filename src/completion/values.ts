// What completes each word of a command line: from the command tree, without a word of any shell's language.

import { allFacts, type CommandFacts, type FlagFacts, type TreeFacts } from '../command-facts.ts';
import { profileKeys } from '../config/profile-keys.ts';

/** What `segjobs __complete` is asked for. */
export type AskedKind = 'profiles' | 'sandboxes' | 'jobs' | 'unfinished-jobs' | 'segments';

/** What can stand in one place. `text`: nobody can guess. `command`: another program and its arguments. */
export type Values =
  | { readonly kind: 'text' | 'file' | 'command' }
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly isCommaList: boolean }
  | { readonly kind: 'asked'; readonly what: AskedKind };

export interface CompletedFlag {
  readonly long: string;
  readonly short: string | undefined;
  readonly summary: string;
  /** What the value is called, for shells that show it: `path`. */
  readonly placeholder: string;
  /** `undefined` for a switch. */
  readonly values: Values | undefined;
  readonly isValueOptional: boolean;
  readonly isRepeatable: boolean;
}

export interface CompletedCommand {
  /** `['auth', 'login']`; empty for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  /** Its own flags, and the global ones that mean something else for each command: the output formats. */
  readonly flags: readonly CompletedFlag[];
  /** What the first operand can be, and every further one where `isOperandRepeated`. */
  readonly operand: { readonly name: string; readonly values: Values } | undefined;
  readonly isOperandRepeated: boolean;
}

/** All that the scripts are made from. */
export interface CompletedTree {
  /** Every place of the tree at which a command line can stand, the program itself first. */
  readonly commands: readonly CompletedCommand[];
  /** Flags that go with every command. */
  readonly globals: readonly CompletedFlag[];
}

const helpName = 'help';

export function completedTree(tree: TreeFacts): CompletedTree {
  const help = { name: helpName, summary: 'show the help of a command or topic' };
  // A command and a topic can share a name.
  const topics = [...new Set([...tree.commands, ...tree.topics].map(({ name }) => name))];
  const [ofFormat, globals] = [
    tree.globalFlags.filter(isOfFormat),
    tree.globalFlags.filter((flag) => !isOfFormat(flag)),
  ];
  const completed = (command: CommandFacts): CompletedCommand => {
    const { path, operands = '', formats } = command;
    const name = (operands.split(' ')[0] ?? '').replace(/[[\].]/g, '');
    return {
      path,
      commands: (command.commands ?? []).map(nameAndSummary),
      flags: flagsOf([...command.flags, ...ofFormat], formats),
      operand: name === '' ? undefined : { name, values: operandValues(name, path) },
      isOperandRepeated: operands.includes('...'),
    };
  };
  const noOperand = { operand: undefined, isOperandRepeated: false };
  const commands = [
    {
      path: [],
      commands: [...tree.commands.map(nameAndSummary), help],
      flags: flagsOf(ofFormat, []),
      ...noOperand,
    },
    ...allFacts(tree).map(completed),
    {
      path: [helpName],
      commands: [],
      flags: [],
      ...noOperand,
      operand: { name: 'topic', values: words(topics) },
    },
  ];
  return { commands, globals: flagsOf(globals, []) };
}

function isOfFormat({ long }: FlagFacts): boolean {
  return long === '--output' || long === '--json';
}

function nameAndSummary({ name, summary }: CommandFacts): { name: string; summary: string } {
  return { name, summary };
}

/** Names of the shells there is a script for. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

export type Shell = (typeof shells)[number];

/** By the name that the usage line gives an operand. */
const operandKinds: Readonly<Record<string, Values>> = {
  JOB_ID: { kind: 'asked', what: 'jobs' },
  SEGMENT_ID: { kind: 'asked', what: 'segments' },
  PROFILE: { kind: 'asked', what: 'profiles' },
  KEY: words(profileKeys),
  SHELL: words(shells),
  COMMAND: { kind: 'command' },
};

function operandValues(name: string, path: readonly string[]): Values {
  // A job that has finished cannot be cancelled, and what is known to have finished stays so.
  if (name === 'JOB_ID' && path[0] === 'cancel') return { kind: 'asked', what: 'unfinished-jobs' };
  return operandKinds[name] ?? { kind: 'text' };
}

const askedByFlag: Readonly<Record<string, AskedKind>> = {
  '--profile': 'profiles',
  '--sandbox': 'sandboxes',
  '--segment': 'segments',
};

const askedByPlaceholder: Readonly<Record<string, AskedKind>> = {
  'job-id': 'jobs',
  'segment-id': 'segments',
};

/** The flags as they complete; `formats` are those the command can print. */
function flagsOf(flags: readonly FlagFacts[], formats: readonly string[]): readonly CompletedFlag[] {
  return flags
    .filter(({ long }) => long !== '--json' || formats.length === 0 || formats.includes('json'))
    .map((flag) => ({
      long: flag.long,
      short: flag.short,
      summary: flag.summary,
      placeholder: flag.placeholder ?? '',
      values: flag.kind === 'switch' ? undefined : flagValues(flag, formats),
      isValueOptional: flag.kind === 'optional',
      isRepeatable: flag.kind === 'repeated',
    }));
}

function flagValues({ long, placeholder = '', choices }: FlagFacts, formats: readonly string[]): Values {
  if (placeholder === 'format' && formats.length > 0) return words(formats);
  if (choices !== undefined) return words(choices, placeholder === 'list');
  if (placeholder === 'path' || placeholder === 'file') return { kind: 'file' };
  const what = askedByFlag[long] ?? askedByPlaceholder[placeholder];
  return what === undefined ? { kind: 'text' } : { kind: 'asked', what };
}

function words(list: readonly string[], isCommaList = false): Values {
  const odd = list.find((word) => !/^[\w.:@%+=/-]+$/.test(word));
  if (odd !== undefined) throw new TypeError(`a shell would not read "${odd}" as one plain word`);
  return { kind: 'words', words: list, isCommaList };
}
