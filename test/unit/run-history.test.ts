import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { createRunHistory, type RunQuery } from '../../src/jobs/run-history.ts';
import { bareJob, sampleTime } from '../support/sample-jobs.ts';

const minuteMs = 60_000;
const signal = new AbortController().signal;

function job(
  id: string,
  segments: readonly string[],
  hoursAgo: number,
  more: Partial<SegmentJob> = {},
): SegmentJob {
  const creationTime = sampleTime - hoursAgo * 60 * minuteMs;
  return bareJob(id, {
    status: 'SUCCEEDED',
    source: 'api',
    creationTime,
    updateTime: creationTime + 12 * minuteMs,
    segments: segments.map((segmentId) => ({ segmentId })),
    metrics: { segmentedProfileCounter: new Map(segments.map((segment) => [segment, 10])) },
    ...more,
  });
}

const running = (id: string, segments: readonly string[], more: Partial<SegmentJob> = {}) =>
  job(id, segments, 0, { status: 'PROCESSING', metrics: undefined, ...more });

/** A service with these jobs, newest first, in pages of the size asked for; keeps what it is asked. */
function serviceOf(jobs: readonly SegmentJob[]) {
  const requests: string[] = [];
  async function* pages({ properties, limit }: RunQuery) {
    const [filter = ''] = properties;
    const [, segment] = filter.split('segments~segmentId==');
    const [, source] = filter.split('source==');
    const matching = jobs.filter(
      (each) =>
        (segment === undefined || each.segments.some(({ segmentId }) => segmentId === segment)) &&
        (source === undefined || each.source === source),
    );
    for (let at = 0; at === 0 || at < matching.length; at += limit) {
      requests.push(`${filter || 'recent'} ${limit}${at === 0 ? '' : ` from ${at}`}`);
      yield { jobs: matching.slice(at, at + limit) };
    }
  }
  return { pages, requests };
}

describe('reading for a forecast', () => {
  it('takes one request where the same segments ran before', async () => {
    const service = serviceOf([job('x', ['a', 'b'], 5), job('y', ['a'], 6)]);
    const history = createRunHistory(service);
    const now = running('now', ['a', 'b']);
    expect(history.forecastFor(now)).toBeUndefined();
    await history.readForForecast([now], signal);
    expect(service.requests).toEqual(['segments~segmentId==a 100']);
    expect(history.forecastFor(now)).toMatchObject({ runs: 1, basis: 'sameSegments' });
  });

  it('takes a second one, for the source, where they did not, and never a third', async () => {
    const service = serviceOf([1, 2, 3].map((hour) => job(`x${hour}`, [`s${hour}`], hour)));
    const history = createRunHistory(service);
    await history.readForForecast([running('now', ['a'])], signal);
    expect(service.requests).toEqual(['segments~segmentId==a 100', 'source==api 100']);
    expect(history.forecastFor(running('now', ['a']))).toMatchObject({ runs: 3, basis: 'similar' });
  });

  it('serves many jobs with two requests: the segment most of them have, then whatever ran lately', async () => {
    const service = serviceOf([job('x', ['a', 'b'], 5), job('y', ['c'], 6), job('z', ['d'], 7)]);
    const history = createRunHistory(service);
    const jobs = [
      running('1', ['c']),
      running('2', ['b', 'a']),
      running('3', ['a', 'b']),
      running('4', ['d'], { source: 'scheduler' }),
    ];
    await history.readForForecast(jobs, signal);
    expect(service.requests).toEqual(['segments~segmentId==b 100', 'recent 100']);
    expect(jobs.map((each) => history.forecastFor(each)?.runs)).toEqual([1, 1, 1, 1]);
  });

  it('asks for smaller pages where each job carries thousands of definitions', async () => {
    const service = serviceOf([]);
    const segments = Array.from({ length: 4000 }, (_, index) => `s${index}`);
    await createRunHistory(service).readForForecast([running('now', segments)], signal);
    expect(service.requests).toEqual(['segments~segmentId==s0 10', 'source==api 10']);
  });

  it('asks nothing for jobs that name no segment, and nothing that is known already', async () => {
    const service = serviceOf([]);
    const history = createRunHistory(service);
    history.add([job('x', ['a'], 5), job('failed', ['b'], 5, { status: 'FAILED' })]);
    await history.readForForecast([running('now', []), running('other', ['a'])], signal);
    expect(service.requests).toEqual([]);
    expect(history.forecastFor(running('now', ['b']))).toBeUndefined();
  });

  it('is silent when the service fails, and gives up when it is told to', async () => {
    const failing = createRunHistory({
      // biome-ignore lint/correctness/useYield: it fails before it can
      async *pages() {
        throw new SegjobsError('UNAVAILABLE', 'the service is not available');
      },
    });
    await failing.readForForecast([running('now', ['a'])], signal);
    expect(failing.forecastFor(running('now', ['a']))).toBeUndefined();

    const hanging = createRunHistory({
      async *pages() {
        await new Promise(() => undefined);
        yield { jobs: [] };
      },
    });
    const stop = new AbortController();
    const reading = hanging.readForForecast([running('now', ['a'])], stop.signal);
    stop.abort(new Error('enough'));
    await reading;
    await hanging.readForForecast([running('now', ['a'])], AbortSignal.abort());
  });
});

