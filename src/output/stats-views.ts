// Statistics in each format: a page, one JSON document, or lines of path and value.

import type { JobStats } from '../jobs/stats.ts';
import type { Output } from './output.ts';
import { type StatsScope, statsJson, statsLines } from './stats-document.ts';
import { statsPage } from './stats-page.ts';
import type { RecordView } from './view.ts';

/** Throws only what writing to stdout throws. */
export async function printStats(output: Output, stats: JobStats, scope: StatsScope): Promise<void> {
  if (output.format === 'tsv') return output.raw(statsLines(statsJson(stats, scope)));
  const view: RecordView<JobStats> = {
    columns: [],
    json: () => statsJson(stats, scope),
    page: (_stats, { terminal }) => statsPage(stats, scope, terminal).trimEnd(),
  };
  return output.one(stats, view);
}
