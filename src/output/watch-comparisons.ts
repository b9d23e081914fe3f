// What the jobs of a finished watch found, for people: how long they took against the usual, and how audiences changed.

import type { JobComparison, SegmentComparison } from '../jobs/comparison.ts';
import { isFinal, knownStatus } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import { changeText } from './change-text.ts';
import { durationAgainstUsual } from './forecast-text.ts';
import { paintStatus, shownDurationMs } from './job-words.ts';
import type { Output } from './output.ts';
import { createTable } from './table.ts';
import { countOf, countText, timeText } from './text.ts';
import type { Column } from './view.ts';

/** What is left out is one `segjobs get JOB_ID --compare` away. */
const mostSegments = 20;

/** The columns below a watch; on 80 columns `EXISTING` and `SINCE` are left out. */
const summaryColumns: readonly Column<SegmentComparison>[] = [
  { name: 'segment', title: 'SEGMENT', isWhole: true, cell: ({ segmentId }) => segmentId },
  shownCount('profiles', ({ profiles }) => profiles.now),
  { name: 'change', title: 'CHANGE', align: 'right', cell: ({ profiles }) => changeText(profiles) },
  shownCount('realized', ({ byStatus }) => byStatus.get('realized')?.now, 1),
  shownCount('existing', ({ byStatus }) => byStatus.get('existing')?.now, 4),
  shownCount('exited', ({ byStatus }) => byStatus.get('exited')?.now, 2),
  {
    name: 'since',
    title: 'SINCE',
    isWhole: true,
    dropRank: 3,
    cell: ({ comparedWith }) => timeText(comparedWith?.creationTime),
  },
];

function shownCount(
  name: string,
  count: (segment: SegmentComparison) => number | undefined,
  dropRank?: number,
): Column<SegmentComparison> {
  return {
    name,
    title: name.toUpperCase(),
    align: 'right',
    dropRank,
    cell: (segment) => countText(count(segment)),
  };
}

/**
 * A block for each job, below the final table and in no other format: outcome and duration, then a line for each
 * segment. `left` is how many finished jobs there are beside these. Throws as `Output.raw` does.
 */
export async function showComparisons(
  output: Output,
  comparisons: readonly JobComparison[],
  left: number,
): Promise<void> {
  if (output.format !== 'table') return;
  const look = { now: 0, terminal: output.terminals.stdout };
  for (const comparison of comparisons) {
    const counted = isSuccess(comparison) ? largestFirst(comparison.segments.filter(isCounted)) : [];
    if (counted.length === 0 && comparison.usual === undefined) continue;
    // A table for each, so that one job of long names does not widen all the others.
    const { rows } = await createTable(summaryColumns, () => look);
    const hidden = counted.length - mostSegments;
    const more = `… ${countOf(hidden, 'more segment')}: segjobs get ${safeText(comparison.job.id)} --compare\n`;
    const headline = headlineOf(comparison, output);
    await output.raw(`\n${headline}\n${rows(counted.slice(0, mostSegments))}${hidden > 0 ? more : ''}`);
  }
  if (left > 0) await output.raw(`\n… ${countOf(left, 'more job')}: segjobs get JOB_ID --compare\n`);
}

/** `ebd67795-…  SUCCEEDED, took 13m 50s, as usual (13m–15m, 8 earlier runs)` */
function headlineOf({ job, usual }: JobComparison, { terminals }: Output): string {
  const { paint } = terminals.stdout;
  const status = paintStatus(safeText(job.status ?? '').trim() || 'status unknown', job.status, paint);
  const durationMs = isFinal(job) ? shownDurationMs(job, 0) : undefined;
  const took = durationMs === undefined ? '' : `, ${durationAgainstUsual(durationMs, usual)}`;
  return `${paint.strong(safeText(job.id))}  ${status}${took}`;
}

function isSuccess({ job }: JobComparison): boolean {
  return knownStatus(job.status) === 'SUCCEEDED';
}

function isCounted({ profiles, byStatus }: SegmentComparison): boolean {
  return profiles.now !== undefined || [...byStatus.values()].some(({ now }) => now !== undefined);
}

/** Up to the limit in the job's own order, which is the one people asked in; beyond it the largest audiences. */
function largestFirst(segments: readonly SegmentComparison[]): readonly SegmentComparison[] {
  if (segments.length <= mostSegments) return segments;
  return [...segments].sort((a, b) => (b.profiles.now ?? -1) - (a.profiles.now ?? -1));
}
