// The lines of a watch for people and logs: one a change, and the summary that a heartbeat or a spinner shows.

import { SegjobsError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import { unseenToleranceMs } from '../jobs/watch.ts';
import type {
  StartedSelection,
  UnreadableId,
  WatchEvent,
  WatchEventOf,
  WatchTally,
} from '../jobs/watch-events.ts';
import { statusOf } from '../jobs/watch-ledger.ts';
import { safeText } from '../safe-text.ts';
import { shellWord } from '../shell-word.ts';
import { errorLine, shownDurationMs } from './job-words.ts';
import { countOf, countText, durationText, durationWords } from './text.ts';
import { cutToWidth } from './width.ts';

/** Beyond this many ids a command line that resumes a watch helps nobody. */
const mostIdsToResume = 10;
/** More different statuses than this are summed up. */
const mostStatusesShown = 4;
/** Columns of a failed job's first error; the whole of it is in the job. */
const widestReason = 200;

const mostMissingNamed = 3;

const lastFourDigitYearMs = Date.UTC(10_000, 0, 1) - 1;

/** `2026-11-23T02:14:07Z`: what a log line begins with; always a time, however wrong the clock. */
export function logTime(atMs: number): string {
  const shownMs = Math.min(Math.max(0, atMs), lastFourDigitYearMs);
  return `${new Date(shownMs).toISOString().slice(0, 19)}Z`;
}

/** `2 of 3 finished · 1 processing · 1 not found` */
export function tallyText(tally: WatchTally): string {
  return tallyParts(tally).join(' · ');
}

/** What `tallyText` joins: how many have finished comes first. */
export function tallyParts({ counts, runningByStatus }: WatchTally): string[] {
  if (counts.total === 0) return ['no job yet'];
  const finished = counts.succeeded + counts.failed + counts.cancelled;
  const parts = [`${countText(finished)} of ${countText(counts.total)} finished`];
  if (counts.failed > 0) parts.push(`${countText(counts.failed)} failed`);
  if (counts.cancelled > 0) parts.push(`${countText(counts.cancelled)} cancelled`);
  const shown = runningByStatus.slice(0, mostStatusesShown);
  for (const [status, jobs] of shown) parts.push(`${countText(jobs)} ${statusWord(status)}`);
  const others = runningByStatus.slice(mostStatusesShown).reduce((sum, [, jobs]) => sum + jobs, 0);
  if (others > 0) parts.push(`${countText(others)} in other states`);
  if (counts.unseen > 0) parts.push(`${countText(counts.unseen)} not seen yet`);
  if (counts.notFound > 0) parts.push(`${countText(counts.notFound)} not found`);
  if (counts.unreadable > 0) parts.push(`${countText(counts.unreadable)} unreadable`);
  return parts;
}

/** `queued`, or `without a status`; safe to show. */
export function statusWord(status: string): string {
  return status === '' ? 'without a status' : safeText(status).toLowerCase();
}

function statusName(status: string): string {
  return status === '' ? '(no status)' : safeText(status);
}

/** `QUEUED → PROCESSING`, or just the status on the first reading. */
function changeText(from: string | undefined, job: SegmentJob): string {
  const now = statusName(statusOf(job));
  return from === undefined || from === statusOf(job) ? now : `${statusName(from)} → ${now}`;
}

/** `PROCESSING → FAILED after 12m 04s: 1001: Out of memory` */
export function finishText(event: WatchEventOf<'job.finished'>): string {
  const { job, from, atMs } = event;
  const durationMs = shownDurationMs(job, atMs);
  const after = durationMs === undefined ? '' : ` after ${durationText(durationMs)}`;
  const [problem] = job.errors;
  const reason = problem === undefined ? '' : safeText(errorLine(problem));
  return `${changeText(from, job)}${after}${reason === '' ? '' : `: ${cutToWidth(reason, widestReason)}`}`;
}

/** `not found`, or what the service answered instead of the job. */
export function lostText(error: SegjobsError | UnreadableId | undefined): string {
  if (error === undefined) return 'not found';
  if (!(error instanceof SegjobsError)) return `given up, could not be read: ${safeText(error.message)}`;
  return `given up: ${safeText(error.message)}${requestNote(error)}`;
}

/** What is told once, after the first look, of ids that the service does not know: a typo must not cost a silent minute. */
export function missingText(ids: readonly string[]): string {
  const what = ids.length === 1 ? safeText(ids[0] ?? '') : `${countOf(ids.length, 'job')} (${named(ids)})`;
  return `${what}  not there yet, waiting ${durationWords(unseenToleranceMs)} for ${ids.length === 1 ? 'it' : 'them'}`;
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, mostMissingNamed).map(safeText).join(', ');
  return ids.length > mostMissingNamed ? `${shown}, …` : shown;
}

function requestNote({ requestId }: SegjobsError | UnreadableId): string {
  return requestId === undefined ? '' : ` (request id ${safeText(requestId)})`;
}

