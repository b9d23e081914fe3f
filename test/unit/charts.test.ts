import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnChart, countSparkline, inColumns, later, sparkline } from '../../src/output/charts.ts';

describe('a sparkline', () => {
  it('goes from the lowest value to the highest, and leaves out what is not known', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([100, undefined, 101])).toBe('▁ █');
    expect(sparkline([5, 5])).toBe('▅▅');
    expect(sparkline([])).toBe('');
  });

  it('of counts begins at zero, and nothing is a blank', () => {
    expect(countSparkline([0, 1, 4, 8])).toBe(' ▁▄█');
    expect(countSparkline([0, 0])).toBe('  ');
  });
});

describe('a column chart', () => {
  it('stands on its lowest line', () => {
    expect(columnChart([1, 2, undefined, 3], 2)).toEqual([' ▁ █', '▁█ █']);
  });

  it('says in its lines together what its values say: higher ones have more ink', () => {
    const ink = ' ▁▂▃▄▅▆▇█';
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 8 }),
        (values, height) => {
          const lines = columnChart(values, height);
          expect(lines).toHaveLength(height);
          const inkOf = (at: number) => lines.reduce((sum, line) => sum + ink.indexOf(line[at] ?? ' '), 0);
          values.forEach((value, at) => {
            expect(inkOf(at)).toBeGreaterThan(0);
            values.forEach((other, beside) => {
              if (value <= other) expect(inkOf(at)).toBeLessThanOrEqual(inkOf(beside));
            });
          });
        },
      ),
    );
  });
});

describe('values in fewer columns', () => {
  it('are joined, each with its neighbours', () => {
    expect(inColumns([1, 9, 2, 3], 2, Math.max)).toEqual([9, 3]);
    expect(inColumns([1, 2, undefined, undefined, 5, undefined], 3, later)).toEqual([2, undefined, 5]);
    expect(inColumns([1, 2], 5, Math.max)).toEqual([1, 2]);
  });

  it('fill exactly as many columns as there are, and keep the largest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1 }),
        fc.integer({ min: 1, max: 80 }),
        (values, width) => {
          const columns = inColumns(values, width, Math.max);
          expect(columns).toHaveLength(Math.min(values.length, width));
          expect(Math.max(...columns)).toBe(Math.max(...values));
        },
      ),
    );
  });
});
