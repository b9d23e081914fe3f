// What the log of a CI system does with what is printed into it: some systems read commands in it, whoever wrote them.

import type { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { OutputFormat } from './format.ts';
import type { Sink } from './sink.ts';

/** How a log is written to; the identity where nothing reads it. */
export interface CiLog {
  /** Text of whole lines, with nothing left in it that the system would take for a command. */
  readonly text: (text: string) => string;
  /** The same for JSON, which stays the same JSON: only the spelling of a string changes. */
  readonly json: (text: string) => string;
  /** Whether annotations are wanted here: lines that GitHub also shows on the page of the run. */
  readonly annotates: boolean;
  /** The command they speak of: `segjobs watch`. */
  readonly subject: string;
}

/** One line on the page of a run. The texts may come from outside; `message` may hold line breaks. */
export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
}

export const plainLog: CiLog = {
  text: (text) => text,
  json: (text) => text,
  annotates: false,
  subject: 'segjobs',
};

/**
 * What the environment tells of the log: GitHub Actions, and what follows it, reads `::name::` at the start of a
 * line and `##[name]` anywhere in it, Azure Pipelines `##vso[…]`, TeamCity `##teamcity[…]`; from both streams.
 */
export function describeLog(env: Readonly<Record<string, string | undefined>>, subject: string): CiLog {
  const isRead = env['GITHUB_ACTIONS'] === 'true' || Boolean(env['TF_BUILD'] || env['TEAMCITY_VERSION']);
  const annotates = isOnGitHub(env);
  return isRead ? { text: withoutCommands, json: jsonWithoutCommands, annotates, subject } : plainLog;
}

/** Whether annotations and a job summary are wanted: on GitHub, unless `SEGJOBS_GITHUB=0`. */
export function isOnGitHub(env: Readonly<Record<string, string | undefined>>): boolean {
  const wish = env['SEGJOBS_GITHUB'];
  return env['GITHUB_ACTIONS'] === 'true' && wish !== '0' && wish !== 'false';
}

// GitHub's runner trims white space before it looks and compares by the rules of a language, which do not see
// characters without a width: `actions/runner`, src/Runner.Common/ActionCommand.cs.
const colonsAtStart =
  /^([ \t\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\p{Cf}\p{DI}]*:)(?=[\p{Cf}\p{DI}]*:)/gmu;
const hashes = /#(?=[\p{Cf}\p{DI}]*#[a-z\p{Cf}\p{DI}]*\[)/giu;

/** `::set-env…` → `: :set-env…` at the start of a line, `##[…` → `# #[…` anywhere. Idempotent. */
export function withoutCommands(text: string): string {
  const isHarmless = !text.includes('::') && !text.includes('#') && !invisible.test(text);
  return isHarmless ? text : text.replace(colonsAtStart, '$1 ').replace(hashes, '# ');
}

const invisible = /[\p{Cf}\p{DI}]/u;

/** A `#` can only stand in a string, and there it can be spelled otherwise. No line of JSON begins with a colon. */
export function jsonWithoutCommands(json: string): string {
  return json.includes('#') ? json.replace(hashes, '\\u0023') : json;
}

/** A stdout that may end in such a log: each chunk is whole lines of the format, or whole values of a JSON document. */
export function guardedSink(sink: Sink, log: CiLog, format: OutputFormat): Sink {
  if (log === plainLog) return sink;
  const isJson = format === 'json' || format === 'ndjson';
  const guard = isJson ? log.json : log.text;
  const guarded = (chunk: string | Uint8Array) => {
    if (typeof chunk === 'string') return guard(chunk);
    if (isJson && !chunk.includes(hash)) return chunk;
    return guard(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString());
  };
  return { ...sink, write: (chunk) => sink.write(guarded(chunk)) };
}

/** `#` in UTF-8. */
const hash = 0x23;

/** GitHub shows so much of a title and is given so much of a message, in UTF-16 units. */
const longestTitle = 200;
const longestMessage = 4000;

/**
 * The workflow command for an annotation, a line with its line break, which must reach the log as it is.
 * Escaped as the runner reads it: `%`, CR and LF, in the title `:` and `,` too.
 */
export function annotationLine({ level, title, message }: Annotation): string {
  const lines = message.split('\n').map((line) => withoutCommands(safeText(line)));
  const shownTitle = escapeData(withoutCommands(safeText(title)).slice(0, longestTitle))
    .replaceAll(':', '%3A')
    .replaceAll(',', '%2C');
  return `::${level} title=${shownTitle}::${escapeData(lines.join('\n').slice(0, longestMessage))}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A failed command; one that somebody stopped is only a warning. */
export function errorAnnotation(error: SegjobsError, subject: string): Annotation {
  const wasStopped = ['INTERRUPTED', 'TERMINATED', 'HANGUP'].includes(error.code);
  const facts = [
    ...(error.httpStatus === undefined ? [] : [`HTTP ${error.httpStatus}`]),
    ...(error.requestId === undefined ? [] : [`request id ${error.requestId}`]),
  ];
  return {
    level: wasStopped ? 'warning' : 'error',
    title: `${subject} ended with exit code ${error.exitCode}`,
    message: [
      error.message,
      ...(error.hint === undefined ? [] : [error.hint]),
      ...(facts.length === 0 ? [] : [`(${facts.join(', ')})`]),
    ].join('\n'),
  };
}
