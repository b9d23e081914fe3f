// An id that the service does not know: a typo must not cost a silent minute.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingText } from '../../src/output/watch-text.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let finished: string;
beforeAll(async () => {
  world = await createWorld();
  finished = (await world.segjobs(['list', '--status', 'succeeded', '-L', '1', '-o', 'ids'])).stdout.trim();
});
afterAll(() => world.close());

const told = /not there yet, waiting 1 min/g;

describe('a watched id that is not there', () => {
  it('is told once, after the first look, and given up a minute later', async () => {
    const ran = await world.segjobs(['watch', 'typo', finished]);
    expect(ran.exitCode).toBe(12);
    expect(ran.stderr.match(told)).toHaveLength(1);
    const lines = ran.stderr.split('\n').map((line) => line.replace(/^\S+Z {2}/, ''));
    expect(lines.indexOf('typo  not there yet, waiting 1 min for it')).toBeLessThan(
      lines.indexOf('typo  not found'),
    );
  });

  it.each([
    ['with -q', ['watch', 'typo', '-q']],
    ['as events', ['watch', 'typo', '-o', 'ndjson']],
    ['where one look is all', ['watch', 'typo', '--timeout', '0']],
    ['of jobs that are there', ['watch', () => finished]],
    ['of a job that was just made', ['create', 'S1', '--watch', '--interval', '30s']],
  ] as const)('is not told %s', async (_, argv) => {
    const ran = await world.segjobs(argv.map((word) => (typeof word === 'function' ? word() : word)));
    expect(ran.stderr).not.toMatch(told);
  });

  it('is one of several, of which three are named', () => {
    expect(missingText(['a', 'b', 'c', 'd'])).toBe(
      '4 jobs (a, b, c, …)  not there yet, waiting 1 min for them',
    );
    expect(missingText(['a\u001b[2J'])).toBe('a  not there yet, waiting 1 min for it');
  });
});
