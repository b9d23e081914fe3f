// A watch that looks for its jobs: what it waits for, what it picks up, and when it ends.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFinder } from '../../src/jobs/finding.ts';
import type { KnownJobStatus, SegmentJob } from '../../src/jobs/job.ts';
import type { PageQuery, ReadPage } from '../../src/jobs/listing.ts';
import type { WatchedFilter } from '../../src/jobs/watch-events.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { jobWith, outage, watchScene } from '../support/watched-service.ts';

const minutes = (count: number) => (beganMs: number) => beganMs + count * 60_000;

describe('a watch of a selection', () => {
  it('waits for a first job, picks up what appears meanwhile, and ends when all have finished', async () => {
    const run = await watchScene({
      selection: {},
      jobs: {
        a: [
          [10, 'QUEUED'],
          [40, 'SUCCEEDED'],
        ],
        b: [
          [22, 'NEW'],
          [60, 'SUCCEEDED'],
        ],
      },
      options: { intervalMs: 5000 },
    });
    expect(run.lines).toEqual([
      '0 watch.started',
      '10 job.status a ->QUEUED',
      '25 job.status b ->NEW',
      '40 job.finished a QUEUED>SUCCEEDED',
      '60 job.finished b NEW>SUCCEEDED',
      '60 watch.ended finished 0',
    ]);
    expect(run.polls.slice(0, 6)).toEqual([
      [0, []],
      [5, []],
      [10, []],
      [15, ['a']],
      [20, ['a']],
      [25, ['a']],
    ]);
  });

  it('ends at the first look where everything has finished already', async () => {
    const run = await watchScene({ selection: {}, jobs: { a: [[0, 'SUCCEEDED']], b: [[0, 'FAILED']] } });
    expect(run.lines).toEqual([
      '0 watch.started',
      '0 job.finished a ->SUCCEEDED',
      '0 job.finished b ->FAILED',
      '0 watch.ended finished 10',
    ]);
  });

  it('is 5 when nothing appeared in time, and looks once more at that moment', async () => {
    const run = await watchScene({
      selection: { appearBy: minutes(1) },
      jobs: {},
      options: { intervalMs: 25_000 },
    });
    expect(run.polls.map(([at]) => at)).toEqual([0, 25, 50, 60]);
    expect(run.lines).toEqual(['0 watch.started', '60 watch.heartbeat', '60 watch.ended nothingAppeared 5']);
  });

  it('follows what appeared at the very last look, and counts --timeout from then', async () => {
    const run = await watchScene({
      selection: { appearBy: minutes(1) },
      jobs: {
        a: [
          [58, 'NEW'],
          [100, 'SUCCEEDED'],
        ],
      },
      options: { intervalMs: 25_000, timeoutMs: 50_000 },
    });
    expect(run.lines.slice(2)).toEqual([
      '60 job.status a ->NEW',
      '110 job.finished a NEW>SUCCEEDED',
      '110 watch.ended finished 0',
    ]);
  });

  it('is 124 when what appeared does not finish in time', async () => {
    const run = await watchScene({
      selection: { appearBy: () => Number.POSITIVE_INFINITY },
      jobs: { a: [[7200, 'PROCESSING']] },
      options: { timeoutMs: 600_000, intervalMs: 60_000 },
    });
    expect(run.lines.at(-1)).toBe('7800 watch.ended timeout 124');
  });

  it.each([
    ['nothing matches', {}, 'nothingAppeared 5'],
    ['something runs', { a: [[0, 'QUEUED']] as const }, 'lookedOnce 8'],
    ['all has ended', { a: [[0, 'SUCCEEDED']] as const }, 'finished 0'],
  ])('looks once with --timeout 0 where %s', async (_what, jobs, end) => {
    const run = await watchScene({ selection: {}, jobs, options: { timeoutMs: 0 } });
    expect(run.polls).toHaveLength(1);
    expect(run.lines.at(-1)).toBe(`0 watch.ended ${end}`);
  });

  it('passes over an outage while nothing has appeared, and loses contact as any other watch', async () => {
    const passing = await watchScene({
      selection: {},
      jobs: { a: [[500, 'SUCCEEDED']] },
      fault: (_poll, second) => (second > 0 && second < 400 ? outage : undefined),
    });
    expect(passing.exitCode).toBe(0);
    const lost = await watchScene({ selection: {}, jobs: {}, fault: () => outage });
    expect(lost.lines.at(-1)).toMatch(/ watch\.ended lostContact 7$/);
  });

  it('waits until the moment on the clock of the service, however wrong the local one is', async () => {
    const moments: (number | undefined)[] = [];
    const run = await watchScene({
      selection: { appearBy: () => Date.parse('2028-01-01T07:00:00Z') },
      jobs: {},
      clock: new SimulatedClock('2026-11-23T06:55:00Z'),
      latencyMs: 100,
      beforePoll: (clock) => {
        clock.serviceAheadMs = Date.parse('2028-01-01T06:55:00Z') - Date.parse('2026-11-23T06:55:00Z');
      },
      onEvent: (event) => moments.push(event.atMs),
    });
    expect(run.lines.at(-1)).toMatch(/^300(\.1)? watch\.ended nothingAppeared 5$/);
    expect(new Date(moments[0] ?? 0).toISOString().slice(0, 10)).toBe('2028-01-01');
  });

  it('whatever appears when, tells each job once, and ends when the last has', async () => {
    const life = fc
      .tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 200, max: 2000 }))
      .map(([from, lasts]) => [[from, 'NEW'] as const, [from + lasts, 'SUCCEEDED'] as const] as const);
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 8 }), async (lives) => {
        const jobs = Object.fromEntries(lives.map((timetable, index) => [`job-${index}`, timetable]));
        const run = await watchScene({ selection: {}, jobs });
        const finished = run.events.flatMap((event) => (event.type === 'job.finished' ? [event.id] : []));
        expect(new Set(finished).size).toBe(finished.length);
        // Every job that was there when another one still ran has been followed to its end.
        const endsAt = (run.polls.at(-1)?.[0] ?? 0) + 1e-9;
        const there = Object.keys(jobs).filter((id) => (jobs[id]?.[0][0] ?? 0) <= endsAt);
        expect([...finished].sort()).toEqual(there.sort());
        expect(run.exitCode).toBe(0);
      }),
    );
  });
});

