// What a row of samples says: its middle, how far it spreads, and how it stands to another one taken beside it.

/**
 * The value below which the given part (0 to 1) of the samples lies, between two of them where it falls there.
 * Throws a `RangeError` when there are none.
 */
export function quantile(samples, part) {
  if (samples.length === 0) throw new RangeError('there are no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const below = Math.floor(position);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export function median(samples) {
  return quantile(samples, 0.5);
}

/** `{ median, low, high }`: the middle and the quartiles around it. */
export function spread(samples) {
  return { median: median(samples), low: quantile(samples, 0.25), high: quantile(samples, 0.75) };
}

/**
 * Each sample over the one of the same round. What slows the machine down for a while slows both, and cancels out;
 * the quotient of two medians would keep it.
 */
export function ratiosByRound(samples, base) {
  if (samples.length !== base.length) throw new RangeError('the two were not measured in the same rounds');
  return samples.map((sample, round) => sample / base[round]);
}
