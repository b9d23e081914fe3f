// The jobs of the thirty days before the clock starts: nightly runs, requests of people and pipelines, and what went wrong.

import type { Definitions } from './definitions.ts';
import { expectedDurationMs, type FailureCause, type Job, planTimeline } from './life.ts';
import { choiceOf, fractionOf, hashOf, uuidOf } from './random.ts';
import type { Sandbox } from './sandboxes.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const historyDays = 30;

/** The set of definitions one kind of request asks for; the same sets come again and again, as pipelines do. */
function requestedSets(definitions: Definitions): readonly (readonly string[])[] {
  const ids = definitions.evaluable.map(({ id }) => id);
  const take = (...indexes: readonly number[]) =>
    indexes.flatMap((index) => {
      const id = ids[index];
      return id === undefined ? [] : [id];
    });
  return [
    take(0),
    take(2),
    take(3),
    take(4),
    take(1),
    take(0, 3),
    take(2, 4),
    take(5),
    take(4, 5, 11),
    take(3, 6, 9),
  ];
}

/** Night `day` (days since 1970): the scheduler starts between 02:00 and 02:09 UTC. */
export function nightlyRunAt(sandbox: Sandbox, day: number): number {
  return day * dayMs + 120 * minuteMs + Math.floor(fractionOf('night', sandbox.name, day) * 10 * minuteMs);
}

/** The nightly run of one day, for the history and for nights that pass while the emulator runs. */
export function nightlyJob(run: {
  readonly sandbox: Sandbox;
  readonly definitions: Definitions;
  readonly day: number;
  readonly number: number;
  readonly seed: number;
  readonly failure?: FailureCause | undefined;
}): Job {
  const { sandbox, definitions, day, number, seed, failure } = run;
  const id = uuidOf('nightly', seed, sandbox.name, day);
  const timeline = planTimeline({
    id,
    createdAt: nightlyRunAt(sandbox, day),
    expectedMs: expectedDurationMs(definitions.evaluable),
    startsAtOnce: false,
    fails: failure !== undefined,
  });
  const segmentIds = definitions.evaluable.map((definition) => definition.id);
  return { id, sandbox, source: 'scheduler', number, segmentIds, failure, ...timeline };
}

/** A time within office hours (UTC), by the fraction `u` of the thirty days. */
function officeTime(startAt: number, u: number, v: number): number {
  const day = Math.floor((startAt - u * historyDays * dayMs) / dayMs);
  // The sum of two fractions crowds around noon; weekends are moved to the Friday before.
  const weekday = (day + 4) % 7;
  const shift = weekday === 6 ? 1 : weekday === 0 ? 2 : 0;
  const hours = 6 + 13 * v;
  return (day - (shift === 0 || u > 0.9 || v > 0.8 ? 0 : shift)) * dayMs + hours * 60 * minuteMs;
}

/** Creation times, oldest first, each at least a millisecond after the one before. */
function requestTimes(sandbox: Sandbox, count: number, startAt: number, seed: number): Float64Array {
  const times = new Float64Array(count);
  const latest = startAt - 75 * minuteMs;
  const earliest = startAt - historyDays * dayMs + minuteMs;
  const base = hashOf(seed, sandbox.name, 'requests');
  for (let i = 0; i < count; i++) {
    const v = (fractionOf(base, i, 1) + fractionOf(base, i, 2)) / 2;
    let time = officeTime(startAt, fractionOf(base, i), v);
    if (time > latest) time -= dayMs;
    if (time < earliest) time = earliest + fractionOf(base, i, 3) * dayMs;
    times[i] = Math.floor(Math.min(time, latest));
  }
  times.sort();
  for (let i = 1; i < count; i++) times[i] = Math.max(times[i] ?? 0, (times[i - 1] ?? 0) + 1);
  return times;
}

/**
 * The jobs of one sandbox before `startAt` (unix ms), oldest first, every one of them ended by then.
 * Ids follow from the seed alone. About 5 µs a job: documents are made only when asked for.
 */
export function createHistory(options: {
  readonly sandbox: Sandbox;
  readonly definitions: Definitions;
  readonly count: number;
  readonly startAt: number;
  readonly seed: number;
}): readonly Job[] {
  const { sandbox, definitions, count, startAt, seed } = options;
  const today = Math.floor(startAt / dayMs);
  const nightsWanted = Math.min(historyDays, Math.round(count * 0.2));
  const nights: number[] = [];
  for (let day = today; nights.length < nightsWanted && day > today - historyDays; day--) {
    if (nightlyRunAt(sandbox, day) + 90 * minuteMs < startAt) nights.unshift(day);
  }
  const times = requestTimes(sandbox, count - nights.length, startAt, seed);
  const sets = requestedSets(definitions);
  const broken = definitions.all.find(({ isBroken }) => isBroken);
  const evaluable = definitions.evaluable.map(({ id }) => id);
  const expectedMs = new Map<readonly string[], number>();

  const requestedJob = (index: number, number: number, createdAt: number): Job => {
    const id = uuidOf('history', seed, sandbox.name, index);
    // Every seventeen requests hold one of each kind that is not a plain success, so that short histories have them too.
    const kind = (index + seed) % 17;
    let segmentIds = choiceOf(sets, 'set', id);
    if (kind === 3 && broken !== undefined) segmentIds = [broken.id];
    if (sandbox.type === 'development' && index === Math.min(2, times.length - 1)) segmentIds = ['*'];
    let expected = expectedMs.get(segmentIds);
    if (expected === undefined) {
      const ids = segmentIds[0] === '*' ? evaluable : segmentIds;
      expected = expectedDurationMs(ids.map(definitions.findOrInvent));
      if (sets.includes(segmentIds)) expectedMs.set(segmentIds, expected);
    }
    const failure =
      segmentIds[0] === '*' ? undefined : kind === 3 ? 'definition' : kind === 9 ? 'platform' : undefined;
    const timeline = planTimeline({
      id,
      createdAt,
      expectedMs: expected,
      startsAtOnce: false,
      fails: failure !== undefined,
    });
    const job: Job = { id, sandbox, source: 'api', number, segmentIds, failure, ...timeline };
    if (kind === 12) return { ...job, isSparse: true };
    if (kind === 6 && segmentIds[0] !== '*') {
      job.cancelRequestedAt =
        createdAt + Math.round((timeline.endAt - createdAt) * 0.8 * fractionOf('cut', id));
    }
    return job;
  };

  const jobs: Job[] = [];
  let night = 0;
  for (let index = 0; index <= times.length; index++) {
    const createdAt = times[index] ?? Number.POSITIVE_INFINITY;
    for (let day = nights[night]; day !== undefined; day = nights[++night]) {
      if (nightlyRunAt(sandbox, day) > createdAt) break;
      const failure = night % 13 === 4 ? 'platform' : undefined;
      jobs.push(nightlyJob({ sandbox, definitions, day, number: jobs.length + 1, seed, failure }));
    }
    if (index < times.length) jobs.push(requestedJob(index, jobs.length + 1, createdAt));
  }
  return jobs;
}
