// What one command has learned of jobs, on its way to the file of recent jobs.

import { type SegmentJob, segmentIdsOf } from '../jobs/job.ts';
import { keepRecentJobs, mostRecentJobs, type RecentJob, type RecentJobsPlace } from './recent-jobs.ts';

export interface JobMemory {
  /** Jobs of one answer or list beyond these are not worth a look. */
  readonly most: number;
  readonly seen: (jobs: Iterable<SegmentJob>) => void;
  readonly gone: (ids: readonly string[]) => void;
  readonly cancelled: (id: string) => void;
  /** Writes what is new to the file; never throws. */
  readonly keep: () => void;
}

/** A command that watches ten thousand jobs need not hold on to all of them. */
const mostHeld = 10 * mostRecentJobs;

export function createJobMemory(place: RecentJobsPlace): JobMemory {
  const jobs = new Map<string, RecentJob>();
  const missing = new Set<string>();
  return {
    most: mostRecentJobs,
    seen: (found) => {
      for (const job of found) {
        const { id } = job;
        if (jobs.size >= mostHeld && !jobs.has(id)) return;
        const recent = recentJob(job);
        if (recent !== undefined) jobs.set(id, recent);
        missing.delete(id);
      }
    },
    gone: (ids) => {
      for (const id of ids.slice(0, mostRecentJobs)) {
        jobs.delete(id);
        missing.add(id);
      }
    },
    cancelled: (id) => {
      const job = jobs.get(id);
      if (job !== undefined) jobs.set(id, { ...job, status: 'CANCELLING' });
    },
    keep: () => {
      if (jobs.size > 0 || missing.size > 0) keepRecentJobs(place, jobs, missing);
    },
  };
}

/** `undefined` for a job of a list whose fields, read only now, turn out to be unreadable: the command tells that. */
function recentJob(job: SegmentJob): RecentJob | undefined {
  try {
    const segments = segmentIdsOf(job);
    const { id, status, creationTime } = job;
    return { id, status, creationTime, segmentId: segments[0], segmentCount: segments.length };
  } catch {
    return undefined;
  }
}
