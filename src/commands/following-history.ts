// What a watch learns from earlier jobs: how long its jobs will take while they run, and what changed once they ended.

import type { SegmentJobsClient } from '../api/client.ts';
import type { Context } from '../context.ts';
import type { DurationRange } from '../jobs/forecast.ts';
import { isFinal, knownStatus, type SegmentJob } from '../jobs/job.ts';
import { createRunHistory } from '../jobs/run-history.ts';
import type { WatchEvent, WatchEventOf } from '../jobs/watch-events.ts';
import { forecastLines } from '../output/forecast-text.ts';
import type { Output } from '../output/output.ts';
import { showComparisons } from '../output/watch-comparisons.ts';
import { logTime } from '../output/watch-text.ts';

/** A watch that has ended is not held up for longer by a service that is slow about the past. */
const comparisonPatienceMs = 10_000;
/** People read so many blocks; the rest is one command each away. */
const mostComparedJobs = 10;

export interface WatchHistory {
  /**
   * The same events. After the first look that leaves something to wait for, earlier jobs are read beside the watch
   * (two requests at most; a failure is silent), where anybody would see what they tell.
   */
  learnFrom(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent, void, undefined>;
  /** What the job usually takes from its creation to its end; `undefined` until that is known. */
  forecastFor(job: SegmentJob): DurationRange | undefined;
  /** Below the final table what the jobs of a finished watch found. Throws only what writing to stdout throws. */
  showChanges(ended: WatchEventOf<'watch.ended'>): Promise<void>;
}

/** One list page is one request: `client.pages` asks for no further one until it is needed. */
export function createWatchHistory(
  context: Pick<Context, 'globals' | 'host' | 'signal'>,
  client: Pick<SegmentJobsClient, 'pages' | 'serviceNow'>,
  output: Output,
): WatchHistory {
  const ending = new AbortController();
  const history = createRunHistory({
    pages: (query, { signal }) => client.pages(query, { signal, hasOwnBudget: true }),
  });
  const isSeen = output.format !== 'ndjson' && !context.globals.quiet;

  async function forecast(running: readonly SegmentJob[]): Promise<void> {
    await history.readForForecast(running, AbortSignal.any([context.signal, ending.signal]));
    // A live view asks for the forecast of each job itself.
    const isLive = output.canAnimate && context.host.screen?.isOurs() !== false;
    if (ending.signal.aborted || isLive) return;
    const known = running.flatMap((job) => {
      const range = history.forecastFor(job);
      return range === undefined ? [] : [{ id: job.id, range }];
    });
    if (known.length === 0) return;
    const time = logTime(client.serviceNow());
    for (const line of forecastLines(known, running.length)) output.note(`${time}  ${line}`);
  }

  async function* learnFrom(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent, void, undefined> {
    const jobs = new Map<string, SegmentJob>();
    let hasBegun = !isSeen;
    try {
      for await (const event of events) {
        yield event;
        if (hasBegun) continue;
        if ('job' in event) jobs.set(event.job.id, event.job);
        if (event.type !== 'watch.waiting') continue;
        const running = [...jobs.values()].filter(isOnItsWay);
        if (running.length === 0) continue;
        hasBegun = true;
        jobs.clear();
        forecast(running).catch(() => undefined);
      }
    } finally {
      ending.abort();
    }
  }

  async function showChanges({ ending: { kind }, jobs }: WatchEventOf<'watch.ended'>): Promise<void> {
    if (output.format !== 'table' || kind !== 'finished' || context.signal.aborted) return;
    const finished = jobs.flatMap(({ standing, job }) =>
      job !== undefined && (standing === 'succeeded' || standing === 'failed') ? [job] : [],
    );
    const shown = finished.slice(0, mostComparedJobs);
    if (shown.length === 0) return;
    // A job of this very watch may be the one before another of it.
    history.add(finished);
    const progress = output.progress('looking at earlier jobs…');
    try {
      const succeeded = shown.filter((job) => knownStatus(job.status) === 'SUCCEEDED');
      const patience = AbortSignal.timeout(comparisonPatienceMs);
      await history.readForComparison(succeeded, AbortSignal.any([context.signal, patience]));
    } catch {
      // What is known is shown; the watch itself has told everything.
    } finally {
      progress.stop();
    }
    await showComparisons(output, shown.map(history.compare), finished.length - shown.length);
  }

  return {
    learnFrom,
    forecastFor: (job) => (isOnItsWay(job) ? history.forecastFor(job) : undefined),
    showChanges,
  };
}

/** What is being cancelled ends sooner than earlier runs can tell. */
function isOnItsWay(job: SegmentJob): boolean {
  return !isFinal(job) && knownStatus(job.status) !== 'CANCELLING';
}