/**
 * `Looking for jobs with source scheduler, created since 2026-03-10T00:00:00Z; waiting for a first one until
 * 2026-03-10T07:00:00Z`
 */
function lookingText({ filter, sinceMs, appearByMs }: StartedSelection, looksOnce: boolean): string {
  const { statuses, properties, snapshot, source } = filter;
  const wanted = [
    ...(source === undefined ? [] : [`source ${source}`]),
    ...(statuses.length === 0 ? [] : [`status ${statuses.join(' or ')}`]),
    ...properties.map((property) => property.replace(/^segments~segmentId==/, 'segment ')),
    ...(snapshot === undefined ? [] : [`snapshot ${snapshot}`]),
  ];
  const which = wanted.length === 0 ? '' : ` with ${safeText(wanted.join(' and '))}`;
  const when = sinceMs === undefined ? 'unfinished or new' : `created since ${logTime(sinceMs)}`;
  const until = Number.isFinite(appearByMs) ? ` until ${logTime(appearByMs)}` : '';
  return `Looking for jobs${which}, ${when}${looksOnce ? '' : `; waiting for a first one${until}`}`;
}

/** `No answer (2 polls in a row, 1m 05s): HTTP 503 …; next look in 45s` */
function failedPollText(event: WatchEventOf<'poll.failed'>): string {
  const { error, ids, failedPolls, silentMs, nextPollInMs } = event;
  const next =
    nextPollInMs === undefined ? '' : `; next look in ${durationText(Math.ceil(nextPollInMs / 1000) * 1000)}`;
  const what = `${safeText(error.message)}${requestNote(error)}${next}`;
  if (ids !== undefined) return `No answer for ${countOf(ids.length, 'job')}: ${what}`;
  return failedPolls > 1
    ? `No answer (${failedPolls} polls in a row, ${durationText(silentMs)}): ${what}`
    : `No answer: ${what}`;
}

/** What a log is told of an event, without its time; `undefined` where it is told nothing. */
export function eventText(event: WatchEvent): string | undefined {
  switch (event.type) {
    case 'watch.started': {
      const { timeoutMs, selection } = event;
      if (selection !== undefined) return lookingText(selection, timeoutMs === 0);
      const limit = timeoutMs === Number.POSITIVE_INFINITY ? '' : `, for at most ${durationText(timeoutMs)}`;
      return timeoutMs === 0 ? undefined : `Watching ${countOf(event.ids.length, 'job')}${limit}`;
    }
    case 'job.status':
      return `${safeText(event.id)}  ${changeText(event.from, event.job)}`;
    case 'job.finished':
      return `${safeText(event.id)}  ${finishText(event)}`;
    case 'job.lost':
      return `${safeText(event.id)}  ${lostText(event.error)}`;
    case 'poll.failed':
      return failedPollText(event);
    case 'watch.heartbeat':
      return `${tallyText(event.tally)} · ${durationText(event.elapsedMs)}`;
    default:
      return undefined;
  }
}

/** The last line: how it ended, what still runs, and how to go on. `flags` are what the resumed watch needs too. */
export function endText(event: WatchEventOf<'watch.ended'>, flags: readonly string[]): string {
  const { ending, tally, elapsedMs } = event;
  switch (ending.kind) {
    case 'nothingAppeared':
      return `No matching job appeared in ${durationText(elapsedMs)}.`;
    case 'finished':
      if (tally.counts.total === 0) return `nothing to wait for · ${durationText(elapsedMs)}`;
      return `${tallyText(tally)} · ${durationText(elapsedMs)}`;
    case 'failFast':
      return `Stopped at the first job that did not succeed.${restText(event, flags)}`;
    case 'timeout':
      return `Time is up after ${durationText(elapsedMs)}.${restText(event, flags)}`;
    case 'lookedOnce':
      return `${tallyText(tally)}.`;
    default:
      return `Stopped watching.${tally.counts.total === 0 ? ' No matching job had appeared.' : ''}${restText(event, flags)}`;
  }
}

/** ` 2 jobs are still running. Resume with: segjobs watch A B`; empty when none is. */
export function restText(event: WatchEventOf<'watch.ended'>, flags: readonly string[]): string {
  const { running, unseen } = event.tally.counts;
  const left = event.jobs.filter(({ standing }) => standing === 'running' || standing === 'unseen');
  if (left.length === 0) return '';
  const resume =
    left.length > mostIdsToResume
      ? 'Resume with the same command.'
      : `Resume with: ${['segjobs', 'watch', ...left.map(({ id }) => id), ...flags].map(shellWord).join(' ')}`;
  const facts = [
    ...(running > 0 ? [`${countOf(running, 'job')} ${running === 1 ? 'is' : 'are'} still running.`] : []),
    ...(unseen > 0 ? [`${countOf(unseen, 'job')} ${unseen === 1 ? 'has' : 'have'} not been seen yet.`] : []),
  ];
  return ` ${[...facts, resume].join(' ')}`;
}
