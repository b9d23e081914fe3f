// The documented fields of a job out of unknown JSON: what is not of its documented type is `undefined`.

import type {
  Counts,
  JobError,
  JobLink,
  JobMetrics,
  JobSandbox,
  JobSegment,
  JobTiming,
  JsonText,
  SegmentDefinition,
  SegmentJob,
} from '../jobs/job.ts';
import { isObject } from './error-shapes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** `json` is the text of the same object, kept as it is. */
export function decodeJobFields(job: Fields, id: string, json: JsonText): SegmentJob {
  return {
    id,
    status: text(job['status']),
    source: text(job['source']),
    creationTime: unixMs(job['creationTime']),
    updateTime: unixMs(job['updateTime']),
    updateEpoch: unixSeconds(job['updateEpoch']),
    imsOrgId: text(job['imsOrgId']),
    sandbox: decoded(job['sandbox'], decodeSandbox),
    profileInstanceId: text(job['profileInstanceId']),
    batchId: text(job['batchId']),
    computeJobId: number(job['computeJobId']),
    computeGatewayJobId: text(job['computeGatewayJobId']),
    segments: objects(job['segments']).map(decodeSegment),
    metrics: decoded(job['metrics'], decodeMetrics),
    errors: objects(job['errors']).map(decodeError),
    requestId: text(job['requestId']),
    schema: decoded(job['schema'], (schema) => ({ name: text(schema['name']) })),
    properties: decoded(job['properties'], (properties) => ({
      scheduleId: text(properties['scheduleId']),
      runId: text(properties['runId']),
    })),
    _links: decoded(job['_links'], (links) => ({
      cancel: decoded(links['cancel'], decodeLink),
      checkStatus: decoded(links['checkStatus'], decodeLink),
    })),
    json,
  };
}

function decodeSandbox(sandbox: Fields): JobSandbox {
  return {
    sandboxId: text(sandbox['sandboxId']),
    sandboxName: text(sandbox['sandboxName']),
    type: text(sandbox['type']),
    default: typeof sandbox['default'] === 'boolean' ? sandbox['default'] : undefined,
  };
}

function decodeSegment(entry: Fields): JobSegment {
  return { segmentId: text(entry['segmentId']), segment: decoded(entry['segment'], decodeDefinition) };
}

function decodeDefinition(definition: Fields): SegmentDefinition {
  return {
    id: text(definition['id']),
    version: number(definition['version']),
    expression: decoded(definition['expression'], (expression) => ({
      type: text(expression['type']),
      format: text(expression['format']),
      value: text(expression['value']),
    })),
    mergePolicyId: text(definition['mergePolicyId']),
    mergePolicy: decoded(definition['mergePolicy'], (policy) => ({
      id: text(policy['id']),
      version: number(policy['version']),
    })),
  };
}

/** The counters by segment are most of a job and few commands look at them: they are decoded when asked for. */
function decodeMetrics(metrics: Fields): JobMetrics {
  const profiles = once(() => decoded(metrics['segmentedProfileCounter'], decodeCounts));
  const byNamespace = once(() => decoded(metrics['segmentedProfileByNamespaceCounter'], decodeCountsByName));
  const byStatus = once(() => decoded(metrics['segmentedProfileByStatusCounter'], decodeCountsByName));
  return {
    totalTime: decoded(metrics['totalTime'], decodeTiming),
    profileSegmentationTime: decoded(metrics['profileSegmentationTime'], decodeTiming),
    totalProfiles: count(metrics['totalProfiles']),
    totalProfilesByMergePolicy: decoded(metrics['totalProfilesByMergePolicy'], decodeCounts),
    get segmentedProfileCounter() {
      return profiles();
    },
    get segmentedProfileByNamespaceCounter() {
      return byNamespace();
    },
    get segmentedProfileByStatusCounter() {
      return byStatus();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function decodeTiming(timing: Fields): JobTiming {
  return {
    startTimeInMs: unixMs(timing['startTimeInMs']),
    endTimeInMs: unixMs(timing['endTimeInMs']),
    totalTimeInMs: count(timing['totalTimeInMs']),
  };
}

function decodeCounts(counts: Fields): Counts {
  return new Map(
    Object.entries(counts).flatMap(([name, value]) => {
      const known = count(value);
      return known === undefined ? [] : [[name, known] as const];
    }),
  );
}

function decodeCountsByName(counts: Fields): ReadonlyMap<string, Counts> {
  return new Map(
    Object.entries(counts).flatMap(([name, value]) =>
      isObject(value) ? [[name, decodeCounts(value)] as const] : [],
    ),
  );
}

function decodeError(error: Fields): JobError {
  const { code } = error;
  return {
    code: typeof code === 'number' ? String(code) : text(code),
    msg: text(error['msg']) ?? text(error['message']),
    callStack: text(error['callStack']),
  };
}

function decodeLink(link: Fields): JobLink {
  return { href: text(link['href']), method: text(link['method']) };
}

function decoded<T>(value: unknown, decode: (fields: Fields) => T): T | undefined {
  return isObject(value) ? decode(value) : undefined;
}

function objects(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A whole number from 0 up to 2^53-1, or `undefined`. */
export function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** 9999-12-31T23:59:59.999Z: what lies beyond cannot be written as a time of four-digit years. */
const latestUnixMs = 253_402_300_799_999;
/** As milliseconds this is March 1973, long before the service; as seconds it is the year 5138. */
const earliestUnixMs = 100_000_000_000;

/**
 * A time in unix ms. A value too small for that is taken for seconds, which `updateEpoch` beside it really is.
 * What then lies before 1973 or beyond 9999 is no time of a job, and unknown.
 */
function unixMs(value: unknown): number | undefined {
  if (typeof value !== 'number') return undefined;
  const ms = Math.round(value < earliestUnixMs ? value * 1000 : value);
  return ms >= earliestUnixMs && ms <= latestUnixMs ? ms : undefined;
}

/** The same in unix seconds; milliseconds are recognised and divided. */
function unixSeconds(value: unknown): number | undefined {
  const ms = unixMs(value);
  return ms === undefined ? undefined : Math.round(ms / 1000);
}
