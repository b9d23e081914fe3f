// The only place that chooses a format: commands hand over what there is, and this room decides how it looks.

import type { SegjobsError } from '../errors.ts';
import { quoteJson } from '../lossless-json.ts';
import { safeText } from '../safe-text.ts';
import { asciiSink } from './ascii.ts';
import {
  type Annotation,
  annotationLine,
  type CiLog,
  errorAnnotation,
  guardedSink,
  plainLog,
} from './ci-log.ts';
import { errorText } from './error-text.ts';
import { type Facts, factLines } from './fact-lines.ts';
import type { OutputFormat } from './format.ts';
import { jsonDocument, jsonLines } from './json.ts';
import { type LiveRegion, type LiveStream, openLiveRegion, type RegionLayout } from './live-region.ts';
import { createProgress, type Progress } from './progress.ts';
import type { Query } from './query.ts';
import { foundText } from './query-text.ts';
import { createRecordWriter, type RecordWriter } from './records.ts';
import { createSink } from './sink.ts';
import type { Terminal } from './terminal.ts';
import { tsvValue } from './tsv.ts';
import type { DocumentFrame, Look, RecordView } from './view.ts';

export {
  type DocumentFrame,
  fieldNames,
  ownListFrame,
  ownResultsFrame,
  type RecordView,
  selectColumns,
} from './view.ts';

export interface Output {
  /** What a result is printed as. With `--query` and tsv it is json: what the query then finds is printed as text. */
  readonly format: OutputFormat;
  /** The command that runs, as annotations name it: `segjobs watch`. */
  readonly subject: string;
  readonly terminals: Terminals;
  /** Whether a spinner or a live region may be drawn on stderr: it is a terminal, not a CI log, and not `-q`. */
  readonly canAnimate: boolean;
  /** One item. */
  one<T>(item: T, view: RecordView<T>): Promise<void>;
  /**
   * Many items, streamed batch by batch. The first batch is taken before the first byte is written.
   * When the source throws later, what was printed ends at a whole record (a table with `… incomplete`, a json
   * document left unclosed) and the error goes on. Returns how many were printed.
   */
  many<T>(
    batches: AsyncIterable<readonly T[]>,
    view: RecordView<T>,
    frame: DocumentFrame<T>,
  ): Promise<number>;
  /**
   * A flat object: in json one object with `schemaVersion` before the rest, as a table aligned lines (`-` for null),
   * else `key⇥value` lines (empty for null). `inWords`: a table says `Client id` for `clientId`, and `sandboxFrom`
   * stands beside `sandbox`.
   */
  facts(facts: Facts, options?: { readonly inWords?: boolean }): Promise<void>;
  /** One bare value, as a line: `auth token`, `config get`. In json and ndjson: a JSON string. */
  value(text: string): Promise<void>;
  /** The text given, as it is, to stdout: completion scripts, `export` lines, events already in JSON. */
  raw(text: string): Promise<void>;
  /**
   * Text on stderr that `-q` silences. May hold line breaks; other control characters are dropped, and only then
   * does `style` colour each line.
   */
  note(text: string, style?: (line: string) => string): void;
  /** Text on stderr that nothing silences. */
  warn(text: string): void;
  /** Text on stderr that `-q` does not silence either: hand it on only under `--debug`. */
  debug(text: string): void;
  /** On GitHub a line on stderr that is also shown on the page of the run; nothing elsewhere. `-q` does not silence it. */
  annotate(annotation: Annotation): void;
  /** From here on notes and warnings are silent: stdout carries a stream of events that tells everything itself. */
  hush(): void;
  /** A wait that is shown while it lasts: a spinner on a terminal, nothing elsewhere. */
  progress(text: string): Progress;
  /**
   * Lines at the bottom of stderr that are drawn over; what is told meanwhile appears above them. One at a time, and
   * only where `canAnimate`. Nothing may go to stdout before it has been stopped.
   */
  openRegion(layout: RegionLayout): LiveRegion;
  /** Prints a failure on stderr: text, or one last line of JSON with json and ndjson; before it an annotation. */
  error(error: SegjobsError, stack?: string): void;
}

interface Terminals {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
}

export interface OutputOptions {
  readonly format: OutputFormat;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly terminals: Terminals;
  /** `-q`. */
  readonly quiet: boolean;
  /** Unix ms on the service's clock. */
  readonly now: () => number;
  /** `--query`: in json, ndjson and tsv what it finds in the whole result is printed in place of the result. */
  readonly query?: Query | undefined;
  /** What reads the log that the streams go to; nothing, where none is given. */
  readonly log?: CiLog | undefined;
}

/** Records are turned into text and written in groups of this many: memory stays flat and a slow reader is heeded. */
const recordsPerWrite = 100;

const lone: DocumentFrame<unknown> = { head: '[', tail: () => ']' };

/**
 * Writing stdout throws `READER_GONE` when its reader went away and `LOCAL_IO` when it cannot be written; stderr
 * never throws. The functions may be taken off the object.
 */
