import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { jobWith, outage, watchScene } from '../support/watched-service.ts';

const running = [[0, 'PROCESSING']] as const;
const pollSeconds = (run: { polls: readonly (readonly [number, unknown])[] }) => run.polls.map(([at]) => at);

describe('following jobs', () => {
  it('tells each change once, asks for all unfinished jobs at once, and lets finished ones go', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [6, 'PROCESSING'],
          [20, 'SUCCEEDED'],
        ],
        b: [
          [0, 'QUEUED'],
          [10, 'SUCCEEDED'],
        ],
      },
    });
    expect(run.lines).toEqual([
      '0 watch.started',
      '0 job.status a ->NEW',
      '0 job.status b ->QUEUED',
      '12.5 job.status a NEW>PROCESSING',
      '12.5 job.finished b QUEUED>SUCCEEDED',
      '23.75 job.finished a PROCESSING>SUCCEEDED',
      '23.75 watch.ended finished 0',
    ]);
    expect(run.polls).toEqual([
      [0, ['a', 'b']],
      [5, ['a', 'b']],
      [12.5, ['a', 'b']],
      [23.75, ['a']],
    ]);
  });

  it('waits 5 s at first, half as long again each time, 60 s in the end', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [320, 'SUCCEEDED'],
        ],
      },
    });
    const gaps = pollSeconds(run).map((at, i, all) => at - (all[i - 1] ?? 0));
    expect(gaps.map((gap) => Math.round(gap * 10) / 10)).toEqual([
      0, 5, 7.5, 11.3, 16.9, 25.3, 38, 57, 60, 60, 60,
    ]);
  });

  it('draws each interval within a tenth of its length', async () => {
    const lowest = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [11, 'SUCCEEDED'],
        ],
      },
      random: () => 0,
    });
    const highest = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [11, 'SUCCEEDED'],
        ],
      },
      random: () => 0.999999,
    });
    expect(pollSeconds(lowest)).toEqual([0, 4.5, 11.25]);
    expect(pollSeconds(highest).map(Math.round)).toEqual([0, 5, 14]);
  });

  it('takes a given interval as it is', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [8, 'SUCCEEDED'],
        ],
      },
      options: { intervalMs: 3000 },
      random: () => 0,
    });
    expect(pollSeconds(run)).toEqual([0, 3, 6, 9]);
  });

  it('counts the interval from the end of a slow poll', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [8, 'SUCCEEDED'],
        ],
      },
      options: { intervalMs: 3000 },
      latencyMs: 2000,
    });
    expect(pollSeconds(run)).toEqual([0, 5, 10]);
  });

  it('watches an id that is given twice once', async () => {
    const run = await watchScene({ jobs: { a: [[0, 'SUCCEEDED']] }, ids: ['a', 'a'] });
    expect(run.polls).toEqual([[0, ['a']]]);
    expect(run.lines).toEqual([
      '0 watch.started',
      '0 job.finished a ->SUCCEEDED',
      '0 watch.ended finished 0',
    ]);
  });

  it('shows a status that goes backwards, and one it does not know', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'PROCESSING'],
          [4, 'QUEUED'],
          [9, 'RESTING'],
          [15, 'SUCCEEDED'],
        ],
      },
      options: { intervalMs: 5000 },
    });
    expect(run.lines.slice(1, -1)).toEqual([
      '0 job.status a ->PROCESSING',
      '5 job.status a PROCESSING>QUEUED',
      '10 job.status a QUEUED>RESTING',
      '15 job.finished a RESTING>SUCCEEDED',
    ]);
  });

  it('takes both spellings of cancelled for one status', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'CANCELING'],
          [4, 'CANCELLING'],
          [9, 'CANCELED'],
        ],
      },
      options: { intervalMs: 5000 },
    });
    expect(run.lines.slice(1)).toEqual([
      '0 job.status a ->CANCELING',
      '10 job.finished a CANCELLING>CANCELED',
      '10 watch.ended finished 11',
    ]);
  });

  it('goes on for a job that has no status', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, ''],
          [9, 'SUCCEEDED'],
        ],
      },
    });
    expect(run.lines.slice(1, 3)).toEqual(['0 job.status a ->?', '12.5 job.finished a >SUCCEEDED']);
  });

  it('tells a heartbeat after each minute without another event, also while a poll is under way', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [400, 'SUCCEEDED'],
        ],
      },
      options: { intervalMs: 300_000 },
      latencyMs: 90_000,
    });
    expect(run.lines).toEqual([
      '2 watch.started',
      '62 watch.heartbeat',
      '90 job.status a ->NEW',
      '150 watch.heartbeat',
      '210 watch.heartbeat',
      '270 watch.heartbeat',
      '330 watch.heartbeat',
      '390 watch.heartbeat',
      '450 watch.heartbeat',
      '480 job.finished a NEW>SUCCEEDED',
      '480 watch.ended finished 0',
    ]);
  });

  it('starts from the job that was just created, and tells it first', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [20, 'NEW'],
          [30, 'SUCCEEDED'],
        ],
      },
      created: jobWith('a', 'NEW'),
    });
    expect(run.lines).toEqual([
      '0 job.created',
      '0 watch.started',
      '40.625 job.finished a NEW>SUCCEEDED',
      '40.625 watch.ended finished 0',
    ]);
  });
});

