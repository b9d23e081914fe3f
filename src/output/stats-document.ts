// Statistics as a document of our own, and as lines of path and value for scripts.

import { changeOf } from '../jobs/comparison.ts';
import { type JobStats, type OutcomeStats, type SegmentStats, successPercent } from '../jobs/stats.ts';
import { quoteJson } from '../lossless-json.ts';
import { tsvValue } from './tsv.ts';

/** What the statistics are about. */
export interface StatsScope {
  readonly sandbox: string;
  /** Unix ms on the service's clock. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly segmentId: string | undefined;
  readonly source: string | undefined;
  /** Whether all jobs there are were read. */
  readonly isWhole: boolean;
}

/** The document of `docs/schema/stats-document.schema.json`, as JSON text; what is not known is `null`. */
export function statsJson(stats: JobStats, scope: StatsScope): string {
  const { sandbox, sinceMs, untilMs, segmentId, source, isWhole } = scope;
  const facts = {
    schemaVersion: 1,
    sandbox,
    since: isoTime(sinceMs),
    until: isoTime(untilMs),
    segment: segmentId ?? null,
    source: source ?? null,
    isWhole,
    jobs: outcomeFacts(stats.all),
  };
  const members = [
    quoteJson(facts).slice(1, -1),
    `"bySource":${objectOf(stats.bySource, (outcome) => quoteJson(outcomeFacts(outcome)))}`,
    `"periodSeconds":${stats.periodMs / 1000}`,
    `"periods":${quoteJson(stats.periods.map(periodFacts))}`,
    `"segments":${objectOf(stats.segments, (segment) => quoteJson(segmentFacts(segment)))}`,
    `"failures":${quoteJson(stats.failures.map(failureFacts))}`,
  ];
  return `{${members.join(',')}}`;
}

/** The leaves of that document, one `path⇥value` a line: `jobs.failed⇥17`. What is not known has no value. */
export function statsLines(json: string): string {
  const lines: string[] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    } else {
      lines.push(`${tsvValue(path.join('.'))}\t${tsvValue(String(value ?? ''))}\n`);
    }
  };
  // Keys are only read here: `__proto__` is one like any other to `JSON.parse`.
  walk(JSON.parse(json), []);
  return lines.join('');
}

function outcomeFacts(outcome: OutcomeStats) {
  const { jobs, succeeded, failed, cancelled, unfinished, durations } = outcome;
  return {
    total: jobs,
    succeeded,
    failed,
    cancelled,
    unfinished,
    successPercent: rounded(successPercent(outcome)),
    medianSeconds: seconds(durations.quantile(0.5)),
    p95Seconds: seconds(durations.quantile(0.95)),
    shortestSeconds: seconds(durations.quantile(0)),
    longestSeconds: seconds(durations.quantile(1)),
  };
}

function periodFacts({ startMs, jobs, succeeded, failed, medianMs }: JobStats['periods'][number]) {
  return { start: isoTime(startMs), jobs, succeeded, failed, medianSeconds: seconds(medianMs) };
}

function segmentFacts({ jobs, first, last, smallest, largest, byPeriod }: SegmentStats) {
  const point = ({ timeMs, profiles }: SegmentStats['first']) => ({ time: isoTime(timeMs), profiles });
  return {
    jobs,
    first: point(first),
    last: point(last),
    changePercent: rounded(changeOf(last.profiles, first.profiles).changePercent),
    smallest,
    largest,
    byPeriod: byPeriod.map((profiles) => profiles ?? null),
  };
}

function failureFacts({ code, message, jobs, lastJobId, lastCreatedAt }: JobStats['failures'][number]) {
  return {
    code: code ?? null,
    message: message ?? null,
    jobs,
    lastJob: lastJobId,
    lastTime: lastCreatedAt === undefined ? null : isoTime(lastCreatedAt),
  };
}

/** Keys come from outside, so the object is written and never made. */
function objectOf<T>(members: ReadonlyMap<string, T>, json: (value: T) => string): string {
  return `{${[...members].map(([key, value]) => `${quoteJson(key)}:${json(value)}`).join(',')}}`;
}

function isoTime(ms: number): string {
  // What no Date can hold is shown as the last time that one can.
  return new Date(Math.min(8.64e15, ms)).toISOString();
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms / 1000);
}

function rounded(percent: number | undefined): number | null {
  return percent === undefined ? null : Number(percent.toFixed(3));
}
