// What is said of a job wherever it is shown: its status in colour, how long it took, what went wrong.

import {
  isFinal,
  type JobError,
  jobDurationMs,
  knownStatus,
  type SegmentJob,
  segmentIdsOf,
} from '../jobs/job.ts';
import type { Paint } from './terminal.ts';
import { countText, isPlausibleTime } from './text.ts';

/** Colours a status by what it means; an unknown one stays plain. */
export function paintStatus(text: string, status: string | undefined, paint: Paint): string {
  switch (knownStatus(status)) {
    case 'SUCCEEDED':
      return paint.good(text);
    case 'FAILED':
      return paint.bad(text);
    case 'CANCELLED':
      return paint.muted(text);
    case undefined:
      return text;
    default:
      return paint.busy(text);
  }
}

/**
 * How long the job took, or has taken until `now`, in milliseconds; `undefined` where the service said too little, or
 * a time that cannot be one (seconds where milliseconds are documented).
 */
export function shownDurationMs(job: SegmentJob, now: number): number | undefined {
  const measured = job.metrics?.totalTime?.totalTimeInMs;
  const end = isFinal(job) ? job.updateTime : now;
  const canSubtract = isPlausibleTime(job.creationTime) && isPlausibleTime(end);
  return (measured !== undefined && measured >= 0) || canSubtract ? jobDurationMs(job, now) : undefined;
}

/** `3`, or `all` for a job of all definitions. */
export function segmentCountText(job: SegmentJob): string {
  return segmentIdsOf(job).includes('*') ? 'all' : countText(job.segments.length);
}

/** One error in a line: `code: message`. */
export function errorLine({ code, msg }: JobError): string {
  return [code, msg].filter((part) => part !== undefined && part !== '').join(': ');
}
