// segjobs list: reads as many pages as asked for and streams them.

import type { Context } from '../context.ts';
import { parseDuration } from '../durations.ts';
import { exitCodes, SegjobsError, usageError } from '../errors.ts';
import { createListing, type Listing } from '../jobs/listing.ts';
import { parseWhen, type SortOrder } from '../jobs/selection.ts';
import { jobView, listFrame } from '../output/job-views.ts';
import { selectColumns } from '../output/output.ts';
import { safeText } from '../safe-text.ts';
import { parseLimit, parseSort, parseStatuses, parseText } from './arguments.ts';
import { defineCommand, repeatedFlag, valueFlag } from './command.ts';

const newestFirst: SortOrder = { by: 'creationTime', direction: 'desc' };
const defaultLimit = 20;

export const listCommand = defineCommand({
  name: 'list',
  summary: 'list segment jobs',
  description:
    'Prints jobs of the sandbox, newest first. A list that was cut says so on stderr.\n' +
    'Several statuses are read one after the other and merged.',
  flags: {
    status: repeatedFlag(
      '--status <list>',
      'only these statuses, comma-separated; also "active" (NEW, QUEUED, PROCESSING) and "finished"',
      parseStatuses,
      {
        group: 'Filters',
        choices: [
          'active',
          'finished',
          'NEW',
          'QUEUED',
          'PROCESSING',
          'SUCCEEDED',
          'FAILED',
          'CANCELLING',
          'CANCELLED',
        ],
      },
    ),
    segment: valueFlag('--segment <id>', 'only jobs that evaluate this segment definition', parseText, {
      group: 'Filters',
    }),
    source: valueFlag('--source <source>', 'api (on demand) or scheduler (nightly)', parseSource, {
      group: 'Filters',
      choices: ['api', 'scheduler'],
    }),
    property: repeatedFlag(
      '--property <expr>',
      "the service's own filter: path==value or array~key==value; may be repeated",
      parseProperty,
      { group: 'Filters' },
    ),
    snapshot: valueFlag('--snapshot <name>', 'only jobs on this profile snapshot', parseText, {
      group: 'Filters',
    }),
    since: valueFlag(
      '--since <when>',
      'created since: a duration ago (2d), HH:MM today, a date or RFC 3339; UTC without a zone',
      parseText,
      { group: 'Filters' },
    ),
    sort: valueFlag('--sort <field>', 'creationTime or updateTime, with :asc or :desc', parseSort, {
      shownDefault: 'creationTime:desc',
      choices: ['creationTime:desc', 'creationTime:asc', 'updateTime:desc', 'updateTime:asc'],
    }),
    limit: valueFlag('-L, --limit <n>', 'how many in all, or "all"', parseLimit, {
      shownDefault: String(defaultLimit),
    }),
    start: valueFlag('--start <n>', 'where to start, passed to the service as it is', parseText),
    fields: valueFlag('--fields <list>', 'columns of table and tsv, comma-separated', parseFields, {
      formats: ['table', 'tsv'],
    }),
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs list --status active', explains: 'what is running now' },
    { command: 'segjobs list --since 7d --status failed --limit all', explains: 'what failed this week' },
    {
      command: 'segjobs list --limit all -o ndjson | jq -r .status',
      explains: 'every job, one JSON line each',
    },
  ],
  exitCodes: [0, 2, 3, 4, 7],
  run: async (context, { flags }) => {
    const statuses = [...new Set(flags.status.flat())];
    if (flags.start !== undefined && statuses.length > 1) {
      throw usageError('--start cannot be used with several statuses', 'each status is a list of its own');
    }
    const view = flags.fields === undefined ? jobView : selectColumns(jobView, flags.fields);
    const output = await context.output();
    const since = flags.since === undefined ? undefined : readSince(flags.since, context.clock.now());
    const client = await context.client();
    if (since !== undefined) output.note(`Jobs created since ${new Date(since).toISOString()}.`);

    const listing = createListing(
      {
        statuses,
        properties: [
          ...flags.property,
          ...(flags.segment === undefined ? [] : [`segments~segmentId==${flags.segment}`]),
        ],
        snapshot: flags.snapshot,
        source: flags.source,
        since,
        sort: flags.sort ?? newestFirst,
        start: flags.start,
        limit: flags.limit ?? defaultLimit,
      },
      client.pages,
    );
    try {
      await output.many(listing.batches(), view, listFrame(listing));
    } catch (error) {
      const isReaderGone = error instanceof SegjobsError && error.code === 'READER_GONE';
      if (!isReaderGone) await tellPartialList(context, listing);
      throw error;
    }
    await tellEnd(context, listing);
    return exitCodes.done;
  },
});

async function tellEnd(context: Context, listing: Listing): Promise<void> {
  const { shown, total, hasMore, isIncomplete } = listing.end();
  const output = await context.output();
  if (isIncomplete) {
    output.warn(
      `The list is incomplete: the service counts ${total ?? 'more'} jobs, its pages gave ${shown}.`,
    );
  }
  if (shown === 0 && !isIncomplete) output.note('No jobs.');
  if (!hasMore) return;
  if (total === undefined || total <= shown)
    output.warn(`Showing ${shown}; there are more. --limit all shows them all.`);
  else output.warn(`Showing ${shown} of ${total} jobs; --limit all shows them all.`);
}

async function tellPartialList(context: Context, listing: Listing): Promise<void> {
  const { shown, total } = listing.end();
  if (shown === 0) return;
  const output = await context.output();
  output.warn(
    total === undefined
      ? `The list is incomplete: printed ${shown}.`
      : `The list is incomplete: printed ${shown} of ${total}.`,
  );
}

function readSince(text: string, now: number): number {
  const since = parseWhen(text, now, parseDuration);
  if (since === undefined) {
    throw usageError(
      `invalid --since "${safeText(text)}": give a duration ago (2d), HH:MM, a date or an RFC 3339 time`,
      'for example: --since 36h, --since 02:00, --since 2026-01-31T06:00:00Z',
    );
  }
  return since;
}

function parseSource(text: string): string {
  const source = text.toLowerCase();
  if (source !== 'api' && source !== 'scheduler') throw usageError('give api or scheduler');
  return source;
}

function parseProperty(text: string): string {
  parseText(text);
  if (!/^[^=~]+(~[^=~]+)?==./.test(text)) {
    throw usageError(
      'give path==value or array~key==value',
      'for example: --property segments~segmentId==SEGMENT_ID',
    );
  }
  return text;
}

function parseFields(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw usageError('it holds an empty name');
  return names;
}
