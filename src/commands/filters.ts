// The filters of `list`, and what they mean; `watch` selects jobs by the same ones.

import { parseDuration } from '../durations.ts';
import { usageError } from '../errors.ts';
import type { KnownJobStatus } from '../jobs/job.ts';
import { parseWhen } from '../jobs/selection.ts';
import { safeText } from '../safe-text.ts';
import { parseStatuses, parseText } from './arguments.ts';
import { type FlagValues, repeatedFlag, valueFlag } from './command.ts';

const group = 'Filters';

export const filterFlags = {
  status: repeatedFlag(
    '--status <list>',
    'only these statuses, comma-separated; "active" is NEW, QUEUED or PROCESSING, "finished" is SUCCEEDED, FAILED or CANCELLED',
    parseStatuses,
    {
      group,
      choices: [
        'active',
        'finished',
        'NEW',
        'QUEUED',
        'PROCESSING',
        'SUCCEEDED',
        'FAILED',
        'CANCELLING',
        'CANCELLED',
      ],
    },
  ),
  segment: valueFlag('--segment <id>', 'only jobs that evaluate this segment definition', parseText, {
    group,
  }),
  source: valueFlag(
    '--source <source>',
    'only jobs started by api (on demand) or scheduler (nightly)',
    parseSource,
    {
      group,
      choices: ['api', 'scheduler'],
    },
  ),
  property: repeatedFlag(
    '--property <expr>',
    "the service's own filter: path==value or array~key==value; may be given several times",
    parseProperty,
    { group },
  ),
  snapshot: valueFlag('--snapshot <name>', 'only jobs on this profile snapshot', parseText, { group }),
  since: valueFlag(
    '--since <when>',
    'only jobs created since: 2d (ago), 14:30 (today), 2026-01-31, 2026-01-31T14:30:00Z; UTC without a zone',
    parseText,
    { group },
  ),
};

type FilterValues = FlagValues<typeof filterFlags>;

/** The filters but for `--since`, as the service and the reader of its pages take them. */
export interface JobFilter {
  /** Empty: any status. */
  readonly statuses: readonly KnownJobStatus[];
  /** `--property` as given, and `--segment` written as one. */
  readonly properties: readonly string[];
  readonly snapshot: string | undefined;
  readonly source: string | undefined;
}

export function readFilter({ status, segment, source, property, snapshot }: FilterValues): JobFilter {
  return {
    statuses: [...new Set(status.flat())],
    properties: [...property, ...(segment === undefined ? [] : [`segments~segmentId==${segment}`])],
    snapshot,
    source,
  };
}

/** Whether any filter was given, `--since` included. */
export function hasFilter({ status, segment, source, property, snapshot, since }: FilterValues): boolean {
  const single = [segment, source, snapshot, since];
  return status.length > 0 || property.length > 0 || single.some((value) => value !== undefined);
}

/**
 * The instant that `--since` means, in unix ms, for a clock that shows `nowMs`. Throws a usage error at once when it is
 * none for the local clock.
 */
export function readSince(text: string, localNowMs: number): (nowMs: number) => number {
  const local = parseWhen(text, localNowMs, parseDuration);
  if (local === undefined) {
    throw usageError(
      `invalid --since "${safeText(text)}": give a duration ago (2d), HH:MM, a date or an RFC 3339 time`,
      'for example: --since 36h, --since 02:00, --since 2026-01-31T06:00:00Z',
    );
  }
  return (nowMs) => parseWhen(text, nowMs, parseDuration) ?? local;
}

function parseSource(text: string): string {
  const source = text.toLowerCase();
  if (source !== 'api' && source !== 'scheduler') throw usageError('give api or scheduler');
  return source;
}

function parseProperty(text: string): string {
  parseText(text);
  if (!/^[^=~]+(~[^=~]+)?==./.test(text)) {
    throw usageError(
      'give path==value or array~key==value',
      'for example: --property segments~segmentId==SEGMENT_ID',
    );
  }
  return text;
}
