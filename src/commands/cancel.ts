// segjobs cancel: looks at every job first, asks where it should, and only then sends DELETEs.

import type { ItemError, SegmentJobsClient } from '../api/client.ts';
import type { Context } from '../context.ts';
import { type ErrorCode, type ExitCode, exitCodes, SegjobsError } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { isFinal, knownStatus, type SegmentJob } from '../jobs/job.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { type CancelRow, cancelFrame, cancelView } from '../output/cancel-views.ts';
import type { Output } from '../output/output.ts';
import { oneBatch } from '../output/view.ts';
import { leaveTellingToEvents } from '../output/watch-views.ts';
import { readIds } from './arguments.ts';
import { defineCommand, type FlagValues, switchFlag, valueFlag } from './command.ts';
import { follow, watchFlags } from './following.ts';

const requestsAtOnce = 4;

export const cancelCommand = defineCommand({
  name: 'cancel',
  summary: 'cancel jobs',
  description:
    'The service marks a job at once and stops it later; --watch waits until it has really ended.\n' +
    'Jobs that have ended are left alone (exit 6), because Adobe does not say what the request would do to them.\n' +
    'One id is cancelled without a question. More than one, or ids from a file, are shown first and asked about; ' +
    'where nobody can be asked, --yes is needed.',
  operands: '[JOB_ID...]',
  flags: {
    file: valueFlag(
      '-f, --file <path>',
      'read job ids from a file: one a line, or a JSON array; - is stdin',
      String,
    ),
    yes: switchFlag('-y, --yes', 'do not ask'),
    dryRun: switchFlag('-n, --dry-run', 'show what would be cancelled and cancel nothing'),
    watch: switchFlag('-w, --watch', 'then wait until every job has really ended'),
    ...watchFlags,
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  streamsEvents: 'with --watch',
  examples: [
    { command: 'segjobs cancel JOB_ID', explains: 'one job' },
    {
      command: 'segjobs list --status active --limit all -o ids | segjobs cancel -f - --yes',
      explains: 'everything that is active',
    },
    {
      command: 'segjobs cancel JOB_ID --watch --timeout 15m',
      explains: 'wait until it has really ended, for a quarter of an hour at most',
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 12, 124, 129, 130, 141, 143],
  exitMeanings: {
    0: 'done; with --watch, every job has ended CANCELLED',
    5: 'no such job in this sandbox',
    6: 'a job had ended before it could be cancelled',
    12: 'some jobs are marked and some are not, or none is, for different reasons',
  },
  run: async (context, { operands, flags }) => {
    const ids = await readIds(context, { operands, file: flags.file, what: 'job id', check: checkJobId });
    const output = await context.output();
    const isWatched = flags.watch && !flags.dryRun;
    const mustAsk = !flags.yes && !flags.dryRun && (ids.length > 1 || flags.file !== undefined);
    if (isWatched && !(mustAsk && ids.length > 0)) leaveTellingToEvents(output);
    if (ids.length === 0) {
      output.note('Nothing to cancel.');
      // A program that reads a watch gets its document, or its events, of no jobs too.
      if (flags.watch) return follow(context, { ids, flags, goal: 'cancellation' });
      await output.many(oneBatch<CancelRow>([]), cancelView, cancelFrame);
      return exitCodes.done;
    }
    const prompts = await context.prompts();
    if (mustAsk && (flags.file === '-' || !prompts.canAsk)) {
      throw new SegjobsError('WOULD_PROMPT', 'cancelling these jobs needs a confirmation', {
        hint: 'add --yes, or look first with --dry-run',
      });
    }
    const client = await context.client();
    const rows = await readStates(client, ids);
    const cancellable = rows.filter((row) => row.outcome === 'requested');
    if (flags.dryRun) {
      const planned = rows.map((row) =>
        row.outcome === 'requested' ? { ...row, outcome: 'planned' as const } : row,
      );
      await output.many(oneBatch(planned), cancelView, cancelFrame);
      return tellEnd(context, output, planned);
    }
    if (mustAsk && cancellable.length > 0 && !(await isConfirmed(context, rows, cancellable.length))) {
      output.note('Nothing was cancelled.');
      return exitCodes.done;
    }
    if (isWatched) leaveTellingToEvents(output);
    const done = await settleLost(context, client, await cancelAll(context, client, rows));
    for (const row of done) tell(output, row, { isOnly: done.length === 1, isWatched });
    if (isWatched) return watchTheEnd(context, done, flags);
    await printRows(output, done);
    return tellEnd(context, output, done);
  },
});

/**
 * Waits until the jobs have really ended. One that had finished before is looked at too; a missing one counts as not
 * found, and one that could not be cancelled is given up at once, because it may run for hours.
 */
async function watchTheEnd(
  context: Context,
  rows: readonly CancelRow[],
  flags: FlagValues<typeof watchFlags>,
): Promise<number> {
  const idsOf = (outcome: CancelRow['outcome']) =>
    rows.flatMap((row) => (row.outcome === outcome ? [row.id] : []));
  const failed = rows.flatMap(({ id, outcome, error, job }) =>
    outcome === 'failed' && error !== undefined ? [{ id, error: notCancelled(error), job }] : [],
  );
  return follow(context, {
    ids: rows.map(({ id }) => id),
    flags,
    absent: idsOf('missing'),
    failed,
    goal: 'cancellation',
  });
}

/** The same failure, told as what it means for the job. */
function notCancelled(error: SegjobsError): SegjobsError {
  const { code, httpStatus, requestId, retryAfterSeconds } = error;
  return new SegjobsError(code, `could not be cancelled: ${error.message}`, {
    httpStatus,
    requestId,
    retryAfterSeconds,
  });
}

/** What each job's state allows: `requested` is what a DELETE may be sent for. */
async function readStates(client: SegmentJobsClient, ids: readonly string[]): Promise<readonly CancelRow[]> {
  const { jobs, failed } = await client.bulkGet(ids);
  return ids.map((id) => {
    const job = jobs.get(id);
    if (job !== undefined) return { id, outcome: outcomeFor(job), status: job.status, job };
    const problem = failed.get(id);
    return problem === undefined
      ? { id, outcome: 'missing' }
      : { id, outcome: 'failed', error: itemError(problem) };
  });
}

function outcomeFor(job: SegmentJob): CancelRow['outcome'] {
  const status = knownStatus(job.status);
  if (status === 'CANCELLING' || status === 'CANCELLED') return 'already';
  return isFinal(job) ? 'finished' : 'requested';
}

function itemError({ message, httpStatus, requestId }: ItemError): SegjobsError {
  const code = httpStatus === undefined || httpStatus < 500 ? 'REFUSED' : 'UNAVAILABLE';
  return new SegjobsError(code, message, { httpStatus, requestId });
}

async function isConfirmed(context: Context, rows: readonly CancelRow[], count: number): Promise<boolean> {
  const [output, prompts, { sandbox }] = await Promise.all([
    context.output(),
    context.prompts(),
    context.settings(),
  ]);
  for (const { id, status } of rows) output.warn(`  ${id}  ${status ?? 'not found'}`);
  const question = `Cancel ${count} ${count === 1 ? 'job' : 'jobs'} in sandbox "${sandbox}"?`;
  return prompts.confirm(question, 'add --yes');
}

/** Sends the DELETEs, four at a time; one that fails does not stop the others. A signal stops what was not begun. */
async function cancelAll(
  context: Context,
  client: SegmentJobsClient,
  rows: readonly CancelRow[],
): Promise<readonly CancelRow[]> {
  return inParallel(rows, requestsAtOnce, async (row): Promise<CancelRow> => {
    if (row.outcome !== 'requested') return row;
    try {
      context.signal.throwIfAborted();
      const settled = await client.cancel(row.id);
      return { ...row, status: settled?.status ?? 'CANCELLING' };
    } catch (error) {
      if (!(error instanceof SegjobsError)) throw error;
      if (error.code === 'NOT_FOUND') return { id: row.id, outcome: 'missing' };
      // A conflict that the service itself told: it has finished since. One told of a 404 is a job that runs on.
      if (error.code === 'CONFLICT' && error.httpStatus !== 404)
        return { ...row, outcome: 'finished', error };
      return { ...row, outcome: 'failed', error };
    }
  });
}

/** Failures of a DELETE that leave open whether it was carried out. */
const lostAnswers: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NETWORK', 'TIMEOUT', 'UNAVAILABLE']);

/**
 * Where the answers of DELETEs were lost for good, one bulk-get tells which were carried out all the same: saying
 * that they failed would be wrong, and a look for each of them would double the requests of an outage.
 */
async function settleLost(
  context: Context,
  client: SegmentJobsClient,
  rows: readonly CancelRow[],
): Promise<readonly CancelRow[]> {
  const lost = rows.flatMap(({ id, error }) =>
    error !== undefined && lostAnswers.has(error.code) ? [id] : [],
  );
  if (lost.length === 0 || context.signal.aborted) return rows;
  const found = await client.bulkGet(lost).catch(() => undefined);
  return rows.map((row) => {
    const job = lost.includes(row.id) ? found?.jobs.get(row.id) : undefined;
    if (job === undefined || outcomeFor(job) !== 'already') return row;
    return { id: row.id, outcome: 'requested', status: job.status, job };
  });
}

function isUnderWay({ outcome }: CancelRow): boolean {
  return outcome === 'requested' || outcome === 'already';
}

/** What happened to one job. A failure is left to what comes after: the closing error of an only job, or the watch. */
function tell(
  output: Output,
  { id, outcome, status, error }: CancelRow,
  { isOnly, isWatched }: { readonly isOnly: boolean; readonly isWatched: boolean },
): void {
  if (outcome === 'requested') output.note(`Marked job ${id} for cancellation; it is now ${status}.`);
  if (outcome === 'already') output.note(`Job ${id} is ${status} already.`);
  if (outcome === 'finished' && error === undefined && (isWatched || !isOnly)) {
    output.warn(`Job ${id} is ${status} already; nothing was sent.`);
  }
  if (isOnly || isWatched) return;
  if (outcome === 'missing') output.warn(`Not found: ${id}`);
  if (error !== undefined) output.warn(`Could not cancel ${id}: ${error.message}${requestIdNote(error)}`);
}

function requestIdNote({ requestId }: SegjobsError): string {
  return requestId === undefined ? '' : ` (request id ${requestId})`;
}

async function printRows(output: Output, rows: readonly CancelRow[]): Promise<void> {
  try {
    await output.many(oneBatch(rows), cancelView, cancelFrame);
  } catch (error) {
    // The work is done: a reader that went away must not change what the exit code says of it.
    if (!(error instanceof SegjobsError && error.code === 'READER_GONE')) throw error;
  }
}

/** Tells a failure of the whole and returns its code: a signal's, that of all jobs alike, else 12. */
function tellEnd({ signal }: Context, output: Output, rows: readonly CancelRow[]): ExitCode {
  const error = failureOf(rows, signal);
  if (error === undefined) return exitCodes.done;
  output.error(error);
  return error.exitCode;
}

function failureOf(rows: readonly CancelRow[], signal: AbortSignal): SegjobsError | undefined {
  const failures = rows.flatMap((row) => rowFailure(row) ?? []);
  const [first] = failures;
  if (first === undefined || rows.length === 1) return first;
  const stopped = failures.find((error) => error === signal.reason);
  const isAlike = failures.length === rows.length && new Set(failures.map(({ code }) => code)).size === 1;
  const isPlan = rows.some(({ outcome }) => outcome === 'planned');
  const wanted = rows.filter((row) => isUnderWay(row) || row.outcome === 'planned').length;
  const count = `${wanted} of ${rows.length} jobs ${isPlan ? 'would be' : 'are being'} cancelled`;
  return new SegjobsError(
    stopped?.code ?? (isAlike ? first.code : 'PARTIAL'),
    stopped === undefined ? count : `${stopped.message}; ${count}`,
    {
      hint: (stopped ?? first).hint,
      details: { outcomes: Object.fromEntries(rows.map(({ id, outcome }) => [id, outcome])) },
    },
  );
}

function rowFailure({ id, outcome, status, error }: CancelRow): SegjobsError | undefined {
  if (error !== undefined) return error;
  if (outcome === 'missing') return new SegjobsError('NOT_FOUND', `job ${id} was not found`);
  if (outcome !== 'finished') return undefined;
  return new SegjobsError('CONFLICT', `job ${id} is ${status} already; nothing was sent`, {
    hint: 'a finished job cannot be cancelled',
  });
}
