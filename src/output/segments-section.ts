// The part of a job's page about its segments: what each one asks for, and how many profiles it found.

import {
  audienceStatuses,
  type Change,
  commonRun,
  type JobComparison,
  type SegmentComparison,
} from '../jobs/comparison.ts';
import type { Counts, JobSegment, SegmentJob } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import { changeText, runName, withoutPercent } from './change-text.ts';
import type { Paint } from './terminal.ts';
import { bar, countText, shareText } from './text.ts';
import { cutToWidth, padEnd, padStart, visibleWidth, wrapText } from './width.ts';

const mostSegments = 20;
const mostNamespaces = 20;
const mostExpressionLines = 4;
const longestId = 128;
const widestLabel = 24;
const widestBar = 30;
const shareWidth = '<0.1%'.length;
/** Others follow. */
const statusOrder: readonly string[] = audienceStatuses;

/** One segment: named by the job, by its metrics, or by both. */
interface Entry {
  readonly id: string;
  readonly definition: JobSegment | undefined;
  readonly profiles: number | undefined;
  readonly byStatus: readonly Row[];
  readonly byNamespace: readonly Row[];
  readonly comparison: SegmentComparison | undefined;
}

interface Row {
  readonly label: string;
  readonly count: number;
  /** Shown in place of a share and a bar. */
  readonly change: string | undefined;
}

/**
 * Lines with a heading; none where the job names no segment at all. `width` is the columns to stay within. With a
 * comparison each count has its change beside it.
 */
export function segmentsSection(
  job: SegmentJob,
  paint: Paint,
  width: number,
  comparison?: JobComparison,
): string[] {
  const entries = entriesOf(job, comparison);
  if (entries.length === 0) return [];
  const shown = entries.length > mostSegments ? largest(entries) : entries;
  const rows = shown.flatMap(({ byStatus, byNamespace }) => [...byStatus, ...byNamespace]);
  const labelWidth = Math.min(widestLabel, Math.max(10, ...rows.map(({ label }) => visibleWidth(label))));
  const countWidth = Math.max(
    7,
    ...rows.map(({ count }) => countText(count).length),
    ...shown.map(({ profiles }) => countText(profiles).length),
  );
  const changes = [
    ...rows.map(({ change = '' }) => change),
    ...shown.map((entry) => changeText(entry.comparison?.profiles)),
  ];
  const room = width - 6 - labelWidth - 2 - countWidth - 2;
  const hasRoom = changes.every((change) => change.length <= room);
  const shownChange = (change: string) => (hasRoom ? change : withoutPercent(change));
  const changeWidth = Math.max(0, ...changes.map((change) => shownChange(change).length));
  const layout: Layout = {
    paint,
    width,
    labelWidth,
    countWidth,
    allProfiles: job.metrics?.totalProfiles,
    changeCell: (change) => padStart(shownChange(change), changeWidth),
    namesComparedJob: comparison !== undefined && commonRun(comparison) === undefined,
  };
  const hidden = entries.length - shown.length;
  return [
    `${paint.strong('Segments')}  ${paint.muted(countText(entries.length))}`,
    ...shown.flatMap((entry) => ['', ...entryLines(entry, layout)]),
    ...(hidden === 0 ? [] : ['', paint.muted(`  … ${countText(hidden)} more (-o json)`)]),
  ];
}

function entriesOf({ segments, metrics }: SegmentJob, comparison: JobComparison | undefined): Entry[] {
  const compared = new Map(comparison?.segments.map((segment) => [segment.segmentId, segment]));
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
    byStatus: inStatusOrder(segmentedProfileByStatusCounter?.get(id), compared.get(id)?.byStatus),
    byNamespace: inSizeOrder(segmentedProfileByNamespaceCounter?.get(id), compared.get(id)?.byNamespace),
    comparison: compared.get(id),
  }));
}

type Changes = ReadonlyMap<string, Change> | undefined;

function inStatusOrder(counts: Counts | undefined, changes: Changes): Row[] {
  const rank = (label: string) =>
    (statusOrder.indexOf(label) + statusOrder.length + 1) % (statusOrder.length + 1);
  return rowsOf(counts, changes).sort((a, b) => rank(a.label) - rank(b.label));
}

function inSizeOrder(counts: Counts | undefined, changes: Changes): Row[] {
  return rowsOf(counts, changes).sort((a, b) => b.count - a.count);
}

