// segjobs stats: what many jobs tell together, from one pass over the list.

import { exitCodes } from '../errors.ts';
import { createListing } from '../jobs/listing.ts';
import { createStatsGatherer } from '../jobs/stats.ts';
import { printStats } from '../output/stats-views.ts';
import { countText } from '../output/text.ts';
import { defineCommand } from './command.ts';
import { filterFlags, readFilter, readSince } from './filters.ts';
import { factFormats } from './profiles.ts';

const defaultSince = '30d';

export const statsCommand = defineCommand({
  name: 'stats',
  summary: 'show success rate, durations, audience sizes and failures over time',
  description:
    'Reads the list of jobs once, back to --since. The success rate leaves out cancelled and unfinished jobs; durations are those of successful jobs; failed jobs are grouped by their first error, where ids and numbers in it do not matter.\n' +
    'In tsv each line is a path into the JSON document and its value.',
  flags: {
    since: { ...filterFlags.since, shownDefault: defaultSince },
    segment: filterFlags.segment,
    source: filterFlags.source,
    property: filterFlags.property,
    snapshot: filterFlags.snapshot,
  },
  formats: factFormats,
  examples: [
    { command: 'segjobs stats', explains: 'the last thirty days' },
    { command: 'segjobs stats --source scheduler --since 7d', explains: 'the nightly runs of a week' },
    { command: 'segjobs stats --segment SEGMENT_ID', explains: 'one audience over time, as a chart' },
    {
      command: 'segjobs stats --json | jq .jobs.successPercent',
      explains: 'one number, in a script',
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7],
  exitMeanings: { 5: 'the service has nothing there: is the sandbox right?' },
  run: async (context, { flags }) => {
    const { properties, snapshot, source } = readFilter({ ...flags, status: [] });
    const meant = readSince(flags.since ?? defaultSince, context.clock.now());
    const [output, { sandbox = '' }] = await Promise.all([context.output(), context.settings()]);
    const client = await context.client();
    // Read off the service's clock, which the first answer tells, and only once.
    let instant: number | undefined;
    const since = () => (instant ??= meant(client.serviceNow()));

    const listing = createListing(
      {
        statuses: [],
        properties,
        snapshot,
        source,
        since,
        sort: { by: 'creationTime', direction: 'desc' },
        limit: Number.POSITIVE_INFINITY,
      },
      client.pages,
    );
    const gatherer = createStatsGatherer(flags.segment);
    const progress = output.progress('Reading jobs');
    try {
      for await (const jobs of listing.batches()) for (const job of jobs) gatherer.add(job);
    } finally {
      progress.stop();
    }
    const { isIncomplete, shown } = listing.end();
    const stats = gatherer.result();
    await printStats(output, stats, {
      sandbox,
      sinceMs: since(),
      untilMs: client.serviceNow(),
      segmentId: flags.segment,
      source,
      isWhole: !isIncomplete,
    });
    if (isIncomplete) output.warn(`The service lists more jobs than its ${countText(shown)} here.`);
    if (shown === 0 && !isIncomplete) output.note('No jobs.');
    return exitCodes.done;
  },
});
