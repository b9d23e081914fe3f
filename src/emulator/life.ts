// How a job lives: NEW → QUEUED → PROCESSING → SUCCEEDED or FAILED, or CANCELLING → CANCELLED; a pure function of time.

import type { Definition } from './definitions.ts';
import { fractionOf, hashOf, integerOf } from './random.ts';
import type { Sandbox } from './sandboxes.ts';

export type JobStatus = 'NEW' | 'QUEUED' | 'PROCESSING' | 'CANCELLING' | 'CANCELLED' | 'SUCCEEDED' | 'FAILED';

/** When each step happens, unix ms on the service clock. All of it is decided when the job is made. */
export interface Timeline {
  readonly createdAt: number;
  readonly queuedAt: number;
  readonly processingAt: number;
  /** When the profiles themselves are gone through, the last part of the work. */
  readonly segmentationAt: number;
  readonly endAt: number;
}

/** Why a job fails: a definition that cannot be evaluated, or the platform beneath. */
export type FailureCause = 'definition' | 'platform';

/** One job as the emulator keeps it; its status and document at a moment follow from it. */
export interface Job extends Timeline {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly source: 'api' | 'scheduler';
  /** Counts the jobs of a service up; shown as `computeJobId`. */
  readonly number: number;
  /** `['*']` stands for all definitions. */
  readonly segmentIds: readonly string[];
  /** The `x-request-id` of the create; absent where the service made one up. */
  readonly requestId?: string | undefined;
  readonly failure?: FailureCause | undefined;
  /** Finished without the counters, as one published sample shows. */
  readonly isSparse?: boolean | undefined;
  /** When a cancel was asked for, service time. */
  cancelRequestedAt?: number | undefined;
  /** When it was deleted, service time. */
  deletedAt?: number | undefined;
}

/** Whether a job in that status changes no more. */
export function isFinal(status: JobStatus): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED';
}

/** When the cancel takes effect: some service seconds after it was asked for. */
export function cancelledAt(job: Job): number | undefined {
  if (job.cancelRequestedAt === undefined) return undefined;
  return job.cancelRequestedAt + 1000 * integerOf(4, 9, 'cancel', job.id);
}

/**
 * The status at a moment of service time, and since when the job has had it.
 * A cancel that comes too late loses: the job then ends as it would have.
 */
export function statusAt(job: Job, at: number): { readonly status: JobStatus; readonly since: number } {
  const effectiveAt = cancelledAt(job);
  if (effectiveAt !== undefined && job.cancelRequestedAt !== undefined && job.cancelRequestedAt <= at) {
    if (job.endAt > effectiveAt) {
      return at >= effectiveAt
        ? { status: 'CANCELLED', since: effectiveAt }
        : { status: 'CANCELLING', since: job.cancelRequestedAt };
    }
    if (at < job.endAt) return { status: 'CANCELLING', since: job.cancelRequestedAt };
  }
  if (at >= job.endAt)
    return { status: job.failure === undefined ? 'SUCCEEDED' : 'FAILED', since: job.endAt };
  if (at >= job.processingAt) return { status: 'PROCESSING', since: job.processingAt };
  if (at >= job.queuedAt) return { status: 'QUEUED', since: job.queuedAt };
  return { status: 'NEW', since: job.createdAt };
}

/**
 * What evaluating these definitions together takes, in ms, without the noise of a single run: the slowest one, and a
 * share of each other one. One definition takes 8 to 12 minutes, thirteen about 40.
 */
export function expectedDurationMs(definitions: readonly Definition[]): number {
  const durations = definitions.map(({ durationMs }) => durationMs);
  const longest = durations.reduce((most, ms) => Math.max(most, ms), 480_000);
  const all = durations.reduce((sum, ms) => sum + ms, 0);
  return longest + Math.max(0, all - longest) * 0.24;
}

/** Decides all the steps of a job: about the expected duration, and always the same for the same id. */
export function planTimeline(plan: {
  readonly id: string;
  readonly createdAt: number;
  readonly expectedMs: number;
  /** The job is taken up at once: its first status is PROCESSING. */
  readonly startsAtOnce: boolean;
  readonly fails: boolean;
}): Timeline {
  const { id, createdAt, startsAtOnce } = plan;
  const queueMs = startsAtOnce ? 0 : integerOf(3_000, 9_000, 'queued', id);
  const waitMs = startsAtOnce ? 0 : queueMs + integerOf(9_000, 45_000, 'waits', id);
  const noise = 0.93 + 0.14 * fractionOf('noise', id);
  // A broken run is noticed part of the way through.
  const part = plan.fails ? 0.25 + 0.35 * fractionOf('fails', id) : 1;
  const workMs = Math.round(plan.expectedMs * noise * part);
  const segmentationMs = Math.round(workMs * (0.16 + (hashOf('last', id) % 10) / 100));
  const processingAt = createdAt + waitMs;
  const endAt = processingAt + workMs;
  return {
    createdAt,
    queuedAt: createdAt + queueMs,
    processingAt,
    segmentationAt: endAt - segmentationMs,
    endAt,
  };
}
