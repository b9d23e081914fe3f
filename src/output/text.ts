// Times, durations, counts and bars as text: in short for people, exact for scripts.

/** Shown where the service said nothing that can be shown. */
export const unknown = '-';

/** Outside the years 2000 to 9999 a time is a mistake of its sender: seconds for milliseconds, or nonsense. */
const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(10_000, 0, 1) - 1;
const longestDurationMs = 100 * 365 * 24 * 3_600_000;

/** Whether `ms` can be the unix time, in milliseconds, of something that happened to a job. */
export function isPlausibleTime(ms: number | undefined): ms is number {
  return ms !== undefined && ms >= earliestMs && ms <= latestMs;
}

/** Unix ms → `2026-11-23 02:14:07Z`, for people; `-` where that is no time. */
export function timeText(ms: number | undefined): string {
  return isPlausibleTime(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z` : unknown;
}

/** Unix ms → `just now`, `12 s ago`, `3 min ago`, `6 h ago`, `13 days ago`, `in 2 min`; after 60 days the date. */
export function agoText(ms: number | undefined, now: number): string {
  if (!isPlausibleTime(ms)) return unknown;
  const elapsedMs = now - ms;
  const span = spanText(Math.abs(elapsedMs));
  if (span === undefined) return new Date(ms).toISOString().slice(0, 10);
  if (span === '') return 'just now';
  return elapsedMs < 0 ? `in ${span}` : `${span} ago`;
}

/** The largest unit, cut, not rounded; empty for a moment, `undefined` for what is better told by a date. */
function spanText(ms: number): string | undefined {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  if (seconds < 5) return '';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (days < 1) return `${Math.floor(seconds / 3600)} h`;
  return days <= 60 ? countOf(days, 'day') : undefined;
}

/** Unix ms → `2026-11-23T02:14:07.000Z`, for scripts; empty where that is no time. */
export function isoTime(ms: number | undefined): string {
  return isPlausibleTime(ms) ? new Date(ms).toISOString() : '';
}

function isPlausibleDuration(ms: number | undefined): ms is number {
  return ms !== undefined && ms >= 0 && ms <= longestDurationMs;
}

/** Milliseconds → `42s`, `13m 05s`, `2h 04m`, `1d 04h`: the two largest units, cut, not rounded. */
export function durationText(ms: number | undefined): string {
  if (!isPlausibleDuration(ms)) return unknown;
  if (ms > 0 && ms < 1000) return '<1s';
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const twoDigits = (count: number) => String(count).padStart(2, '0');
  if (minutes === 0) return `${seconds}s`;
  if (hours === 0) return `${minutes}m ${twoDigits(seconds % 60)}s`;
  if (hours < 24) return `${hours}h ${twoDigits(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`;
}

/** As `durationText`, in words: `42 s`, `13 min 5 s`, `2 h 4 min`, `1 day 4 h`. */
export function durationWords(ms: number | undefined): string {
  if (!isPlausibleDuration(ms)) return unknown;
  if (ms > 0 && ms < 1000) return 'less than 1 s';
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const units = [
    [days, days === 1 ? 'day' : 'days'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  const shown = first < 0 ? units.slice(-1) : units.slice(first, first + 2);
  return shown
    .filter(([count], index) => count > 0 || index === 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** As `durationText`, of time that runs: `0s` at first, and no `<1s`. */
export function runningText(ms: number): string {
  return durationText(Math.floor(Math.max(0, ms) / 1000) * 1000);
}

/** Milliseconds → whole seconds, for scripts; empty where unknown. */
export function plainSeconds(ms: number | undefined): string {
  return isPlausibleDuration(ms) ? String(Math.floor(ms / 1000)) : '';
}

/** `1033` → `1,033`; `-` where unknown. Without the locale: the same everywhere, and no ICU to load. */
export function countText(count: number | undefined): string {
  if (count === undefined || !Number.isFinite(count)) return unknown;
  const [whole = '', fraction] = plainNumber(count).split('.');
  const grouped = whole.replace(/\d(?=(?:\d{3})+$)/g, '$&,');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** The number's digits, for scripts; empty where unknown. */
export function plainCount(count: number | undefined): string {
  return count === undefined || !Number.isFinite(count) ? '' : plainNumber(count);
}

function plainNumber(count: number): string {
  return Number.isInteger(count) && Math.abs(count) < 1e21 ? BigInt(count).toString() : String(count);
}

/** `1 segment`, `2 segments`, `1,033 jobs`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** `97.2%`, `100%`, `<0.1%`; empty where it is no part of a whole. */
export function shareText(part: number, whole: number | undefined): string {
  if (whole === undefined || !(whole > 0) || !(part >= 0 && part <= whole)) return '';
  if (part > 0 && part / whole < 0.001) return '<0.1%';
  if (part === whole) return '100%';
  return `${Math.min(99.9, (part / whole) * 100).toFixed(1)}%`;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of at most `width` columns for `count` of `largest`; what is not nothing shows at least a sliver. */
export function bar(count: number, largest: number, width: number): string {
  if (!(count > 0) || !(largest > 0) || width <= 0) return '';
  const filled = Math.max(1, Math.round(Math.min(1, count / largest) * width * 8));
  return '█'.repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? '');
}