interface Stocked {
  readonly id: string;
  readonly created: number;
  status: KnownJobStatus;
}

/** A service with these jobs, in pages of `limit`, newest first, and what it was asked. */
function serviceWith(stock: Stocked[]) {
  const pages: string[] = [];
  async function* readPages({ status, limit, properties }: PageQuery): AsyncGenerator<ReadPage> {
    const mine = stock
      .filter((job) => status === undefined || job.status === status)
      .sort((a, b) => b.created - a.created);
    for (let at = 0; at === 0 || at < mine.length; at += limit) {
      pages.push([status ?? 'any', ...properties].join(' '));
      const jobs = mine
        .slice(at, at + limit)
        .map((job): SegmentJob => ({ ...jobWith(job.id, job.status), creationTime: job.created }));
      yield { jobs, pageJson: '{}', linksJson: '{}', hasMore: at + limit < mine.length, isIncomplete: false };
    }
  }
  return { readPages, take: () => pages.splice(0) };
}

const anything: WatchedFilter = { statuses: [], properties: [] };
const history = (count: number, from = 0): Stocked[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `old-${from + index}`,
    created: from + index,
    status: 'SUCCEEDED',
  }));
const began = 10_000;
const beganMs = () => began;
const ids = (jobs: readonly SegmentJob[]) => jobs.map(({ id }) => id);

