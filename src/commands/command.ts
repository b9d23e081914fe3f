// What a command is: a declaration (name, flags, examples, exit codes) and a function that runs it.
// Parsing, help, completion and manual pages are all made from the declaration; commander sees only `program.ts`.

import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import type { OutputFormat } from '../output/format.ts';

/** Reads one value from the command line; throws a usage error (`usageError`) naming the valid values. */
export type Parse<T> = (text: string) => T;

interface FlagFacts {
  /** As commander and the help write it: `-L, --limit <n>`, `--yes`. */
  readonly usage: string;
  readonly summary: string;
  /** Heading in the help; flags without one stand under "Flags". */
  readonly group?: string | undefined;
  /** The values a shell can complete. */
  readonly choices?: readonly string[] | undefined;
  /** The name (in `flags`) of a switch without which this flag means nothing; alone it is a usage error. */
  readonly needs?: string | undefined;
  /** The formats it makes sense with; with another one it is a usage error. Default: all of the command's. */
  readonly formats?: readonly OutputFormat[] | undefined;
}

/** `kind` says how often it may be given and what the command receives. */
export type Flag<T = unknown> = FlagFacts &
  (
    | { readonly kind: 'switch'; readonly result?: T }
    | { readonly kind: 'value'; readonly parse: Parse<T>; readonly shownDefault?: string | undefined }
    | { readonly kind: 'optional'; readonly parse: Parse<unknown>; readonly result?: T }
    | { readonly kind: 'repeated'; readonly parse: Parse<unknown>; readonly result?: T }
  );

export function switchFlag(
  usage: string,
  summary: string,
  more: Omit<FlagFacts, 'usage' | 'summary'> = {},
): Flag<boolean> {
  return { kind: 'switch', usage, summary, ...more };
}

export function valueFlag<T>(
  usage: string,
  summary: string,
  parse: Parse<T>,
  more: Omit<FlagFacts, 'usage' | 'summary'> & { readonly shownDefault?: string } = {},
): Flag<T | undefined> {
  return { kind: 'value', usage, summary, parse, ...more };
}

/**
 * A flag that may stand alone: `--compare`, `--compare ID`. `undefined` where it was not given, and no `value` where it
 * stood alone. A word right behind it is always its value, so operands go before it.
 */
export function optionalValueFlag<T>(
  usage: string,
  summary: string,
  parse: Parse<T>,
  more: Omit<FlagFacts, 'usage' | 'summary'> = {},
): Flag<{ readonly value: T | undefined } | undefined> {
  return { kind: 'optional', usage, summary, parse, ...more };
}

export function repeatedFlag<T>(
  usage: string,
  summary: string,
  parse: Parse<T>,
  more: Omit<FlagFacts, 'usage' | 'summary'> = {},
): Flag<readonly T[]> {
  return { kind: 'repeated', usage, summary, parse, ...more };
}

export type Flags = Readonly<Record<string, Flag>>;
export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never;
};

export interface Example {
  /** What a user types, first line without the prompt. */
  readonly command: string;
  readonly explains: string;
  /** What it ends with when run as shown, where that is not 0. */
  readonly exitCode?: ExitCode | undefined;
}

interface CommandFacts {
  readonly name: string;
  /** One line, imperative, no period: `list segment jobs`. */
  readonly summary: string;
  /** Paragraphs below the usage line. */
  readonly description?: string | undefined;
  readonly examples?: readonly Example[] | undefined;
  readonly exitCodes?: readonly ExitCode[] | undefined;
  /** What a code means with this command, where that is less than what it means with any. */
  readonly exitMeanings?: Readonly<Partial<Record<ExitCode, string>>> | undefined;
  /** Listed with the settings and tools instead of the work with jobs; every group is. */
  readonly isTool?: boolean | undefined;
}

/** A command that does something. `operands` is what stands after the flags, all of it. */
export interface LeafCommand<F extends Flags = Flags> extends CommandFacts {
  /** As the usage line shows it: `[JOB_ID...]`; `JOB_ID` exactly one; absent: none allowed. */
  readonly operands?: '[JOB_ID...]' | 'JOB_ID' | (string & {}) | undefined;
  /** The usage line behind the name, where it is not simply operands and flags. */
  readonly usage?: string | undefined;
  readonly flags: F;
  /** Formats that make sense here; another one given by flag is a usage error. */
  readonly formats: readonly OutputFormat[];
  /** When `-o ndjson` prints events as they happen: there is no whole result that `--query` could search. */
  readonly streamsEvents?: 'always' | 'with --watch' | undefined;
  /** Returns the exit code of what happened; a failure is thrown as a `SegjobsError`. */
  readonly run: (context: Context, call: Call<F>) => Promise<ExitCode | number>;
}

/** One use of a command, parsed and checked. */
export interface Call<F extends Flags = Flags> {
  readonly operands: readonly string[];
  readonly flags: FlagValues<F>;
  /** What stood behind `--`, or `undefined` where there was none (they are among the operands too). */
  readonly afterDashes: readonly string[] | undefined;
}

/** A command that only holds others: `auth`, `config`, `emulator`. */
export interface CommandGroup extends CommandFacts {
  readonly commands: readonly LeafCommand[];
}

export type Command = LeafCommand | CommandGroup;

/** Keeps the types of the flags while the declaration joins a list of all commands. */
export function defineCommand<F extends Flags>(command: LeafCommand<F>): LeafCommand {
  return command as unknown as LeafCommand;
}
