// segjobs get: one job, as a page for people or as the service's own JSON; with --compare beside the jobs before it.

import type { SegmentJobsClient } from '../api/client.ts';
import type { Context } from '../context.ts';
import { exitCodes, usageError } from '../errors.ts';
import type { JobComparison } from '../jobs/comparison.ts';
import type { SegmentJob } from '../jobs/job.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { jobView } from '../output/job-views.ts';
import { defineCommand, optionalValueFlag } from './command.ts';

/** An old job has its predecessor far down the list: so many pages of a list are read, and no more. */
const mostPages = 10;

export const getCommand = defineCommand({
  name: 'get',
  summary: 'show one job',
  description:
    'Shows its status, its times, its segments with their expression, and how large each audience is, by status and ' +
    'by namespace. The exit code is 0 whatever has become of the job; segjobs watch tells that by its own.\n' +
    '--compare tells how each count has changed since the last successful job before it that evaluated the same ' +
    'segment, or since the job named. The word right behind --compare is that other job, so the job to show comes first.',
  operands: 'JOB_ID',
  flags: {
    compare: optionalValueFlag(
      '--compare [job-id]',
      'show how the audiences changed since the job before it, or since that job',
      checkJobId,
      { formats: ['table', 'tsv', 'json', 'ndjson'] },
    ),
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs get JOB_ID', explains: 'a page to read' },
    {
      command: 'segjobs get JOB_ID --json | jq .metrics',
      explains: 'a part of the JSON that the service sent',
    },
    {
      command: 'segjobs get JOB_ID --compare',
      explains: 'how the audiences have changed since the job before',
    },
    {
      command: 'segjobs get JOB_ID --compare OTHER_JOB_ID',
      explains: 'how they have changed since that very job',
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7],
  exitMeanings: { 5: 'no such job in this sandbox' },
  run: async (context, { operands, flags }) => {
    const id = checkJobId(operands[0] ?? '');
    const other = flags.compare?.value;
    if (other === id) throw usageError('a job cannot be compared with itself', 'give the id of another one');
    const [output, client] = await Promise.all([context.output(), context.client()]);
    if (flags.compare === undefined) {
      await output.one(await client.get(id), jobView);
      return exitCodes.done;
    }
    const [job, otherJob] = await Promise.all([
      client.get(id),
      other === undefined ? undefined : client.get(other),
    ]);
    const comparison =
      otherJob === undefined
        ? await compareWithHistory(context, client, job)
        : await compareWithOther(job, otherJob);
    const { printComparison } = await import('../output/comparison-views.ts');
    await printComparison(output, comparison);
    const text = nothingFoundText(comparison, otherJob);
    if (text !== undefined) output.note(text);
    return exitCodes.done;
  },
});

async function compareWithOther(job: SegmentJob, other: SegmentJob): Promise<JobComparison> {
  const { comparableSegments, compareJob } = await import('../jobs/comparison.ts');
  return compareJob(job, new Map(comparableSegments(other).map((segmentId) => [segmentId, other])));
}

/** Throws when the earlier jobs cannot be read: they are what was asked for. */
async function compareWithHistory(
  { signal }: Context,
  client: SegmentJobsClient,
  job: SegmentJob,
): Promise<JobComparison> {
  const { createRunHistory } = await import('../jobs/run-history.ts');
  const history = createRunHistory({ pages: client.pages, mostPages });
  await history.readForComparison([job], signal);
  return history.compare(job);
}

function nothingFoundText({ segments }: JobComparison, other: SegmentJob | undefined): string | undefined {
  const missing = segments.filter(({ comparedWith }) => comparedWith === undefined).length;
  if (segments.length === 0) return 'The job names no segment to compare.';
  if (missing === 0) return undefined;
  const which = missing === segments.length ? 'these segments' : `${missing} of ${segments.length} segments`;
  return other === undefined
    ? `No earlier successful job with ${which} was found.`
    : `The other job did not evaluate ${which}.`;
}
