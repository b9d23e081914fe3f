// Fields of a job by their path in the service's JSON, for `--fields`: each value as it was written.

import type { SegmentJob } from '../jobs/job.ts';
import { compactJson, elementsOf, memberOf } from '../lossless-json.ts';
import type { Column } from './view.ts';

/** The documented members of a job. A path of one word that is none of them is more likely a mistake. */
const members: ReadonlySet<string> = new Set([
  'id',
  'imsOrgId',
  'sandbox',
  'profileInstanceId',
  'source',
  'status',
  'batchId',
  'computeJobId',
  'computeGatewayJobId',
  'segments',
  'snapshot',
  'metrics',
  'errors',
  'requestId',
  'schema',
  'properties',
  '_links',
  'updateTime',
  'updateEpoch',
  'creationTime',
]);

/**
 * The column of a path: `metrics.totalTime.totalTimeInMs`, `segments.0.segmentId`; `\.` is a dot within a key, and a
 * leading dot says that a path is meant (`.newField`). `undefined` where it is none.
 */
export function jobFieldAt(path: string): Column<SegmentJob> | undefined {
  const keys = keysOf(path.startsWith('.') ? path.slice(1) : path);
  if (keys.some((key) => key === '')) return undefined;
  if (keys.length === 1 && !path.startsWith('.') && !members.has(keys[0] ?? '')) return undefined;
  return {
    name: path,
    title: path,
    align: 'numbers',
    isWhole: true,
    cell: (job) => textAt(job.json, keys),
  };
}

function keysOf(path: string): readonly string[] {
  return path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));
}

/** Text without its quotes, objects and arrays as compact JSON, anything else as it came; empty where there is nothing. */
function textAt(json: string, keys: readonly string[]): string {
  let value: string | undefined = json;
  for (const key of keys) value = value === undefined ? undefined : childOf(value.trimStart(), key);
  const text = value?.trim();
  if (text === undefined || text === 'null') return '';
  if (text.startsWith('"')) return JSON.parse(text);
  return compactJson(text);
}

function childOf(json: string, key: string): string | undefined {
  if (json.startsWith('{')) return memberOf(json, key);
  return json.startsWith('[') && /^\d+$/.test(key) ? elementsOf(json)[Number(key)] : undefined;
}
