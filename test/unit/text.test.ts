import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agoText,
  bar,
  countOf,
  countText,
  durationText,
  durationWords,
  isoTime,
  plainCount,
  plainSeconds,
  shareText,
  timeText,
} from '../../src/output/text.ts';
import { cutToWidth, padEnd, padStart, visibleWidth, wrapText } from '../../src/output/width.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

describe('times', () => {
  it('are short UTC for people and RFC 3339 for scripts', () => {
    const time = Date.UTC(2026, 10, 23, 2, 14, 7, 123);
    expect(timeText(time)).toBe('2026-11-23 02:14:07Z');
    expect(isoTime(time)).toBe('2026-11-23T02:14:07.123Z');
  });

  it.each([
    ['missing', undefined],
    ['1e20', 1e20],
    ['negative', -1],
    ['seconds where milliseconds are documented', 1_767_225_600],
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('that cannot be one are unknown: %s', (_, ms) => {
    expect(timeText(ms)).toBe('-');
    expect(isoTime(ms)).toBe('');
  });
});

describe('times ago', () => {
  const now = Date.UTC(2026, 10, 23, 2, 14, 7);
  it.each([
    [0, 'just now'],
    [4999, 'just now'],
    [5 * second, '5 s ago'],
    [59_999, '59 s ago'],
    [minute, '1 min ago'],
    [hour - 1, '59 min ago'],
    [hour, '1 h ago'],
    [24 * hour - 1, '23 h ago'],
    [24 * hour, '1 day ago'],
    [48 * hour, '2 days ago'],
    [60 * 24 * hour, '60 days ago'],
    [61 * 24 * hour, '2026-09-23'],
    [-3 * second, 'just now'],
    [-2 * minute, 'in 2 min'],
    [-90 * 24 * hour, '2027-02-21'],
  ])('%i ms is %s', (elapsedMs, expected) => {
    expect(agoText(now - elapsedMs, now)).toBe(expected);
  });

  it.each([undefined, -1, 1e20, Number.NaN, 1_767_225_600])('is unknown of %s', (ms) => {
    expect(agoText(ms, now)).toBe('-');
  });
});

describe('durations in words', () => {
  it.each([
    [0, '0 s'],
    [400, 'less than 1 s'],
    [42 * second, '42 s'],
    [13 * minute, '13 min'],
    [13 * minute + 5 * second, '13 min 5 s'],
    [2 * hour + 59 * second, '2 h'],
    [2 * hour + 4 * minute, '2 h 4 min'],
    [24 * hour, '1 day'],
    [52 * hour, '2 days 4 h'],
    [undefined, '-'],
    [-5, '-'],
  ])('%s ms reads %s', (ms, expected) => {
    expect(durationWords(ms)).toBe(expected);
  });
});

describe('shares', () => {
  it.each([
    [1, 4, '25.0%'],
    [0, 4, '0.0%'],
    [4, 4, '100%'],
    [99_999, 100_000, '99.9%'],
    [1, 100_000, '<0.1%'],
    [5, 4, ''],
    [1, 0, ''],
    [1, undefined, ''],
    [-1, 4, ''],
    [Number.NaN, 4, ''],
  ])('%s of %s is %s', (part, whole, expected) => {
    expect(shareText(part, whole)).toBe(expected);
  });
});

describe('durations', () => {
  it.each([
    [0, '0s', '0'],
    [400, '<1s', '0'],
    [42 * second, '42s', '42'],
    [59_999, '59s', '59'],
    [13 * minute + 5 * second, '13m 05s', '785'],
    [2 * hour + 4 * minute + 59 * second, '2h 04m', '7499'],
    [28 * hour, '1d 04h', '100800'],
    [undefined, '-', ''],
    [-5, '-', ''],
    [1e20, '-', ''],
    [Number.NaN, '-', ''],
  ])('%s ms reads %s, and %s for scripts', (ms, forPeople, forScripts) => {
    expect(durationText(ms)).toBe(forPeople);
    expect(plainSeconds(ms)).toBe(forScripts);
  });
});

describe('counts', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1033, '1,033'],
    [1234567, '1,234,567'],
    [-1033, '-1,033'],
    [1234.5, '1,234.5'],
    [undefined, '-'],
    [Number.NaN, '-'],
  ])('%s reads %s', (count, text) => {
    expect(countText(count)).toBe(text);
  });

  it('have no separators for scripts', () => {
    expect(plainCount(1234567)).toBe('1234567');
    expect(plainCount(undefined)).toBe('');
  });

  it('agree with their noun', () => {
    expect([countOf(1, 'segment'), countOf(0, 'segment'), countOf(1033, 'job')]).toEqual([
      '1 segment',
      '0 segments',
      '1,033 jobs',
    ]);
  });

  it('law: without its separators a count is the number', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (count) => {
        expect(Number(countText(count).replaceAll(',', ''))).toBe(count);
      }),
    );
  });
});

