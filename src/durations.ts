// Durations as people write them: `90s`, `15m`, `2h`, `1d`, `1h30m`, `500ms`.

const unitMs: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);

/** Each unit at most once, the larger before the smaller; a fraction is allowed (`1.5h`). */
const grammar =
  /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/** What a message can quote when a duration was not understood. */
export const durationExamples = '90s, 15m, 2h, 1d or 1h30m';

/**
 * The duration in whole milliseconds, or `undefined` when the text is none: a number needs its unit (`0` alone is
 * zero), and nothing is negative. Surrounding blanks and the case of the units do not matter.
 */
export function parseDuration(text: string): number | undefined {
  const written = text.trim().toLowerCase();
  if (written === '0') return 0;
  const parts = grammar.exec(written);
  if (written === '' || parts === null) return undefined;
  let totalMs = 0;
  let index = 1;
  for (const factor of unitMs.values()) {
    totalMs += Number(parts[index] ?? 0) * factor;
    index++;
  }
  const wholeMs = Math.round(totalMs);
  return Number.isSafeInteger(wholeMs) ? wholeMs : undefined;
}