describe('the start of a watch', () => {
  it('is told at the time of the service, whose first answer it waits for', async () => {
    const run = await watchScene({
      jobs: { a: [[0, 'SUCCEEDED']] },
      latencyMs: 300,
      beforePoll: (clock) => {
        clock.serviceAheadMs = 400 * 86_400_000;
      },
    });
    expect(run.events.map(({ atMs }) => new Date(atMs).toISOString())).toEqual(
      Array.from({ length: 3 }, () => '2027-12-28T02:14:00.300Z'),
    );
  });

  it('does not wait longer than two seconds', async () => {
    const run = await watchScene({ jobs: { a: [[0, 'SUCCEEDED']] }, latencyMs: 5000 });
    expect(run.lines[0]).toBe('2 watch.started');
  });
});

describe('the end of a watch', () => {
  const ends = async (jobs: Parameters<typeof watchScene>[0]['jobs'], options = {}) => {
    const { lines, exitCode } = await watchScene({ jobs, options });
    return [lines.at(-1)?.split(' ').slice(1).join(' '), exitCode];
  };

  it('is 10 when a job FAILED, before 11 for CANCELLED', async () => {
    expect(await ends({ a: [[0, 'CANCELLED']], b: [[0, 'FAILED']] })).toEqual([
      'watch.ended finished 10',
      10,
    ]);
    expect(await ends({ a: [[0, 'CANCELLED']], b: [[0, 'SUCCEEDED']] })).toEqual([
      'watch.ended finished 11',
      11,
    ]);
  });

  it('is 124 when the time is up, unless a job FAILED', async () => {
    expect(await ends({ a: running }, { timeoutMs: 60_000 })).toEqual(['watch.ended timeout 124', 124]);
    expect(await ends({ a: running, b: [[0, 'FAILED']] }, { timeoutMs: 60_000 })).toEqual([
      'watch.ended timeout 10',
      10,
    ]);
    expect(await ends({ a: running, b: [[0, 'CANCELLED']] }, { timeoutMs: 60_000 })).toEqual([
      'watch.ended timeout 124',
      124,
    ]);
  });

  it('is 8 when a single look finds something running', async () => {
    expect(await ends({ a: running }, { timeoutMs: 0 })).toEqual(['watch.ended lookedOnce 8', 8]);
    expect(await ends({ a: [[0, 'SUCCEEDED']] }, { timeoutMs: 0 })).toEqual(['watch.ended finished 0', 0]);
  });

  it('is 12 when some ids were not found, 5 when none was', async () => {
    expect(await ends({ a: [[0, 'SUCCEEDED']], b: [] })).toEqual(['watch.ended finished 12', 12]);
    expect(await ends({ a: [], b: [] })).toEqual(['watch.ended finished 5', 5]);
    expect(await ends({ a: [] }, { timeoutMs: 0 })).toEqual(['watch.ended finished 5', 5]);
  });

  it('comes at the first bad end with fail-fast, after everything that poll showed', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [5, 'CANCELLED'],
        ],
        b: [
          [0, 'NEW'],
          [5, 'SUCCEEDED'],
        ],
        c: running,
      },
      options: { failFast: true },
    });
    expect(run.lines.slice(-3)).toEqual([
      '5 job.finished a NEW>CANCELLED',
      '5 job.finished b NEW>SUCCEEDED',
      '5 watch.ended failFast 11',
    ]);
  });

  it('after cancel is 0 for CANCELLED and 6 for any other end', async () => {
    const goal = 'cancellation';
    expect(
      await ends(
        {
          a: [
            [0, 'CANCELLING'],
            [9, 'CANCELLED'],
          ],
        },
        { goal },
      ),
    ).toEqual(['watch.ended finished 0', 0]);
    expect(await ends({ a: [[0, 'CANCELLED']], b: [[0, 'SUCCEEDED']] }, { goal })).toEqual([
      'watch.ended finished 6',
      6,
    ]);
    expect(await ends({ a: [[0, 'FAILED']] }, { goal })).toEqual(['watch.ended finished 6', 6]);
  });

  it('is the code of the signal, which is obeyed in the middle of a wait', async () => {
    const stop = new AbortController();
    const reason = new SegjobsError('INTERRUPTED', 'stopped by SIGINT');
    const clock = new SimulatedClock();
    void clock.sleep(7000).then(() => stop.abort(reason));
    const run = await watchScene({ jobs: { a: running, b: [[0, 'FAILED']] }, clock, signal: stop.signal });
    expect(run.lines.at(-1)).toBe('7 watch.ended stopped 130');
  });

  it('is the code of the signal in the middle of a poll that never ends', async () => {
    const stop = new AbortController();
    const clock = new SimulatedClock();
    void clock.sleep(7000).then(() => stop.abort(new SegjobsError('TERMINATED', 'stopped by SIGTERM')));
    const run = await watchScene({ jobs: { a: running }, clock, signal: stop.signal, fault: () => 'hang' });
    expect(run.lines).toEqual(['2 watch.started', '7 watch.ended stopped 143']);
  });

  it('leaves what is known of each id behind, in the order given', async () => {
    const run = await watchScene({
      jobs: { a: running, b: [[0, 'SUCCEEDED']] },
      ids: ['x', 'b', 'a'],
      options: { timeoutMs: 0 },
    });
    const last = run.events.at(-1);
    expect(
      last?.type === 'watch.ended' && last.jobs.map(({ id, standing, job }) => [id, standing, job?.status]),
    ).toEqual([
      ['x', 'notFound', undefined],
      ['b', 'succeeded', 'SUCCEEDED'],
      ['a', 'running', 'PROCESSING'],
    ]);
    expect(last?.type === 'watch.ended' && last.tally.counts).toEqual({
      total: 3,
      running: 1,
      succeeded: 1,
      failed: 0,
      cancelled: 0,
      unseen: 0,
      notFound: 1,
      unreadable: 0,
    });
  });
});

