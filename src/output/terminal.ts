// What a stream can show: whether it is a terminal, how wide, in how many colours, and whether it can be animated.

import { Chalk } from 'chalk';

/** 0 none, 1 basic, 2 256, 3 true colour. */
type ColorLevel = 0 | 1 | 2 | 3;

export interface Terminal {
  readonly isTty: boolean;
  /** Columns; 0 when unknown. */
  readonly columns: number;
  /** Lines; 0 when unknown. */
  readonly rows: number;
  readonly colorLevel: ColorLevel;
  /** Whether a line may be drawn over: a terminal of known width that obeys cursor movements, and not a CI log. */
  readonly canAnimate: boolean;
  /** Whether it can show nothing but ASCII, so that bars, charts and ellipses are drawn with that. */
  readonly isAscii: boolean;
  /** Colours by meaning; the identity where there is no colour. */
  readonly paint: Paint;
}

export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly busy: (text: string) => string;
  readonly muted: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly warn: (text: string) => string;
}

export interface StreamFacts {
  readonly isTty: boolean;
  /** As the stream tells them. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--no-color` was given. */
  readonly noColorFlag: boolean;
}

export function describeTerminal({ isTty, columns, rows, env, noColorFlag }: StreamFacts): Terminal {
  const colorLevel = colorLevelOf({ isTty, env, noColorFlag });
  const ownColumns = columns !== undefined && columns > 0 ? columns : 0;
  const isDumb = env['TERM'] === 'dumb';
  return {
    isTty,
    columns: wholeNumber(env['COLUMNS']) ?? ownColumns,
    rows: rows !== undefined && rows > 0 ? rows : 0,
    colorLevel,
    // The stream's own width: a program that redraws lines asks the stream, not COLUMNS, and loops for ever on 0.
    canAnimate: isTty && ownColumns > 0 && !isDumb && !isCi(env),
    isAscii: isTty && saysAscii(env),
    paint: colorLevel === 0 ? plainPaint : paintFor(colorLevel),
  };
}

/** `--no-color`, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then TERM=dumb, then what the stream is. */
function colorLevelOf({
  isTty,
  env,
  noColorFlag,
}: Pick<StreamFacts, 'isTty' | 'env' | 'noColorFlag'>): ColorLevel {
  if (noColorFlag || isSet(env['NO_COLOR'])) return 0;
  const forced = env['FORCE_COLOR'];
  if (isSet(forced)) return forcedLevel(forced, env);
  if (env['TERM'] === 'dumb' || !isTty) return 0;
  return shownLevel(env);
}

function forcedLevel(forced: string, env: StreamFacts['env']): ColorLevel {
  if (forced === '0' || forced === 'false') return 0;
  if (forced === '1' || forced === '2' || forced === '3') return Number(forced) as ColorLevel;
  return shownLevel(env);
}

function shownLevel(env: StreamFacts['env']): ColorLevel {
  if (env['COLORTERM'] === 'truecolor' || env['COLORTERM'] === '24bit') return 3;
  return /-256(color)?$/i.test(env['TERM'] ?? '') ? 2 : 1;
}

/**
 * Whether the locale (POSIX: the first of these that is set and not empty) asks for ASCII by name, or names a character
 * set that is not UTF-8. None at all says nothing: that is the usual case in a container, on terminals of UTF-8.
 */
function saysAscii(env: StreamFacts['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet) ?? '';
  const charset = /\.([^@]*)/.exec(locale)?.[1];
  return locale === 'C' || locale === 'POSIX' || (charset !== undefined && !/^utf-?8$/i.test(charset));
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function isCi(env: StreamFacts['env']): boolean {
  return isSet(env['CI']) && env['CI'] !== 'false' && env['CI'] !== '0';
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : undefined;
}

const same = (text: string) => text;

const plainPaint: Paint = { good: same, bad: same, busy: same, muted: same, strong: same, warn: same };

function paintFor(level: ColorLevel): Paint {
  const chalk = new Chalk({ level });
  return {
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    busy: (text) => chalk.cyan(text),
    muted: (text) => chalk.dim(text),
    strong: (text) => chalk.bold(text),
    warn: (text) => chalk.yellow(text),
  };
}
