// segjobs list: reads as many pages as asked for and streams them.

import type { Context } from '../context.ts';
import { exitCodes, SegjobsError, usageError } from '../errors.ts';
import { createListing, type Listing } from '../jobs/listing.ts';
import type { SortOrder } from '../jobs/selection.ts';
import { jobView, listFrame } from '../output/job-views.ts';
import { fieldNames, selectColumns } from '../output/output.ts';
import { countText } from '../output/text.ts';
import { parseLimit, parseSort, parseText } from './arguments.ts';
import { defineCommand, valueFlag } from './command.ts';
import { filterFlags, readFilter, readSince } from './filters.ts';

const newestFirst: SortOrder = { by: 'creationTime', direction: 'desc' };
const defaultLimit = 20;
/** Below it, what a list takes in memory does not matter. */
const longListing = 1000;

export const listCommand = defineCommand({
  name: 'list',
  summary: 'list segment jobs',
  description:
    'Prints the jobs of the sandbox, newest first. A job must match every filter given. ' +
    'Where there are more jobs than --limit, stderr says so.',
  flags: {
    ...filterFlags,
    sort: valueFlag('--sort <field>', 'creationTime or updateTime, with :asc or :desc', parseSort, {
      shownDefault: 'creationTime:desc',
      choices: ['creationTime:desc', 'creationTime:asc', 'updateTime:desc', 'updateTime:asc'],
    }),
    limit: valueFlag('-L, --limit <n>', 'how many jobs in all, or "all"', parseLimit, {
      shownDefault: String(defaultLimit),
    }),
    start: valueFlag('--start <n>', 'where in the list to start, passed to the service as it is', parseText),
    fields: valueFlag(
      '--fields <list>',
      'columns of table and tsv, comma-separated: names, or paths into the job such as metrics.totalTime.totalTimeInMs',
      parseFields,
      { formats: ['table', 'tsv'], choices: fieldNames(jobView) },
    ),
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs list --status active', explains: 'what is running now' },
    { command: 'segjobs list --since 7d --status failed --limit all', explains: 'what failed this week' },
    {
      command: 'segjobs list --limit all -o ndjson | jq -r .status',
      explains: 'the status of every job, from one line of JSON each',
    },
    {
      command: `segjobs list --query "children[?status=='FAILED'].id"`,
      explains: 'the ids of those that failed, as JSON',
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7],
  exitMeanings: { 5: 'the service has nothing there: is the sandbox right?' },
  run: async (context, { flags }) => {
    const filter = readFilter(flags);
    if (flags.start !== undefined && filter.statuses.length > 1) {
      throw usageError('--start cannot be used with several statuses', 'each status is a list of its own');
    }
    const view = flags.fields === undefined ? jobView : selectColumns(jobView, flags.fields);
    const output = await context.output();
    const meant = flags.since === undefined ? undefined : readSince(flags.since, context.clock.now());
    const client = await context.client();
    // Read off the service's clock, which the first answer tells, and only once.
    let instant: number | undefined;
    const since = meant && (() => (instant ??= meant(client.serviceNow())));

    // Several statuses are held until all are there.
    const isStreamed = filter.statuses.length < 2;
    const limit = flags.limit ?? defaultLimit;
    // A table decodes every job, and pays for a small heap with a third of its time.
    if (isStreamed && limit >= longListing && output.format !== 'table') context.host.keepMemoryFlat?.();
    const listing = createListing(
      {
        ...filter,
        since,
        sort: flags.sort ?? newestFirst,
        start: flags.start,
        limit,
      },
      (query) => client.pages(query, { isStreamed }),
    );
    const progress = output.progress('Reading jobs');
    const arrived = () => {
      progress.stop();
      if (since !== undefined) output.note(`Jobs created since ${new Date(since()).toISOString()}.`);
    };
    try {
      await output.many(untilFirst(listing.batches(), arrived), view, listFrame(listing));
    } catch (error) {
      const isReaderGone = error instanceof SegjobsError && error.code === 'READER_GONE';
      // A query prints nothing before it has everything.
      if (!isReaderGone && context.globals.query === undefined) await tellPartialList(context, listing);
      throw error;
    } finally {
      progress.stop();
    }
    await tellEnd(context, listing);
    return exitCodes.done;
  },
});

/** The same batches; `arrived` is called before the first one is handed on. */
async function* untilFirst<T>(
  batches: AsyncIterable<T>,
  arrived: () => void,
): AsyncGenerator<T, void, undefined> {
  let isFirst = true;
  for await (const batch of batches) {
    if (isFirst) arrived();
    isFirst = false;
    yield batch;
  }
}

async function tellEnd(context: Context, listing: Listing): Promise<void> {
  const { shown, total, hasMore, isIncomplete } = listing.end();
  const output = await context.output();
  if (isIncomplete) {
    output.warn(
      `The list is incomplete: the service counts ${total === undefined ? 'more' : countText(total)} jobs, its pages gave ${countText(shown)}.`,
    );
  }
  if (shown === 0 && !isIncomplete) output.note('No jobs.');
  if (!hasMore) return;
  if (total === undefined || total <= shown)
    output.warn(`Showing ${countText(shown)}; there are more. --limit all shows them all.`);
  else output.warn(`Showing ${countText(shown)} of ${countText(total)} jobs; --limit all shows them all.`);
}

async function tellPartialList(context: Context, listing: Listing): Promise<void> {
  const { shown, total } = listing.end();
  if (shown === 0) return;
  const output = await context.output();
  output.warn(
    total === undefined
      ? `The list is incomplete: printed ${countText(shown)}.`
      : `The list is incomplete: printed ${countText(shown)} of ${countText(total)}.`,
  );
}

function parseFields(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw usageError('it holds an empty name');
  return names;
}
