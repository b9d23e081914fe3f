// How large audiences were over time: a row with a small chart for each, or one as a larger chart.

import { changeOf } from '../jobs/comparison.ts';
import type { JobStats, SegmentStats } from '../jobs/stats.ts';
import { safeText } from '../safe-text.ts';
import { flowParts } from './cards.ts';
import { percentText } from './change-text.ts';
import { columnChart, inColumns, later, sparkline } from './charts.ts';
import type { Paint } from './terminal.ts';
import { countText, timeText, unknown } from './text.ts';
import { cutToWidth, padEnd, padStart, visibleWidth } from './width.ts';

/** One column for each of the periods there can be. */
export const widestChart = 62;
/** A chart of fewer columns tells nothing. */
export const narrowestChart = 6;
const chartLines = 6;
const mostSegments = 20;
/** What people copy is not cut below this. */
const longestId = 128;

/** The largest audiences, each with its size, its change and a small chart. */
export function audienceLines(stats: JobStats, paint: Paint, width: number): string[] {
  const shown = [...stats.segments].slice(0, mostSegments).map(([id, segment]) => ({
    id: cutToWidth(safeText(id).trim() || '(no id)', longestId),
    profiles: countText(segment.last.profiles),
    change: changeOverTime(segment),
    segment,
  }));
  if (shown.length === 0) return [];
  const widthOf = (texts: readonly string[]) => Math.max(...texts.map(visibleWidth));
  const idWidth = widthOf(shown.map(({ id }) => id));
  const countWidth = widthOf(['PROFILES', ...shown.map(({ profiles }) => profiles)]);
  const changeWidth = widthOf(['CHANGE', ...shown.map(({ change }) => change)]);
  // Too narrow for a table: the id on a line of its own, and its figures below it.
  const isStacked = 2 + idWidth + 2 + countWidth + 2 + changeWidth > width;
  const room = width - 2 - (isStacked ? 0 : idWidth) - 2 - countWidth - 2 - changeWidth - 2;
  const chartWidth = stats.periods.length < 2 || room < narrowestChart ? 0 : Math.min(widestChart, room);
  const line = (id: string, profiles: string, change: string, chart: string) =>
    `  ${isStacked ? `${id}\n  ` : padEnd(id, idWidth)}  ${padStart(profiles, countWidth)}  ${padStart(change, changeWidth)}  ${chart}`;
  const chartOf = ({ byPeriod }: SegmentStats) =>
    paint.busy(sparkline(inColumns(byPeriod, chartWidth, later)));
  const hidden = stats.segments.size - shown.length;
  return [
    `${paint.strong('Audiences')}  ${paint.muted(countText(stats.segments.size))}`,
    '',
    paint.muted(line('SEGMENT', 'PROFILES', 'CHANGE', chartWidth === 0 ? '' : 'OVER TIME').trimEnd()),
    ...shown.map(({ id, profiles, change, segment }) =>
      line(id, profiles, change, chartWidth === 0 ? '' : chartOf(segment)),
    ),
    ...(hidden === 0 ? [] : [paint.muted(`  … ${countText(hidden)} more (-o json)`)]),
  ];
}

/** The one audience there is, as a chart of several lines. */
export function audienceChart(stats: JobStats, paint: Paint, width: number): string[] {
  const [segment] = stats.segments.values();
  if (segment === undefined) return [];
  const { last, smallest, largest, jobs } = segment;
  const size = `${countText(last.profiles)} profiles,`;
  const title = flowParts(
    [
      { text: `Audience  ${size}`, painted: `${paint.strong('Audience')}  ${size}` },
      {
        text: `${changeOverTime(segment)} in ${countText(jobs)} successful ${jobs === 1 ? 'job' : 'jobs'}`,
      },
    ],
    width,
    ' ',
  );
  if (jobs < 2 || stats.periods.length < 2) return title;
  const [top, bottom] = [countText(largest), countText(smallest)];
  const labelWidth = Math.max(top.length, bottom.length);
  const values = inColumns(segment.byPeriod, Math.min(widestChart, width - 2 - labelWidth - 2), later);
  const lines = columnChart(values, chartLines).map((drawn, index) => {
    const label = index === 0 ? top : index === chartLines - 1 ? bottom : '';
    return `  ${paint.muted(padStart(label, labelWidth))}  ${paint.busy(drawn)}`;
  });
  const [from, to] = [day(stats.periods[0]?.startMs ?? 0), day(stats.periods.at(-1)?.startMs ?? 0)];
  const axis = padEnd(from, values.length - to.length) + to;
  const under = values.length < from.length + 1 + to.length ? `${from} – ${to}` : axis;
  return [...title, '', ...lines, `  ${' '.repeat(labelWidth)}  ${paint.muted(under)}`];
}

/** From the first size to the last: `+1.2%` */
function changeOverTime({ first, last, jobs }: SegmentStats): string {
  if (jobs < 2) return unknown;
  const { change, changePercent } = changeOf(last.profiles, first.profiles);
  if (change === 0) return '0.0%';
  return changePercent === undefined ? unknown : percentText(changePercent);
}

function day(ms: number): string {
  return timeText(ms).slice(0, 10);
}
