// The arithmetic and the tables of the measurements in bench/, and what the guard of the start-up calls slower.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
// @ts-expect-error bench/ is plain JavaScript
import { compareToBaseline, renewBaseline } from '../../bench/baseline.mjs';
// @ts-expect-error bench/ is plain JavaScript
import { createJob, jobBytes, jobIdOf } from '../../bench/jobs.mjs';
// @ts-expect-error bench/ is plain JavaScript
import { interleave, measure, readTimes } from '../../bench/measure.mjs';
// @ts-expect-error bench/ is plain JavaScript
import { bareNode, mainContestants } from '../../bench/start-up.mjs';
// @ts-expect-error bench/ is plain JavaScript
import { median, quantile, ratiosByRound, spread } from '../../bench/statistics.mjs';
import {
  countTargets,
  mergeResults,
  ratioText,
  sectionText,
  tableText,
  timeText,
  // @ts-expect-error bench/ is plain JavaScript
} from '../../bench/tables.mjs';

describe('statistics', () => {
  it('take the middle of the sorted samples, or what lies between two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([10, 20, 30], 0.25)).toBe(15);
    expect(spread([5, 1, 2, 4, 3])).toEqual({ median: 3, low: 2, high: 4 });
    expect(() => median([])).toThrow(RangeError);
  });

  it('never leave the range of the samples, and grow with the part', () => {
    const samples = fc.array(fc.integer(), { minLength: 1 });
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, part) => {
        const at = quantile(values, part);
        expect(at).toBeGreaterThanOrEqual(Math.min(...values));
        expect(at).toBeLessThanOrEqual(Math.max(...values));
        expect(at).toBeLessThanOrEqual(quantile(values, Math.min(1, part + 0.1)));
      }),
    );
  });

  it('compare within a round, so that a slow spell of the machine cancels out', () => {
    expect(ratiosByRound([50, 500, 50], [20, 200, 20])).toEqual([2.5, 2.5, 2.5]);
    expect(() => ratiosByRound([1, 2], [1])).toThrow(RangeError);
  });
});

