// Which jobs are meant: status words, sort orders, points in time. Pure.

import {
  activeStatuses,
  finalStatuses,
  jobStatuses,
  type KnownJobStatus,
  knownStatus,
  type SegmentJob,
} from './job.ts';

export interface SortOrder {
  readonly by: 'creationTime' | 'updateTime';
  readonly direction: 'asc' | 'desc';
}

/** What `--status` accepts, beside the spellings with one L. */
export const statusWords: readonly string[] = [...jobStatuses, 'active', 'finished'];

export function isJobStatusWord(word: string): boolean {
  return statusesFor(word).length > 0;
}

/** The statuses behind one word: itself, or the group that `active` and `finished` stand for; none if unknown. */
export function statusesFor(word: string): readonly KnownJobStatus[] {
  const lower = word.toLowerCase();
  if (lower === 'active') return activeStatuses;
  if (lower === 'finished') return finalStatuses;
  const status = knownStatus(word);
  return status === undefined ? [] : [status];
}

/** Each status once, in the order a job lives through them: read so, a job moving on is seen twice, never missed. */
export function inLifeCycleOrder(statuses: readonly KnownJobStatus[]): readonly KnownJobStatus[] {
  return jobStatuses.filter((status) => statuses.includes(status));
}

/** As the service writes a sort: `creationTime:desc`. */
export function sortText(order: SortOrder): string {
  return `${order.by}:${order.direction}`;
}

/** Compares two jobs by a sort order; jobs without that time come last, ties fall back to the id. */
export function compareJobs(order: SortOrder): (a: SegmentJob, b: SegmentJob) => number {
  const sign = order.direction === 'asc' ? 1 : -1;
  return (a, b) => {
    const [timeA, timeB] = [a[order.by], b[order.by]];
    if (timeA !== timeB) {
      if (timeA === undefined) return 1;
      if (timeB === undefined) return -1;
      return sign * (timeA - timeB);
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}

const msPerDay = 86_400_000;

/**
 * The instant that WHEN means, in unix ms: a duration ago (`90m`, `2d`; read by `parseDuration`), `HH:MM` today,
 * a date, or RFC 3339. Without a zone it is UTC. `undefined` when it is none of these.
 */
export function parseWhen(
  text: string,
  now: number,
  parseDuration: (text: string) => number | undefined,
): number | undefined {
  const trimmed = text.trim();
  const ago = parseDuration(trimmed);
  // What lies before 1970 was no time of a job, and far enough back no time at all.
  if (ago !== undefined) return ago <= now ? now - ago : undefined;
  const today = timeOfDay(trimmed, now);
  if (today !== undefined) return today;
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
      trimmed,
    );
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  // `Date.UTC` takes the years 0 to 99 for 1900 to 1999.
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || date.getUTCFullYear() !== year) return undefined;
  const seconds = Number(match[4] ?? 0) * 3600 + Number(match[5] ?? 0) * 60 + Number(match[6] ?? 0);
  return date.getTime() + seconds * 1000 - zoneOffsetMs(match[7]);
}

/** The next `HH:MM` in UTC after an instant, in unix ms; `undefined` when the text is no such time. */
export function nextTimeOfDay(text: string, afterMs: number): number | undefined {
  const today = timeOfDay(text.trim(), afterMs);
  return today === undefined || today > afterMs ? today : today + msPerDay;
}

/** `HH:MM` in UTC on the day of an instant. */
function timeOfDay(text: string, onDayOfMs: number): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  const midnight = Math.floor(onDayOfMs / msPerDay) * msPerDay;
  return midnight + (Number(match[1]) * 60 + Number(match[2])) * 60_000;
}

function zoneOffsetMs(zone: string | undefined): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
}
