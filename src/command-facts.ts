// The command tree as plain data: what help, manual pages, the reference and completions are made from.

/** One flag, its usage taken apart: `-L, --limit <n>`. */
export interface FlagFacts {
  /** The key in the declaration; of a global flag its long name without dashes. */
  readonly name: string;
  /** As help writes it. */
  readonly usage: string;
  /** `--limit`. */
  readonly long: string;
  /** `-L`. */
  readonly short?: string;
  /** What the value is called: `n`, `path`, `job-id`. Absent for switches. */
  readonly placeholder?: string;
  /** `optional`: the value may be left out. `repeated`: may be given several times. */
  readonly kind: FlagKind;
  readonly summary: string;
  /** The heading it stands under; "Flags" where the declaration names none. */
  readonly group: string;
  readonly shownDefault?: string;
  readonly choices?: readonly string[];
  /** The long name of the flag without which this one means nothing. */
  readonly needs?: string;
  /** The output formats it makes sense with, where they are fewer than the command's. */
  readonly formats?: readonly string[];
}

export type FlagKind = 'switch' | 'value' | 'optional' | 'repeated';

export interface ExampleFacts {
  readonly command: string;
  readonly explains: string;
  /** What it ends with when run as shown, where that is not 0. */
  readonly exitCode?: number;
}

export interface CommandFacts {
  readonly name: string;
  /** `['auth', 'login']`. */
  readonly path: readonly string[];
  readonly summary: string;
  /** Paragraphs, one a line. */
  readonly description?: string;
  /** `[JOB_ID...]`. */
  readonly operands?: string;
  /** What stands behind the name in the usage line, where it is not operands and flags. */
  readonly usage?: string;
  readonly flags: readonly FlagFacts[];
  readonly formats: readonly string[];
  readonly examples: readonly ExampleFacts[];
  readonly exitCodes: readonly number[];
  /** What a code means with this command, where that is less than what it means with any. */
  readonly exitMeanings?: Readonly<Record<string, string>>;
  /** It has nothing to do with jobs: settings, completions. Every group is one. */
  readonly isTool: boolean;
  /** Present where the command only holds others. */
  readonly commands?: readonly CommandFacts[];
}

/** A piece of a topic: a paragraph, rows under a heading, or lines to type (broken where a shell allows it). */
export type TopicPart =
  | { readonly text: string }
  | { readonly title?: string; readonly rows: readonly (readonly [left: string, right: string])[] }
  | { readonly lines: readonly string[] };

/** What `segjobs help NAME` shows beside the commands. */
export interface TopicFacts {
  readonly name: string;
  /** One line, as in the list of topics. */
  readonly summary: string;
  /** The heading of its page. */
  readonly title: string;
  readonly parts: readonly TopicPart[];
}

/** Everything; plain JSON, so that a build can keep it in place of the declarations. */
export interface TreeFacts {
  readonly globalFlags: readonly FlagFacts[];
  readonly commands: readonly CommandFacts[];
  readonly topics: readonly TopicFacts[];
  /** What each exit code tells. */
  readonly exitCodes: Readonly<Record<string, string>>;
}

interface DeclaredFlag {
  readonly usage: string;
  readonly summary: string;
  readonly kind?: FlagKind;
  readonly group?: string | undefined;
  readonly shownDefault?: string | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly needs?: string | undefined;
  readonly formats?: readonly string[] | undefined;
}

interface DeclaredExample {
  readonly command: string;
  readonly explains: string;
  readonly exitCode?: number | undefined;
}

interface DeclaredCommand {
  readonly name: string;
  readonly summary: string;
  readonly description?: string | undefined;
  readonly operands?: string | undefined;
  readonly usage?: string | undefined;
  readonly flags?: Readonly<Record<string, DeclaredFlag>>;
  readonly formats?: readonly string[];
  readonly examples?: readonly DeclaredExample[] | undefined;
  readonly exitCodes?: readonly number[] | undefined;
  readonly exitMeanings?: Readonly<Partial<Record<number, string>>> | undefined;
  readonly isTool?: boolean | undefined;
  readonly commands?: readonly DeclaredCommand[];
}

