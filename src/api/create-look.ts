// Finding the job of a create among the newest jobs, or a job that runs already; and what to say when it is not found.

import { SegjobsError } from '../errors.ts';
import { activeStatuses, type SegmentJob, segmentIdsOf } from '../jobs/job.ts';
import { findActiveTwin, isSameSegmentSet } from '../jobs/segment-set.ts';
import { safeText } from '../safe-text.ts';
import type { FreshPage, ListQuery } from './client.ts';

/** `Date` is in whole seconds, and two machines of one service need not agree. */
const clockSlackMs = 5000;
/** A create that has no job after so long did not happen, and a job made later is not its job. */
export const hopeEndsAfterMs = 10 * 60_000;

/** What is known of a create whose job is looked for. */
export interface SoughtJob {
  /** `undefined` where it is not known any more. */
  readonly requestId: string | undefined;
  readonly segmentIds: readonly string[];
  /** When it was sent, in unix ms on the service's clock; asked again after each answer, which tells that clock. */
  readonly sentAt: () => number;
  /** Jobs that are known to be another create's; its own request id goes before that. */
  readonly otherJobIds: readonly string[];
}

/**
 * Jobs with the request id of the create, else those of the same segments made within ten minutes of its sending.
 * `pages` are the newest jobs first; reading ends where they are older than the create.
 */
export async function findCandidates(
  pages: AsyncIterable<FreshPage>,
  sought: SoughtJob,
): Promise<readonly SegmentJob[]> {
  const { requestId, segmentIds, otherJobIds } = sought;
  const alike: SegmentJob[] = [];
  for await (const { jobs } of pages) {
    const own = jobs.filter((job) => isOfRequest(job, requestId));
    if (own.length > 0) return own;
    const earliest = sought.sentAt() - clockSlackMs;
    // `source` is not compared: the published sample of an answer to a create says `scheduler`.
    const latest = sought.sentAt() + hopeEndsAfterMs + clockSlackMs;
    const isInTime = ({ creationTime }: SegmentJob) =>
      creationTime !== undefined && creationTime >= earliest && creationTime <= latest;
    const isAlike = (job: SegmentJob) =>
      isInTime(job) && !otherJobIds.includes(job.id) && isSameSegmentSet(segmentIdsOf(job), segmentIds);
    alike.push(...jobs.filter(isAlike));
    if (jobs.some(({ creationTime }) => creationTime !== undefined && creationTime < earliest)) break;
  }
  return alike;
}

/** The published samples append a time to the id of the request. */
function isOfRequest(job: SegmentJob, requestId: string | undefined): boolean {
  if (requestId === undefined || job.requestId === undefined) return false;
  return job.requestId === requestId || job.requestId.startsWith(`${requestId}-`);
}

/** A NEW, QUEUED or PROCESSING job of exactly these segments. */
export async function findActiveJob(
  pages: (query: ListQuery) => AsyncIterable<FreshPage>,
  segmentIds: readonly string[],
): Promise<SegmentJob | undefined> {
  const [first] = segmentIds;
  for (const status of activeStatuses) {
    const query = {
      status,
      properties: [`segments~segmentId==${first}`],
      sort: 'creationTime:desc',
      limit: 100,
    };
    for await (const { jobs } of pages(query)) {
      const twin = findActiveTwin(jobs, segmentIds);
      if (twin !== undefined) return twin;
    }
  }
  return undefined;
}

/** A create whose job was not found, and what can be said of it. */
interface UnknownOutcome {
  readonly sought: SoughtJob;
  readonly message: string;
  readonly candidates: readonly SegmentJob[];
  /** What to do; the command that shows the candidates follows. */
  readonly advice: string;
  readonly cause: SegjobsError | undefined;
}

/** Exit 9. `hintFlags` make the command in the hint look where the create was sent. */
export function unknownOutcome(
  { sought, message, candidates, advice, cause }: UnknownOutcome,
  hintFlags: readonly string[] = [],
): SegjobsError {
  const sentAt = sought.sentAt();
  const look = ['segjobs list --since', timeText(sentAt - clockSlackMs), '--sort creationTime:desc'];
  const named = candidates.map(({ id }) => safeText(id).slice(0, 80));
  const which = named.length === 0 ? '' : ` (${named.slice(0, 3).join(', ')})`;
  return new SegjobsError('OUTCOME_UNKNOWN', `${message}${which}`, {
    hint: [advice, ...look, ...hintFlags].join(' '),
    httpStatus: cause?.httpStatus,
    requestId: cause?.requestId ?? sought.requestId,
    details: {
      requestId: sought.requestId ?? null,
      segmentIds: sought.segmentIds,
      sentAt: new Date(sentAt).toISOString(),
      candidates: named,
    },
    cause,
  });
}

/** To the second, rounded down. */
export function timeText(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
