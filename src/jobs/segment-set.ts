// Whether a job evaluates exactly a given set of segment definitions.

import { isActive, type SegmentJob, segmentIdsOf } from './job.ts';

/** `*` alone stands for all definitions, in requests and in jobs. */
export const allSegmentsId = '*';

/** Whether two lists name the same segments; order and repetition do not matter. */
export function isSameSegmentSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((id) => right.has(id));
}

/** The first NEW, QUEUED or PROCESSING job among `jobs` that evaluates exactly these segments. */
export function findActiveTwin(
  jobs: readonly SegmentJob[],
  segmentIds: readonly string[],
): SegmentJob | undefined {
  return jobs.find((job) => isActive(job) && isSameSegmentSet(segmentIdsOf(job), segmentIds));
}
