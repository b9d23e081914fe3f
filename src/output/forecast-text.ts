// What jobs usually take, in words: always a range, and on how many earlier runs it rests.

import type { DurationRange } from '../jobs/forecast.ts';
import { safeText } from '../safe-text.ts';
import { countOf, countText, durationText } from './text.ts';

/** Beyond this many jobs a log is told of the slowest alone. */
const mostJobsTold = 10;

/** `12m–14m`, `1h 50m–2h 10m`, `up to 1m` */
export function rangeText({ lowMs, highMs }: Pick<DurationRange, 'lowMs' | 'highMs'>): string {
  return lowMs <= 0 ? `up to ${briefDuration(highMs)}` : `${briefDuration(lowMs)}–${briefDuration(highMs)}`;
}

/** The ends of a range are round: `2h` for `2h 00m`, `12m` for `12m 00s`. */
function briefDuration(ms: number): string {
  return durationText(ms).replace(/ 00[hms]$/, '');
}

function runsText({ runs, basis }: DurationRange): string {
  return basis === 'sameSegments' ? countOf(runs, 'earlier run') : countOf(runs, 'similar run');
}

/** `12m–14m (8 earlier runs)`; `similar runs` where none of the very same segments is known. */
export function rangeOfRuns(range: DurationRange): string {
  return `${rangeText(range)} (${runsText(range)})`;
}

/** `took 13m 05s, as usual (12m–14m, 8 earlier runs)` */
export function durationAgainstUsual(durationMs: number, usual: DurationRange | undefined): string {
  const took = `took ${durationText(durationMs)}`;
  if (usual === undefined) return took;
  const { lowMs, highMs } = usual;
  const verdict =
    durationMs > highMs ? 'longer than usual' : durationMs < lowMs ? 'shorter than usual' : 'as usual';
  return `${took}, ${verdict} (${rangeText(usual)}, ${runsText(usual)})`;
}

export interface JobForecast {
  readonly id: string;
  readonly range: DurationRange;
}

/**
 * What a log is told when a watch begins: a line for each job of which something is known (`known`, of `total` that
 * run), or for very many one about the slowest.
 */
export function forecastLines(known: readonly JobForecast[], total: number): readonly string[] {
  if (known.length <= mostJobsTold)
    return known.map(({ id, range }) => `${safeText(id)}  usually ${rangeOfRuns(range)}`);
  const slowest = known.reduce((most, each) => (each.range.highMs > most.range.highMs ? each : most));
  const share = `${countText(known.length)} of ${countOf(total, 'job')}`;
  return [
    `Earlier runs are known for ${share}; the slowest: ${safeText(slowest.id)}, usually ${rangeOfRuns(slowest.range)}`,
  ];
}
