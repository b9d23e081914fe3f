// How much a count has changed since the run before, in words and in JSON.

import type { Change } from '../jobs/comparison.ts';
import type { SegmentJob } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import { countText, timeText, unknown } from './text.ts';
import { cutToWidth } from './width.ts';

/** Below a tenth of a percent of itself, and above a thousandfold, digits after the point say nothing. */
const leastPercent = 0.05;
const mostPercentWithPoint = 1000;

/** `+312 (+0.1%)`, `no change`, `+40` where there was nothing before; empty where one of the counts is unknown. */
export function changeText(changed: Change | undefined): string {
  const { change, changePercent } = changed ?? {};
  if (change === undefined) return '';
  if (change === 0) return 'no change';
  const sign = change > 0 ? '+' : '-';
  const amount = `${sign}${countText(Math.abs(change))}`;
  return changePercent === undefined ? amount : `${amount} (${percentText(changePercent)})`;
}

/** `+312` of `+312 (+0.1%)` */
export function withoutPercent(text: string): string {
  return text.replace(/ \(.*/, '');
}

/** `+0.1%`, `-12.5%`, `+1,250%`, `+<0.1%` */
export function percentText(percent: number): string {
  const sign = percent > 0 ? '+' : '-';
  const size = Math.abs(percent);
  if (size < leastPercent) return `${sign}<0.1%`;
  return `${sign}${size < mostPercentWithPoint ? size.toFixed(1) : countText(Math.round(size))}%`;
}

/** What people copy is not cut below this. */
const longestId = 128;

/** `f4020816-… of 2026-03-10 02:08:15Z` */
export function runName({ id, creationTime }: SegmentJob): string {
  const name = cutToWidth(safeText(id), longestId);
  const time = timeText(creationTime);
  return time === unknown ? name : `${name} of ${time}`;
}

/** `{"now","before","change","changePercent"}`, `null` for what is unknown; the percent with three decimals. */
export function changeFacts({ now, before, change, changePercent }: Change): Record<string, number | null> {
  return {
    now: now ?? null,
    before: before ?? null,
    change: change ?? null,
    changePercent: changePercent === undefined ? null : Number(changePercent.toFixed(3)),
  };
}

/** The percent for scripts: three decimals; empty where unknown. */
export function plainPercent({ changePercent }: Change): string {
  return changePercent === undefined ? '' : String(Number(changePercent.toFixed(3)));
}
