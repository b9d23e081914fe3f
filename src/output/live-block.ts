// The live region of a watch as lines of text: pure, and no more work than there are rows to fill.

import type { WatchTally } from '../jobs/watch-events.ts';
import { safeText } from '../safe-text.ts';
import { type LiveJob, layoutLiveRows } from './live-rows.ts';
import type { Paint } from './terminal.ts';
import { countOf, countText, durationText, runningText } from './text.ts';
import { statusWord, tallyParts } from './watch-text.ts';
import { cutToWidth, visibleWidth, wrapText } from './width.ts';

export interface LiveState {
  /** How many jobs are unfinished. */
  readonly unfinished: number;
  /** Those to show where there is room for so many: in their order when all have it, else the most telling first. */
  readonly pick: (most: number) => readonly LiveJob[];
  /** Of all watched jobs; `undefined` until the first poll is over. */
  readonly tally: WatchTally | undefined;
  /** Since the watch began. */
  readonly elapsedMs: number;
  readonly polls: LivePolls;
}

export interface LivePolls {
  /** Since the last good answer; `undefined` before the first. */
  readonly answeredAgoMs: number | undefined;
  /** Until the next poll; `undefined`, or not above 0, while one is under way. */
  readonly nextInMs: number | undefined;
  /** The last poll got no answer. */
  readonly failure?: { readonly silentMs: number; readonly reason: string } | undefined;
  /** How many jobs the last good answer had an error for. */
  readonly unreadJobs?: number | undefined;
}

export interface LiveFrame {
  /** Of the terminal now; no line touches its last column, where terminals differ about wrapping. */
  readonly columns: number;
  /** Of the terminal now. */
  readonly rows: number;
  /** Unix ms on the service's clock. */
  readonly now: number;
  /** Counts up; turns the marks of what is being worked on. */
  readonly frame: number;
  readonly paint: Paint;
}

/** Below this height every row is for a job, and none for a heading or a blank line. */
const spaciousRows = 12;
/** What was told last stays in view above the region. */
const rowsLeftFree = 2;

/** The lines, with colours, each safe to write as it is; none when the terminal has no width. */
export function layoutLiveBlock(state: LiveState, frame: LiveFrame): string[] {
  const { columns, rows } = frame;
  if (columns <= 0) return [];
  const width = Math.max(1, columns - 1);
  const height = Math.max(1, rows > 5 ? rows - rowsLeftFree : rows - 1);
  const foot = footLines(state, width, height, frame.paint);
  const room = height - foot.length;
  const { unfinished } = state;
  if (room <= 0 || unfinished === 0) return foot;

  const hasHeading = rows >= spaciousRows;
  const forJobs = room - (hasHeading ? 1 : 0);
  const shown = state.pick(unfinished <= forJobs ? forJobs : forJobs - 1);
  const { heading, lines } = layoutLiveRows(shown, {
    ...frame,
    width,
    hasHeading,
    isFirstLook: state.tally === undefined,
  });
  const block = heading === undefined ? lines : [heading, ...lines];
  if (shown.length < unfinished) block.push(frame.paint.muted(restLine(state, shown, width)));
  if (hasHeading && block.length < room) block.push('');
  return [...block, ...foot];
}

function finishedIn({ counts }: WatchTally): number {
  return counts.succeeded + counts.failed + counts.cancelled;
}

/** `… 9,960 more: 9,000 queued, 960 finished` */
function restLine({ unfinished, tally }: LiveState, shown: readonly LiveJob[], width: number): string {
  if (tally === undefined) return cutToWidth(`… ${countText(unfinished - shown.length)} more`, width);
  const shownBy = new Map<string | undefined, number>();
  for (const { status } of shown) shownBy.set(status, (shownBy.get(status) ?? 0) + 1);
  const hidden: (readonly [count: number, word: string])[] = [
    ...tally.runningByStatus.map(
      ([status, count]) => [count - (shownBy.get(status) ?? 0), statusWord(status)] as const,
    ),
    [tally.counts.unseen - (shownBy.get(undefined) ?? 0), 'not seen yet'],
    [finishedIn(tally), 'finished'],
  ];
  const parts = hidden.filter(([count]) => count > 0);
  const total = parts.reduce((sum, [count]) => sum + count, 0);
  const words = parts.map(([count, word]) => `${countText(count)} ${word}`);
  return cutToWidth(`… ${countText(total)} more: ${words.join(', ')}`, width);
}

/** How things stand as a whole, and when the next news is due. */
function footLines(state: LiveState, width: number, height: number, paint: Paint): string[] {
  const mostLines = height > 6 ? 3 : 1;
  const { tally, elapsedMs, polls } = state;
  const parts = [...(tally === undefined ? ['looking…'] : tallyParts(tally)), runningText(elapsedMs)];
  const total = flow(parts, width, mostLines).map(paint.strong);
  if (height === 1 || tally === undefined) {
    return polls.failure === undefined || height === 1
      ? total
      : [...total, ...pollLines(polls, width, 1, paint)];
  }
  return [...total, ...pollLines(polls, width, height > 6 ? 2 : 1, paint)];
}

function pollLines(polls: LivePolls, width: number, mostLines: number, paint: Paint): string[] {
  const { answeredAgoMs, nextInMs = 0, failure, unreadJobs = 0 } = polls;
  const waits = nextInMs > 0 ? durationText(Math.ceil(nextInMs / 1000) * 1000) : undefined;
  if (failure !== undefined) {
    const again = waits === undefined ? 'trying again…' : `trying again in ${waits}`;
    const line = `no answer for ${runningText(failure.silentMs)}, ${again}`;
    const full = `${line} · ${safeText(failure.reason)}`;
    if (visibleWidth(full) <= width || mostLines === 1) return [paint.warn(cutToWidth(full, width))];
    const [first = '', ...more] = wrapText(line, width, mostLines);
    const rest = more.length > 0 ? more : [cutToWidth(safeText(failure.reason), width)];
    return [first, ...rest].map(paint.warn);
  }
  const parts = [
    ...(answeredAgoMs === undefined ? [] : [`last look ${runningText(answeredAgoMs)} ago`]),
    waits === undefined ? 'looking…' : `next look in ${waits}`,
    ...(unreadJobs > 0 ? [`no answer for ${countOf(unreadJobs, 'job')}`] : []),
  ];
  return flow(parts, width, mostLines).map(unreadJobs > 0 ? paint.warn : paint.muted);
}

/** The parts joined by ` · `, in lines that break between parts only; what does not fit is cut with `…`. */
function flow(parts: readonly string[], width: number, mostLines: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const joined = last === undefined ? part : `${last} · ${part}`;
    if (last !== undefined && (visibleWidth(joined) <= width || lines.length === mostLines)) {
      lines[lines.length - 1] = joined;
    } else lines.push(part);
  }
  return lines.map((line) => cutToWidth(line, width));
}
