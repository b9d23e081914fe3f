// Small charts made of characters: a line of columns, and columns of several lines.

const steps = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One column for each value, lowest to highest; a blank where a value is not known. Equal values stand in the middle. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const part = partOf(values);
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      return steps[Math.min(steps.length - 1, Math.floor(part(value) * steps.length))] ?? ' ';
    })
    .join('');
}

/** The same of counts: heights begin at zero, and nothing is a blank. */
export function countSparkline(counts: readonly number[]): string {
  const most = counts.reduce((found, count) => Math.max(found, count), 0);
  return counts
    .map((count) => (count > 0 ? (steps[Math.ceil((count / most) * steps.length) - 1] ?? ' ') : ' '))
    .join('');
}

/**
 * As `sparkline`, in `height` lines (the top one first), so that smaller differences show. The lowest value still
 * stands one mark high.
 */
export function columnChart(values: readonly (number | undefined)[], height: number): string[] {
  const part = partOf(values);
  const marks = height * steps.length;
  const filled = values.map((value) => {
    if (value === undefined) return 0;
    return Math.min(marks, 1 + Math.round(part(value) * (marks - 1)));
  });
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * steps.length;
    return filled
      .map((count) => (count <= below ? ' ' : (steps[Math.min(steps.length, count - below) - 1] ?? ' ')))
      .join('');
  });
}

/** Where a value stands between the lowest (0) and the highest (1). */
function partOf(values: readonly (number | undefined)[]): (value: number) => number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === undefined) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return (value) => (high > low ? (value - low) / (high - low) : 0.5);
}

/** The values in at most `width` columns; neighbours that share one are joined. */
export function inColumns<T>(values: readonly T[], width: number, join: (a: T, b: T) => T): readonly T[] {
  if (values.length <= width) return values;
  const columns: T[] = [];
  for (const [index, value] of values.entries()) {
    const column = Math.floor((index * width) / values.length);
    const found = columns[column];
    columns[column] = found === undefined ? value : join(found, value);
  }
  return columns;
}

/** Of two sizes the later one that is known. */
export function later(a: number | undefined, b: number | undefined): number | undefined {
  return b ?? a;
}
