// The service's clock: it starts when it is told to and may run faster than the wall.

/** Where the clock stood, so that another process can go on from there. */
export interface ClockAnchor {
  /** Service time, unix ms. */
  readonly serviceMs: number;
  /** Wall time at that moment, unix ms. */
  readonly wallMs: number;
  /** Service seconds per real second. */
  readonly speed: number;
}

export interface ServiceClock {
  readonly speed: number;
  /** Service time in whole unix ms; never goes back. */
  now(): number;
  /** Jumps ahead, for tests that would rather not wait. */
  advance(serviceMs: number): void;
  /** The anchor to keep for the next process. */
  anchor(wallMs: number): ClockAnchor;
}

/**
 * A clock that shows `startMs` (unix ms) now and runs at `speed`.
 * `monotonicMs` counts real milliseconds from any point and never jumps.
 */
export function createClock(startMs: number, speed: number, monotonicMs: () => number): ServiceClock {
  const startedAtMs = monotonicMs();
  let aheadMs = 0;
  const now = () => Math.floor(startMs + aheadMs + (monotonicMs() - startedAtMs) * speed);
  return {
    speed,
    now,
    advance(serviceMs) {
      if (!(serviceMs >= 0)) throw new RangeError('the service clock does not go back');
      aheadMs += serviceMs;
    },
    anchor: (wallMs) => ({ serviceMs: now(), wallMs, speed }),
  };
}

/**
 * The service time (unix ms) with which a restarted emulator goes on.
 * The clock is taken to have run on at its old speed while nobody served it: after a kill that is the only choice
 * that can never show a time earlier than one already shown.
 */
export function resumeTime(anchor: ClockAnchor, wallMs: number): number {
  return anchor.serviceMs + Math.max(0, wallMs - anchor.wallMs) * anchor.speed;
}
