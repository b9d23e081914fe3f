import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/durations.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { compareJobs, inLifeCycleOrder, parseWhen, statusesFor } from '../../src/jobs/selection.ts';

const now = Date.parse('2026-03-10T09:30:00Z');
const when = (text: string) => {
  const instant = parseWhen(text, now, parseDuration);
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

describe('status words', () => {
  it.each([
    ['processing', ['PROCESSING']],
    ['Canceled', ['CANCELLED']],
    ['CANCELLING', ['CANCELLING']],
    ['canceling', ['CANCELLING']],
    ['active', ['NEW', 'QUEUED', 'PROCESSING']],
    ['FINISHED', ['SUCCEEDED', 'FAILED', 'CANCELLED']],
    ['done', []],
    ['__proto__', []],
  ])('reads %s as %j', (word, statuses) => {
    expect(statusesFor(word)).toEqual(statuses);
  });

  it('are put in life-cycle order, each once', () => {
    expect(inLifeCycleOrder(['SUCCEEDED', 'PROCESSING', 'NEW', 'PROCESSING'])).toEqual([
      'NEW',
      'PROCESSING',
      'SUCCEEDED',
    ]);
  });
});

describe('a point in time', () => {
  it.each([
    ['90m', '2026-03-10T08:00:00.000Z'],
    ['2d', '2026-03-08T09:30:00.000Z'],
    ['02:15', '2026-03-10T02:15:00.000Z'],
    ['23:59', '2026-03-10T23:59:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T06:00', '2026-03-01T06:00:00.000Z'],
    ['2026-03-01 06:00:30', '2026-03-01T06:00:30.000Z'],
    ['2026-03-01T06:00:00Z', '2026-03-01T06:00:00.000Z'],
    ['2026-03-01T06:00:00+02:00', '2026-03-01T04:00:00.000Z'],
    ['2026-03-01T06:00:00-0530', '2026-03-01T11:30:00.000Z'],
  ])('reads %s in UTC as %s', (text, expected) => {
    expect(when(text)).toBe(expected);
  });

  it.each([
    'yesterday',
    '2026-02-30',
    '24:00',
    '2026-13-01',
    '',
    '10',
    'NaN',
    '2026-03-01T06',
    '0050-01-01',
    '104000000d',
  ])('refuses %j', (text) => {
    expect(when(text)).toBeUndefined();
  });

  it('reads back every instant that RFC 3339 can write', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        const seconds = Math.floor(date.getTime() / 1000) * 1000;
        expect(parseWhen(date.toISOString(), now, parseDuration)).toBe(seconds);
      }),
    );
  });
});

describe('the order of jobs', () => {
  const job = (id: string, creationTime?: number): SegmentJob => ({
    id,
    creationTime,
    segments: [],
    errors: [],
    json: '{}',
  });

  it('puts jobs without a time last, whichever the direction', () => {
    const jobs = [job('c'), job('a', 1), job('b', 2)];
    const ids = (direction: 'asc' | 'desc') =>
      [...jobs].sort(compareJobs({ by: 'creationTime', direction })).map(({ id }) => id);
    expect(ids('asc')).toEqual(['a', 'b', 'c']);
    expect(ids('desc')).toEqual(['b', 'a', 'c']);
  });
});