function rowsOf(counts: Counts | undefined, changes: Changes): Row[] {
  return [...(counts ?? [])].map(([label, count]) => ({
    label: safeText(label),
    count,
    change: changes && changeText(changes.get(label)),
  }));
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
  /** That the job looked at. */
  readonly allProfiles: number | undefined;
  /** A change, as wide as the widest; without its percent on a terminal that has no room for it. */
  readonly changeCell: (change: string) => string;
  /** Whether each segment says what it is compared with, because they are not all compared with one job. */
  readonly namesComparedJob: boolean;
}

function entryLines(entry: Entry, layout: Layout): string[] {
  const { id, definition, profiles, byStatus, byNamespace, comparison } = entry;
  const { paint, width, labelWidth, countWidth, allProfiles, changeCell } = layout;
  const name = id === '*' ? '* (all segment definitions)' : safeText(id).trim() || '(no id)';
  const expression = breakable(safeText(definition?.segment?.expression?.value ?? ''));
  const count = `    ${padEnd('profiles', labelWidth + 2)}  ${padStart(countText(profiles), countWidth)}`;
  const change = changeText(comparison?.profiles);
  const share = profiles === undefined ? '' : shareText(profiles, allProfiles);
  const aside =
    change === ''
      ? paint.muted(share === '' ? '' : `${padStart(share, shareWidth)} of all`)
      : changeCell(change);
  const total = `${count}  ${aside}`;
  const audience = profiles ?? present(byStatus);
  return [
    `  ${paint.strong(cutToWidth(name, longestId))}`,
    ...wrapText(expression, width - 4, mostExpressionLines).map((line) => paint.muted(`    ${line}`)),
    ...mergePolicyLine(definition, paint),
    ...comparedLine(comparison, layout),
    ...(profiles === undefined ? [] : [total]),
    ...countLines('by status', byStatus, audience, layout),
    ...countLines('by namespace', byNamespace, profiles, layout),
  ];
}

/** The profiles that are in the audience, by their status; `undefined` where none was counted. */
function present(byStatus: readonly Row[]): number | undefined {
  const inside = byStatus.filter(({ label }) => label === 'realized' || label === 'existing');
  return inside.length === 0 ? undefined : inside.reduce((sum, { count }) => sum + count, 0);
}

/** JSON without spaces gets some behind its commas, so that it can be wrapped where one would. */
function breakable(expression: string): string {
  return /^[{[]\S*$/.test(expression.slice(0, 200)) ? expression.replace(/,(?=["{[])/g, ', ') : expression;
}

function mergePolicyLine(definition: JobSegment | undefined, paint: Paint): string[] {
  const { mergePolicy, mergePolicyId } = definition?.segment ?? {};
  const id = safeText(mergePolicy?.id ?? mergePolicyId ?? '').trim();
  return id === '' ? [] : [paint.muted(`    merge policy ${cutToWidth(id, longestId)}`)];
}

function comparedLine(
  comparison: SegmentComparison | undefined,
  { paint, namesComparedJob }: Layout,
): string[] {
  if (comparison === undefined) return [];
  const { comparedWith } = comparison;
  if (comparedWith === undefined) return [paint.muted('    nothing to compare with')];
  return namesComparedJob ? [paint.muted(`    compared with ${runName(comparedWith)}`)] : [];
}

/** `whole` is what the shares are of, and what a full bar stands for where no count is larger. */
function countLines(
  title: string,
  rows: readonly Row[],
  whole: number | undefined,
  layout: Layout,
): string[] {
  if (rows.length === 0) return [];
  const { paint, width, labelWidth, countWidth, changeCell } = layout;
  const shown = rows.slice(0, mostNamespaces);
  const most = Math.max(whole ?? 0, ...shown.map(({ count }) => count));
  const barWidth = Math.min(widestBar, width - 6 - labelWidth - 2 - countWidth - 2 - shareWidth - 2);
  const hidden = rows.length - shown.length;
  return [
    `    ${paint.muted(title)}`,
    ...shown.map(({ label, count, change }) => {
      const name = padEnd(cutToWidth(label.trim() || '(no name)', labelWidth), labelWidth);
      const drawn = barWidth < 5 ? '' : paint.busy(bar(count, most, barWidth));
      const share = padStart(shareText(count, whole), shareWidth);
      const beside = change === undefined ? `${paint.muted(share)}  ${drawn}` : changeCell(change);
      return `      ${name}  ${padStart(countText(count), countWidth)}  ${beside}`.trimEnd();
    }),
    ...(hidden === 0 ? [] : [paint.muted(`      … ${countText(hidden)} more (-o json)`)]),
  ];
}
