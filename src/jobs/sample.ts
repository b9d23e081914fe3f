// Many numbers in little memory, and their exact quantiles. Pure.

/** Eight bytes a number: 200,000 durations are 1.6 MB. */
export interface Sample {
  add(value: number): void;
  /** Everything in another one. */
  addAll(other: Sample): void;
  /** In no certain order; good until the next change. */
  values(): Float64Array;
  readonly count: number;
  /**
   * The value that `part` (0 to 1) of all lie below, between two neighbours in proportion (as spreadsheets and numpy
   * do); `undefined` where there is none.
   */
  quantile(part: number): number | undefined;
}

export function createSample(): Sample {
  let values = new Float64Array(16);
  let count = 0;
  let isSorted = true;

  function add(value: number): void {
    if (count === values.length) {
      const larger = new Float64Array(values.length * 2);
      larger.set(values);
      values = larger;
    }
    values[count] = value;
    count += 1;
    isSorted = false;
  }

  return {
    add,
    addAll(other) {
      for (const value of other.values()) add(value);
    },
    values: () => values.subarray(0, count),
    get count() {
      return count;
    },
    quantile(part) {
      if (count === 0) return undefined;
      // Typed arrays sort by number, and in place.
      if (!isSorted) values.subarray(0, count).sort();
      isSorted = true;
      const at = Math.min(1, Math.max(0, part)) * (count - 1);
      const below = values[Math.floor(at)] ?? 0;
      const above = values[Math.ceil(at)] ?? below;
      return below + (above - below) * (at - Math.floor(at));
    },
  };
}
