// The flags that say what a contract allows, where the profile does not: `quota` and `create` know the same ones.

import { usageError } from '../errors.ts';
import { parseLimits, parseYearStart, type QuotaLimits, type YearStart } from '../jobs/quota-terms.ts';
import { valueFlag } from './command.ts';

const group = 'Quota';

export const quotaFlags = {
  limits: valueFlag('--limits <list>', 'runs the contract allows, such as day=2,year=50', readLimits, {
    group,
    shownDefault: "the profile's limits, else as documented",
  }),
  yearStart: valueFlag(
    '--year-start <date>',
    'when the contract year begins: MM-DD or YYYY-MM-DD',
    readYearStart,
    { group, shownDefault: "the profile's yearStart" },
  ),
};

function readYearStart(text: string): YearStart {
  const yearStart = parseYearStart(text);
  if (yearStart === undefined) throw usageError('give a date: MM-DD or YYYY-MM-DD', 'for example: 06-01');
  return yearStart;
}

function readLimits(text: string): QuotaLimits {
  const limits = parseLimits(text);
  if (limits === undefined) {
    throw usageError('give day=N, year=N or both joined by a comma', 'for example: --limits day=2,year=50');
  }
  return limits;
}
