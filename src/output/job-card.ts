// A job in three or four lines, for a terminal that is too narrow for a table.

import { isFinal, type SegmentJob, segmentIdsOf } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import { flowParts } from './cards.ts';
import { errorLine, paintStatus, shownDurationMs } from './job-words.ts';
import { agoText, countOf, durationText, unknown } from './text.ts';
import type { Look } from './view.ts';
import { cutToWidth, wrapText } from './width.ts';

const longestId = 128;
const narrowest = 20;

/**
 * `f4020816-…`, below it `SUCCEEDED · 6 h ago · took 43m 51s` and `13 segments · 13,161,379 profiles · scheduler`, and
 * why it failed.
 */
export function jobCard(job: SegmentJob, { now, terminal: { columns, paint } }: Look): readonly string[] {
  const width = Math.max(narrowest, columns) - 2;
  const status = cutToWidth(safeText(job.status ?? '').trim() || 'status unknown', width);
  const took = durationText(shownDurationMs(job, now));
  const profiles = job.metrics?.totalProfiles;
  const segments = segmentIdsOf(job).includes('*') ? 'all segments' : countOf(job.segments.length, 'segment');
  const told = [
    [agoText(job.creationTime, now), took === unknown ? unknown : `${isFinal(job) ? 'took' : 'for'} ${took}`],
    [
      segments,
      profiles === undefined ? unknown : countOf(profiles, 'profile'),
      safeText(job.source ?? '').trim() || unknown,
    ],
  ].map((parts) =>
    parts.filter((text) => text !== unknown).map((text) => ({ text: cutToWidth(text, width) })),
  );
  const reason =
    job.errors.map((error) => safeText(errorLine(error)).trim()).find((text) => text !== '') ?? '';
  return [
    paint.strong(cutToWidth(safeText(job.id), longestId)),
    ...[
      ...flowParts(
        [{ text: status, painted: paintStatus(status, job.status, paint) }, ...(told[0] ?? [])],
        width,
      ),
      ...flowParts(told[1] ?? [], width),
      ...wrapText(reason, width, 2),
    ].map((line) => `  ${line}`),
  ];
}
