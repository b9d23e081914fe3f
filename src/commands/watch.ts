// segjobs watch: follows jobs until they finish, and exits with what became of them.

import type { Context } from '../context.ts';
import { durationExamples, parseDuration } from '../durations.ts';
import { usageError } from '../errors.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { nextTimeOfDay } from '../jobs/selection.ts';
import { readIds } from './arguments.ts';
import { defineCommand, valueFlag } from './command.ts';
import { filterFlags, hasFilter, readFilter, readSince } from './filters.ts';
import { follow, watchFlags } from './following.ts';

export const watchCommand = defineCommand({
  name: 'watch',
  summary: 'follow jobs until they finish',
  description:
    'Ends with 0 when every job has succeeded. Ctrl-C stops watching, never a job.\n' +
    'It looks every 5 seconds at first and every minute later on, with one request for up to 100 jobs. A look that fails ' +
    'is passed over; only ten minutes without any answer end the watch.\n' +
    'Instead of ids, filters can say which jobs to follow: those that match and have not ended or are created after the ' +
    'watch began; with --since all that match and were created since then. It waits for a first one, takes in more as ' +
    'they appear, and ends when all of them have ended. --timeout counts from the first one.\n' +
    'With -o json there is one document at the end, however the watch ended; with -o ndjson each change is one line of ' +
    'JSON as it happens. docs/schema in the package describes both.',
  operands: '[JOB_ID...]',
  flags: {
    file: valueFlag(
      '-f, --file <path>',
      'read job ids from a file: one a line, or a JSON array; - is stdin',
      String,
    ),
    ...watchFlags,
    ...filterFlags,
    appearTimeout: valueFlag(
      '--appear-timeout <duration|HH:MM>',
      'how long, or until what time of day (UTC; the first one after --since), to wait for a first job; none waits for ever',
      parseAppearTimeout,
      { group: 'Filters', shownDefault: 'as --timeout' },
    ),
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  streamsEvents: 'always',
  examples: [
    { command: 'segjobs watch JOB_ID && ./export.sh', explains: 'go on when the job has succeeded' },
    {
      command: 'segjobs watch JOB_ID OTHER_JOB_ID --fail-fast',
      explains: 'several at once, until one goes wrong',
    },
    {
      command: 'segjobs watch --source scheduler --since 00:00 --appear-timeout 07:00 && ./export.sh',
      explains: "go on when tonight's scheduled evaluation has succeeded",
    },
    {
      command: 'segjobs watch --status active',
      explains: 'follow all that is active now, and what is started meanwhile',
    },
    {
      command: 'segjobs watch JOB_ID --timeout 0',
      explains: 'look once; 8 while it still runs',
      exitCode: 8,
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7, 8, 10, 11, 12, 124, 129, 130, 141, 143],
  exitMeanings: {
    5: 'no such job in this sandbox, or none appeared',
    7: 'ten minutes without an answer: watching again later is sensible',
    8: '--timeout 0, and a job still runs',
    12: 'some of the jobs were not found',
    124: '--timeout passed',
  },
  run: async (context, { operands, flags }) => {
    const hasIds = operands.length > 0 || flags.file !== undefined;
    if (hasFilter(flags)) {
      if (hasIds)
        throw usageError('give job ids or filters, not both', 'filters look for jobs; ids name them');
      const since = flags.since === undefined ? undefined : readSince(flags.since, context.clock.now());
      const { appearTimeout } = flags;
      const appearBy = appearTimeout && ((beganMs: number) => appearTimeout(beganMs, since?.(beganMs)));
      const selection = { filter: readFilter(flags), since, appearBy };
      return follow(context, { ids: [], flags, selection });
    }
    if (flags.appearTimeout !== undefined) {
      throw usageError(
        '--appear-timeout is for jobs that are looked for',
        'give filters too, for example: --source scheduler --since 00:00',
      );
    }
    if (!hasIds) return follow(context, { ids: await askForIds(context), flags });
    const ids = await readIds(context, { operands, file: flags.file, what: 'job id', check: checkJobId });
    if (ids.length === 0) {
      throw usageError(
        'the file holds no job id',
        'an empty file here often means that a command before it failed',
      );
    }
    return follow(context, { ids, flags });
  },
});

const msPerDay = 86_400_000;

async function askForIds(context: Context): Promise<readonly string[]> {
  const { canAsk } = await context.prompts();
  if (!canAsk) {
    throw usageError(
      'no job id given',
      'give job ids, --file PATH, or filters; for everything that is active: segjobs watch --status active',
    );
  }
  const { pickJobs } = await import('./watch-picker.ts');
  return pickJobs(context);
}

/**
 * When waiting for a first job ends, unix ms, for a watch that began at an instant and looks for jobs created since
 * another; `Infinity` for `none`. A time of day is the first one after `sinceMs`, so that a pipeline which runs late, or
 * again, does not wait for tomorrow's; where that is longer ago than a day, it is the next one.
 */
export function parseAppearTimeout(text: string): (beganMs: number, sinceMs?: number) => number {
  if (text.trim().toLowerCase() === 'none') return () => Number.POSITIVE_INFINITY;
  const waitMs = parseDuration(text);
  if (waitMs !== undefined) return (beganMs) => beganMs + waitMs;
  if (nextTimeOfDay(text, 0) === undefined) {
    throw usageError(
      'it is no duration and no time of day',
      `write ${durationExamples}, HH:MM (UTC) or none`,
    );
  }
  return (beganMs, sinceMs = beganMs) => {
    const isLately = sinceMs <= beganMs && sinceMs > beganMs - msPerDay;
    return nextTimeOfDay(text, isLately ? sinceMs : beganMs) ?? beganMs;
  };
}
