// The loop of a watch: asks for all unfinished jobs at once, at growing intervals, until every one has ended.
// Clock, chance and the poll itself are handed in, so that hours of watching are tested in milliseconds.

import type { SegjobsError } from '../errors.ts';
import type { SegmentJob } from './job.ts';
import type { Ending, UnreadableId, WatchEvent, WatchedFilter, WatchTally } from './watch-events.ts';
import { endsFirstPoll, isContactLost, isFatal, knownFailure } from './watch-failures.ts';
import { createWatchLedger, type FailedBefore, isBadEnd, type PollAnswer } from './watch-ledger.ts';
import { exitCodeOfWatch, type WatchGoal } from './watch-outcome.ts';
import { createPollSchedule } from './watch-schedule.ts';

interface WatchClock {
  /** Milliseconds from any fixed point; never jumps. */
  monotonicMs(): number;
  /** Unix ms on the service's clock, local time until it has answered once. */
  serviceNow(): number;
  /** Rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface WatchOptions {
  /** `Infinity` for no limit; 0 looks once. Where jobs are looked for it counts from the first one. */
  readonly timeoutMs: number;
  /** Taken as it is; `undefined` adapts: 5 s growing ×1.5 to 60 s, ±10 %. */
  readonly intervalMs?: number | undefined;
  /** End at the first FAILED or CANCELLED. */
  readonly failFast?: boolean | undefined;
  readonly goal?: WatchGoal | undefined;
}

/** Looking for jobs where there are no ids. Instants are unix ms on the service's clock. */
export interface WatchSelection {
  readonly filter: WatchedFilter;
  /** `undefined`: what is unfinished when the watch begins, and what is created after that. */
  readonly since: ((beganMs: number) => number) | undefined;
  /** How long a first job is waited for; `Infinity` for ever. */
  readonly appearBy: (beganMs: number) => number;
}

export interface WatchRequest {
  /** In the order of the result; an id given twice is watched once. */
  readonly ids: readonly string[];
  /** Then `ids` are none, and every poll brings what it found. */
  readonly selection?: WatchSelection | undefined;
  /**
   * Reads the jobs of these ids, which may be none where jobs are looked for. Throws a `SegjobsError` when nothing was
   * learned; `retryAfterSeconds` on it moves the next poll. The signal is aborted when the answer is no longer wanted.
   * `beganMs` tells when the watch began on the service's clock, for sure once that has answered.
   */
  readonly poll: (ids: readonly string[], signal: AbortSignal, beganMs: () => number) => Promise<PollAnswer>;
  readonly clock: WatchClock;
  /** From [0, 1). */
  readonly random: () => number;
  /** Aborted with a `SegjobsError` when the watch is to stop. */
  readonly signal: AbortSignal;
  readonly options: WatchOptions;
  /** A job this command has made, or found to be made already, which the service may not show at once. */
  readonly created?: { readonly job: SegmentJob; readonly isReused: boolean } | undefined;
  /** Ids already known not to exist: not asked for again. */
  readonly absent?: readonly string[] | undefined;
  /** Ids with which this command has failed: not asked for again. */
  readonly failed?: readonly FailedBefore[] | undefined;
}

/** How long an id that no answer has named yet is waited for: a new job can be late to show. */
export const unseenToleranceMs = 60_000;
const heartbeatMs = 60_000;
/** How long the first event waits for the service to tell the time: the local clock may be wrong by years. */
const openingMs = 2000;
/** A poll still under way when the time is up gets this much longer. */
const lastPollGraceMs = 5_000;

type Look =
  | { readonly kind: 'answer'; readonly answer: PollAnswer }
  | { readonly kind: 'failure'; readonly error: unknown };

/**
 * Follows the jobs and tells what happens; the last event is `watch.ended`, which carries the exit code.
 * One poll asks for all unfinished ids; an id that has ended is never asked for again. When the time is up in the
 * middle of an interval, one last look is taken. Throws only bugs, and what no poll could mend (no sandbox chosen) as
 * long as nothing has been told.
 */
