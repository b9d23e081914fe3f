// A job that lies unread in the bytes of a page: its fields are decoded when one of them is asked for.

import type { JobMetrics, JobSegment, JsonText, SegmentJob } from '../jobs/job.ts';
import type { JsonSlice } from '../json-slice.ts';
import type { ScannedPage } from './page-scanner.ts';
import { decodeJobFields } from './wire-job.ts';

/**
 * Its fields are getters of the class: `{ ...job }` would copy none of them. One object, its own slice too: of a long
 * list there are as many as jobs.
 */
export class ScannedJob implements SegmentJob, JsonSlice {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Where the text of the id lies. */
  readonly idStart: number;
  readonly idEnd: number;
  #id: string | undefined;
  #fields: SegmentJob | undefined;

  constructor(bytes: Uint8Array, start: number, end: number, idStart: number, idEnd: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.idStart = idStart;
    this.idEnd = idEnd;
  }

  #decoded(): SegmentJob {
    this.#fields ??= decodeJobFields(JSON.parse(this.json), this.id, '');
    return this.#fields;
  }

  get id(): string {
    this.#id ??= textOf(this.bytes, this.idStart, this.idEnd);
    return this.#id;
  }

  get json(): JsonText {
    return textOf(this.bytes, this.start, this.end);
  }

  get slice(): JsonSlice {
    return this;
  }

  get status(): SegmentJob['status'] {
    return this.#decoded().status;
  }
  get source(): SegmentJob['source'] {
    return this.#decoded().source;
  }
  get creationTime(): number | undefined {
    return this.#decoded().creationTime;
  }
  get updateTime(): number | undefined {
    return this.#decoded().updateTime;
  }
  get updateEpoch(): number | undefined {
    return this.#decoded().updateEpoch;
  }
  get imsOrgId(): string | undefined {
    return this.#decoded().imsOrgId;
  }
  get sandbox(): SegmentJob['sandbox'] {
    return this.#decoded().sandbox;
  }
  get profileInstanceId(): string | undefined {
    return this.#decoded().profileInstanceId;
  }
  get batchId(): string | undefined {
    return this.#decoded().batchId;
  }
  get computeJobId(): number | undefined {
    return this.#decoded().computeJobId;
  }
  get computeGatewayJobId(): string | undefined {
    return this.#decoded().computeGatewayJobId;
  }
  get segments(): readonly JobSegment[] {
    return this.#decoded().segments;
  }
  get metrics(): JobMetrics | undefined {
    return this.#decoded().metrics;
  }
  get errors(): SegmentJob['errors'] {
    return this.#decoded().errors;
  }
  get requestId(): string | undefined {
    return this.#decoded().requestId;
  }
  get schema(): SegmentJob['schema'] {
    return this.#decoded().schema;
  }
  get properties(): SegmentJob['properties'] {
    return this.#decoded().properties;
  }
  get _links(): SegmentJob['_links'] {
    return this.#decoded()._links;
  }
}

export function jobsOf({ bytes, jobs }: ScannedPage): readonly ScannedJob[] {
  const found: ScannedJob[] = [];
  for (let at = 0; at < jobs.length; at += 4) {
    found.push(new ScannedJob(bytes, jobs[at] ?? 0, jobs[at + 1] ?? 0, jobs[at + 2] ?? 0, jobs[at + 3] ?? 0));
  }
  return found;
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
}
