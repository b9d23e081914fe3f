// Time in equal periods for charts: hours, days, weeks, as fine as a few dozen of them can hold all that happened. Pure.

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Each a multiple of the one before, so that finer periods join into coarser ones. */
const stepsMs = [hourMs, dayMs, 7 * dayMs, 28 * dayMs, 364 * dayMs, 3640 * dayMs] as const;
/** A Monday: weeks begin on one. */
const originMs = Date.UTC(1970, 0, 5);
const mostPeriods = 62;

/** Grows with the times it is told; nothing needs to be known in advance. */
export interface Periods {
  /** Takes a time (unix ms) in; periods get longer where there would be too many. */
  include(timeMs: number): void;
  readonly stepMs: number;
  /** Starts of all periods from the first time to the last, unix ms UTC; at most 62. */
  starts(): readonly number[];
  indexOf(timeMs: number): number;
}

export function createPeriods(): Periods {
  let level = 0;
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const step = () => stepsMs[level] ?? hourMs;
  const indexOf = (timeMs: number) => Math.floor((timeMs - originMs) / step());
  return {
    include(timeMs) {
      first = Math.min(first, timeMs);
      last = Math.max(last, timeMs);
      while (level < stepsMs.length - 1 && indexOf(last) - indexOf(first) >= mostPeriods) level += 1;
    },
    get stepMs() {
      return step();
    },
    indexOf,
    starts() {
      if (first > last) return [];
      const from = indexOf(first);
      return Array.from({ length: indexOf(last) - from + 1 }, (_, at) => originMs + (from + at) * step());
    },
  };
}

/** An accumulator for each period in which something happened. */
export interface PeriodSeries<A> {
  /** The accumulator of the period of that time, which `include` has been told; good until the next `include`. */
  at(timeMs: number): A;
  /** One for each of `starts()`; `undefined` where nothing happened. */
  all(): readonly (A | undefined)[];
}

/** `merge` adds the second to the first: periods that join have theirs merged. */
export function createPeriodSeries<A>(
  periods: Periods,
  { create, merge }: { readonly create: () => A; readonly merge: (into: A, other: A) => void },
): PeriodSeries<A> {
  /** By the index of the period. */
  let held = new Map<number, A>();
  let heldStepMs = periods.stepMs;

  function regroup(): void {
    if (heldStepMs === periods.stepMs) return;
    const [before, stepMs] = [held, heldStepMs];
    held = new Map();
    heldStepMs = periods.stepMs;
    for (const [oldIndex, other] of before) {
      const index = periods.indexOf(originMs + oldIndex * stepMs);
      const into = held.get(index);
      if (into === undefined) held.set(index, other);
      else merge(into, other);
    }
  }

  return {
    at(timeMs) {
      regroup();
      const index = periods.indexOf(timeMs);
      const found = held.get(index) ?? create();
      held.set(index, found);
      return found;
    },
    all() {
      regroup();
      return periods.starts().map((start) => held.get(periods.indexOf(start)));
    },
  };
}