/** The declarations, without what runs and parses. */
export function treeFacts(declared: {
  readonly commands: readonly DeclaredCommand[];
  readonly globalFlags: readonly DeclaredFlag[];
  readonly topics: readonly TopicFacts[];
  readonly exitCodes: Readonly<Record<number, string>>;
}): TreeFacts {
  return {
    globalFlags: [...declared.globalFlags, ...closingFlags].map((flag) => {
      const { long } = usageParts(flag.usage);
      return flagFacts(long.slice(2), flag, {});
    }),
    commands: declared.commands.map((command) => commandFacts(command, [])),
    topics: declared.topics,
    exitCodes: declared.exitCodes,
  };
}

/** The command that the words name, or `undefined`. */
export function findFacts(tree: TreeFacts, path: readonly string[]): CommandFacts | undefined {
  let among: readonly CommandFacts[] = tree.commands;
  let found: CommandFacts | undefined;
  for (const name of path) {
    found = among.find((command) => command.name === name);
    if (found === undefined) return undefined;
    among = found.commands ?? [];
  }
  return found;
}

/** Every command of the tree, groups before what they hold. */
export function allFacts({ commands }: Pick<TreeFacts, 'commands'>): readonly CommandFacts[] {
  return commands.flatMap((command) => [command, ...(command.commands ?? [])]);
}

const closingFlags: readonly DeclaredFlag[] = [
  { usage: '-h, --help', summary: 'show this help' },
  { usage: '-V, --version', summary: 'show the version' },
];

function commandFacts(command: DeclaredCommand, above: readonly string[]): CommandFacts {
  const { name, summary, description, operands, usage, commands, flags = {} } = command;
  const path = [...above, name];
  return {
    name,
    path,
    summary,
    ...given({ description, operands, usage }),
    flags: Object.entries(flags).map(([key, flag]) => flagFacts(key, flag, flags)),
    formats: command.formats ?? [],
    examples: (command.examples ?? []).map(({ command: line, explains, exitCode }) => ({
      command: line,
      explains,
      ...given({ exitCode }),
    })),
    exitCodes: command.exitCodes ?? [],
    isTool: command.isTool ?? commands !== undefined,
    ...given({ exitMeanings: command.exitMeanings as Readonly<Record<string, string>> | undefined }),
    ...given({ commands: commands?.map((child) => commandFacts(child, path)) }),
  };
}

function flagFacts(
  name: string,
  flag: DeclaredFlag,
  siblings: Readonly<Record<string, DeclaredFlag>>,
): FlagFacts {
  const { usage, summary, group = 'Flags', shownDefault, choices, formats } = flag;
  const { long, short, placeholder } = usageParts(usage);
  const needed = flag.needs === undefined ? undefined : siblings[flag.needs];
  return {
    name,
    usage,
    long,
    kind: flag.kind ?? (placeholder === undefined ? 'switch' : 'value'),
    summary,
    group,
    ...given({
      short,
      placeholder,
      shownDefault,
      choices,
      formats,
      needs: needed && usageParts(needed.usage).long,
    }),
  };
}

/** `-L, --limit <n>` → `-L`, `--limit`, `n`. */
function usageParts(usage: string): {
  readonly long: string;
  readonly short: string | undefined;
  readonly placeholder: string | undefined;
} {
  const match = /^(?:(-\w), )?(--[\w-]+)(?: [<[](.+)[\]>])?$/.exec(usage);
  if (match === null) throw new TypeError(`a flag is written "-x, --name <value>", not "${usage}"`);
  const [, short, long = '', placeholder] = match;
  return { long, short, placeholder };
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined: JSON has no such value. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}
