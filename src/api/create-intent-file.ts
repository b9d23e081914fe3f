// The file of one create that is remembered: what it says, and what to make of one that says nothing.

import { lstatSync } from 'node:fs';
import { type Ownership, readRegular } from '../files.ts';
import { livenessOf, ownMark, type ProcessMark } from '../process-marks.ts';

/** One create, as far as it came. */
export interface CreateIntent {
  /** The `x-request-id` it was sent with; `undefined` where the file cannot be read. */
  readonly requestId: string | undefined;
  readonly segmentIds: readonly string[];
  /** Unix ms on the local clock, taken just before it was sent. */
  readonly sentAt: number;
  /** The same moment on the service's clock, where that was known. */
  readonly sentAtService?: number | undefined;
  /** Of the job, once that is known. */
  readonly jobId?: string | undefined;
  /** Unix ms on the local clock, when the job became known. */
  readonly jobKnownAt?: number | undefined;
  /** Jobs of the same segments that were known when it was sent: they are not its job. */
  readonly otherJobIds?: readonly string[] | undefined;
}

/** A create as it is remembered; the path identifies it. */
export interface KeptIntent extends CreateIntent {
  readonly path: string;
}

export interface FoundIntent extends KeptIntent {
  /** Whether the process that knows its job runs, and is about to tell it. */
  readonly isInHands: boolean;
}

const maxIntentBytes = 1024 * 1024;
const version = 1;

/** The content of the file of a create that is this process's own. */
export function intentText(intent: CreateIntent): string {
  const { requestId, segmentIds, sentAt, sentAtService, jobId, jobKnownAt, otherJobIds } = intent;
  const facts = { version, requestId, segmentIds, sentAt, sentAtService, jobId, jobKnownAt, otherJobIds };
  return `${JSON.stringify({ ...facts, owner: ownMark() })}\n`;
}

/** `undefined` for one that was removed meanwhile. */
export function readIntent(
  path: string,
  segmentIds: readonly string[],
  owner: Ownership,
): FoundIntent | undefined {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return undefined;
  const unreadable = { path, requestId: undefined, segmentIds, sentAt: facts.mtimeMs, isInHands: false };
  // Never the tool's own work: what is behind a link is not looked at.
  if (!facts.isFile()) return unreadable;
  try {
    const file = readRegular(path, { ...owner, maxBytes: maxIntentBytes });
    if (file === undefined) return undefined;
    const found = decodeIntent(JSON.parse(file.bytes.toString('utf8')));
    if (found === undefined) return unreadable;
    const isInHands = found.intent.jobId !== undefined && livenessOf(found.owner) === 'running';
    return { ...found.intent, segmentIds, path, isInHands };
  } catch {
    return unreadable;
  }
}

function decodeIntent(
  content: unknown,
): { readonly intent: Omit<CreateIntent, 'segmentIds'>; readonly owner: ProcessMark } | undefined {
  const fields = fieldsOf(content);
  const owner = fieldsOf(fields?.get('owner'));
  const requestId = fields?.get('requestId');
  const sentAt = fields?.get('sentAt');
  const sentAtService = fields?.get('sentAtService');
  const jobId = fields?.get('jobId');
  const jobKnownAt = fields?.get('jobKnownAt');
  const others = fields?.get('otherJobIds');
  const pid = owner?.get('pid');
  const host = owner?.get('host');
  const started = owner?.get('started');
  if (fields?.get('version') !== version || !isTime(sentAt)) return undefined;
  if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
  return {
    intent: {
      requestId: typeof requestId === 'string' && requestId !== '' ? requestId : undefined,
      sentAt,
      ...(isTime(sentAtService) ? { sentAtService } : {}),
      ...(typeof jobId === 'string' && jobId !== '' ? { jobId } : {}),
      ...(isTime(jobKnownAt) ? { jobKnownAt } : {}),
      ...(Array.isArray(others) ? { otherJobIds: others.filter((id) => typeof id === 'string') } : {}),
    },
    owner: { pid, host, ...(typeof started === 'string' ? { started } : {}) },
  };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

/** Unix ms up to the year 9999. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 253_402_300_800_000;
}