export async function* watchJobs(request: WatchRequest): AsyncGenerator<WatchEvent, void, undefined> {
  const { clock, signal, options, selection, absent, failed } = request;
  const goal = options.goal ?? 'success';
  const looksOnce = options.timeoutMs === 0;
  const ledger = createWatchLedger(request.ids, { created: request.created?.job, absent, failed });
  const schedule = createPollSchedule(options.intervalMs, request.random);
  const startMs = clock.monotonicMs();
  /** The start on the service's clock, known once it has answered. */
  let serviceStartMs: number | undefined;
  let lastToldMs = startMs;
  let lastGoodMs = startMs;
  let polls = 0;
  let failedPolls = 0;

  const elapsedMs = () => {
    const local = clock.monotonicMs() - startMs;
    return serviceStartMs === undefined ? local : Math.max(local, clock.serviceNow() - serviceStartMs);
  };
  const beganMs = () => serviceStartMs ?? clock.serviceNow() - (clock.monotonicMs() - startMs);
  /** When the first of the jobs that are looked for appeared, since the watch began. */
  let appearedAfterMs = selection === undefined ? 0 : undefined;
  const leftMs = () =>
    selection === undefined || appearedAfterMs !== undefined
      ? options.timeoutMs + (appearedAfterMs ?? 0) - elapsedMs()
      : selection.appearBy(beganMs()) - beganMs() - elapsedMs();
  const timeUp = (): Ending => ({ kind: appearedAfterMs === undefined ? 'nothingAppeared' : 'timeout' });

  const facts = () => {
    lastToldMs = clock.monotonicMs();
    return { atMs: clock.serviceNow(), elapsedMs: elapsedMs() };
  };
  const heartbeat = (nextPollAtMs: number | undefined): WatchEvent => ({
    ...facts(),
    type: 'watch.heartbeat',
    tally: ledger.tally(),
    failedPolls,
    nextPollInMs: nextPollAtMs === undefined ? undefined : Math.max(0, nextPollAtMs - clock.monotonicMs()),
  });

  let isOpen = false;
  function* open(): Generator<WatchEvent, void, undefined> {
    if (isOpen) return;
    isOpen = true;
    const { timeoutMs, intervalMs } = options;
    const ids = ledger.jobs().map(({ id }) => id);
    const started = selection && {
      filter: selection.filter,
      sinceMs: selection.since?.(beganMs()),
      appearByMs: selection.appearBy(beganMs()),
    };
    yield { ...facts(), type: 'watch.started', ids, selection: started, timeoutMs, intervalMs };
    for (const change of ledger.lostBefore()) yield { ...facts(), ...change };
  }

  /** Waits for the work to settle or for the moment to come, and tells a heartbeat for every silent minute. */
  async function* hold(
    work: Promise<unknown> | undefined,
    untilMs: number,
    nextPollAtMs: number | undefined,
  ): AsyncGenerator<WatchEvent, 'settled' | 'elapsed' | 'stopped', undefined> {
    for (;;) {
      if (signal.aborted) return 'stopped';
      const now = clock.monotonicMs();
      if (now >= untilMs) return 'elapsed';
      if (now >= startMs + openingMs) yield* open();
      if (now >= lastToldMs + heartbeatMs) yield heartbeat(nextPollAtMs);
      const tellsAtMs = isOpen ? lastToldMs + heartbeatMs : startMs + openingMs;
      const isSettled = await settlesWithin(Math.min(untilMs, tellsAtMs) - now, work);
      if (isSettled && !signal.aborted) return 'settled';
    }
  }

  async function settlesWithin(ms: number, work: Promise<unknown> | undefined): Promise<boolean> {
    const alarm = new AbortController();
    const stop = () => alarm.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const pause = clock.sleep(Math.max(0, ms), alarm.signal).then(
      () => false,
      () => false,
    );
    try {
      return await (work === undefined ? pause : Promise.race([work.then(() => true), pause]));
    } finally {
      signal.removeEventListener('abort', stop);
      alarm.abort();
    }
  }

  /** One poll, or how the watch ended while it was under way. */
  async function* look(asked: readonly string[]): AsyncGenerator<WatchEvent, Look | Ending, undefined> {
    const abandon = new AbortController();
    const looking: Promise<Look> = request.poll(asked, abandon.signal, beganMs).then(
      (answer) => ({ kind: 'answer', answer }),
      (error: unknown) => ({ kind: 'failure', error }),
    );
    // The time by which a first job had to appear may have passed: then one look, and all its time, tells.
    const isOnlyLook = looksOnce || (polls === 0 && appearedAfterMs === undefined && leftMs() <= 0);
    const patienceMs = isOnlyLook ? Number.POSITIVE_INFINITY : Math.max(0, leftMs());
    try {
      const how = yield* hold(looking, clock.monotonicMs() + patienceMs + lastPollGraceMs, undefined);
      if (how === 'settled') return await looking;
      return how === 'stopped' ? stopped() : timeUp();
    } finally {
      abandon.abort();
    }
  }

  const stopped = (): Ending => ({ kind: 'stopped', error: signal.reason as SegjobsError });

  async function* follow(): AsyncGenerator<WatchEvent, Ending, undefined> {
    for (let isLastLook = looksOnce; ; ) {
      if (signal.aborted) return stopped();
      const asked = ledger.unfinished();
      if (asked.length === 0 && appearedAfterMs !== undefined) return { kind: 'finished' };
      const begunMs = elapsedMs();
      const seen = yield* look(asked);
      // That none of the ids exists can be a 404, which has not told the time; a list always has.
      if (seen.kind === 'answer' && (seen.answer.jobs.size > 0 || seen.answer.found !== undefined)) {
        serviceStartMs ??= clock.serviceNow() - (clock.monotonicMs() - startMs);
      }
      if (seen.kind === 'failure') {
        const known = knownFailure(seen.error);
        // Nothing has been told yet: it is a failure of the command, not of a watch.
        if (isFatal(known) && !isOpen && !signal.aborted) throw known;
      }
      yield* open();
      if (seen.kind !== 'answer' && seen.kind !== 'failure') return seen;
      if (signal.aborted) return stopped();
      polls++;
      const nowMs = clock.monotonicMs();
      let retryAfterMs: number | undefined;
      let failure: SegjobsError | undefined;
      let unread: readonly (readonly [string, UnreadableId])[] = [];

      if (seen.kind === 'failure') {
        failure = knownFailure(seen.error);
        if (isFatal(failure) || (polls === 1 && endsFirstPoll(failure)))
          return { kind: 'refused', error: failure };
        if (looksOnce) return { kind: 'lostContact', error: failure };
        failedPolls++;
        if (isContactLost(failedPolls, nowMs - lastGoodMs)) return { kind: 'lostContact', error: failure };
        if (failure.retryAfterSeconds !== undefined) retryAfterMs = failure.retryAfterSeconds * 1000;
      } else {
        failedPolls = 0;
        lastGoodMs = nowMs;
        const changes = ledger.take(asked, seen.answer, {
          monotonicMs: nowMs,
          givesUpUnseen: looksOnce || begunMs >= unseenToleranceMs,
          givesUpUnreadable: looksOnce,
        });
        if (appearedAfterMs === undefined && ledger.size() > 0) {
          appearedAfterMs = elapsedMs();
          isLastLook = looksOnce;
        }
        for (const change of changes) yield { ...facts(), ...change };
        if (options.failFast === true && changes.some((change) => isBadEnd(change, goal))) {
          return { kind: 'failFast' };
        }
        const open = new Set(ledger.unfinished());
        if (open.size === 0 && appearedAfterMs !== undefined) return { kind: 'finished' };
        if (looksOnce && appearedAfterMs === undefined) return { kind: 'nothingAppeared' };
        unread = [...seen.answer.failed].filter(([id]) => open.has(id));
      }

      if (looksOnce) return { kind: 'lookedOnce' };
      if (leftMs() <= 0 || isLastLook) {
        if (failure !== undefined) yield failedPoll(failure, undefined, undefined);
        return timeUp();
      }
      const next = schedule.next({ leftMs: leftMs(), retryAfterMs });
      isLastLook = next.isLast;
      const dueMs = clock.monotonicMs() + next.waitMs;
      const nextPollInMs = next.polls ? next.waitMs : undefined;
      if (failure !== undefined) yield failedPoll(failure, undefined, nextPollInMs);
      const firstUnread = unread[0];
      if (firstUnread !== undefined) {
        yield failedPoll(
          firstUnread[1],
          unread.map(([id]) => id),
          nextPollInMs,
        );
      }
      yield waiting(next.waitMs);
      if ((yield* hold(undefined, dueMs, next.polls ? dueMs : undefined)) === 'stopped') return stopped();
      if (!next.polls) return timeUp();
    }
  }

  function failedPoll(
    error: SegjobsError | UnreadableId,
    ids: readonly string[] | undefined,
    nextPollInMs: number | undefined,
  ): WatchEvent {
    const silentMs = clock.monotonicMs() - lastGoodMs;
    return { ...facts(), type: 'poll.failed', error, ids, failedPolls, silentMs, nextPollInMs };
  }

  /** Told to the views after every poll; not an event of its own, so it does not put off the heartbeat. */
  function waiting(nextPollInMs: number): WatchEvent {
    const tally: WatchTally = ledger.tally();
    const atMs = clock.serviceNow();
    return { type: 'watch.waiting', atMs, elapsedMs: elapsedMs(), tally, failedPolls, nextPollInMs };
  }

  if (request.created !== undefined) {
    yield { ...facts(), type: 'job.created', ...request.created };
    yield* open();
  }
  const ending = yield* follow();
  yield* open();
  const jobs = ledger.jobs();
  const exitCode = exitCodeOfWatch(ending, jobs, goal);
  yield { ...facts(), type: 'watch.ended', ending, exitCode, tally: ledger.tally(), jobs };
}
