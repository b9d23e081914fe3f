// How a watch looks: events for programs, lines for logs, a live region on a terminal, and what stands at the end.

import { SegjobsError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import type { Standing, WatchEvent, WatchEventOf } from '../jobs/watch-events.ts';
import { quoteJson } from '../lossless-json.ts';
import { safeText } from '../safe-text.ts';
import { jobCard } from './job-card.ts';
import { jobView } from './job-views.ts';
import { type LiveLook, openLiveView } from './live-view.ts';
import type { Output } from './output.ts';
import { type Column, type DocumentFrame, oneBatch, type RecordView } from './view.ts';
import { eventJson } from './watch-json.ts';
import { endText, eventText, logTime, missingText, restText } from './watch-text.ts';

export interface WatchLook extends LiveLook {
  /** Flags that a resumed watch needs too: `--sandbox dev`. */
  readonly resumeFlags: readonly string[];
}

type Ended = WatchEventOf<'watch.ended'>;

/** What one line of a watch does with an event, and how it leaves the screen. */
interface WatchView {
  show(event: WatchEvent): Promise<void> | void;
  /** A line that is no event. */
  tell(text: string, atMs: number): void;
  /** Always called, also on failure. */
  stop(): void;
}

/**
 * Shows a watch from its first event to its last and returns that one. With ndjson the events go to stdout as they
 * happen, and notes and warnings fall silent; in every other format stderr tells what happens and stdout gets the
 * final state, however the watch ended. Throws what the source throws, and `READER_GONE`.
 */
export async function showWatch(
  output: Output,
  events: AsyncIterable<WatchEvent>,
  look: WatchLook,
): Promise<Ended> {
  const view = viewFor(output, look);
  const missing = createMissing();
  let ended: Ended | undefined;
  try {
    for await (const event of events) {
      await view.show(event);
      const ids = missing.after(event);
      if (ids.length > 0) view.tell(missingText(ids), event.atMs);
      if (event.type === 'watch.ended') ended = event;
    }
  } finally {
    view.stop();
  }
  if (ended === undefined) throw new TypeError('the watch stopped without telling its end');
  if (output.format !== 'ndjson') await printFinalState(output, ended, look);
  return ended;
}

/**
 * To be called by a command that has more to tell before its watch begins: where events go to stdout, they tell it
 * all, and stderr is for errors.
 */
export function leaveTellingToEvents(output: Output): void {
  if (output.format === 'ndjson') output.hush();
}

function viewFor(output: Output, look: WatchLook): WatchView {
  if (output.format === 'ndjson') return eventView(output);
  const isLive = output.canAnimate && look.screen?.isOurs() !== false;
  if (!isLive) return lineView(output);
  return { ...openLiveView(output, look), tell: (text) => output.note(`? ${text}`) };
}

/** The ids that the service did not know at the first look that it answered, once; none where the watch made them. */
function createMissing(): { after(event: WatchEvent): readonly string[] } {
  let ids: Set<string> | undefined = new Set();
  return {
    after: (event) => {
      if (ids === undefined) return [];
      if (event.type === 'watch.started') for (const id of event.ids) ids.add(id);
      if (event.type === 'job.created') ids = undefined;
      else if (event.type === 'poll.failed') for (const id of event.ids ?? []) ids.delete(id);
      else if ('id' in event) ids.delete(event.id);
      if (event.type !== 'watch.waiting' || event.failedPolls > 0) return [];
      const found = [...(ids ?? [])];
      ids = undefined;
      return found;
    },
  };
}

function eventView(output: Output): WatchView {
  output.hush();
  return {
    show: async (event) => {
      const json = eventJson(event);
      if (json !== undefined) await output.raw(`${json}\n`);
    },
    tell: () => undefined,
    stop: () => undefined,
  };
}

/** `2026-11-23T02:14:07Z  …`: one line a change, for logs. */
function lineView(output: Output): WatchView {
  return {
    show: (event) => {
      const text = eventText(event);
      if (text === undefined) return;
      const line = `${logTime(event.atMs)}  ${text}`;
      if (event.type === 'job.lost') output.warn(line);
      else output.note(line);
    },
    tell: (text, atMs) => output.note(`${logTime(atMs)}  ${text}`),
    stop: () => undefined,
  };
}

/** One watched id in the final state; without a job where the service has none. */
interface FinalRow {
  readonly id: string;
  readonly job: SegmentJob | undefined;
  readonly standing: Standing;
}

async function printFinalState(output: Output, ended: Ended, { resumeFlags }: WatchLook): Promise<void> {
  const { kind } = ended.ending;
  const text = endText(ended, resumeFlags);
  if (kind === 'timeout' || kind === 'nothingAppeared') output.warn(text);
  else if (kind !== 'lostContact' && kind !== 'refused') output.note(text);
  const rows = ended.jobs.map(({ id, standing, job }) => {
    return { id, standing, job: standing === 'notFound' ? undefined : job };
  });
  await output.many(oneBatch(rows), finalView, finalFrame(ended));
}

/** The columns of a job; a row without one shows its id, and says so to people. */
const finalView: RecordView<FinalRow> = {
  columns: jobView.columns.map(finalColumn),
  card: ({ id, job, standing }, look) =>
    job === undefined
      ? [look.terminal.paint.strong(safeText(id)), `  ${look.terminal.paint.muted(absenceText(standing))}`]
      : jobCard(job, look),
  json: ({ job }) => job?.json ?? 'null',
  id: ({ id }) => id,
};

function finalColumn(column: Column<SegmentJob>): Column<FinalRow> {
  const { cell, plain = cell, paint, name } = column;
  return {
    ...column,
    cell: ({ id, job, standing }, look) => {
      if (job !== undefined) return cell(job, look);
      if (name === 'id') return id;
      return name === 'status' ? absenceText(standing) : '';
    },
    plain: ({ id, job }, look) => (job === undefined ? (name === 'id' ? id : '') : plain(job, look)),
    paint: (text, { job }, terminal) =>
      job === undefined ? terminal.paint.muted(text) : (paint?.(text, job, terminal) ?? text),
  };
}

function absenceText(standing: Standing): string {
  if (standing === 'notFound') return 'not found';
  return standing === 'unreadable' ? 'unreadable' : 'not seen';
}

/** `{"schemaVersion":1,"exitCode":…,"counts":{…},"results":{id: job or null}}` */
function finalFrame({ exitCode, tally }: Ended): DocumentFrame<FinalRow> {
  const facts = quoteJson({ schemaVersion: 1, exitCode, counts: tally.counts });
  return { head: `${facts.slice(0, -1)},"results":{`, key: ({ id }) => id, tail: () => '}}' };
}

/**
 * The failure that ended a watch, for `refused` as it was; for lost contact told as such, with how to go on.
 * Same code, so the same exit code.
 */
export function lostContactError(ended: Ended, resumeFlags: readonly string[]): SegjobsError {
  const { ending } = ended;
  if (!('error' in ending)) throw new TypeError(`a watch that ended ${ending.kind} has no error`);
  const { error } = ending;
  const rest = restText(ended, resumeFlags).trim();
  if (ending.kind !== 'lostContact' || rest === '') return error;
  const { code, message, hint, httpStatus, requestId, retryAfterSeconds, details } = error;
  return new SegjobsError(code, `stopped watching, the service does not answer: ${message}`, {
    hint: hint === undefined ? rest : `${rest} (${hint})`,
    httpStatus,
    requestId,
    retryAfterSeconds,
    details,
    cause: error,
  });
}
