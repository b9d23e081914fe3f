// Following jobs to their end: what `watch`, `create --watch` and `cancel --watch` have in common.

import type { BulkMemory } from '../api/bulk-memory.ts';
import type { SegmentJobsClient } from '../api/client.ts';
import type { Context } from '../context.ts';
import { durationExamples, parseDuration } from '../durations.ts';
import { exitCodes, SegjobsError, usageError } from '../errors.ts';
import type { GlobalFlags } from '../host.ts';
import type { SegmentJob } from '../jobs/job.ts';
import type { WatchRequest, WatchSelection } from '../jobs/watch.ts';
import type { FailedBefore, PollAnswer } from '../jobs/watch-ledger.ts';
import type { WatchGoal } from '../jobs/watch-outcome.ts';
import { isOnGitHub } from '../output/ci-log.ts';
import type { WatchReport } from '../output/github-watch.ts';
import type { Output } from '../output/output.ts';
import { type FlagValues, switchFlag, valueFlag } from './command.ts';

const defaultTimeoutMs = 8 * 3_600_000;
const shortestIntervalMs = 1000;

export const watchFlags = {
  timeout: valueFlag(
    '--timeout <duration>',
    'stop watching after this long; 0 looks once, none watches for ever',
    parseTimeout,
    { group: 'Watching', needs: 'watch', shownDefault: '8h' },
  ),
  interval: valueFlag('--interval <duration>', 'time between looks, at least 1s', parseInterval, {
    group: 'Watching',
    needs: 'watch',
    shownDefault: '5s growing to 60s',
  }),
  failFast: switchFlag('--fail-fast', 'stop at the first job that FAILED or was CANCELLED', {
    group: 'Watching',
    needs: 'watch',
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

/** The flags with which a later command means the same profile and sandbox as this one. */
export function targetFlags({ profile, sandbox }: GlobalFlags): readonly string[] {
  return [
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(sandbox === undefined ? [] : ['--sandbox', sandbox]),
  ];
}

type FollowedSelection = Omit<WatchSelection, 'appearBy'> & {
  readonly appearBy: WatchSelection['appearBy'] | undefined;
};

export interface Following {
  readonly ids: readonly string[];
  /** Instead of ids: which jobs to look for. A first one is waited for as long as `--timeout` says, unless told. */
  readonly selection?: FollowedSelection | undefined;
  readonly flags: FlagValues<typeof watchFlags>;
  /** The job that this command has just made, or found to be made already. */
  readonly created?: SegmentJob | undefined;
  readonly isReused?: boolean | undefined;
  /** Called once stdout has the created job: as an event, else in the final state. */
  readonly onReported?: (() => void) | undefined;
  /** Ids already known not to exist: they count as not found, and are not asked for. */
  readonly absent?: readonly string[] | undefined;
  /** Ids with which this command has failed: they count as unreadable, and are not asked for. */
  readonly failed?: readonly FailedBefore[] | undefined;
  /** After a cancel CANCELLED is what was wanted, and any other end is a conflict (exit 6). */
  readonly goal?: WatchGoal | undefined;
}

/**
 * Follows the jobs until every one has ended, or the watch has: shows what happens, prints the final state and
 * returns the exit code. A signal ends the watch, never a job. Throws only what no later poll could mend.
 */
export async function follow(context: Context, following: Following): Promise<number> {
  const { clock, signal, globals } = context;
  const [
    client,
    output,
    { watchJobs },
    { showWatch, lostContactError },
    { createWatchHistory },
    { createBulkMemory },
  ] = await Promise.all([
    context.client(),
    context.output(),
    import('../jobs/watch.ts'),
    import('../output/watch-views.ts'),
    import('./following-history.ts'),
    import('../api/bulk-memory.ts'),
  ]);
  const readJobs = jobReader(client, createBulkMemory());
  const { ids, flags, created, isReused = false, onReported = () => undefined, goal } = following;
  const timeoutMs = flags.timeout ?? defaultTimeoutMs;
  const selection = following.selection && {
    ...following.selection,
    appearBy: following.selection.appearBy ?? ((beganMs: number) => beganMs + timeoutMs),
  };
  const happenings = watchJobs({
    ids,
    selection,
    poll: selection === undefined ? readJobs : await pollSelection(client, selection, readJobs),
    clock: {
      monotonicMs: clock.monotonicMs,
      sleep: clock.sleep,
      serviceNow: client.serviceNow,
    },
    random: context.random,
    signal,
    options: {
      timeoutMs,
      intervalMs: flags.interval,
      failFast: flags.failFast,
      goal,
    },
    created: created === undefined ? undefined : { job: created, isReused },
    absent: following.absent,
    failed: following.failed,
  });
  const resumeFlags = targetFlags(globals);
  const history = createWatchHistory(context, client, output);
  const learning = history.learnFrom(happenings);
  // An event has been shown when the next one is asked for.
  const events = output.format === 'ndjson' ? afterEach(learning, 'job.created', onReported) : learning;
  try {
    const { forecastFor } = history;
    const look = { clock, resumeFlags, screen: context.host.screen, forecastFor };
    const ended = await showWatch(output, events, look);
    if (output.format !== 'ndjson') onReported();
    await reportOnGitHub(context, output, { ended, goal, resumeFlags });
    if (goal !== 'cancellation') await history.showChanges(ended);
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

async function reportOnGitHub(
  { env }: Context,
  output: Output,
  report: Omit<WatchReport, 'subject'>,
): Promise<void> {
  if (!isOnGitHub(env)) return;
  const { reportWatch } = await import('../output/github-watch.ts');
  await reportWatch(output, { ...report, subject: output.subject }, env['GITHUB_STEP_SUMMARY']);
}

type Poll = WatchRequest['poll'];

/** One look at jobs by their ids; what has not changed since the last one is not decoded again. */
function jobReader(client: SegmentJobsClient, memory: BulkMemory) {
  return (ids: readonly string[], signal?: AbortSignal) =>
    client.bulkGet(ids, { signal, hasOwnBudget: true, memory });
}

/** Reads what is followed and then looks for more: a look that fails has given nothing that could be lost. */
async function pollSelection(
  client: SegmentJobsClient,
  { filter, since }: FollowedSelection,
  readJobs: ReturnType<typeof jobReader>,
): Promise<Poll> {
  const { createFinder } = await import('../jobs/finding.ts');
  const finder = createFinder(filter, since);
  const nothing: PollAnswer = { jobs: new Map(), failed: new Map() };
  return async (ids, signal, beganMs) => {
    const options = { signal, hasOwnBudget: true };
    const { jobs, failed } = ids.length === 0 ? nothing : await readJobs(ids, signal);
    const found = await finder.look({ readPages: (query) => client.pages(query, options), beganMs });
    return { jobs, failed, found };
  };
}

async function* afterEach<T extends { readonly type: string }>(
  events: AsyncIterable<T>,
  type: T['type'],
  done: () => void,
): AsyncGenerator<T, void, undefined> {
  for await (const event of events) {
    yield event;
    if (event.type === type) done();
  }
}
