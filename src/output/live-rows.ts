// The jobs of a live region, a line each: what is shown of a job depends on how wide the terminal is.

import type { DurationRange } from '../jobs/forecast.ts';
import { safeText } from '../safe-text.ts';
import { paintStatus } from './job-words.ts';
import { type ForecastStyle, forecastText, hasForecast } from './live-forecast.ts';
import type { Paint } from './terminal.ts';
import { runningText, unknown } from './text.ts';
import { cutToWidth, padEnd, padStart, visibleWidth } from './width.ts';

/** An unfinished job. Texts are as the service sent them. */
export interface LiveJob {
  readonly id: string;
  /** `undefined` until an answer has named the job, `''` where the service told none. */
  readonly status: string | undefined;
  /** `2`, `all`; empty where unknown. */
  readonly segments: string;
  /** Unix ms on the service's clock; `undefined` where it told no time that can be one. */
  readonly begunMs: number | undefined;
  /** How long it usually takes in all, from its creation. */
  readonly expected?: DurationRange | undefined;
}

export interface RowFrame {
  readonly width: number;
  readonly hasHeading: boolean;
  /** No poll is over yet. */
  readonly isFirstLook: boolean;
  readonly now: number;
  readonly frame: number;
  readonly paint: Paint;
}

const turning = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const gap = '  ';
const markWidth = 2;
/** An id cut shorter than this tells jobs apart no more. */
const shortestId = 8;

interface Cell {
  readonly title: string;
  readonly isRight?: boolean;
  readonly leastWidth?: number;
  readonly isForecast?: boolean;
  readonly text: (job: LiveJob, frame: RowFrame) => string;
  readonly paint?: (text: string, job: LiveJob, paint: Paint) => string;
}

const status: Cell = {
  title: 'STATUS',
  // What most jobs come to: the columns stay where they are while that changes.
  leastWidth: 'PROCESSING'.length,
  text: (job, { isFirstLook }) => {
    if (job.status !== undefined) return safeText(job.status) || unknown;
    return isFirstLook ? '…' : 'not seen';
  },
  paint: (text, job, paint) =>
    job.status === undefined ? paint.muted(text) : paintStatus(text, job.status, paint),
};
const id: Cell = { title: 'ID', text: (job) => safeText(job.id) };
const segments: Cell = { title: 'SEGMENTS', isRight: true, text: (job) => job.segments || unknown };
const segs: Cell = { ...segments, title: 'SEGS' };
const segmentsInWords: Cell = { ...segments, text: (job) => segmentWords(job.segments) };
const elapsed: Cell = {
  title: 'ELAPSED',
  isRight: true,
  leastWidth: '12m 04s'.length,
  text: ({ begunMs }, { now }) => (begunMs === undefined ? unknown : runningText(now - begunMs)),
};
const left = (title: string, style: ForecastStyle): Cell => ({
  title,
  isForecast: true,
  text: ({ begunMs, expected }, { now }) => forecastText(expected, begunMs, now, style),
  paint: (text, _, paint) => paint.muted(text),
});

/** From what one wants to see to what a narrow terminal has room for. */
const underHeading: readonly (readonly Cell[])[] = [
  [status, id, segments, elapsed, left('LEFT', 'range from runs')],
  [status, id, segs, elapsed, left('LEFT (RUNS)', 'range (runs)')],
  [status, id, elapsed, left('LEFT (RUNS)', 'range (runs)')],
  [status, id, elapsed, left('LEFT', 'range')],
  [status, id, elapsed],
];
const selfExplaining: readonly (readonly Cell[])[] = [
  [status, id, segmentsInWords, elapsed, left('', 'range left from runs')],
  [status, id, segmentsInWords, elapsed, left('', 'range left')],
  [status, id, elapsed, left('', 'range left')],
  [status, id, elapsed],
];
/** Where no whole id fits: it is cut to what the others leave. */
const narrowArrangements: readonly (readonly Cell[])[] = [[status, id, elapsed], [status, id], [id]];

