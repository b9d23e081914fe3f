// Statistics as a page for people: outcomes by source, durations over time, failures, audiences with their charts.

import type { FailureGroup } from '../jobs/failure-groups.ts';
import { type JobStats, type OutcomeStats, successPercent } from '../jobs/stats.ts';
import { safeText } from '../safe-text.ts';
import { flowParts } from './cards.ts';
import { countSparkline, inColumns, later, sparkline } from './charts.ts';
import { errorLine } from './job-words.ts';
import { audienceChart, audienceLines, narrowestChart, widestChart } from './stats-audiences.ts';
import type { StatsScope } from './stats-document.ts';
import type { Terminal } from './terminal.ts';
import { countText, durationText, timeText, unknown } from './text.ts';
import { cutToWidth, padEnd, padStart, visibleWidth, wrapText } from './width.ts';

/** Where the width is unknown. */
const assumedWidth = 100;
const widest = 120;
const narrowest = 40;
const mostFailures = 10;
/** How much of a failure's text is shown, on as many lines as that takes. */
const failureColumns = 160;
/** What people copy is not cut below this. */
const longestId = 128;

/** The page, with a final line break. A section that has nothing to say is left out. */
export function statsPage(stats: JobStats, scope: StatsScope, { columns, paint }: Terminal): string {
  const width = columns === 0 ? assumedWidth : Math.min(widest, Math.max(narrowest, columns));
  const page: Page = { stats, scope, paint, width };
  const overTime = overTimeLines(page);
  const sections = [
    headline(page),
    outcomeLines(page),
    overTime,
    failureLines(page),
    scope.segmentId === undefined ? audienceLines(stats, paint, width) : audienceChart(stats, paint, width),
    overTime.length === 0 ? [] : [paint.muted('Each row of bars has its own scale.')],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}

type Colour = (text: string) => string;

interface Page {
  readonly stats: JobStats;
  readonly scope: StatsScope;
  readonly paint: Terminal['paint'];
  readonly width: number;
}

function headline({ stats, scope, paint, width }: Page): string[] {
  const { jobs } = stats.all;
  const what = `${countText(jobs)} ${jobs === 1 ? 'job' : 'jobs'}`;
  const source = scope.source === undefined ? '' : ` with source ${safeText(scope.source)}`;
  const jobsText = `${what}${source}`;
  const parts = [
    { text: jobsText, painted: paint.strong(jobsText) },
    { text: `in sandbox "${safeText(scope.sandbox)}",` },
    { text: `since ${timeText(scope.sinceMs)}` },
  ];
  const ofSegment =
    scope.segmentId === undefined
      ? []
      : [{ text: 'that evaluated segment' }, { text: safeText(scope.segmentId) }];
  return [...flowParts(parts, width, ' '), ...flowParts(ofSegment, width, ' ')];
}

interface OutcomeColumn {
  readonly title: string;
  readonly cell: (outcome: OutcomeStats) => string;
  readonly paint?: ((outcome: OutcomeStats) => Colour | undefined) | undefined;
  /** Where the line would not fit, columns are left out, those with the lowest rank first. */
  readonly dropRank?: number | undefined;
}

function outcomeLines({ stats, paint, width }: Page): string[] {
  if (stats.all.jobs === 0) return [];
  const duration = (part: number) => (outcome: OutcomeStats) =>
    durationText(outcome.durations.quantile(part));
  const columns: readonly OutcomeColumn[] = [
    { title: 'JOBS', cell: ({ jobs }) => countText(jobs) },
    { title: 'SUCCEEDED', cell: ({ succeeded }) => countText(succeeded), dropRank: 1 },
    {
      title: 'FAILED',
      cell: ({ failed }) => countText(failed),
      paint: ({ failed }) => (failed > 0 ? paint.bad : undefined),
      dropRank: 3,
    },
    { title: 'CANCELLED', cell: ({ cancelled }) => countText(cancelled), dropRank: 1 },
    ...(stats.all.unfinished === 0
      ? []
      : [{ title: 'RUNNING', cell: ({ unfinished }: OutcomeStats) => countText(unfinished), dropRank: 1 }]),
    { title: 'SUCCESS', cell: (outcome) => shareText(successPercent(outcome)) },
    { title: 'MEDIAN', cell: duration(0.5), dropRank: 4 },
    { title: 'P95', cell: duration(0.95), dropRank: 2 },
  ];
  const { bySource, all } = stats;
  const rows: readonly (readonly [string, OutcomeStats])[] = [
    ...[...bySource].map(([source, outcome]) => [safeText(source) || '(no source)', outcome] as const),
    ...(bySource.size === 1 ? [] : [['all', all] as const]),
  ];
  const labelWidth = Math.min(
    24,
    Math.floor(width * 0.4),
    Math.max(6, ...rows.map(([label]) => visibleWidth(label))),
  );
  const sized = columns.map((column) => ({
    ...column,
    width: Math.max(column.title.length, ...rows.map(([, outcome]) => column.cell(outcome).length)),
  }));
  const widthFrom = (rank: number) =>
    sized.reduce(
      (sum, { dropRank = 5, width: wide }) => sum + (dropRank < rank ? 0 : 2 + wide),
      2 + labelWidth,
    );
  const leastRank = [1, 2, 3, 4].find((rank) => widthFrom(rank) <= width) ?? 5;
  const shown = sized.filter(({ dropRank = 5 }) => dropRank >= leastRank);
  const titles = shown.map(({ title, width: wide }) => `  ${padStart(title, wide)}`).join('');
  return [
    paint.muted(`  ${padEnd('SOURCE', labelWidth)}${titles}`),
    ...rows.map(([label, outcome]) => {
      const cells = shown.map(({ cell, width: wide, paint: painted }) => {
        const text = padStart(cell(outcome), wide);
        return `  ${painted?.(outcome)?.(text) ?? text}`;
      });
      return `  ${padEnd(cutToWidth(label, labelWidth), labelWidth)}${cells.join('')}`;
    }),
  ];
}

function overTimeLines({ stats, paint, width }: Page): string[] {
  const { periods } = stats;
  if (periods.length < 2) return [];
  const counts = (label: string, values: readonly number[], colour: Colour) => ({
    label,
    range: rangeText(values, countText),
    draw: (columns: number) => colour(countSparkline(inColumns(values, columns, Math.max))),
  });
  const medians = periods.map(({ medianMs }) => medianMs);
  const rows = [
    counts(
      'Jobs',
      periods.map(({ jobs }) => jobs),
      paint.busy,
    ),
    counts(
      'Failed',
      periods.map(({ failed }) => failed),
      paint.bad,
    ),
    {
      label: 'Median',
      range: rangeText(medians, durationText),
      draw: (columns: number) => paint.busy(sparkline(inColumns(medians, columns, later))),
    },
  ].filter(({ range }) => range !== '');
  const room = width - 2 - 8 - 2 - Math.max(0, ...rows.map(({ range }) => range.length));
  const isBeside = room >= narrowestChart;
  const chartWidth = Math.min(widestChart, isBeside ? room : width - 2 - 8);
  const [name, span] = [periodName(stats.periodMs), spanText(stats)];
  return [
    ...flowParts(
      [
        { text: name, painted: paint.strong(name) },
        { text: span, painted: paint.muted(span) },
      ],
      width,
      '  ',
    ),
    '',
    ...rows.map(({ label, range, draw }) => {
      const gap = isBeside ? '  ' : `\n${' '.repeat(2 + 8)}`;
      return `  ${paint.muted(padEnd(label, 8))}${draw(chartWidth)}${gap}${range}`;
    }),
  ];
}

/** `9m 12s to 43m 51s`; empty where nothing is known, or nothing ever happened. */
function rangeText(values: readonly (number | undefined)[], show: (value: number) => string): string {
  const known = values.filter((value) => value !== undefined);
  if (known.every((value) => value === 0)) return '';
  const [least, most] = [Math.min(...known), Math.max(...known)].map(show);
  return least === most ? `${least}` : `${least} to ${most}`;
}

function failureLines({ stats, paint, width }: Page): string[] {
  const { failures } = stats;
  if (failures.length === 0) return [];
  const shown = failures.slice(0, mostFailures);
  const countWidth = Math.max(...shown.map(({ jobs }) => countText(jobs).length));
  const hidden = failures.length - shown.length;
  return [
    `${paint.strong('Failures')}  ${paint.muted(countText(stats.all.failed))}`,
    '',
    ...shown.flatMap((group) => {
      const lines = wrapText(failureText(group), width - 4 - countWidth, Math.ceil(failureColumns / width));
      const indent = ' '.repeat(2 + countWidth + 2);
      const parts = [
        `last ${timeText(group.lastCreatedAt)}`,
        cutToWidth(safeText(group.lastJobId), longestId),
      ];
      const last = flowParts(
        parts.map((text) => ({ text })),
        width - indent.length,
        '  ',
      );
      return [
        `  ${paint.bad(padStart(countText(group.jobs), countWidth))}  ${lines[0] ?? ''}`,
        ...lines.slice(1).map((line) => `${indent}${line}`),
        // An id that would pass the edge begins further left.
        ...last.map((line) => {
          const room = Math.max(2, width - visibleWidth(line));
          return `${indent.slice(0, room)}${paint.muted(line)}`;
        }),
      ];
    }),
    ...(hidden === 0 ? [] : [paint.muted(`  … ${countText(hidden)} more (-o json)`)]),
  ];
}

function failureText({ code, message }: FailureGroup): string {
  return safeText(errorLine({ code, msg: message })).trim() || '(no error was given)';
}

/** `88.7%` */
function shareText(percent: number | undefined): string {
  if (percent === undefined) return unknown;
  // 999 of 1,000 is not all of them.
  const shown = percent < 100 ? Math.min(99.9, percent) : percent;
  return `${shown.toFixed(1)}%`;
}

const dayMs = 86_400_000;

function periodName(periodMs: number): string {
  const names: ReadonlyMap<number, string> = new Map([
    [dayMs / 24, 'By hour'],
    [dayMs, 'By day'],
    [7 * dayMs, 'By week'],
  ]);
  return names.get(periodMs) ?? `By ${countText(periodMs / dayMs)} days`;
}

function spanText({ periods, periodMs }: JobStats): string {
  const [from, to] = [periods[0]?.startMs ?? 0, periods.at(-1)?.startMs ?? 0];
  if (periodMs < dayMs) return `${timeText(from).slice(0, 16)} – ${timeText(to).slice(0, 16)} UTC`;
  return `${dayText(from)} – ${dayText(to)}`;
}

function dayText(ms: number): string {
  return timeText(ms).slice(0, 10);
}
