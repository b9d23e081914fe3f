// segjobs get: one job, as a page for people or as the service's own JSON.

import { exitCodes } from '../errors.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { jobView } from '../output/job-views.ts';
import { defineCommand } from './command.ts';

export const getCommand = defineCommand({
  name: 'get',
  summary: 'show one job',
  description:
    'Status, times, segments with their expression, and the size of each audience by status and namespace.',
  operands: 'JOB_ID',
  flags: {},
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs get JOB_ID', explains: 'a page to read' },
    { command: 'segjobs get JOB_ID --json | jq .metrics', explains: "the service's own JSON" },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7],
  run: async (context, { operands }) => {
    const id = checkJobId(operands[0] ?? '');
    const [output, client] = await Promise.all([context.output(), context.client()]);
    await output.one(await client.get(id), jobView);
    return exitCodes.done;
  },
});
