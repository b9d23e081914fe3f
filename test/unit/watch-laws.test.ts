// Laws of the watch loop, held against jobs and faults drawn at random; a failure prints the seed to run it again.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { jobWith, outage, type Timetable, watchScene } from '../support/watched-service.ts';

const ends = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const;

const timetable: fc.Arbitrary<Timetable> = fc
  .tuple(
    fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom('NEW', 'QUEUED', 'PROCESSING', 'RESTING')),
      {
        maxLength: 5,
      },
    ),
    fc.integer({ min: 1, max: 4000 }),
    fc.constantFrom(...ends),
  )
  .map(([steps, seconds, end]) => {
    const sorted = [...steps].sort((a, b) => a[0] - b[0]);
    const last = sorted.at(-1)?.[0] ?? 0;
    return [[0, 'NEW'] as const, ...sorted, [last + seconds, end] as const];
  });

const scene = fc.record({
  tables: fc.array(timetable, { minLength: 1, maxLength: 6 }),
  /** How each poll fares, over and over. */
  fates: fc.array(fc.constantFrom('good', 'good', 'good', 'bad', 'throttled'), {
    minLength: 3,
    maxLength: 20,
  }),
  latencyMs: fc.integer({ min: 0, max: 3000 }),
  draws: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    minLength: 1,
    maxLength: 10,
  }),
});

const throttled = new SegjobsError('THROTTLED', 'too many requests', {
  httpStatus: 429,
  retryAfterSeconds: 90,
});

type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

async function play({ tables, fates, latencyMs, draws }: Scene) {
  const jobs = Object.fromEntries(tables.map((table, index) => [`job-${index}`, table]));
  const fateOf = (poll: number) => fates[(poll - 1) % fates.length] ?? 'good';
  let drawn = 0;
  const run = await watchScene({
    jobs,
    latencyMs,
    random: () => draws[drawn++ % draws.length] ?? 0.5,
    fault: (poll) => ({ good: undefined, bad: outage, throttled })[fateOf(poll)],
  });
  return { jobs, fateOf, run };
}

describe('whatever happens, a watch', () => {
  it('never looks before its time', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (drawn) => {
        const { fateOf, run } = await play(drawn);
        let base = 5;
        for (const [index, [at]] of run.polls.slice(1).entries()) {
          const before = run.polls[index]?.[0] ?? 0;
          const waited = at - before - drawn.latencyMs / 1000;
          expect(waited).toBeGreaterThanOrEqual(base * 0.9 - 1e-6);
          if (fateOf(index + 1) === 'throttled') expect(waited).toBeGreaterThanOrEqual(90 - 1e-6);
          else expect(waited).toBeLessThanOrEqual(base * 1.1 + 1e-6);
          base = Math.min(60, base * 1.5);
        }
      }),
    );
  });

  it('tells every status that two good looks in a row found, in order and once', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (drawn) => {
        const { jobs, fateOf, run } = await play(drawn);
        const goodAt = run.polls.flatMap(([at], index) =>
          fateOf(index + 1) === 'good' ? [at + drawn.latencyMs / 1000] : [],
        );
        for (const [id, table] of Object.entries(jobs)) {
          const seen = goodAt.map((second) => table.findLast(([from]) => from <= second)?.[1] ?? '');
          const steps = seen.filter((status, index) => status !== seen[index - 1]);
          const told = run.events.flatMap((event) =>
            (event.type === 'job.status' || event.type === 'job.finished') && event.id === id
              ? [event.job.status]
              : [],
          );
          expect(told).toEqual(steps);
        }
      }),
    );
  });

  it('ends with a code that follows from the ends of its jobs alone, and asks for no finished job again', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (drawn) => {
        // Five failed looks in a row can be lost contact, and then that is the code.
        fc.pre(
          !/bbbbb/.test(
            [...drawn.fates, ...drawn.fates].map((fate) => (fate === 'good' ? 'g' : 'b')).join(''),
          ),
        );
        const { jobs, run } = await play(drawn);
        const last = Object.values(jobs).map((table) => table.at(-1)?.[1]);
        expect(run.exitCode).toBe(last.includes('FAILED') ? 10 : last.includes('CANCELLED') ? 11 : 0);
        const finished = new Map<string, number>();
        for (const event of run.events) {
          if (event.type === 'job.finished') finished.set(event.id, event.elapsedMs / 1000);
        }
        expect(finished.size).toBe(last.length);
        for (const [at, ids] of run.polls) {
          for (const id of ids) expect(at).toBeLessThanOrEqual(finished.get(id) ?? -1);
        }
      }),
    );
  });

  it('tells something at least every minute, and its end last', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (drawn) => {
        const { run } = await play(drawn);
        const told = run.events
          .filter(({ type }) => type !== 'watch.waiting')
          .map(({ elapsedMs }) => elapsedMs);
        const gaps = told.map((at, index) => at - (told[index - 1] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000 + 1e-6);
        expect(run.events.findIndex(({ type }) => type === 'watch.ended')).toBe(run.events.length - 1);
      }),
    );
  });
});

/** A generator with a seed (mulberry32), for scenes too large to be drawn by fast-check. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a watch of a whole night', () => {
  it.each([1, 2, 3])(
    'of 1,000 jobs comes through failing polls, an outage and a sleep (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const table = (): Timetable => {
        const queued = 60 * random();
        const started = queued + 3600 * random();
        return [
          [0, 'NEW'],
          [queued, 'QUEUED'],
          [started, 'PROCESSING'],
          [started + 20_000 * random(), 'SUCCEEDED'],
        ];
      };
      const jobs = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`job-${index}`, table()]));
      const expired = new SegjobsError('UNAUTHORIZED', 'the token has expired', { httpStatus: 401 });
      const started = process.cpuUsage();
      const run = await watchScene({
        jobs,
        random,
        clock: new SimulatedClock(),
        fault: (poll, second) => {
          if (poll === 1) return undefined;
          if (second > 9000 && second < 9300) return outage;
          if (second > 15_000 && second < 15_070) return expired;
          return random() < 0.05 ? outage : undefined;
        },
        beforePoll: (clock) => {
          if (clock.monotonicMs() > 12_000_000) clock.serviceAheadMs = 1_800_000;
        },
      });
      // Processor time, which a machine busy with something else does not stretch.
      expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
      expect(run.exitCode).toBe(0);
      expect(run.polls.length).toBeLessThan(24_000 / 54 + 10);
      const changes = run.lines
        .filter((line) => / job\.(status|finished) /.test(line))
        .map((line) => line.split(' ').slice(2));
      expect(new Set(changes.map(String)).size).toBe(changes.length);
      expect(run.lines.filter((line) => line.includes('job.finished'))).toHaveLength(1000);
    },
  );

  it('never holds more than one look open, and asks for 10,000 jobs in one', async () => {
    const jobs = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `job-${index}`,
        [
          [0, 'NEW'],
          [10, 'SUCCEEDED'],
        ] as Timetable,
      ]),
    );
    const run = await watchScene({ jobs, created: jobWith('job-7', 'NEW') });
    expect(run.polls.map(([at, ids]) => [at, ids.length])).toEqual([
      [0, 10_000],
      [5, 10_000],
      [12.5, 10_000],
    ]);
    expect(run.exitCode).toBe(0);
  });
});
