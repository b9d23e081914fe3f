// segjobs watch: follows jobs until they finish, and exits with what became of them.

import { usageError } from '../errors.ts';
import { checkJobId } from '../jobs/job-id.ts';
import { readIds } from './arguments.ts';
import { defineCommand, valueFlag } from './command.ts';
import { follow, watchFlags } from './following.ts';

export const watchCommand = defineCommand({
  name: 'watch',
  summary: 'follow jobs until they finish',
  description:
    'One request per look asks for all unfinished jobs; looks come every 5 seconds at first and every minute later on.\n' +
    'A look that fails is passed over; only ten minutes without any answer end the watch.\n' +
    'Ctrl-C stops watching, never a job. With -o json there is one document at the end, however the watch ended; ' +
    'with -o ndjson every change is an event on stdout as it happens.',
  operands: '[JOB_ID...]',
  flags: {
    file: valueFlag(
      '-f, --file <path>',
      'read ids from a file, one a line or a JSON array; - for stdin',
      String,
    ),
    ...watchFlags,
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs watch JOB_ID && ./export.sh', explains: 'go on when the job has succeeded' },
    {
      command: 'segjobs watch JOB_ID OTHER_JOB_ID --fail-fast',
      explains: 'several at once, until one goes wrong',
    },
    {
      command: 'segjobs list --status active --limit all -o ids | segjobs watch -f -',
      explains: 'everything that is active now',
    },
    { command: 'segjobs watch JOB_ID --timeout 0', explains: 'look once: exit 8 while it still runs' },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7, 8, 10, 11, 12, 124, 129, 130, 141, 143],
  run: async (context, { operands, flags }) => {
    if (operands.length === 0 && flags.file === undefined) {
      throw usageError(
        'no job id given',
        'give job ids, or --file PATH; for everything that is active: segjobs list --status active -o ids | segjobs watch -f -',
      );
    }
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
