// A service for the watch loop in process: jobs whose statuses follow a timetable on the simulated clock.

import { SegjobsError } from '../../src/errors.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { type WatchOptions, type WatchSelection, watchJobs } from '../../src/jobs/watch.ts';
import type { UnreadableId, WatchEvent } from '../../src/jobs/watch-events.ts';
import type { PollAnswer } from '../../src/jobs/watch-ledger.ts';
import { eventJson } from '../../src/output/watch-json.ts';
import { checkSchema } from './schemas.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** The status `''` stands for none. */
export function jobWith(id: string, status: string): SegmentJob {
  const told = status === '' ? { id } : { id, status };
  return { ...told, segments: [], errors: [], json: JSON.stringify(told) };
}

/** `[[0, 'NEW'], [60, 'PROCESSING'], [90, undefined]]`: from which second on which status; `undefined`: not there. */
export type Timetable = readonly (readonly [fromSecond: number, status: string | undefined])[];

type Fault = SegjobsError | 'hang' | ReadonlyMap<string, UnreadableId> | undefined;

export interface WatchedRun {
  readonly events: readonly WatchEvent[];
  /** When each poll began, in seconds, and the ids it asked for. */
  readonly polls: readonly (readonly [atSecond: number, ids: readonly string[]])[];
  readonly exitCode: number;
  /** One line an event: `12.5 job.status a NEW>PROCESSING`. */
  readonly lines: readonly string[];
}

export interface WatchedScene {
  readonly jobs: Readonly<Record<string, Timetable>>;
  readonly ids?: readonly string[];
  readonly options?: Partial<WatchOptions>;
  /** Looks for jobs instead of asking for ids: all that are there match. */
  readonly selection?: Partial<WatchSelection>;
  readonly created?: SegmentJob;
  readonly absent?: readonly string[];
  /** What the nth poll (from 1) meets at that second. */
  readonly fault?: (poll: number, second: number) => Fault;
  /** How long each poll takes. */
  readonly latencyMs?: number;
  readonly random?: () => number;
  readonly signal?: AbortSignal;
  /** Called before each poll; may move the service's clock or abort. */
  readonly beforePoll?: (clock: SimulatedClock, poll: number) => void;
  readonly onEvent?: (event: WatchEvent, clock: SimulatedClock) => void;
  readonly clock?: SimulatedClock;
}

const anything: WatchSelection = {
  filter: { statuses: [], properties: [] },
  since: undefined,
  appearBy: (beganMs) => beganMs + 8 * 3_600_000,
};

/** Watches the scene to its end. The interval has no jitter unless `random` is given. */
export async function watchScene(scene: WatchedScene): Promise<WatchedRun> {
  const clock = scene.clock ?? new SimulatedClock();
  const events: WatchEvent[] = [];
  const polls: [number, readonly string[]][] = [];
  const signal = scene.signal ?? new AbortController().signal;

  const poll = async (ids: readonly string[], abandoned: AbortSignal): Promise<PollAnswer> => {
    polls.push([clock.monotonicMs() / 1000, ids]);
    scene.beforePoll?.(clock, polls.length);
    const fault = scene.fault?.(polls.length, clock.monotonicMs() / 1000);
    if (fault === 'hang') await new Promise((_, reject) => abandoned.addEventListener('abort', reject));
    if (scene.latencyMs !== undefined) await clock.sleep(scene.latencyMs, abandoned);
    if (fault instanceof SegjobsError) throw fault;
    const second = clock.monotonicMs() / 1000;
    const failed = fault instanceof Map ? (fault as ReadonlyMap<string, UnreadableId>) : new Map();
    const jobs = new Map<string, SegmentJob>();
    for (const id of ids) {
      const entry = scene.jobs[id]?.findLast(([from]) => from <= second);
      if (entry?.[1] !== undefined && !failed.has(id)) jobs.set(id, jobWith(id, entry[1]));
    }
    if (scene.selection === undefined) return { jobs, failed };
    const found = Object.entries(scene.jobs).flatMap(([id, timetable]) => {
      const status = timetable.findLast(([from]) => from <= second)?.[1];
      return status === undefined ? [] : [jobWith(id, status)];
    });
    return { jobs, failed, found };
  };

  await clock.run(
    (async () => {
      const source = watchJobs({
        ids: scene.selection !== undefined ? [] : (scene.ids ?? Object.keys(scene.jobs)),
        ...(scene.selection === undefined ? {} : { selection: { ...anything, ...scene.selection } }),
        poll,
        clock,
        random: scene.random ?? (() => 0.5),
        signal,
        options: { timeoutMs: 8 * 3_600_000, ...scene.options },
        ...(scene.created === undefined ? {} : { created: { job: scene.created, isReused: false } }),
        ...(scene.absent === undefined ? {} : { absent: scene.absent }),
      });
      for await (const event of source) {
        events.push(event);
        const json = eventJson(event);
        if (json !== undefined) checkSchema('watch-event', json);
        scene.onEvent?.(event, clock);
      }
    })(),
  );

  const last = events.at(-1);
  if (last?.type !== 'watch.ended') throw new Error(`the last event is ${last?.type}`);
  return { events, polls, exitCode: last.exitCode, lines: events.flatMap(lineOf) };
}

function lineOf(event: WatchEvent): string[] {
  if (event.type === 'watch.waiting') return [];
  const head = `${event.elapsedMs / 1000} ${event.type}`;
  switch (event.type) {
    case 'job.status':
    case 'job.finished':
      return [`${head} ${event.id} ${event.from ?? '-'}>${event.job.status ?? '?'}`];
    case 'job.lost':
      return [`${head} ${event.id} ${event.error?.message ?? 'not found'}`];
    case 'poll.failed':
      return [`${head} ${event.failedPolls} ${event.ids?.join(',') ?? 'all'}: ${event.error.message}`];
    case 'watch.ended':
      return [`${head} ${event.ending.kind} ${event.exitCode}`];
    default:
      return [head];
  }
}

export const outage = new SegjobsError('UNAVAILABLE', 'the service is not available', { httpStatus: 503 });
