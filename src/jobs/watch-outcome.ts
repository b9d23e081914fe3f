// What a finished watch means for the caller: its exit code.

import { type ExitCode, exitCodes, SegjobsError } from '../errors.ts';
import type { Ending, Standing, WatchedJob } from './watch-events.ts';

/** What a watch is for: that the jobs succeed, or (after `cancel`) that they are really cancelled. */
export type WatchGoal = 'success' | 'cancellation';

/**
 * The exit code of a watch: a function of how it ended and of where the ids stand, and of nothing else.
 * First that holds: signal › 10 › 4 or 7 › 124 or 8 › 11 › 12 › 5 › 0. After `cancel` a job that ended otherwise
 * (exit 6) takes the place of 10, and CANCELLED is what was wanted.
 */
export function exitCodeOfWatch(ending: Ending, jobs: readonly WatchedJob[], goal: WatchGoal): number {
  const stands = (standing: Standing) => jobs.some((job) => job.standing === standing);
  if (ending.kind === 'stopped') return ending.error.exitCode;
  if (goal === 'success' && stands('failed')) return exitCodes.jobFailed;
  if (goal === 'cancellation' && (stands('failed') || stands('succeeded'))) return exitCodes.conflict;
  if (ending.kind === 'lostContact' || ending.kind === 'refused') return ending.error.exitCode;
  const unreadable = jobs.find((job) => job.standing === 'unreadable');
  if (unreadable !== undefined) return exitCodeOfUnreadable(unreadable.error);
  if (ending.kind === 'timeout') return exitCodes.timeout;
  if (ending.kind === 'lookedOnce') return exitCodes.stillRunning;
  if (goal === 'success' && stands('cancelled')) return exitCodes.jobCancelled;
  if (ending.kind === 'nothingAppeared') return exitCodes.notFound;
  if (jobs.length > 0 && jobs.every((job) => job.standing === 'notFound')) return exitCodes.notFound;
  return stands('notFound') ? exitCodes.partial : exitCodes.done;
}

function exitCodeOfUnreadable(error: WatchedJob['error']): ExitCode {
  if (error instanceof SegjobsError) return error.exitCode;
  const status = error?.httpStatus;
  if (status === 401 || status === 403) return exitCodes.credentials;
  const isTransient = status === undefined || status >= 500 || status === 408 || status === 429;
  return isTransient ? exitCodes.unavailable : exitCodes.refused;
}
