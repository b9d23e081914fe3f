// How an estimate of the quota looks: lines with bars for people, flat facts for scripts, and sentences for stderr.

import { type QuotaEstimate, type QuotaUse, runsLeft } from '../jobs/quota.ts';
import { safeText } from '../safe-text.ts';
import type { Output } from './output.ts';
import type { Paint, Terminal } from './terminal.ts';
import { bar, countOf, countText, durationText } from './text.ts';
import { padEnd, padStart, visibleWidth } from './width.ts';

const widestBar = 20;
const narrowestBar = 5;

/** A page for people; a flat object in json, `key⇥value` lines in tsv. */
export async function printQuota(output: Output, estimate: QuotaEstimate, sandbox: string): Promise<void> {
  if (output.format === 'table') return output.raw(quotaPage(estimate, sandbox, output.terminals.stdout));
  return output.facts(quotaFacts(estimate, sandbox));
}

/** Every name is there in every answer; `null` where the year is not counted or the type of sandbox not known. */
function quotaFacts({ countedAt, today, thisYear, sandboxType, isWhole }: QuotaEstimate, sandbox: string) {
  const time = (ms: number | undefined) => (ms === undefined ? null : isoSeconds(ms));
  return {
    sandbox,
    sandboxType: sandboxType ?? null,
    isEstimate: true,
    isWhole,
    countedAt: isoSeconds(countedAt),
    dayUsed: today.used,
    dayLimit: today.limit,
    dayLeft: runsLeft(today),
    dayUnsuccessful: today.unsuccessful,
    dayStart: isoSeconds(today.startMs),
    dayEnd: isoSeconds(today.endMs),
    yearUsed: thisYear?.used ?? null,
    yearLimit: thisYear?.limit ?? null,
    yearLeft: thisYear === undefined ? null : runsLeft(thisYear),
    yearUnsuccessful: thisYear?.unsuccessful ?? null,
    yearStart: time(thisYear?.startMs),
    yearEnd: time(thisYear?.endMs),
  };
}

function quotaPage(estimate: QuotaEstimate, sandbox: string, { columns, paint }: Terminal): string {
  const { countedAt, today, thisYear, sandboxType } = estimate;
  const atLeast = estimate.isWhole ? '' : 'at least ';
  const rows = [
    { label: 'Today', use: today, when: `ends in ${durationText(today.endMs - countedAt)}` },
    ...(thisYear === undefined
      ? []
      : [{ label: 'This year', use: thisYear, when: `since ${isoDay(thisYear.startMs)}` }]),
  ].map(({ label, use, when }) => ({
    label,
    use,
    used: `${atLeast}${countText(use.used)}`,
    limit: countText(use.limit),
    rest: `${restText(use)}, ${when}`,
  }));
  const widthOf = (texts: readonly string[]) => Math.max(...texts.map(visibleWidth));
  const labelWidth = 'This year'.length;
  const usedWidth = widthOf(rows.map(({ used }) => used));
  const limitWidth = widthOf(rows.map(({ limit }) => limit));
  const taken =
    2 + labelWidth + 2 + usedWidth + 4 + limitWidth + 2 + 2 + widthOf(rows.map(({ rest }) => rest));
  const room = columns === 0 ? widestBar : Math.min(widestBar, columns - taken);
  const barWidth = room < narrowestBar ? 0 : room;
  const lines = rows.map(({ label, use, used, limit, rest }) => {
    const filled = bar(use.used, use.limit, barWidth);
    const track = '░'.repeat(barWidth - visibleWidth(filled));
    const middle = barWidth === 0 ? '' : `${colourOf(use, paint)(filled)}${paint.muted(track)}  `;
    return `  ${paint.muted(padEnd(label, labelWidth))}  ${padStart(used, usedWidth)} of ${padStart(limit, limitWidth)}  ${middle}${rest}`;
  });
  const type = sandboxType === undefined ? '' : ` (${safeText(sandboxType)})`;
  const title = `${paint.strong(`Runs on demand in sandbox "${safeText(sandbox)}"`)}${type}, an estimate`;
  return `${[title, '', ...lines].map((line) => line.trimEnd()).join('\n')}\n`;
}

/** `1 left`, `none left`, `3 over the limit` */
function restText(use: QuotaUse): string {
  if (use.used > use.limit) return `${countText(use.used - use.limit)} over the limit`;
  const left = runsLeft(use);
  return left === 0 ? 'none left' : `${countText(left)} left`;
}

function colourOf(use: QuotaUse, paint: Paint): (text: string) => string {
  const left = runsLeft(use);
  if (left === 0) return paint.bad;
  return left === 1 ? paint.warn : paint.good;
}

/** What the numbers are worth, for stderr. */
export function quotaCaveats({ today, thisYear, isWhole }: QuotaEstimate): readonly string[] {
  const { unsuccessful } = thisYear ?? today;
  return [
    'An estimate: it counts the jobs with source api that the service lists, and cannot see deleted jobs or runs that Adobe counts in another way. More: segjobs help quota',
    ...(unsuccessful === 0
      ? []
      : [
          `${countOf(unsuccessful, 'of these runs', 'of these runs')} failed or ${unsuccessful === 1 ? 'was' : 'were'} cancelled; whether Adobe counts such runs is not known.`,
        ]),
    ...(isWhole ? [] : ['The list was not whole: there may be more runs.']),
    ...(thisYear === undefined
      ? [
          'The year is not counted. Say when the contract year begins: --year-start MM-DD, or for good: segjobs config set yearStart MM-DD',
        ]
      : []),
  ];
}

/** `1 of 2 runs today used in sandbox "prod" (an estimate)` */
export function useText({ used, limit }: QuotaUse, span: 'day' | 'year', sandbox: string): string {
  const when = span === 'day' ? 'today' : 'this contract year';
  const where = `in sandbox "${safeText(sandbox)}"`;
  return `${countText(used)} of ${countOf(limit, 'run')} used ${when} ${where} (an estimate)`;
}

/** `2026-03-11T00:00:00Z` */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