describe('bars', () => {
  it.each([
    [8, 8, '████'],
    [4, 8, '██'],
    [5, 8, '██▌'],
    [1, 1_000_000, '▏'],
    [0, 8, ''],
    [-3, 8, ''],
    [9, 8, '████'],
    [Number.NaN, 8, ''],
    [0, 0, ''],
  ])('%s of %s in four columns is "%s"', (count, largest, drawn) => {
    expect(bar(count, largest, 4)).toBe(drawn);
  });

  it('law: never wider than asked for, and longer for more', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 60 }), (a, b, more, width) => {
        const largest = Math.max(a, b) + more;
        const [less, much] = [Math.min(a, b), Math.max(a, b)];
        expect(visibleWidth(bar(much, largest, width))).toBeLessThanOrEqual(width);
        expect(visibleWidth(bar(less, largest, width))).toBeLessThanOrEqual(
          visibleWidth(bar(much, largest, width)),
        );
      }),
    );
  });
});

describe('width on a terminal', () => {
  it.each([
    ['plain', 'SUCCEEDED', 9],
    ['nothing', '', 0],
    ['accents', 'Müller', 6],
    ['accents as combining marks', 'Mu\u0308ller', 6],
    ['Chinese', '受众', 4],
    ['Hangul', '세그먼트', 8],
    ['halfwidth kana with a mark', 'ｶﾞ', 2],
    ['an emoji', '🚀', 2],
    ['a family of joined emoji', '👨‍👩‍👧‍👦', 2],
    ['a flag', '🇳🇱', 2],
    ['an emoji by variation selector', '❤️', 2],
    ['a keycap', '1️⃣', 2],
    ['a recent emoji', '🫠', 2],
    ['Hebrew with points', 'שָׁלוֹם', 4],
    ['Arabic', 'مرحبا', 5],
    ['Thai with marks', 'ที่', 1],
    ['Devanagari', 'की', 2],
    ['zero-width characters', 'a\u200bb\u200d\ufeff', 2],
    ['what this tool draws', '█▏…·–', 5],
    ['colours', '\u001b[32mgood\u001b[39m', 4],
    ['colours around Chinese', '\u001b[1m受众\u001b[22m', 4],
  ])('%s: "%s" takes %i', (_, text, width) => {
    expect(visibleWidth(text)).toBe(width);
  });

  it('is filled up to a column', () => {
    expect(padEnd('受众', 6)).toBe('受众  ');
    expect(padStart('12', 5)).toBe('   12');
    expect(padStart('123456', 5)).toBe('123456');
  });
});

describe('cutting', () => {
  it.each([
    ['SUCCEEDED', 9, 'SUCCEEDED'],
    ['SUCCEEDED', 8, 'SUCCEED…'],
    ['SUCCEEDED', 1, '…'],
    ['SUCCEEDED', 0, ''],
    ['受众细分', 8, '受众细分'],
    ['受众细分', 7, '受众细…'],
    ['受众细分', 6, '受众…'],
    ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 4, '👨‍👩‍👧‍👦…'],
    ['Mu\u0308u\u0308ller', 3, 'Mu\u0308…'],
  ])('"%s" in %i columns is "%s"', (text, width, cut) => {
    expect(cutToWidth(text, width)).toBe(cut);
  });

  it('law: never wider than asked for, and untouched where it fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const cut = cutToWidth(text, width);
        expect(visibleWidth(cut)).toBeLessThanOrEqual(width);
        if (visibleWidth(text) <= width) expect(cut).toBe(text);
        else expect(cut.endsWith('…')).toBe(true);
      }),
    );
  });

  it('costs no more for a very long text than for a short one', () => {
    const accents = 'e\u0301'.repeat(5_000_000);
    expect(cutToWidth(accents, 10)).toBe(`${'e\u0301'.repeat(9)}…`);
  });
});

describe('wrapping', () => {
  it('breaks at spaces, and within a word only where it is longer than a line', () => {
    expect(wrapText('workAddress.country = "US" and person.age > 18', 20, 9)).toEqual([
      'workAddress.country',
      '= "US" and',
      'person.age > 18',
    ]);
    expect(wrapText('abcdefghij kl', 4, 9)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
    expect(wrapText('', 4, 9)).toEqual([]);
  });

  it('marks what it leaves out', () => {
    expect(wrapText('one two three four', 5, 2)).toEqual(['one', 'two…']);
    expect(wrapText('three three three', 5, 2)).toEqual(['three', 'thre…']);
    expect(wrapText('受受受受受受', 4, 2)).toEqual(['受受', '受…']);
  });

  it('law: no line is wider than asked for, and all words are there when lines are plenty', () => {
    const words = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }));
    fc.assert(
      fc.property(words, fc.integer({ min: 2, max: 30 }), (parts, width) => {
        const text = parts.join(' ');
        const lines = wrapText(text, width, 1000);
        for (const line of lines) expect(visibleWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