describe('measuring', () => {
  it('reads what bash tells, whichever sign stands before its decimals', () => {
    expect(readTimes('0.022 0.015 0.006\n')).toEqual([22, 15, 6]);
    expect(readTimes('1,022 0,015 12,006\n')).toEqual([1022, 15, 12006]);
  });

  it('runs a line as often as asked, and keeps what it printed', async () => {
    const { text, wallMs } = await measure('printf x', { env: process.env, runs: 3, keepsText: true });
    expect(text).toBe('xxx');
    expect(wallMs).toBeGreaterThanOrEqual(0);
  });

  it('fails with the line and its stderr when it ends with another code than expected', async () => {
    const line = 'echo no such thing >&2; exit 3';
    await expect(measure(line, { env: process.env })).rejects.toThrow(
      /exit code 3 of: echo.*\nno such thing/s,
    );
    await expect(measure('exit 3', { env: process.env, expectedCode: 3 })).rejects.toThrow('no times');
    await expect(measure('(exit 3)', { env: process.env, expectedCode: 3 })).resolves.toHaveProperty('cpuMs');
  });

  it('takes turns, and does not count the warm-up', async () => {
    const order: string[] = [];
    const contestants = ['a', 'b'].map((name) => ({ name, line: 'true' }));
    const tell = (line: string) => order.push(line);
    const samples = await interleave(contestants, { rounds: 2, env: process.env, tell });
    expect(order).toEqual(['warming up', 'round 1 of 2', 'round 2 of 2']);
    expect([...samples].map(([name, { length }]) => [name, length])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });
});

describe('tables', () => {
  it('show three digits', () => {
    expect([1, 1.084, 9.994, 9.996, 12.44, 99.96, 138.2].map(ratioText)).toEqual([
      '1.00',
      '1.08',
      '9.99',
      '10.0',
      '12.4',
      '100',
      '138',
    ]);
    expect([0.4, 22, 999.4, 999.6, 9994, 13_300].map(timeText)).toEqual([
      '0 ms',
      '22 ms',
      '999 ms',
      '1.00 s',
      '9.99 s',
      '13.3 s',
    ]);
  });

  it('are Markdown that reads as text too', () => {
    expect(tableText(['', '× node'], [['curl | jq', '1.60']])).toBe(
      ['|            | × node |', '| ---------- | -----: |', '| curl \\| jq |   1.60 |'].join('\n'),
    );
  });

  it('tell which targets were met by the figure as it is shown, and why one was not', () => {
    const group = {
      title: 'Start-up',
      about: 'Processes.',
      head: ['', '×'],
      rows: [
        { cells: ['node', '1.00'], figure: 1 },
        { cells: ['a', '1.15'], figure: 1.154, target: { atMost: 1.15 } },
        { cells: ['b', '61.2'], figure: 61.2, target: { atMost: 60, unit: ' ms', whyMissed: 'the parser.' } },
        { cells: ['c', ''], figure: undefined, target: { atMost: 2 } },
      ],
      notes: ['gh: not installed.'],
    };
    expect(sectionText(group)).toBe(`## Start-up

Processes.

|      |    × |  target |             |
| ---- | ---: | ------: | ----------: |
| node | 1.00 |         |             |
| a    | 1.15 |  ≤ 1.15 |         met |
| b    | 61.2 | ≤ 60 ms | **not met** |
| c    |      |     ≤ 2 | **not met** |

- b: the parser.
- gh: not installed.
`);
    expect(countTargets([group])).toEqual({ met: 1, all: 3 });
  });

  it('leave the columns of targets out where there are none', () => {
    const rows = [{ cells: ['x', '1'] }];
    expect(sectionText({ title: 'T', about: 'A.', head: ['', 'n'], rows })).toContain('|     |   n |\n');
  });

  it('renew the sections that were measured, and keep the others', () => {
    const earlier = '# Title\n\n## A\n\n1\n\n## B\n\n2\n';
    expect(mergeResults(earlier, ['## B\n\n3\n', '## C\n\n4\n'])).toBe(
      '# Title\n\n## A\n\n1\n\n## B\n\n3\n\n## C\n\n4\n',
    );
    expect(mergeResults('# Title\n', ['## A\n\n1\n'])).toBe('# Title\n\n## A\n\n1\n');
  });
});

describe('the guard of the start-up', () => {
  const recorded = { list: 2, help: 1.2 };

  it('finds slower what takes over 15 % more than recorded', () => {
    const measured = new Map([
      ['list', 2.29],
      ['help', 1.39],
    ]);
    expect(compareToBaseline(recorded, measured)).toEqual([
      { name: 'list', ratio: 2.29, recorded: 2, isSlower: false },
      { name: 'help', ratio: 1.39, recorded: 1.2, isSlower: true },
    ]);
  });

  it('refuses a baseline about other commands', () => {
    expect(() => compareToBaseline(recorded, new Map([['list', 2]]))).toThrow('help');
    expect(() => compareToBaseline({}, new Map([['list', 2]]))).toThrow('list');
  });

  it('records one version of node and keeps the others', () => {
    const renewed = renewBaseline({ 20: recorded, 22: { list: 1.8 } }, '22', new Map([['list', 1.7349]]));
    expect(renewed).toEqual({ 20: recorded, 22: { list: 1.73 } });
  });

  it('has a baseline about the commands that it measures', () => {
    const baseline = JSON.parse(readFileSync(new URL('../../bench/baseline.json', import.meta.url), 'utf8'));
    const contestants: { name: string }[] = mainContestants({ node: 'node', segjobs: 'segjobs' });
    const names = contestants.map(({ name }) => name).filter((name) => name !== bareNode);
    for (const ratios of Object.values(baseline)) expect(Object.keys(ratios as object)).toEqual(names);
    expect(Object.keys(baseline)).toContain('20');
  });
});

describe('the measured jobs', () => {
  it('are the same each time, each with an id of its own, and as large as is told', () => {
    const count = 1000;
    const texts = Array.from({ length: count }, (_, index) => JSON.stringify(createJob(index)));
    expect(texts[7]).toBe(JSON.stringify(createJob(7)));
    expect(new Set(Array.from({ length: 20_000 }, (_, index) => jobIdOf(index))).size).toBe(20_000);
    expect(texts.reduce((sum, { length }) => sum + length, 0) / count).toBeCloseTo(jobBytes, -1);
  });

  it('can be kept from ever finishing', () => {
    expect(createJob(3, 'PROCESSING')).toMatchObject({ id: jobIdOf(3), status: 'PROCESSING' });
  });
});
