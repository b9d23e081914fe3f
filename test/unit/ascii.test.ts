import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inAscii } from '../../src/output/ascii.ts';
import { columnChart, sparkline } from '../../src/output/charts.ts';
import { describeTerminal } from '../../src/output/terminal.ts';
import { bar } from '../../src/output/text.ts';
import { visibleWidth } from '../../src/output/width.ts';

const isAsciiOnly = (text: string) => /^[\n\u0020-\u007e]*$/.test(text);

describe('marks in ASCII', () => {
  it('stand for ours', () => {
    expect(inAscii('✓ a  NEW → SUCCEEDED · 20s–5m…')).toBe('+ a  NEW > SUCCEEDED | 20s-5m~');
    expect(inAscii('✗ b ██▎')).toBe('x b ##-');
  });

  it('leave what the service said as it came', () => {
    expect(inAscii('Müller 数据 👍')).toBe('Müller 数据 👍');
  });

  it('law: charts, bars and spinners are ASCII then, and as wide as before', () => {
    const counts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 6 }), (values, height) => {
        const largest = Math.max(...values);
        const drawn = [
          sparkline(values),
          ...columnChart(values, height),
          ...values.map((value) => bar(value, largest, 30)),
          '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏░•',
        ];
        for (const text of drawn) {
          expect(isAsciiOnly(inAscii(text)), text).toBe(true);
          expect(visibleWidth(inAscii(text))).toBe(visibleWidth(text));
        }
      }),
    );
  });
});

describe('a terminal shows ASCII alone', () => {
  const isAscii = (env: Record<string, string>, isTty = true) =>
    describeTerminal({ isTty, columns: 80, rows: 24, env, noColorFlag: false }).isAscii;

  it.each([
    [{ LC_ALL: 'C' }, true],
    [{ LC_ALL: 'POSIX' }, true],
    [{ LANG: 'C' }, true],
    [{ LC_CTYPE: 'C', LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'de_DE.ISO-8859-15@euro' }, true],
    [{}, false],
    [{ LANG: '' }, false],
    [{ LANG: 'C', LC_ALL: 'C.UTF-8' }, false],
    [{ LANG: 'C', LC_CTYPE: 'en_US.utf8' }, false],
    [{ LC_ALL: '', LANG: 'en_US.UTF-8' }, false],
    [{ LANG: 'en_US' }, false],
  ])('with %j: %s', (env, expected) => {
    expect(isAscii(env)).toBe(expected);
  });

  it('and nothing but a terminal does: what reads a pipe is told no locale', () => {
    expect(isAscii({ LC_ALL: 'C' }, false)).toBe(false);
  });
});
