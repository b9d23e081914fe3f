// The events of a watch as JSON, one a line; the jobs in them token for token as the service sent them.

import { SegjobsError } from '../errors.ts';
import type { StartedSelection, UnreadableId, WatchEvent } from '../jobs/watch-events.ts';
import { compactJson, quoteJson } from '../lossless-json.ts';
import { shownDurationMs } from './job-words.ts';
import { logTime } from './watch-text.ts';

const schemaVersion = 1;

/** The event as one line of JSON, without its line break; `undefined` for what is not part of the stream. */
export function eventJson(event: WatchEvent): string | undefined {
  const facts = eventFacts(event);
  if (facts === undefined) return undefined;
  const time = logTime(event.atMs);
  const text = quoteJson({ schemaVersion, time, ...facts });
  if (event.type !== 'job.finished' && event.type !== 'job.created') return text;
  return `${text.slice(0, -1)},"job":${compactJson(event.job.json)}}`;
}

function eventFacts(event: WatchEvent): ({ readonly type: string } & Record<string, unknown>) | undefined {
  const elapsedSeconds = seconds(event.elapsedMs);
  switch (event.type) {
    case 'watch.started': {
      const timeoutSeconds = Number.isFinite(event.timeoutMs) ? seconds(event.timeoutMs) : null;
      const intervalSeconds = event.intervalMs === undefined ? null : event.intervalMs / 1000;
      const selection = event.selection === undefined ? null : selectionFacts(event.selection);
      return { type: event.type, ids: event.ids, selection, timeoutSeconds, intervalSeconds };
    }
    case 'job.created':
      return { type: event.type, id: event.job.id, status: event.job.status ?? null, reused: event.isReused };
    case 'job.status': {
      const { type, id, from, job } = event;
      return { type, id, from: from || null, status: job.status ?? null, elapsedSeconds };
    }
    case 'job.finished': {
      const { type, id, from, job, atMs } = event;
      const durationMs = shownDurationMs(job, atMs);
      const durationSeconds = durationMs === undefined ? null : seconds(durationMs);
      return { type, id, from: from || null, status: job.status ?? null, elapsedSeconds, durationSeconds };
    }
    case 'job.lost': {
      // An id that is given up has no status any more: that too is a change of its status.
      const { id, from, error } = event;
      const reason = error === undefined ? { notFound: true } : { notFound: false, error: errorFacts(error) };
      return { type: 'job.status', id, from: from || null, status: null, elapsedSeconds, ...reason };
    }
    case 'poll.failed': {
      const { type, error, ids = null, failedPolls, silentMs, nextPollInMs } = event;
      return {
        type,
        ids,
        failedPolls,
        silentSeconds: seconds(silentMs),
        nextPollSeconds: nextPollInMs === undefined ? null : seconds(nextPollInMs),
        error: errorFacts(error),
      };
    }
    case 'watch.heartbeat': {
      const { type, tally, failedPolls, nextPollInMs } = event;
      return {
        type,
        elapsedSeconds,
        counts: tally.counts,
        running: Object.fromEntries(tally.runningByStatus),
        failedPolls,
        nextPollSeconds: nextPollInMs === undefined ? null : seconds(nextPollInMs),
      };
    }
    case 'watch.ended': {
      const { type, ending, exitCode, tally, jobs } = event;
      const idsOf = (...standings: readonly string[]) =>
        jobs.filter(({ standing }) => standings.includes(standing)).map(({ id }) => id);
      return {
        type,
        reason: ending.kind,
        exitCode,
        counts: tally.counts,
        elapsedSeconds,
        unfinished: idsOf('running', 'unseen'),
        notFound: idsOf('notFound'),
        ...('error' in ending ? { error: errorFacts(ending.error) } : {}),
      };
    }
    default:
      return undefined;
  }
}

function selectionFacts({ filter, sinceMs, appearByMs }: StartedSelection): Record<string, unknown> {
  const { statuses, properties, snapshot = null, source = null } = filter;
  return {
    source,
    statuses,
    properties,
    snapshot,
    since: sinceMs === undefined ? null : logTime(sinceMs),
    appearBy: Number.isFinite(appearByMs) ? logTime(appearByMs) : null,
  };
}

function errorFacts(error: SegjobsError | UnreadableId): Record<string, unknown> {
  const { message, httpStatus = null, requestId = null } = error;
  return error instanceof SegjobsError
    ? { code: error.code, message, httpStatus, requestId }
    : { message, httpStatus, requestId };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
