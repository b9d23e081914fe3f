// When a watch looks next: the interval, the service's wish to be left alone, and the time that is left.

const firstIntervalMs = 5000;
const growth = 1.5;
const longestIntervalMs = 60_000;
const jitter = 0.1;
/** A last look sooner than this after the one before would tell nothing new. */
const shortestIntervalMs = 1000;

interface NextPoll {
  readonly waitMs: number;
  /** False: the time is up after the wait, without another look. */
  readonly polls: boolean;
  /** The time is up after that poll. */
  readonly isLast: boolean;
}

export interface PollSchedule {
  /**
   * How long to wait from now on. `leftMs` until the time is up (`Infinity`: never); `retryAfterMs` as the service
   * asked, a lower bound that nothing undercuts.
   */
  next(facts: { readonly leftMs: number; readonly retryAfterMs?: number | undefined }): NextPoll;
}

/**
 * A given interval is used as it is. Otherwise 5 s growing by half to 60 s, each drawn within ±10 %, so that
 * watches started together drift apart. It never shrinks again: a job that moved on still has minutes to run, and
 * with many jobs something always moves.
 */
export function createPollSchedule(intervalMs: number | undefined, random: () => number): PollSchedule {
  let baseMs = firstIntervalMs;

  function interval(): number {
    if (intervalMs !== undefined) return intervalMs;
    const drawnMs = baseMs * (1 - jitter + 2 * jitter * random());
    baseMs = Math.min(longestIntervalMs, baseMs * growth);
    return drawnMs;
  }

  return {
    next({ leftMs, retryAfterMs = 0 }) {
      const waitMs = Math.max(interval(), retryAfterMs);
      if (waitMs < leftMs) return { waitMs, polls: true, isLast: false };
      const allowsLastLook = leftMs >= Math.max(shortestIntervalMs, retryAfterMs);
      return { waitMs: leftMs, polls: allowsLastLook, isLast: true };
    },
  };
}
