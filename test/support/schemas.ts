// The published JSON Schemas, held against what the program prints in the tests: to the letter, so that a member that
// is not documented fails as much as one that is missing.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

export const schemaNames = [
  'watch-event',
  'watch-document',
  'cancel-document',
  'quota-document',
  'stats-document',
  'error',
] as const;
export type SchemaName = (typeof schemaNames)[number];

const directory = resolve(import.meta.dirname, '../../docs/schema');

export function readSchema(name: SchemaName): Record<string, unknown> {
  return JSON.parse(readFileSync(resolve(directory, `${name}.schema.json`), 'utf8'));
}

/** The schema with every object of ours closed; the jobs in it stay open, for they are the service's. */
function closed(schema: unknown, name = ''): unknown {
  if (Array.isArray(schema)) return schema.map((item) => closed(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value, key)] as const);
  const isOurs = 'properties' in schema && 'type' in schema && !('additionalProperties' in schema);
  return Object.fromEntries(
    isOurs && name !== 'job' ? [...entries, ['additionalProperties', false]] : entries,
  );
}

const validators = new Map<string, ValidateFunction>();

function validatorOf(name: SchemaName, type?: string): ValidateFunction {
  const key = `${name}/${type}`;
  const known = validators.get(key);
  if (known !== undefined) return known;
  const { $id, ...schema } = closed(readSchema(name)) as Record<string, unknown>;
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  // One kind of event is asked for by name: what fails is then told of that one, not of all seven.
  const { oneOf, ...rest } = schema;
  const validate = ajv.compile(type === undefined ? schema : { ...rest, $ref: `#/$defs/${type}` });
  validators.set(key, validate);
  return validate;
}

function check(name: SchemaName, text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`not JSON, where ${name}.schema.json is promised: ${text.slice(0, 2000)}`);
  }
  const type = (value as { readonly type?: unknown } | null)?.type;
  const isKnownEvent = name === 'watch-event' && eventTypes.includes(String(type));
  const validate = validatorOf(name, isKnownEvent ? String(type) : undefined);
  if (validate(value)) return;
  const reasons = (validate.errors ?? []).map(
    ({ instancePath, message, params }: ErrorObject) =>
      `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(`${name}.schema.json is broken by ${text.slice(0, 2000)}\n${reasons.join('\n')}`);
}

/** The types of the events, as the schema lists them. */
export const eventTypes: readonly string[] = (
  readSchema('watch-event')['oneOf'] as readonly { readonly $ref: string }[]
).map(({ $ref }) => $ref.replace('#/$defs/', ''));

/** Throws when the text, one JSON value, is not what the schema promises. */
export const checkSchema: (name: SchemaName, text: string) => void = check;

/** What a command line has printed, as far as schemas promise something of it. */
export interface Printed {
  readonly argv: readonly string[];
  /** `SEGJOBS_OUTPUT`. */
  readonly defaultFormat?: string | undefined;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws when the output of a command breaks a schema: its events, its document, its error. */
export function checkPrinted({ argv, defaultFormat, exitCode, stdout, stderr }: Printed): void {
  const dashes = argv.indexOf('--');
  const words = dashes < 0 ? argv : argv.slice(0, dashes);
  const format = formatOf(words) ?? defaultFormat;
  if (format !== 'json' && format !== 'ndjson') return;
  const has = (...flags: readonly string[]) => words.some((word) => flags.includes(word));
  const command = words.find((word) => ['watch', 'create', 'cancel', 'quota', 'stats'].includes(word));
  const isWatch =
    !has('--dry-run', '-n') && (command === 'watch' || (command !== undefined && has('--watch', '-w')));
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  for (const line of lines(stderr)) {
    // Beside the error there are notes and warnings, but for where events tell everything.
    const isAnnotation = line.startsWith('::');
    const isError =
      line.startsWith('{') ||
      (isWatch && format === 'ndjson' && stdout !== '' && !has('--debug') && !isAnnotation);
    if (isError) check('error', line);
  }
  if (!isWatch) {
    if (command === 'cancel' && format === 'json' && stdout !== '') check('cancel-document', stdout);
    const isOurs = (command === 'quota' || command === 'stats') && !has('--query', '--help', '-h');
    if (isOurs && words[0] === command && stdout !== '') check(`${command}-document`, stdout);
    return;
  }
  if (format === 'json') {
    if (stdout !== '') check('watch-document', stdout);
    return;
  }
  const events = lines(stdout);
  for (const line of events) check('watch-event', line);
  const last = JSON.parse(events.at(-1) ?? '{}');
  const isWhole = exitCode !== 141 && exitCode !== 1;
  if (events.length > 0 && isWhole && (last.type !== 'watch.ended' || last.exitCode !== exitCode)) {
    throw new Error(`the events end with ${events.at(-1)}, the exit code is ${exitCode}`);
  }
}

function formatOf(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => word === '-o' || word === '--output');
  if (at >= 0) return words[at + 1];
  if (words.includes('--json')) return 'json';
  return words
    .map((word) => /^(?:--output=|-o)(\w+)$/.exec(word)?.[1])
    .findLast((found) => found !== undefined);
}
