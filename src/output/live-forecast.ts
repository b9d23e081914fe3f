// What is left of the time a job usually takes, in few characters: a range, calm enough to be looked at while it shrinks.

import { type DurationRange, remainingTime } from '../jobs/forecast.ts';
import type { LiveJob } from './live-rows.ts';
import { countOf, countText } from './text.ts';

/** Whether anything can be said of the time that is left. */
export function hasForecast({ expected, begunMs }: LiveJob): boolean {
  return expected !== undefined && begunMs !== undefined;
}

/** What is told beside the range itself: `8m–21m left from 7 runs`, `8m–21m (7)` and their like. */
export type ForecastStyle =
  | 'range'
  | 'range left'
  | 'range (runs)'
  | 'range from runs'
  | 'range left from runs';

/**
 * Both ends of the range while the sooner one is still to come (`8m–21m`), then `<21m`, and after the later one
 * `overdue`; and on how many runs that rests, where the style has room. Empty where there is nothing to go by.
 */
export function forecastText(
  expected: DurationRange | undefined,
  begunMs: number | undefined,
  now: number,
  style: ForecastStyle,
): string {
  if (expected === undefined || begunMs === undefined) return '';
  const left = remainingTime(expected, Math.max(0, now - begunMs));
  const range = left === undefined ? 'overdue' : rangeText(left);
  const said = left !== undefined && style.startsWith('range left') ? `${range} left` : range;
  if (style === 'range (runs)') return `${said} (${countText(expected.runs)})`;
  if (!style.endsWith('from runs')) return said;
  return `${said} from ${countOf(expected.runs, expected.basis === 'similar' ? 'similar run' : 'run')}`;
}

function rangeText({ lowMs, highMs }: { readonly lowMs: number; readonly highMs: number }): string {
  const [low, high] = [roundedText(lowMs), roundedText(highMs)];
  if (lowMs <= 0) return `<${high}`;
  return low === high ? `~${high}` : `${low}–${high}`;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Up to 5 seconds, a minute, 10 minutes or an hour, depending on how long it is: more would pretend to know. */
function roundedText(ms: number): string {
  const steps = Math.max(1, Math.ceil(ms / 5000));
  if (steps < 18) return `${steps * 5}s`;
  if (ms < 90 * minuteMs) return `${Math.ceil(ms / minuteMs)}m`;
  const tens = Math.ceil(ms / (10 * minuteMs));
  if (tens >= 60) return `${Math.ceil(ms / hourMs)}h`;
  const [hours, minutes] = [Math.floor(tens / 6), (tens % 6) * 10];
  return minutes === 0 ? `${hours}h` : `${hours}h${minutes}m`;
}
