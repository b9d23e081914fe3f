// How segment jobs look: the columns of a list, the fields that can be asked for, and the documents around them.

import { type JsonText, type SegmentJob, segmentIdsOf } from '../jobs/job.ts';
import { compactJson } from '../lossless-json.ts';
import { jobCard } from './job-card.ts';
import { jobFieldAt } from './job-fields.ts';
import { jobPage } from './job-page.ts';
import { errorLine, paintStatus, segmentCountText, shownDurationMs } from './job-words.ts';
import { agoText, countText, durationText, isoTime, plainCount, plainSeconds } from './text.ts';
import type { Column, DocumentFrame, RecordView } from './view.ts';

const longestAgo = '13 days ago'.length;

/** In the order of a table and of tsv: scripts count on it, so that columns are only ever appended. */
const columns: readonly Column<SegmentJob>[] = [
  {
    name: 'status',
    title: 'STATUS',
    minWidth: 'PROCESSING'.length,
    cell: (job) => job.status ?? '',
    paint: (text, job, { paint }) => paintStatus(text, job.status, paint),
  },
  { name: 'id', title: 'ID', isWhole: true, cell: (job) => job.id },
  {
    name: 'segments',
    title: 'SEGMENTS',
    align: 'right',
    dropRank: 4,
    cell: segmentCountText,
    plain: (job) => String(job.segments.length),
  },
  {
    name: 'created',
    title: 'CREATED',
    isWhole: true,
    minWidth: longestAgo,
    dropRank: 1,
    cell: (job, { now }) => agoText(job.creationTime, now),
    plain: (job) => isoTime(job.creationTime),
  },
  {
    name: 'duration',
    title: 'DURATION',
    align: 'right',
    dropRank: 2,
    cell: (job, { now }) => durationText(shownDurationMs(job, now)),
    plain: (job, { now }) => plainSeconds(shownDurationMs(job, now)),
  },
  {
    name: 'profiles',
    title: 'PROFILES',
    align: 'right',
    minWidth: 10,
    dropRank: 3,
    cell: (job) => countText(job.metrics?.totalProfiles),
    plain: (job) => plainCount(job.metrics?.totalProfiles),
  },
  {
    name: 'source',
    title: 'SOURCE',
    minWidth: 'scheduler'.length,
    dropRank: 5,
    cell: (job) => job.source ?? '',
  },
];

const moreColumns: readonly Column<SegmentJob>[] = [
  {
    name: 'updated',
    title: 'UPDATED',
    isWhole: true,
    minWidth: longestAgo,
    cell: (job, { now }) => agoText(job.updateTime, now),
    plain: (job) => isoTime(job.updateTime),
  },
  {
    name: 'segmentIds',
    title: 'SEGMENT IDS',
    cell: (job) => segmentIdsOf(job).join(', '),
    plain: (job) => segmentIdsOf(job).join(','),
  },
  { name: 'sandbox', title: 'SANDBOX', cell: (job) => job.sandbox?.sandboxName ?? '' },
  { name: 'org', title: 'ORG', cell: (job) => job.imsOrgId ?? '' },
  { name: 'batchId', title: 'BATCH ID', isWhole: true, cell: (job) => job.batchId ?? '' },
  { name: 'requestId', title: 'REQUEST ID', isWhole: true, cell: (job) => job.requestId ?? '' },
  { name: 'errors', title: 'ERRORS', cell: (job) => job.errors.map(errorLine).join('; ') },
];

/** What a wide terminal has room for: what the job evaluated, why it failed, and when it moved last. */
const wideColumns: readonly Column<SegmentJob>[] = [
  { name: 'segment', title: 'SEGMENT', isWhole: true, cell: firstSegmentText },
  ...moreColumns.filter(({ name }) => name === 'errors'),
  ...moreColumns.filter(({ name }) => name === 'updated'),
];

/** `2aa1466b-… +12`: the first segment, and how many more. */
function firstSegmentText(job: SegmentJob): string {
  const [first = '', ...others] = segmentIdsOf(job);
  return others.length === 0 ? first : `${first} +${countText(others.length)}`;
}

export const jobView: RecordView<SegmentJob> = {
  columns,
  moreColumns,
  columnAt: jobFieldAt,
  wideColumns,
  card: jobCard,
  json: (job) => job.json,
  slice: (job) => job.slice,
  id: (job) => job.id,
  page: jobPage,
};

/** `{"children":[…],"_page":…,"_links":…}`, the service's own document around a list. */
export function listFrame(listing: {
  end(): { readonly pageJson: JsonText; readonly linksJson: JsonText };
}): DocumentFrame<SegmentJob> {
  return {
    head: '{"children":[',
    tail: () => {
      const { pageJson, linksJson } = listing.end();
      return `],"_page":${compactJson(pageJson)},"_links":${compactJson(linksJson)}}`;
    },
  };
}

/** `{"results":{"<id>":job}}`, the service's own document around a bulk-get. */
export const bulkFrame: DocumentFrame<SegmentJob> = {
  head: '{"results":{',
  key: (job) => job.id,
  tail: () => '}}',
};
