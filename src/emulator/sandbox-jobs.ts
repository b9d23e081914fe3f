// The jobs of one sandbox: its history, and those that come while the emulator runs.

import { createDefinitions, type Definitions } from './definitions.ts';
import { createHistory, nightlyJob, nightlyRunAt } from './history.ts';
import { expectedDurationMs, type Job, planTimeline } from './life.ts';
import { hashOf, uuidOf } from './random.ts';
import type { Sandbox } from './sandboxes.ts';

const dayMs = 86_400_000;

export interface SandboxJobsOptions {
  readonly seed: number;
  /** Unix ms. */
  readonly startAt: number;
  /** In all sandboxes together. */
  readonly historyJobs: number;
  /** Whether nights that pass bring a scheduled job, as on the real service. */
  readonly hasNights: boolean;
}

/** What has to be kept of a created job; everything else follows from it and the seed. */
export interface CreatedJob {
  readonly number: number;
  readonly sandbox: string;
  readonly segmentIds: readonly string[];
  readonly createdAt: number;
  readonly requestId?: string | undefined;
}

export interface SandboxJobs {
  readonly sandbox: Sandbox;
  readonly definitions: Definitions;
  history: readonly Job[];
  /** Created or scheduled since the start, oldest first. */
  readonly live: Job[];
  /** The day (since 1970) of the next nightly run. */
  nextNight: number;
  /** Filtered and sorted histories, by filter; the history changes only when a job of it is deleted. */
  readonly selections: Map<string, readonly Job[]>;
}

/** A sandbox as it is when the clock starts: `count` finished jobs and no other. */
export function openSandboxJobs(
  sandbox: Sandbox,
  count: number,
  { seed, startAt }: SandboxJobsOptions,
): SandboxJobs {
  const definitions = createDefinitions(sandbox);
  const today = Math.floor(startAt / dayMs);
  return {
    sandbox,
    definitions,
    history: createHistory({ sandbox, definitions, count, startAt, seed }),
    live: [],
    nextNight: nightlyRunAt(sandbox, today) > startAt ? today : today + 1,
    selections: new Map(),
  };
}

/** The job that a create made; all but the record follows from the seed. */
export function createdJob(
  record: CreatedJob,
  { sandbox, definitions }: SandboxJobs,
  options: SandboxJobsOptions,
): Job {
  const { segmentIds, requestId, createdAt } = record;
  const id = uuidOf('created', options.seed, record.number);
  const evaluated = segmentIds[0] === '*' ? definitions.evaluable : segmentIds.map(definitions.findOrInvent);
  const failure = evaluated.some(({ isBroken }) => isBroken) ? 'definition' : undefined;
  const timeline = planTimeline({
    id,
    createdAt,
    expectedMs: expectedDurationMs(evaluated),
    // The table of the documents says NEW, their sample PROCESSING: one in four starts at once.
    startsAtOnce: hashOf('starts', options.seed, record.number) % 4 === 3,
    fails: failure !== undefined,
  });
  const number = options.historyJobs + record.number;
  return { id, sandbox, source: 'api', number, segmentIds, requestId, failure, ...timeline };
}

/** Adds the nightly runs that have begun by `at` (unix ms), and returns them. */
export function addNights(place: SandboxJobs, at: number, options: SandboxJobsOptions): readonly Job[] {
  const { sandbox, definitions } = place;
  const { seed, hasNights } = options;
  const added: Job[] = [];
  while (hasNights && nightlyRunAt(sandbox, place.nextNight) <= at) {
    const number = options.historyJobs + place.nextNight - Math.floor(options.startAt / dayMs);
    added.push(nightlyJob({ sandbox, definitions, day: place.nextNight, number, seed }));
    place.nextNight++;
  }
  if (added.length > 0) {
    place.live.push(...added);
    place.live.sort((a, b) => a.createdAt - b.createdAt);
  }
  return added;
}
