// How one job looks beside the jobs before it: a page, rows for scripts, or a document of our own.

import type { JobComparison, SegmentComparison } from '../jobs/comparison.ts';
import type { DurationRange } from '../jobs/forecast.ts';
import { isFinal } from '../jobs/job.ts';
import { compactJson, quoteJson } from '../lossless-json.ts';
import { changeFacts, plainPercent } from './change-text.ts';
import { jobPage } from './job-page.ts';
import { shownDurationMs } from './job-words.ts';
import type { Output } from './output.ts';
import { isoTime, plainCount } from './text.ts';
import { type Column, oneBatch, ownListFrame, type RecordView } from './view.ts';

/** One job: a page, one JSON document of our own, or (tsv) a row for each segment. */
export async function printComparison(output: Output, comparison: JobComparison): Promise<void> {
  if (output.format !== 'tsv') return output.one(comparison, comparisonView);
  await output.many(oneBatch(comparison.segments), segmentRows, ownListFrame('segments'));
}

/** In the order of tsv: columns are only ever appended. */
const segmentColumns: readonly Column<SegmentComparison>[] = [
  { name: 'segment', title: 'SEGMENT', isWhole: true, cell: ({ segmentId }) => segmentId },
  countColumn('profiles', ({ profiles }) => profiles.now),
  countColumn('before', ({ profiles }) => profiles.before),
  countColumn('change', ({ profiles }) => profiles.change),
  { name: 'changePercent', title: 'PERCENT', cell: ({ profiles }) => plainPercent(profiles) },
  ...(['realized', 'existing', 'exited'] as const).flatMap((status) => [
    countColumn(status, ({ byStatus }) => byStatus.get(status)?.now),
    countColumn(`${status}Before`, ({ byStatus }) => byStatus.get(status)?.before),
  ]),
  { name: 'comparedWith', title: 'COMPARED WITH', cell: ({ comparedWith }) => comparedWith?.id ?? '' },
  { name: 'comparedTo', title: 'CREATED', cell: ({ comparedWith }) => isoTime(comparedWith?.creationTime) },
];

function countColumn(
  name: string,
  count: (segment: SegmentComparison) => number | undefined,
): Column<SegmentComparison> {
  const plain = (segment: SegmentComparison) => plainCount(count(segment));
  return { name, title: name.toUpperCase(), cell: plain };
}

const segmentRows: RecordView<SegmentComparison> = {
  columns: segmentColumns,
  json: segmentJson,
};

const comparisonView: RecordView<JobComparison> = {
  columns: [],
  json: comparisonJson,
  page: (comparison, look) => jobPage(comparison.job, look, comparison),
};

/**
 * `{"schemaVersion":1,"job":…,"comparedWith":{segment: job id or null},"durationSeconds","usualDuration","segments":{…}}`;
 * the job as the service sent it.
 */
function comparisonJson({ job, usual, segments }: JobComparison): string {
  const durationMs = isFinal(job) ? shownDurationMs(job, 0) : undefined;
  const comparedWith = Object.fromEntries(
    segments.map(({ segmentId, comparedWith: run }) => [segmentId, run?.id ?? null]),
  );
  const members = segments.map((segment) => `${quoteJson(segment.segmentId)}:${segmentJson(segment)}`);
  return [
    `{"schemaVersion":1,"job":${compactJson(job.json)}`,
    `"comparedWith":${quoteJson(comparedWith)}`,
    `"durationSeconds":${quoteJson(seconds(durationMs))}`,
    `"usualDuration":${quoteJson(usual === undefined ? null : usualFacts(usual))}`,
    `"segments":{${members.join(',')}}}`,
  ].join(',');
}

function usualFacts({ lowMs, highMs, runs, basis }: DurationRange) {
  return { lowSeconds: seconds(lowMs), highSeconds: seconds(highMs), runs, basis };
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}

function segmentJson({ profiles, byStatus, byNamespace }: SegmentComparison): string {
  const facts = (changes: SegmentComparison['byStatus']) =>
    Object.fromEntries([...changes].map(([name, change]) => [name, changeFacts(change)]));
  return quoteJson({
    profiles: changeFacts(profiles),
    byStatus: facts(byStatus),
    byNamespace: facts(byNamespace),
  });
}