export function createOutput(options: OutputOptions): Output {
  const { terminals, quiet, query, log = plainLog } = options;
  const { paint } = terminals.stderr;
  // A query searches the JSON of a result, whatever is made of what it finds. Errors speak as the user asked.
  const isFoundText = query !== undefined && options.format === 'tsv';
  const format = isFoundText ? 'json' : options.format;
  const isJson = format === 'json' || format === 'ndjson';
  const isErrorJson = isJson && !isFoundText;
  const plainStdout = createSink(options.stdout, 'stdout');
  const plainStderr = createSink(options.stderr, 'stderr');
  // Data for programs is never changed for the sake of a terminal.
  const isDrawn = format === 'table' && terminals.stdout.isAscii;
  const stdout = guardedSink(isDrawn ? asciiSink(plainStdout) : plainStdout, log, options.format);
  const stderr = terminals.stderr.isAscii && !isErrorJson ? asciiSink(plainStderr) : plainStderr;
  const look = (): Look => ({ now: options.now(), terminal: terminals.stdout });
  const isIndented = format === 'json' && terminals.stdout.isTty;
  const canAnimate = terminals.stderr.canAnimate && !quiet;
  let isHushed = false;

  /** A whole document, or what the query finds in it. */
  async function writeJson(json: string): Promise<void> {
    if (query === undefined) return stdout.write(jsonDocument(json, isIndented));
    return writeFound(query.collect({ head: json, tail: () => '' }).find());
  }

  function writeFound(json: string): Promise<void> {
    if (isFoundText) return stdout.write(foundText(json));
    return stdout.write(format === 'ndjson' ? jsonLines(json) : jsonDocument(json, isIndented));
  }

  /** Nothing is printed before all is there: a failure on the way leaves nothing behind. */
  async function findInMany<T>(
    { collect }: Query,
    batches: AsyncIterable<readonly T[]>,
    view: RecordView<T>,
    frame: DocumentFrame<T>,
  ): Promise<number> {
    const collected = collect(frame);
    let count = 0;
    for await (const batch of batches) {
      for (const item of batch) collected.add(view.json(item), frame.key?.(item));
      count += batch.length;
    }
    await writeFound(collected.find());
    return count;
  }

  async function one<T>(item: T, view: RecordView<T>): Promise<void> {
    if (isJson) return writeJson(view.json(item));
    if (format === 'table' && view.page !== undefined) return stdout.write(`${view.page(item, look())}\n`);
    const writer = await createRecordWriter(format, view, lone, look);
    return writeRecords(writer, [item]);
  }

  async function many<T>(
    batches: AsyncIterable<readonly T[]>,
    view: RecordView<T>,
    frame: DocumentFrame<T>,
  ): Promise<number> {
    if (query !== undefined && isJson) return findInMany(query, batches, view, frame);
    const writer = await createRecordWriter(format, view, frame, look);
    const source = batches[Symbol.asyncIterator]();
    let printed = 0;
    let isExhausted = false;
    const next = async () => {
      try {
        const step = await source.next();
        isExhausted = step.done === true;
        return step;
      } catch (error) {
        isExhausted = true;
        throw error;
      }
    };
    try {
      let step = await next();
      await stdout.write(writer.start());
      while (step.done !== true) {
        await writeRecords(writer, step.value);
        printed += step.value.length;
        step = await nextOrBreakOff(next, writer);
      }
      await stdout.write(writer.end());
    } finally {
      if (!isExhausted) await source.return?.();
    }
    return printed;
  }

  async function writeRecords<T>(writer: RecordWriter<T>, items: readonly T[]): Promise<void> {
    for (let at = 0; at < items.length; at += recordsPerWrite) {
      const made = writer.records(items.slice(at, at + recordsPerWrite));
      for (const piece of typeof made === 'string' ? [made] : made) await stdout.write(piece);
    }
  }

  async function nextOrBreakOff<S, T>(next: () => Promise<S>, writer: RecordWriter<T>): Promise<S> {
    try {
      return await next();
    } catch (error) {
      // The failure that counts is the source's, whatever becomes of this last line.
      await stdout.write(writer.breakOff()).catch(() => undefined);
      throw error;
    }
  }

  async function facts(
    given: Facts,
    { inWords = false }: { readonly inWords?: boolean } = {},
  ): Promise<void> {
    if (isJson) return writeJson(quoteJson({ schemaVersion: 1, ...given }));
    if (format !== 'table') {
      const lines = Object.entries(given).map(
        ([key, value]) => `${tsvValue(key)}\t${tsvValue(String(value ?? ''))}\n`,
      );
      return stdout.write(lines.join(''));
    }
    return stdout.write(factLines(given, { inWords, muted: terminals.stdout.paint.muted }));
  }

  let region: LiveRegion | undefined;
  const toStderr = (text: string) => (region === undefined ? stderr : region).tell(text);
  const tell = (text: string, style: (line: string) => string) =>
    toStderr(
      text
        .split('\n')
        .map((line) => `${style(log.text(safeText(line)))}\n`)
        .join(''),
    );
  const annotate = (annotation: Annotation) => {
    if (log.annotates) toStderr(annotationLine(annotation));
  };

  return {
    format,
    subject: log.subject,
    terminals,
    canAnimate,
    one,
    many,
    facts,
    value: (text) => (isJson ? writeJson(quoteJson(text)) : stdout.write(`${safeText(text)}\n`)),
    raw: (text) => stdout.write(text),
    note: (text, style = (line) => line) => {
      if (!quiet && !isHushed) tell(text, style);
    },
    warn: (text) => {
      if (!isHushed) tell(text, paint.warn);
    },
    hush: () => {
      isHushed = true;
    },
    debug: (text) => tell(text, paint.muted),
    progress: (text) =>
      createProgress(text, canAnimate ? { stream: options.stderr, terminal: terminals.stderr } : undefined),
    openRegion: (layout) => {
      region = openLiveRegion({ stream: options.stderr as LiveStream, write: stderr.tell, layout });
      return region;
    },
    annotate,
    error: (error, stack) => {
      annotate(errorAnnotation(error, log.subject));
      const text = errorText(error, { format: options.format, paint, stack });
      toStderr(isErrorJson ? log.json(text) : log.text(text));
    },
  };
}