describe('looking for jobs', () => {
  it('without --since takes what is unfinished, then what is created, and never reads the history', async () => {
    const running: Stocked = { id: 'running', created: 9000, status: 'PROCESSING' };
    const stock = [...history(500), running];
    const { readPages, take } = serviceWith(stock);
    const finder = createFinder(anything, undefined);
    expect(ids(await finder.look({ readPages, beganMs }))).toEqual(['running']);
    expect(take()).toEqual(['NEW', 'QUEUED', 'PROCESSING', 'CANCELLING']);

    running.status = 'SUCCEEDED';
    stock.push({ id: 'quick', created: began, status: 'FAILED' });
    expect(ids(await finder.look({ readPages, beganMs }))).toEqual(['quick']);
    expect(take()).toEqual(['any', 'any']);
  });

  it('with --since takes all since then, and later reads on only to a page that holds nothing new', async () => {
    const stock = history(250);
    const { readPages, take } = serviceWith(stock);
    const finder = createFinder(anything, () => 20);
    expect(await finder.look({ readPages, beganMs })).toHaveLength(230);
    expect(take()).toHaveLength(3);
    stock.push({ id: 'new', created: 300, status: 'NEW' });
    const found = ids(await finder.look({ readPages, beganMs }));
    expect(found.at(-1)).toBe('new');
    expect(take()).toHaveLength(2);
    await finder.look({ readPages, beganMs });
    expect(take()).toHaveLength(1);
  });

  it('gives the oldest first', async () => {
    const { readPages } = serviceWith(history(3));
    expect(ids(await createFinder(anything, () => 0).look({ readPages, beganMs }))).toEqual([
      'old-0',
      'old-1',
      'old-2',
    ]);
  });

  it('takes a job that moves into the status only later', async () => {
    const job: Stocked = { id: 'a', created: began + 1, status: 'QUEUED' };
    const newer = history(150, began + 2).map((other): Stocked => ({ ...other, status: 'FAILED' }));
    const { readPages } = serviceWith([job, ...newer]);
    const finder = createFinder({ ...anything, statuses: ['PROCESSING', 'FAILED'] }, undefined);
    await finder.look({ readPages, beganMs });
    await finder.look({ readPages, beganMs });
    job.status = 'PROCESSING';
    expect(ids(await finder.look({ readPages, beganMs }))).toContain('a');
  });

  it('passes the filters on, one status as the service takes it', async () => {
    const { readPages, take } = serviceWith([]);
    const filter: WatchedFilter = { statuses: ['QUEUED'], properties: ['a==b'], source: 'scheduler' };
    await createFinder(filter, () => 0).look({ readPages, beganMs });
    expect(take()).toEqual(['QUEUED a==b source==scheduler']);
  });

  it('looks for nothing but new jobs where only ends are asked for', async () => {
    const { readPages, take } = serviceWith([
      ...history(3),
      { id: 'x', created: began, status: 'SUCCEEDED' },
    ]);
    const finder = createFinder({ ...anything, statuses: ['SUCCEEDED'] }, undefined);
    expect(ids(await finder.look({ readPages, beganMs }))).toEqual(['x']);
    expect(take()).toEqual(['SUCCEEDED']);
  });

  it('has not happened when a page fails: the next look gives everything again', async () => {
    const { readPages } = serviceWith(history(150));
    const finder = createFinder(anything, () => 0);
    let pages = 0;
    async function* failing(query: PageQuery): AsyncGenerator<ReadPage> {
      for await (const page of readPages(query)) {
        if (++pages === 2) throw outage;
        yield page;
      }
    }
    await expect(finder.look({ readPages: failing, beganMs })).rejects.toBe(outage);
    expect(await finder.look({ readPages, beganMs })).toHaveLength(150);
  });

  it('refuses to follow more than 10,000 jobs, and reads no more pages to know it', async () => {
    const { readPages, take } = serviceWith(history(20_000));
    await expect(createFinder(anything, () => 0).look({ readPages, beganMs })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('--since'),
    });
    expect(take()).toHaveLength(101);
    expect(await createFinder(anything, () => 10_000).look({ readPages, beganMs })).toHaveLength(10_000);
  });
});