describe('reading for a comparison', () => {
  const now = job('now', ['a', 'b', 'c'], 0);
  const found = (history: ReturnType<typeof createRunHistory>) =>
    history.compare(now).segments.map(({ comparedWith }) => comparedWith?.id);

  it('takes one request where one list has them all', async () => {
    const service = serviceOf([now, job('x', ['a', 'b', 'c'], 5)]);
    const history = createRunHistory(service);
    await history.readForComparison([now], signal);
    expect([service.requests, found(history)]).toEqual([['segments~segmentId==a 100'], ['x', 'x', 'x']]);
    expect(history.compare(now).usual).toMatchObject({ runs: 1 });
  });

  it('reads what ran lately for several that are missing, and the list of the one that is', async () => {
    const several = serviceOf([job('x', ['a'], 5), job('y', ['b'], 6), job('z', ['c'], 7)]);
    const history = createRunHistory(several);
    await history.readForComparison([now], signal);
    expect(several.requests).toEqual(['segments~segmentId==a 100', 'recent 100']);
    expect(found(history)).toEqual(['x', 'y', 'z']);

    const one = serviceOf([job('x', ['a', 'b'], 5), job('y', ['c'], 6)]);
    await createRunHistory(one).readForComparison([now], signal);
    expect(one.requests).toEqual(['segments~segmentId==a 100', 'segments~segmentId==c 100']);
  });

  it('asks no second time for what its own list did not have', async () => {
    const service = serviceOf([]);
    await createRunHistory(service).readForComparison([job('now', ['new'], 0)], signal);
    expect(service.requests).toEqual(['segments~segmentId==new 100']);
  });

  it('asks nothing that a forecast has read', async () => {
    const service = serviceOf([job('x', ['a', 'b', 'c'], 5)]);
    const history = createRunHistory(service);
    await history.readForForecast([running('now', ['a', 'b', 'c'])], signal);
    await history.readForComparison([now], signal);
    expect(service.requests).toEqual(['segments~segmentId==a 100']);
  });

  it('turns pages for an old job, as far as it may', async () => {
    const old = job('old', ['a'], 5000);
    const jobs = [
      ...Array.from({ length: 250 }, (_, at) => job(`n${at}`, ['a'], at)),
      old,
      job('x', ['a'], 6000),
    ];
    const patient = serviceOf(jobs);
    const history = createRunHistory({ ...patient, mostPages: 3 });
    await history.readForComparison([old], signal);
    expect(patient.requests.map((each) => each.replace('segments~segmentId==a 100', 'a'))).toEqual([
      'a',
      'a from 100',
      'a from 200',
    ]);
    expect(history.compare(old).segments[0]?.comparedWith?.id).toBe('x');

    const hasty = serviceOf(jobs);
    const short = createRunHistory(hasty);
    await short.readForComparison([old], signal);
    expect([hasty.requests.length, short.compare(old).segments[0]?.comparedWith]).toEqual([1, undefined]);
  });

  it('throws what the service says', async () => {
    const outage = new SegjobsError('UNAVAILABLE', 'the service is not available');
    const history = createRunHistory({
      // biome-ignore lint/correctness/useYield: it fails before it can
      async *pages() {
        throw outage;
      },
    });
    await expect(history.readForComparison([now], signal)).rejects.toBe(outage);
  });
});