/** One line a job, in columns; the heading where one is wanted and the ids are whole. */
export function layoutLiveRows(
  jobs: readonly LiveJob[],
  frame: RowFrame,
): { readonly heading: string | undefined; readonly lines: string[] } {
  const isForecast = jobs.some(hasForecast);
  for (const wanted of frame.hasHeading ? underHeading : selfExplaining) {
    const cells = isForecast ? wanted : wanted.filter((cell) => cell.isForecast !== true);
    const widths = cells.map((cell) => widthOf(cell, jobs, frame));
    if (lineWidth(widths) > frame.width) continue;
    const heading = frame.hasHeading ? frame.paint.muted(headingLine(cells, widths)) : undefined;
    return { heading, lines: jobs.map((job) => rowLine(job, cells, widths, frame)) };
  }
  return { heading: undefined, lines: narrowLines(jobs, frame) };
}

function narrowLines(jobs: readonly LiveJob[], frame: RowFrame): string[] {
  const bare = { ...frame, hasHeading: false };
  for (const cells of narrowArrangements) {
    const own = cells.map((cell) => (cell === id ? 0 : widthOf(cell, jobs, bare)));
    const idWidth = frame.width - lineWidth(own);
    const isLast = cells.length === 1;
    if (idWidth < shortestId && !isLast) continue;
    const widths = own.map((width, index) => (cells[index] === id ? Math.max(0, idWidth) : width));
    return jobs.map((job) => cutLine(job, cells, widths, frame));
  }
  return [];
}

function cutLine(job: LiveJob, cells: readonly Cell[], widths: readonly number[], frame: RowFrame): string {
  if (frame.width <= markWidth) return markOf(job, frame);
  return rowLine(job, cells, widths, frame);
}

function widthOf(cell: Cell, jobs: readonly LiveJob[], frame: RowFrame): number {
  let width = Math.max(cell.leastWidth ?? 0, frame.hasHeading ? cell.title.length : 0);
  for (const job of jobs) width = Math.max(width, visibleWidth(cell.text(job, frame)));
  return width;
}

function segmentWords(count: string): string {
  if (count === '') return unknown;
  return `${count} ${count === '1' ? 'segment' : 'segments'}`;
}

function lineWidth(widths: readonly number[]): number {
  return markWidth + widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
}

function headingLine(cells: readonly Cell[], widths: readonly number[]): string {
  const titles = cells.map(({ title, isRight }, index) => aligned(title, widths[index] ?? 0, isRight));
  return `${' '.repeat(markWidth)}${titles.join(gap)}`.trimEnd();
}

function rowLine(job: LiveJob, cells: readonly Cell[], widths: readonly number[], frame: RowFrame): string {
  const texts = cells.map(({ text, paint, isRight }, index) => {
    const width = widths[index] ?? 0;
    const cut = cutToWidth(text(job, frame), width);
    const painted = paint === undefined || cut === '' ? cut : paint(cut, job, frame.paint);
    const isLast = index === cells.length - 1;
    return isLast && isRight !== true ? painted : aligned(painted, width, isRight);
  });
  return `${markOf(job, frame)} ${texts.join(gap)}`.trimEnd();
}

function aligned(text: string, width: number, isRight: boolean | undefined): string {
  return isRight === true ? padStart(text, width) : padEnd(text, width);
}

/** One column: turning where the service is at work, still where it has yet to begin. */
function markOf({ status }: LiveJob, { frame, paint }: RowFrame): string {
  const turn = turning[frame % turning.length] ?? turning[0];
  switch (status) {
    case 'PROCESSING':
      return paint.busy(turn);
    case 'CANCELLING':
      return paint.warn(turn);
    case undefined:
      return paint.muted('?');
    default:
      return paint.muted('•');
  }
}
