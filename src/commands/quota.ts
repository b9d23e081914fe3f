// segjobs quota: how many runs on demand are used and left, by the jobs that the service lists.

import { exitCodes } from '../errors.ts';
import { countRuns } from '../jobs/quota.ts';
import { printQuota, quotaCaveats } from '../output/quota-view.ts';
import { wrapText } from '../output/width.ts';
import { defineCommand } from './command.ts';
import { factFormats } from './profiles.ts';
import { quotaFlags } from './quota-flags.ts';

const largestPage = 100;
/** Of one note, in the narrowest terminal. */
const mostLines = 20;

export const quotaCommand = defineCommand({
  name: 'quota',
  summary: 'estimate how many runs on demand are used and left',
  description:
    'Adobe allows two runs on demand a day in a sandbox, and fifty a contract year in a production sandbox (a hundred in a development one), and no API tells how many are used. So this is an estimate: it counts the jobs with source api since 00:00 UTC, and since the anniversary of the contract where that is known. See segjobs help quota.',
  flags: quotaFlags,
  formats: factFormats,
  examples: [
    { command: 'segjobs quota', explains: 'what is left today' },
    { command: 'segjobs quota --year-start 06-01', explains: 'and in a contract year that begins on 1 June' },
    { command: 'segjobs quota -q --json | jq .dayLeft', explains: 'one number, in a script' },
  ],
  exitCodes: [0, 2, 3, 4, 5, 7],
  exitMeanings: { 5: 'the service has nothing there: is the sandbox right?' },
  run: async (context, { flags }) => {
    const [output, settings, { storedQuotaTerms }] = await Promise.all([
      context.output(),
      context.settings(),
      import('../config/quota-terms.ts'),
    ]);
    const stored = await storedQuotaTerms(settings.profile, context.config);
    const client = await context.client();
    const progress = output.progress('Counting jobs');
    const estimate = await countRuns(
      { pages: client.pages, now: client.serviceNow, pageSize: largestPage },
      { limits: { ...stored.limits, ...flags.limits }, yearStart: flags.yearStart ?? stored.yearStart },
    ).finally(() => progress.stop());
    await printQuota(output, estimate, settings.sandbox ?? '');
    const { columns } = output.terminals.stderr;
    for (const caveat of quotaCaveats(estimate)) {
      output.note((columns === 0 ? [caveat] : wrapText(caveat, columns, mostLines)).join('\n'));
    }
    return exitCodes.done;
  },
});