describe('ids that are not there', () => {
  it('waits a minute for an id that no answer has named yet', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [50, 'NEW'],
          [60, 'SUCCEEDED'],
        ],
        b: [],
      },
    });
    expect(run.lines).toEqual([
      '0 watch.started',
      '60 watch.heartbeat',
      '65.9375 job.finished a ->SUCCEEDED',
      '65.9375 job.lost b not found',
      '65.9375 watch.ended finished 12',
    ]);
  });

  it('gives a job up that was seen and is then missing in three good polls', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [4, undefined],
          [14, 'NEW'],
          [16, undefined],
        ],
      },
      options: { intervalMs: 5000 },
      fault: (poll) => (poll === 6 ? outage : undefined),
    });
    expect(run.lines).toEqual([
      '0 watch.started',
      '0 job.status a ->NEW',
      '25 poll.failed 1 all: the service is not available',
      '35 job.lost a not found',
      '35 watch.ended finished 5',
    ]);
  });

  it('does not ask for ids that are known to be absent', async () => {
    const run = await watchScene({ jobs: { a: [[0, 'SUCCEEDED']] }, ids: ['a', 'b'], absent: ['b'] });
    expect(run.polls).toEqual([[0, ['a']]]);
    expect(run.exitCode).toBe(12);
  });
});

