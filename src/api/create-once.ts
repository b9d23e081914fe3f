// A create that is sent once: where its answer is lost, it looks for the job instead of asking for a second one.

import { SegjobsError } from '../errors.ts';
import { type SegmentJob, segmentIdsOf } from '../jobs/job.ts';
import { isSameSegmentSet } from '../jobs/segment-set.ts';
import { safeText } from '../safe-text.ts';
import type { ApiClock, CreatedJob } from './client.ts';
import type { Outcome } from './sender.ts';
import { restated } from './service-errors.ts';

export interface CreateParts {
  /** What the job will evaluate; `*` alone for all. */
  readonly segmentIds: readonly string[];
  /** The `x-request-id` of the create, the surest sign of its job. */
  readonly requestId: string;
  /** Sends the create: at most once, unless the service says that it did not happen. */
  send(): Promise<Outcome>;
  /** Decodes the answer; throws where it holds no job. */
  decode(outcome: Outcome & { readonly kind: 'answer' }): SegmentJob;
  /** The newest jobs, newest first. */
  look(): Promise<readonly SegmentJob[]>;
  serviceNow(): number;
  readonly clock: ApiClock;
  readonly signal: AbortSignal;
  readonly waiting?: ((line: string) => void) | undefined;
}

/** When to look, in ms after the outcome became unknown: a 504 can come before the job does. */
const looksAtMs = [0, 2000, 5000, 10_000, 20_000] as const;
/** `Date` is in whole seconds, and two machines of one service need not agree. */
const clockSlackMs = 5000;

/**
 * One job, or the reason why there is none. Three endings: it happened (a well-formed job); it did not (no
 * connection, a redirect, any 4xx but 408) and the error says so; or nobody knows (timeout, reset, 408, 5xx, an
 * answer that is no job): then the newest jobs are searched for its `requestId`, else for the same segments
 * made since. One match is returned as recovered; anything else is `OUTCOME_UNKNOWN`.
 */
export async function createOnce(parts: CreateParts): Promise<CreatedJob> {
  const sentAtMs = parts.clock.monotonicMs();
  const outcome = await parts.send();
  let lost: SegjobsError;
  if (outcome.kind === 'answer') {
    try {
      return { job: parts.decode(outcome), isRecovered: false };
    } catch (error) {
      if (!(error instanceof SegjobsError)) throw error;
      lost = error;
    }
  } else {
    const { failure, mayHaveBeenReceived, error } = outcome;
    if (!mayHaveBeenReceived)
      throw restated(error, `${error.message}; nothing was sent, so no job was created`);
    if (failure.kind === 'status' && isRefusal(failure.httpStatus ?? 0)) throw error;
    lost = error;
  }
  return find(parts, sentAtMs, lost);
}

/** Answers that say that no job was made. */
function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408;
}

async function find(parts: CreateParts, sentAtMs: number, lost: SegjobsError): Promise<CreatedJob> {
  const { clock, signal, serviceNow } = parts;
  const sentAt = () => serviceNow() - (clock.monotonicMs() - sentAtMs);
  const unknown = (found: string, candidates: readonly SegmentJob[] = []) =>
    unknownOutcome(parts, lost, sentAt(), found, candidates);
  if (signal.aborted) throw unknown('nobody has looked for the job');
  parts.waiting?.(`looking for the job, because the answer to the create was lost: ${lost.message}`);
  const beganMs = clock.monotonicMs();
  let found = '';
  for (const [turn, dueMs] of looksAtMs.entries()) {
    const waitMs = beganMs + dueMs - clock.monotonicMs();
    // A look that took long itself has used up the moments that were next.
    if (waitMs < 0 && turn > 0 && turn < looksAtMs.length - 1) continue;
    try {
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      const jobs = await parts.look();
      const matches = matching(jobs, parts, sentAt() - clockSlackMs);
      const [only] = matches;
      if (only !== undefined && matches.length === 1) return { job: only, isRecovered: true };
      if (matches.length > 1) throw unknown(`${matches.length} jobs could be it`, matches);
      found = 'no job of it was found';
    } catch (error) {
      if (!(error instanceof SegjobsError) || error.code === 'OUTCOME_UNKNOWN') throw error;
      found = signal.aborted
        ? 'the search for the job was interrupted'
        : `the search for the job failed: ${error.message}`;
      if (!error.isRetryable) break;
    }
  }
  throw unknown(found);
}

/** Jobs with the request id of the create, else those of the same segments made since it was sent. */
function matching(
  jobs: readonly SegmentJob[],
  { requestId, segmentIds }: CreateParts,
  earliest: number,
): readonly SegmentJob[] {
  // The published samples append a time to the id of the request.
  const own = jobs.filter((job) => job.requestId === requestId || job.requestId?.startsWith(`${requestId}-`));
  if (own.length > 0) return own;
  // `source` is not compared: the published sample of an answer to a create says `scheduler`.
  return jobs.filter(
    (job) =>
      job.creationTime !== undefined &&
      job.creationTime >= earliest &&
      isSameSegmentSet(segmentIdsOf(job), segmentIds),
  );
}

function unknownOutcome(
  { requestId, segmentIds }: CreateParts,
  lost: SegjobsError,
  sentAt: number,
  found: string,
  candidates: readonly SegmentJob[],
): SegjobsError {
  const since = new Date(sentAt - clockSlackMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const named = candidates.map(({ id }) => safeText(id).slice(0, 80));
  const which = named.length === 0 ? '' : ` (${named.slice(0, 3).join(', ')})`;
  return new SegjobsError(
    'OUTCOME_UNKNOWN',
    `a job may have been created: the create was sent, but ${lost.message}; ${found}${which}`,
    {
      hint: `look before you try again, a second create may spend a second run: segjobs list --since ${since} --sort creationTime:desc`,
      httpStatus: lost.httpStatus,
      requestId: lost.requestId ?? requestId,
      details: { requestId, segmentIds, sentAt: new Date(sentAt).toISOString(), candidates: named },
      cause: lost,
    },
  );
}
