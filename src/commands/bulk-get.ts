// segjobs bulk-get: many jobs with as few requests as possible, in the order asked.

import type { BulkResult } from '../api/client.ts';
import { type ExitCode, exitCodes, SegjobsError, usageError } from '../errors.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { bulkFrame, jobView } from '../output/job-views.ts';
import type { Output } from '../output/output.ts';
import { oneBatch } from '../output/view.ts';
import { readIds } from './arguments.ts';
import { defineCommand, valueFlag } from './command.ts';

export const bulkGetCommand = defineCommand({
  name: 'bulk-get',
  summary: 'show many jobs with as few requests as possible',
  description:
    'Asks for up to 100 jobs with one request. They are printed in the order asked, each once. Ids that are not found are ' +
    'named on stderr.',
  operands: '[JOB_ID...]',
  flags: {
    file: valueFlag(
      '-f, --file <path>',
      'read job ids from a file: one a line, or a JSON array; - is stdin',
      String,
    ),
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs bulk-get JOB_ID OTHER_JOB_ID', explains: 'two jobs, one request' },
    {
      command: 'segjobs list --status failed -o ids | segjobs bulk-get -f - -o json',
      explains: 'ids from a pipe, jobs as JSON',
    },
    {
      command: 'segjobs bulk-get -f jobs.txt -o tsv | cut -f1,2',
      explains: 'status and id of the jobs in a file',
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7, 12],
  exitMeanings: { 5: 'none of the jobs is in this sandbox', 12: 'some were found and some were not' },
  run: async (context, { operands, flags }) => {
    const ids = await readIds(context, { operands, file: flags.file, what: 'job id', check: checkJobId });
    if (ids.length === 0)
      throw usageError(
        'the file holds no job id',
        'an empty file here often means that a command before it failed',
      );
    const [output, client] = await Promise.all([context.output(), context.client()]);
    const found = await client.bulkGet(ids);
    await output.many(oneBatch([...found.jobs.values()]), jobView, bulkFrame);
    return tellRest(output, ids, found);
  },
});

/** Names what is not there. 0 all found; 5 none of them exists; 12 some are missing or answered with an error. */
function tellRest(output: Output, ids: readonly string[], { jobs, missing, failed }: BulkResult): ExitCode {
  if (missing.length === 0 && failed.size === 0) return exitCodes.done;
  const [only] = ids;
  const details = { missing, failed: [...failed.keys()] };
  if (ids.length > 1) for (const id of missing) output.warn(`Not found: ${id}`);
  for (const [id, { message, requestId }] of failed) {
    output.warn(
      `Could not read ${id}: ${message}${requestId === undefined ? '' : ` (request id ${requestId})`}`,
    );
  }
  const isNothingThere = jobs.size === 0 && failed.size === 0;
  const what = ids.length === 1 ? `job ${only} was not found` : `none of the ${ids.length} jobs was found`;
  const error = isNothingThere
    ? new SegjobsError('NOT_FOUND', what, {
        hint: 'is it in another sandbox? see: segjobs auth status',
        details,
      })
    : new SegjobsError('PARTIAL', `${jobs.size} of ${ids.length} jobs were found`, { details });
  output.error(error);
  return error.exitCode;
}
