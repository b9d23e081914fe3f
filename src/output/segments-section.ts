// The part of a job's page about its segments: what each one asks for, and how many profiles it found.

import type { Counts, JobSegment, SegmentJob } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import type { Paint } from './terminal.ts';
import { bar, countText } from './text.ts';
import { cutToWidth, padEnd, padStart, visibleWidth, wrapText } from './width.ts';

const mostSegments = 20;
const mostNamespaces = 20;
const mostExpressionLines = 4;
const longestId = 128;
const widestLabel = 24;
const widestBar = 30;
/** The documented ones, in the order of a reader's interest; others follow. */
const statusOrder = ['realized', 'existing', 'exited'];

/** One segment: named by the job, by its metrics, or by both. */
interface Entry {
  readonly id: string;
  readonly definition: JobSegment | undefined;
  readonly profiles: number | undefined;
  readonly byStatus: readonly Row[];
  readonly byNamespace: readonly Row[];
}

interface Row {
  readonly label: string;
  readonly count: number;
}

/** Lines with a heading; none where the job names no segment at all. `width` is the columns to stay within. */
export function segmentsSection(job: SegmentJob, paint: Paint, width: number): string[] {
  const entries = entriesOf(job);
  if (entries.length === 0) return [];
  const shown = entries.length > mostSegments ? largest(entries) : entries;
  const rows = shown.flatMap(({ byStatus, byNamespace }) => [...byStatus, ...byNamespace]);
  const layout: Layout = {
    paint,
    width,
    labelWidth: Math.min(widestLabel, Math.max(10, ...rows.map(({ label }) => visibleWidth(label)))),
    countWidth: Math.max(
      7,
      ...rows.map(({ count }) => countText(count).length),
      ...shown.map(({ profiles }) => countText(profiles).length),
    ),
  };
  const hidden = entries.length - shown.length;
  return [
    `${paint.strong('Segments')}  ${paint.muted(countText(entries.length))}`,
    ...shown.flatMap((entry) => ['', ...entryLines(entry, layout)]),
    ...(hidden === 0 ? [] : ['', paint.muted(`  … ${countText(hidden)} more (-o json)`)]),
  ];
}

function entriesOf({ segments, metrics }: SegmentJob): Entry[] {
  const definitions = new Map<string, JobSegment>();
  for (const entry of segments) {
    const id = entry.segmentId ?? entry.segment?.id ?? '';
    if (!definitions.has(id)) definitions.set(id, entry);
  }
  const { segmentedProfileCounter, segmentedProfileByStatusCounter, segmentedProfileByNamespaceCounter } =
    metrics ?? {};
  const ids = new Set([
    ...definitions.keys(),
    ...(segmentedProfileCounter?.keys() ?? []),
    ...(segmentedProfileByStatusCounter?.keys() ?? []),
    ...(segmentedProfileByNamespaceCounter?.keys() ?? []),
  ]);
  return [...ids].map((id) => ({
    id,
    definition: definitions.get(id),
    profiles: segmentedProfileCounter?.get(id),
    byStatus: inStatusOrder(segmentedProfileByStatusCounter?.get(id)),
    byNamespace: inSizeOrder(segmentedProfileByNamespaceCounter?.get(id)),
  }));
}

function inStatusOrder(counts: Counts | undefined): Row[] {
  const rank = (label: string) =>
    (statusOrder.indexOf(label) + statusOrder.length + 1) % (statusOrder.length + 1);
  return rowsOf(counts).sort((a, b) => rank(a.label) - rank(b.label));
}

function inSizeOrder(counts: Counts | undefined): Row[] {
  return rowsOf(counts).sort((a, b) => b.count - a.count);
}

function rowsOf(counts: Counts | undefined): Row[] {
  return [...(counts ?? [])].map(([label, count]) => ({ label: safeText(label), count }));
}

/** The largest audiences first; `*`, which stands for all of them, before. */
function largest(entries: readonly Entry[]): Entry[] {
  const size = ({ id, profiles, byStatus, byNamespace }: Entry) => {
    if (id === '*') return Number.POSITIVE_INFINITY;
    return (
      profiles ??
      Math.max(-1, ...byStatus.map(({ count }) => count), ...byNamespace.map(({ count }) => count))
    );
  };
  return entries
    .map((entry) => ({ entry, size: size(entry) }))
    .sort((a, b) => b.size - a.size)
    .slice(0, mostSegments)
    .map(({ entry }) => entry);
}

interface Layout {
  readonly paint: Paint;
  readonly width: number;
  readonly labelWidth: number;
  readonly countWidth: number;
}

function entryLines({ id, definition, profiles, byStatus, byNamespace }: Entry, layout: Layout): string[] {
  const { paint, width, labelWidth, countWidth } = layout;
  const name = id === '*' ? '* (all segment definitions)' : safeText(id).trim() || '(no id)';
  const expression = safeText(definition?.segment?.expression?.value ?? '');
  const total = `    ${padEnd('profiles', labelWidth + 2)}  ${padStart(countText(profiles), countWidth)}`;
  return [
    `  ${cutToWidth(name, longestId)}`,
    ...wrapText(expression, width - 4, mostExpressionLines).map((line) => paint.muted(`    ${line}`)),
    ...mergePolicyLine(definition, paint),
    ...(profiles === undefined ? [] : [total]),
    ...countLines('by status', byStatus, layout),
    ...countLines('by namespace', byNamespace, layout),
  ];
}

function mergePolicyLine(definition: JobSegment | undefined, paint: Paint): string[] {
  const { mergePolicy, mergePolicyId } = definition?.segment ?? {};
  const id = safeText(mergePolicy?.id ?? mergePolicyId ?? '').trim();
  return id === '' ? [] : [paint.muted(`    merge policy ${cutToWidth(id, longestId)}`)];
}

function countLines(title: string, rows: readonly Row[], layout: Layout): string[] {
  if (rows.length === 0) return [];
  const { paint, width, labelWidth, countWidth } = layout;
  const shown = rows.slice(0, mostNamespaces);
  const most = Math.max(...shown.map(({ count }) => count));
  const barWidth = Math.min(widestBar, width - 6 - labelWidth - 2 - countWidth - 2);
  const hidden = rows.length - shown.length;
  return [
    `    ${paint.muted(title)}`,
    ...shown.map(({ label, count }) => {
      const name = padEnd(cutToWidth(label.trim() || '(no name)', labelWidth), labelWidth);
      const drawn = barWidth < 5 ? '' : bar(count, most, barWidth);
      return `      ${name}  ${padStart(countText(count), countWidth)}${drawn === '' ? '' : `  ${paint.busy(drawn)}`}`;
    }),
    ...(hidden === 0 ? [] : [paint.muted(`      … ${countText(hidden)} more (-o json)`)]),
  ];
}
