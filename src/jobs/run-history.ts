// What is known of earlier successful jobs, read with a few requests: for forecasts, and to compare a job with.

import { comparableSegments, compareJob, type JobComparison, previousRuns } from './comparison.ts';
import { type DurationRange, forecastDuration, type Measure, waitedMs, workedMs } from './forecast.ts';
import { knownStatus, type SegmentJob, segmentIdsOf } from './job.ts';

/** A list of successful jobs, newest first. */
export interface RunQuery {
  readonly status: 'SUCCEEDED';
  readonly properties: readonly string[];
  readonly sort: 'creationTime:desc';
  readonly limit: number;
}

interface RunPage {
  readonly jobs: readonly SegmentJob[];
}

export interface HistorySource {
  /** Pages of a list, one request each and no earlier than it is asked for. Throws when nothing was learned. */
  readonly pages: (query: RunQuery, options: { readonly signal: AbortSignal }) => AsyncIterable<RunPage>;
  /** How far back one list is read, in requests. Default 1. */
  readonly mostPages?: number | undefined;
}

/**
 * Each reading takes two lists at most, and waits for no page any longer once its signal is aborted. A job that one
 * reading brought is known to all.
 */
export interface RunHistory {
  /** Jobs that are known already: those of them that succeeded count as history of the others. */
  add(jobs: Iterable<SegmentJob>): void;
  /** Reads what forecasts for these jobs need. Ends silently when the service fails: no forecast is worth an error. */
  readForForecast(jobs: readonly SegmentJob[], signal: AbortSignal): Promise<void>;
  /** Reads what these jobs are compared with. Throws what the source throws, and the signal's reason. */
  readForComparison(jobs: readonly SegmentJob[], signal: AbortSignal): Promise<void>;
  /** What the job usually takes from its creation to its end; `undefined` where nothing is known. */
  forecastFor(job: SegmentJob): DurationRange | undefined;
  /** The job beside the last successful job before it of each of its segments, and what such a job usually works. */
  compare(job: SegmentJob): JobComparison;
}

interface Reading {
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly isEnough: () => boolean;
}

const largestPage = 100;
const smallestPage = 10;
/** A page is asked for in fewer jobs where each carries very many definitions. */
const mostDefinitionsPerPage = 20_000;
/** Of very many jobs some decide what is read; the same reading then serves the others. */
const mostJobsAskedFor = 100;

export function createRunHistory({ pages, mostPages = 1 }: HistorySource): RunHistory {
  const runs = new Map<string, SegmentJob>();
  /** By job id: a live view asks for them with every frame. */
  const forecasts = new Map<string, DurationRange | undefined>();

  function add(jobs: Iterable<SegmentJob>): void {
    for (const job of jobs) if (knownStatus(job.status) === 'SUCCEEDED') runs.set(job.id, figuresOf(job));
    forecasts.clear();
  }

  const range = (job: SegmentJob, measure: Measure) => forecastDuration(job, [...runs.values()], measure);

  function forecastFor(job: SegmentJob): DurationRange | undefined {
    if (!forecasts.has(job.id)) forecasts.set(job.id, range(job, waitedMs));
    return forecasts.get(job.id);
  }

  /** Reads lists until it is enough, and no further page than that needs. */
  async function read(properties: readonly string[], { limit, signal, isEnough }: Reading): Promise<void> {
    const query = { status: 'SUCCEEDED', properties, sort: 'creationTime:desc', limit } as const;
    const source = pages(query, { signal })[Symbol.asyncIterator]();
    try {
      for (let page = 1; ; page++) {
        const step = await unlessAborted(source.next(), signal);
        if (step.done === true) return;
        add(step.value.jobs);
        if (page >= mostPages || isEnough()) return;
      }
    } finally {
      // A source that is still waiting for the service would keep its own end waiting, too.
      source.return?.()?.catch(() => undefined);
    }
  }

  async function readForForecast(jobs: readonly SegmentJob[], signal: AbortSignal): Promise<void> {
    const isUnknown = (job: SegmentJob) => forecastFor(job)?.basis !== 'sameSegments';
    const asked = jobs.slice(0, mostJobsAskedFor).filter(isUnknown);
    const segmentId = mostFrequent(asked.flatMap(segmentIdsOf));
    if (segmentId === undefined) return;
    const reading = { limit: pageSizeFor(asked), signal, isEnough: () => !asked.some(isUnknown) };
    try {
      await read([bySegment(segmentId)], reading);
      const left = asked.filter(isUnknown);
      if (left.length === 0) return;
      const sources = new Set(left.map(({ source }) => source));
      const [source] = sources.size === 1 ? sources : [];
      await read(source === undefined ? [] : [`source==${source}`], reading);
    } catch {
      // Nothing is shown where nothing is known.
    }
  }

  async function readForComparison(jobs: readonly SegmentJob[], signal: AbortSignal): Promise<void> {
    const missing = () =>
      jobs.flatMap((job) => {
        const previous = previousRuns(job, runs.values());
        return comparableSegments(job).filter((id) => !previous.has(id));
      });
    const first = mostFrequent(missing());
    if (first === undefined) return;
    const reading = { limit: pageSizeFor(jobs), signal, isEnough: () => missing().length === 0 };
    await read([bySegment(first)], reading);
    const left = new Set(missing());
    // All that the service has of this one was in the first list.
    left.delete(first);
    const [only] = left;
    if (only !== undefined) await read(left.size === 1 ? [bySegment(only)] : [], reading);
  }

  return {
    add,
    readForForecast,
    readForComparison,
    forecastFor,
    compare: (job) => compareJob(job, previousRuns(job, runs.values()), range(job, workedMs)),
  };
}

/** What is compared, without definitions and JSON text: a page of large jobs would otherwise hold many megabytes. */
function figuresOf(job: SegmentJob): SegmentJob {
  const segments = segmentIdsOf(job).map((segmentId) => ({ segmentId }));
  return { ...job, segments, errors: [], json: '{}' };
}

function bySegment(segmentId: string): string {
  return `segments~segmentId==${segmentId}`;
}

function pageSizeFor(jobs: readonly SegmentJob[]): number {
  const most = jobs.reduce((size, { segments }) => Math.max(size, segments.length), 1);
  return Math.min(largestPage, Math.max(smallestPage, Math.floor(mostDefinitionsPerPage / most)));
}

/** The first of those that occur most often. */
function mostFrequent(words: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  let [found, most]: [string | undefined, number] = [undefined, 0];
  for (const [word, count] of counts) if (count > most) [found, most] = [word, count];
  return found;
}

/** Rejects with the signal's reason as soon as it is aborted; `work` is then left alone. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