describe('failed polls', () => {
  it('are passed over, and the service is asked again when it said', async () => {
    const throttled = new SegjobsError('THROTTLED', 'too many requests', {
      httpStatus: 429,
      retryAfterSeconds: 40,
    });
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [1, 'SUCCEEDED'],
        ],
      },
      fault: (poll) => (poll === 1 ? throttled : undefined),
    });
    expect(run.lines).toEqual([
      '0 watch.started',
      '0 poll.failed 1 all: too many requests',
      '40 job.finished a ->SUCCEEDED',
      '40 watch.ended finished 0',
    ]);
  });

  it.each([
    ['REFUSED', 400, 3],
    ['UNAUTHORIZED', 401, 4],
    ['FORBIDDEN', 403, 4],
  ] as const)('end the watch on the first poll with %s', async (code, httpStatus, exitCode) => {
    const fault = () => new SegjobsError(code, 'no', { httpStatus });
    const run = await watchScene({ jobs: { a: running }, fault });
    expect(run.lines).toEqual(['0 watch.started', `0 watch.ended refused ${exitCode}`]);
  });

  it('do not end it with a 401 or 403 later on', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [20, 'SUCCEEDED'],
        ],
      },
      fault: (poll) =>
        poll === 2 || poll === 3 ? new SegjobsError('UNAUTHORIZED', 'no', { httpStatus: 401 }) : undefined,
    });
    expect(run.exitCode).toBe(0);
  });

  it('end it after ten minutes without a good one, with the code of the last', async () => {
    const run = await watchScene({
      jobs: { a: running },
      fault: (poll, second) =>
        poll === 1 ? undefined : second > 500 ? new SegjobsError('FORBIDDEN', 'no') : outage,
    });
    expect(run.lines.at(-1)).toMatch(/ watch\.ended lostContact 4$/);
    expect(run.polls.at(-1)?.[0]).toBeGreaterThanOrEqual(600);
    expect(run.polls.at(-2)?.[0]).toBeLessThan(600);
  });

  it('end it only after five of them, however far apart', async () => {
    const run = await watchScene({
      jobs: { a: running },
      options: { intervalMs: 900_000 },
      fault: () => outage,
    });
    expect(pollSeconds(run)).toEqual([0, 900, 1800, 2700, 3600]);
    expect(run.exitCode).toBe(7);
  });

  it('start counting anew after a good one', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [1500, 'SUCCEEDED'],
        ],
      },
      fault: (_, second) => (second > 580 && second < 640 ? undefined : second < 1150 ? outage : undefined),
    });
    expect(run.exitCode).toBe(0);
  });

  it('end a single look with their own code', async () => {
    const run = await watchScene({ jobs: { a: running }, options: { timeoutMs: 0 }, fault: () => outage });
    expect(run.lines).toEqual(['0 watch.started', '0 watch.ended lostContact 7']);
  });

  it('of one id leave the others alone, and cost that id its place after ten minutes', async () => {
    const run = await watchScene({
      jobs: { a: running, b: [[0, 'SUCCEEDED']] },
      fault: () => new Map([['a', { httpStatus: 500, message: 'this one is broken' }]]),
    });
    expect(run.lines.slice(0, 4)).toEqual([
      '0 watch.started',
      '0 job.finished b ->SUCCEEDED',
      '0 poll.failed 0 a: this one is broken',
      '5 poll.failed 0 a: this one is broken',
    ]);
    expect(run.lines.slice(-2).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'job.lost a this one is broken',
      'watch.ended finished 7',
    ]);
  });

  it('that are bugs or local faults come out as they are', async () => {
    const bug = new SegjobsError('LOCAL_IO', 'disk full');
    await expect(watchScene({ jobs: { a: running }, fault: () => bug })).rejects.toBe(bug);
  });
});

describe('the time limit', () => {
  it('gets one last look when it falls between two polls', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [28, 'SUCCEEDED'],
        ],
      },
      options: { timeoutMs: 30_000 },
    });
    expect(pollSeconds(run)).toEqual([0, 5, 12.5, 23.75, 30]);
    expect(run.exitCode).toBe(0);
  });

  it('gets no last look that the service asked not to have', async () => {
    const throttled = new SegjobsError('THROTTLED', 'later', { retryAfterSeconds: 100 });
    const run = await watchScene({
      jobs: { a: running },
      options: { timeoutMs: 30_000 },
      fault: () => throttled,
    });
    expect(pollSeconds(run)).toEqual([0]);
    expect(run.lines.at(-1)).toBe('30 watch.ended timeout 124');
  });

  it('gives up a poll that is still under way five seconds after it', async () => {
    const run = await watchScene({
      jobs: { a: running },
      options: { timeoutMs: 20_000 },
      fault: (poll) => (poll === 1 ? undefined : 'hang'),
    });
    expect(run.lines.at(-1)).toBe('25 watch.ended timeout 124');
  });

  it('runs on the service clock, so that a sleeping laptop counts', async () => {
    const run = await watchScene({
      jobs: { a: running },
      beforePoll: (clock, poll) => {
        if (poll === 4) clock.serviceAheadMs = 9 * 3_600_000;
      },
    });
    expect(run.polls).toHaveLength(4);
    expect(run.exitCode).toBe(124);
  });

  it('does not run out when local time turns out to be wrong at the first answer', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [20, 'SUCCEEDED'],
        ],
      },
      beforePoll: (clock, poll) => {
        if (poll === 1) clock.serviceAheadMs = 400 * 86_400_000;
      },
    });
    expect(run.exitCode).toBe(0);
  });

  it('does not run out either when that first answer comes after some that named no job', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [10, 'NEW'],
          [50, 'SUCCEEDED'],
        ],
      },
      beforePoll: (clock, poll) => {
        if (poll === 3) clock.serviceAheadMs = 400 * 86_400_000;
      },
    });
    expect(run.exitCode).toBe(0);
  });

  it('can be absent', async () => {
    const run = await watchScene({
      jobs: {
        a: [
          [0, 'NEW'],
          [200_000, 'SUCCEEDED'],
        ],
      },
      options: { timeoutMs: Number.POSITIVE_INFINITY },
    });
    expect(run.exitCode).toBe(0);
  });
});
