// A create that is sent once: where its answer is lost, it looks for the job instead of asking for a second one.

import { SegjobsError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import type { ApiClock, CreatedJob, CreateOptions } from './client.ts';
import type { KeptIntent } from './create-intent-file.ts';
import type { CreateIntents, Survey } from './create-intents.ts';
import { type SoughtJob, unknownOutcome } from './create-look.ts';
import { recall } from './create-recall.ts';
import type { Outcome, SendWatcher } from './sender.ts';
import { restated } from './service-errors.ts';

export interface CreateParts {
  /** What the job will evaluate; `*` alone for all. */
  readonly segmentIds: readonly string[];
  /** The `x-request-id` of the create, the surest sign of its job. */
  readonly requestId: string;
  /** Sends the create: at most once, unless the service says that it did not happen. */
  send(watcher: SendWatcher): Promise<Outcome>;
  /** Decodes the answer; throws where it holds no job. */
  decode(outcome: Outcome & { readonly kind: 'answer' }): SegmentJob;
  /** Jobs that could be the one; `isRetried`: with the retries of a read, where no further look will follow. */
  look(sought: SoughtJob, options: { readonly isRetried: boolean }): Promise<readonly SegmentJob[]>;
  get(id: string): Promise<SegmentJob>;
  /** A job of these segments that runs already. */
  findActive(): Promise<SegmentJob | undefined>;
  serviceNow(): number;
  /** `undefined` before a first answer has told it. */
  knownServiceNow(): number | undefined;
  readonly clock: ApiClock;
  readonly signal: AbortSignal;
  readonly waiting?: ((line: string) => void) | undefined;
  readonly intents: CreateIntents;
  readonly options: CreateOptions;
}

/** When to look, in ms after the outcome became unknown: a 504 can come before the job does. */
const looksAtMs = [0, 2000, 5000, 10_000, 20_000] as const;

/**
 * One job, or the reason why there is none. Three endings: it happened (a well-formed job); it did not (no
 * connection, a redirect, any 4xx but 408) and the error says so; or nobody knows (timeout, reset, 408, 5xx, an
 * answer that is no job): then the newest jobs are searched for its `requestId`, else for the same segments
 * made since. One match is returned as recovered; anything else is `OUTCOME_UNKNOWN`.
 *
 * A create of the same segments that was left behind is looked for first in the same way: one match is returned,
 * none within ten minutes is `OUTCOME_UNKNOWN`, and after that a new one is sent.
 */
export function createOnce(parts: CreateParts): Promise<CreatedJob> {
  const { intents, options } = parts;
  return intents.inTurn(async () => {
    parts.signal.throwIfAborted();
    const survey = intents.survey();
    if (options.isNew === true) return sendOnce(parts, survey, survey.leftBehind);
    const earlier = await recall(parts, survey);
    if ('job' in earlier) return earlier;
    const active = options.reuseActive === true ? await parts.findActive() : undefined;
    if (active !== undefined) return { job: active, origin: 'active', settle: () => undefined };
    if (earlier.unsettled !== undefined) throw earlier.unsettled;
    return sendOnce(parts, survey, []);
  });
}

/** `replaced` are forgotten once this one is written down. */
async function sendOnce(
  parts: CreateParts,
  { jobIds: otherJobIds }: Survey,
  replaced: readonly KeptIntent[],
): Promise<CreatedJob> {
  const { intents, clock, requestId, segmentIds } = parts;
  const { onDoubt = () => undefined, beforeSending } = parts.options;
  await beforeSending?.();
  let sentAtMs = clock.monotonicMs();
  let kept: KeptIntent | undefined;

  const keep = (jobId?: string) => {
    const agoMs = clock.monotonicMs() - sentAtMs;
    const serviceNow = parts.knownServiceNow();
    const sentAt = Math.round(clock.now() - agoMs);
    const sentAtService = serviceNow === undefined ? undefined : Math.round(serviceNow - agoMs);
    const intent = { requestId, segmentIds, sentAt, sentAtService, jobId, otherJobIds };
    kept = intents.keep(intent) ?? kept;
  };
  const didNotHappen = () => {
    if (kept !== undefined) intents.forget(kept);
    kept = undefined;
    onDoubt(false);
  };
  const happened = (job: SegmentJob, origin: CreatedJob['origin']): CreatedJob => {
    if (kept !== undefined) keep(job.id);
    onDoubt(false);
    return { job, origin, settle: () => kept !== undefined && intents.settle(kept) };
  };

  let outcome: Outcome;
  try {
    outcome = await parts.send({
      onSending: () => {
        sentAtMs = clock.monotonicMs();
        keep();
        for (const intent of replaced) if (intent.path !== kept?.path) intents.forget(intent);
      },
      onLeaving: () => onDoubt(true),
      onRefused: didNotHappen,
    });
  } catch (cause) {
    // Thrown only by what comes before a request can have left: no token, an interrupt.
    if (cause instanceof SegjobsError) didNotHappen();
    throw cause;
  }
  let lost: SegjobsError;
  if (outcome.kind === 'answer') {
    try {
      return happened(parts.decode(outcome), 'created');
    } catch (error) {
      if (!(error instanceof SegjobsError)) throw error;
      lost = error;
    }
  } else {
    const { failure, mayHaveBeenReceived, error } = outcome;
    if (!mayHaveBeenReceived) {
      didNotHappen();
      throw restated(error, `${error.message}; nothing was sent, so no job was created`);
    }
    if (failure.kind === 'status' && isRefusal(failure.httpStatus ?? 0)) {
      didNotHappen();
      throw error;
    }
    lost = error;
  }
  const sentAt = () => parts.serviceNow() - (clock.monotonicMs() - sentAtMs);
  return happened(
    await find(parts, { requestId, segmentIds, sentAt, otherJobIds }, lost, kept !== undefined),
    'recovered',
  );
}

/** Answers that say that no job was made. */
function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408;
}

async function find(
  parts: CreateParts,
  sought: SoughtJob,
  lost: SegjobsError,
  isRemembered: boolean,
): Promise<SegmentJob> {
  const { clock, signal } = parts;
  const elsewhere = isRemembered ? 'the same create, run again on this machine, looks first; elsewhere ' : '';
  const message = `a job may have been created: the create was sent, but ${lost.message}`;
  const advice = `${elsewhere}look before you try again, a second create may spend a second run:`;
  const unknown = (found: string, candidates: readonly SegmentJob[] = []) =>
    unknownOutcome(
      { sought, message: `${message}; ${found}`, candidates, advice, cause: lost },
      parts.options.hintFlags,
    );
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
      const matches = await parts.look(sought, { isRetried: false });
      const [only] = matches;
      if (only !== undefined && matches.length === 1) return only;
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
