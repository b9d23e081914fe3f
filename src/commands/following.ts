// Following jobs to their end: what `watch`, `create --watch` and `cancel --watch` have in common.

import type { Context } from '../context.ts';
import { durationExamples, parseDuration } from '../durations.ts';
import { exitCodes, SegjobsError, usageError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import type { WatchGoal } from '../jobs/watch-outcome.ts';
import { type FlagValues, switchFlag, valueFlag } from './command.ts';

const defaultTimeoutMs = 8 * 3_600_000;
const shortestIntervalMs = 1000;

export const watchFlags = {
  timeout: valueFlag(
    '--timeout <duration>',
    'give up after this long; 0 looks once, none waits for ever',
    parseTimeout,
    { group: 'Watching', shownDefault: '8h' },
  ),
  interval: valueFlag('--interval <duration>', 'time between looks, at least 1s', parseInterval, {
    group: 'Watching',
    shownDefault: '5s growing to 60s',
  }),
  failFast: switchFlag('--fail-fast', 'stop at the first job that FAILED or was CANCELLED', {
    group: 'Watching',
  }),
};

/** Milliseconds; `Infinity` for `none`, 0 for one look. Throws a usage error. */
export function parseTimeout(text: string): number {
  if (text.trim().toLowerCase() === 'none') return Number.POSITIVE_INFINITY;
  const timeoutMs = parseDuration(text);
  if (timeoutMs === undefined) throw usageError('it is no duration', `write ${durationExamples}, 0 or none`);
  return timeoutMs;
}

/** Milliseconds. Throws a usage error for less than a second. */
export function parseInterval(text: string): number {
  const intervalMs = parseDuration(text);
  if (intervalMs === undefined) throw usageError('it is no duration', `write ${durationExamples}`);
  if (intervalMs < shortestIntervalMs) throw usageError('the shortest interval is 1s');
  return intervalMs;
}

export interface Following {
  readonly ids: readonly string[];
  readonly flags: FlagValues<typeof watchFlags>;
  /** The job that this command has just made, or found to be made already. */
  readonly created?: SegmentJob | undefined;
  readonly isReused?: boolean | undefined;
  /** Ids already known not to exist: they count as not found, and are not asked for. */
  readonly absent?: readonly string[] | undefined;
  /** After a cancel CANCELLED is what was wanted, and any other end is a conflict (exit 6). */
  readonly goal?: WatchGoal | undefined;
}

/**
 * Follows the jobs until every one has ended, or the watch has: shows what happens, prints the final state and
 * returns the exit code. A signal ends the watch, never a job. Throws only what no later poll could mend.
 */
export async function follow(context: Context, following: Following): Promise<number> {
  const { clock, signal, globals } = context;
  const [client, output, { watchJobs }, { showWatch, lostContactError }] = await Promise.all([
    context.client(),
    context.output(),
    import('../jobs/watch.ts'),
    import('../output/watch-views.ts'),
  ]);
  const { ids, flags, created, isReused = false, absent, goal } = following;
  const events = watchJobs({
    ids,
    poll: (asked, abandoned) => client.bulkGet(asked, { signal: abandoned, hasOwnBudget: true }),
    clock: {
      monotonicMs: clock.monotonicMs,
      sleep: clock.sleep,
      serviceNow: client.serviceNow,
    },
    random: context.random,
    signal,
    options: {
      timeoutMs: flags.timeout ?? defaultTimeoutMs,
      intervalMs: flags.interval,
      failFast: flags.failFast,
      goal,
    },
    created: created === undefined ? undefined : { job: created, isReused },
    absent,
  });
  const resumeFlags = [
    ...(globals.profile === undefined ? [] : ['--profile', globals.profile]),
    ...(globals.sandbox === undefined ? [] : ['--sandbox', globals.sandbox]),
  ];
  try {
    const ended = await showWatch(output, events, { clock, resumeFlags });
    if (ended.ending.kind === 'refused' || ended.ending.kind === 'lostContact') {
      const error = lostContactError(ended, resumeFlags);
      // A job that FAILED outranks the lost contact, which is told all the same.
      if (error.exitCode === ended.exitCode) throw error;
      output.error(error);
    }
    return ended.exitCode;
  } catch (error) {
    if (!(error instanceof SegjobsError) || error.code !== 'READER_GONE') throw error;
    return signal.aborted ? (signal.reason as SegjobsError).exitCode : exitCodes.readerGone;
  }
}
