import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/durations.ts';

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    [' 10S ', 10_000],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '90',
    '-1s',
    's',
    '1w',
    '30m1h',
    '1h 30m',
    '1e3s',
    '1s1s',
    'none',
    '.5s',
    '9999999999999999d',
  ])('is not what "%s" says', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('adds up its units', () => {
    const count = fc.nat({ max: 999 });
    fc.assert(
      fc.property(count, count, count, (hours, minutes, seconds) => {
        expect(parseDuration(`${hours}h${minutes}m${seconds}s`)).toBe(
          hours * 3_600_000 + minutes * 60_000 + seconds * 1000,
        );
      }),
    );
  });
});
