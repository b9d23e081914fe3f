// A segment job as the tool sees it: the documented fields, typed, beside the exact JSON they came from.

import type { JsonSlice } from '../json-slice.ts';

/** The documented statuses, in the order a job lives through them. */
export const jobStatuses = [
  'NEW',
  'QUEUED',
  'PROCESSING',
  'CANCELLING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
] as const;

export type KnownJobStatus = (typeof jobStatuses)[number];

/** A status the documents name, or whatever else the service said: unknown ones are shown as they are. */
export type JobStatus = KnownJobStatus | (string & {});

export const activeStatuses = ['NEW', 'QUEUED', 'PROCESSING'] as const satisfies readonly KnownJobStatus[];
export const finalStatuses = [
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
] as const satisfies readonly KnownJobStatus[];

/** The text of one JSON value, token for token as the service sent it. */
export type JsonText = string;

export interface MergePolicy {
  readonly id?: string | undefined;
  readonly version?: number | undefined;
}

export interface PqlExpression {
  /** `PQL` in every published sample. */
  readonly type?: string | undefined;
  /** `pql/text` or `pql/json`. */
  readonly format?: string | undefined;
  readonly value?: string | undefined;
}

/** The segment definition as it was when the job was made. */
export interface SegmentDefinition {
  readonly id?: string | undefined;
  readonly version?: number | undefined;
  readonly expression?: PqlExpression | undefined;
  readonly mergePolicyId?: string | undefined;
  readonly mergePolicy?: MergePolicy | undefined;
}

export interface JobSegment {
  /** `*` stands for all definitions. */
  readonly segmentId?: string | undefined;
  readonly segment?: SegmentDefinition | undefined;
}

/** A span as the service measures it; unix milliseconds. */
export interface JobTiming {
  readonly startTimeInMs?: number | undefined;
  readonly endTimeInMs?: number | undefined;
  readonly totalTimeInMs?: number | undefined;
}

/** Numbers by name; a `Map`, because the names come from outside (`__proto__` is a name like any other). */
export type Counts = ReadonlyMap<string, number>;

/** Every part can be missing, even on a job that SUCCEEDED; counter keys need not match the job's segments. */
export interface JobMetrics {
  readonly totalTime?: JobTiming | undefined;
  readonly profileSegmentationTime?: JobTiming | undefined;
  readonly totalProfiles?: number | undefined;
  readonly totalProfilesByMergePolicy?: Counts | undefined;
  /** Qualified profiles by segment. */
  readonly segmentedProfileCounter?: Counts | undefined;
  /** Segment → identity namespace → profiles. */
  readonly segmentedProfileByNamespaceCounter?: ReadonlyMap<string, Counts> | undefined;
  /** Segment → `realized` | `existing` | `exited` → profiles. */
  readonly segmentedProfileByStatusCounter?: ReadonlyMap<string, Counts> | undefined;
}

export interface JobError {
  /** A number or a string on the wire; kept as text. */
  readonly code?: string | undefined;
  readonly msg?: string | undefined;
  readonly callStack?: string | undefined;
}

export interface JobSandbox {
  readonly sandboxId?: string | undefined;
  readonly sandboxName?: string | undefined;
  /** `production` or `development`. */
  readonly type?: string | undefined;
  readonly default?: boolean | undefined;
}

export interface JobLink {
  readonly href?: string | undefined;
  readonly method?: string | undefined;
}

/**
 * One segment job. Only `id` is certain; a documented field that is missing, or is not of its documented
 * type, is `undefined` here and still whole in `json`.
 */
export interface SegmentJob {
  readonly id: string;
  /** `undefined` where the service sent none: such a job is not final. */
  readonly status?: JobStatus | undefined;
  /** `api` (on demand), `scheduler` (nightly batch), or something nobody has documented. */
  readonly source?: string | undefined;
  /** Unix milliseconds. */
  readonly creationTime?: number | undefined;
  /** Unix milliseconds. */
  readonly updateTime?: number | undefined;
  /** Unix **seconds**. */
  readonly updateEpoch?: number | undefined;
  readonly imsOrgId?: string | undefined;
  readonly sandbox?: JobSandbox | undefined;
  readonly profileInstanceId?: string | undefined;
  readonly batchId?: string | undefined;
  readonly computeJobId?: number | undefined;
  readonly computeGatewayJobId?: string | undefined;
  readonly segments: readonly JobSegment[];
  readonly metrics?: JobMetrics | undefined;
  readonly errors: readonly JobError[];
  readonly requestId?: string | undefined;
  readonly schema?: { readonly name?: string | undefined } | undefined;
  readonly properties?:
    | { readonly scheduleId?: string | undefined; readonly runId?: string | undefined }
    | undefined;
  readonly _links?:
    | { readonly cancel?: JobLink | undefined; readonly checkStatus?: JobLink | undefined }
    | undefined;
  /** The job exactly as received: unknown fields, key order and number spelling included. */
  readonly json: JsonText;
  /** The same where it lies in the bytes of an answer, where it was left there. */
  readonly slice?: JsonSlice | undefined;
}

const statusSpellings: ReadonlyMap<string, KnownJobStatus> = new Map<string, KnownJobStatus>([
  ...jobStatuses.map((status) => [status, status] as const),
  ['CANCELING', 'CANCELLING'],
  ['CANCELED', 'CANCELLED'],
]);

/** The documented status behind a spelling (any case, one L or two), or `undefined`. */
export function knownStatus(text: string | undefined): KnownJobStatus | undefined {
  return text === undefined ? undefined : statusSpellings.get(text.trim().toUpperCase());
}

/** Whether the job has ended. An unknown or missing status has not. */
export function isFinal(job: Pick<SegmentJob, 'status'>): boolean {
  const status = knownStatus(job.status);
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED';
}

/** Whether the job is on its way to a result: NEW, QUEUED or PROCESSING. */
export function isActive(job: Pick<SegmentJob, 'status'>): boolean {
  const status = knownStatus(job.status);
  return status === 'NEW' || status === 'QUEUED' || status === 'PROCESSING';
}

/**
 * How long the job took, or has taken until `now` (unix ms on the service's clock), in milliseconds;
 * `undefined` where the service said too little. Never negative.
 */
export function jobDurationMs(job: SegmentJob, now: number): number | undefined {
  const measured = job.metrics?.totalTime?.totalTimeInMs;
  if (measured !== undefined && measured >= 0) return measured;
  if (job.creationTime === undefined) return undefined;
  const end = isFinal(job) ? job.updateTime : now;
  return end === undefined ? undefined : Math.max(0, end - job.creationTime);
}

/** The ids a job evaluates, each once, in the service's order. */
export function segmentIdsOf(job: SegmentJob): readonly string[] {
  return [...new Set(job.segments.flatMap((entry) => entry.segmentId ?? entry.segment?.id ?? []))];
}
