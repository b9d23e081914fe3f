import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobCard } from '../../src/output/job-card.ts';
import { jobView } from '../../src/output/job-views.ts';
import { createTable } from '../../src/output/table.ts';
import type { Look } from '../../src/output/view.ts';
import { visibleWidth } from '../../src/output/width.ts';
import { terminalOf } from '../support/fake-streams.ts';
import { bareJob, finishedJob, hostileJob, sampleTime } from '../support/sample-jobs.ts';

const minuteMs = 60_000;
const lookAt = (columns: number, colorLevel: 0 | 1 = 0): Look => ({
  now: sampleTime + 45 * minuteMs,
  terminal: terminalOf(columns, colorLevel),
});

const failedJob = bareJob('3c454e04-f02a-41f1-bab6-18f17d7f205b', {
  status: 'FAILED',
  source: 'api',
  creationTime: sampleTime - 26 * 60 * minuteMs,
  updateTime: sampleTime - 26 * 60 * minuteMs + 7 * minuteMs,
  segments: [{ segmentId: 'a' }],
  errors: [{ code: '0100000101', msg: 'Unable to evaluate the segment: a field is not in the schema' }],
});

async function listOf(columns: number): Promise<string> {
  const { rows } = await createTable(jobView.columns, () => lookAt(columns), jobView);
  return rows([finishedJob, failedJob]);
}

describe('a list on a terminal', () => {
  it('of 60 columns is a card for each job', async () => {
    expect(await listOf(60)).toBe(`d3b4a50d-dfea-43eb-9fca-557ea53771fd
  SUCCEEDED · 45 min ago · took 13m 05s
  1 segment · 13,146,432 profiles · scheduler

3c454e04-f02a-41f1-bab6-18f17d7f205b
  FAILED · 1 day ago · took 7m 00s
  1 segment · api
  0100000101: Unable to evaluate the segment: a field is not
  in the schema
`);
  });

  it('of 36 columns too, and only an id takes all of them', async () => {
    const text = await listOf(36);
    expect(text).toContain('\n  1 segment · 13,146,432 profiles\n  scheduler\n');
    for (const line of text.split('\n')) expect(visibleWidth(line)).toBeLessThanOrEqual(36);
  });

  it.each([
    [61, 'STATUS ID CREATED'],
    [80, 'STATUS ID CREATED DURATION'],
    [100, 'STATUS ID SEGMENTS CREATED DURATION PROFILES'],
    [104, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE'],
    [120, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE UPDATED'],
    [142, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE SEGMENT'],
    [160, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE SEGMENT UPDATED'],
    [200, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE SEGMENT ERRORS'],
    [300, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE SEGMENT ERRORS UPDATED'],
    [0, 'STATUS ID SEGMENTS CREATED DURATION PROFILES SOURCE'],
  ])('of %i columns has the columns there is room for (0: nobody knows)', async (columns, headings) => {
    const text = await listOf(columns);
    expect(text.split('\n')[0]?.split(/ +/).join(' ')).toBe(headings);
    if (columns > 0) {
      for (const line of text.split('\n')) expect(visibleWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('names the first segment and how many more there are', async () => {
    const { rows } = await createTable(jobView.columns, () => lookAt(160), jobView);
    const job = { ...finishedJob, segments: [{ segmentId: 's1' }, { segmentId: 's2' }, { segmentId: 's3' }] };
    expect(rows([job])).toContain('  s1 +2');
  });
});

describe('the card of a job', () => {
  it('says what is known', () => {
    expect(jobCard(bareJob('only-an-id'), lookAt(40))).toEqual([
      'only-an-id',
      '  status unknown',
      '  0 segments',
    ]);
    const running = bareJob('b', {
      status: 'PROCESSING',
      creationTime: sampleTime + 30 * minuteMs,
      segments: [{ segmentId: '*' }],
    });
    expect(jobCard(running, lookAt(40))).toEqual([
      'b',
      '  PROCESSING · 15 min ago · for 15m 00s',
      '  all segments',
    ]);
  });

  it('has its status in colour, its id in bold, and is the same without', () => {
    const [id, status] = jobCard(failedJob, lookAt(60, 1));
    expect(id).toBe('\u001b[1m3c454e04-f02a-41f1-bab6-18f17d7f205b\u001b[22m');
    expect(status).toContain('\u001b[31mFAILED\u001b[39m · 1 day ago');
    const coloured = jobCard(failedJob, lookAt(60, 1)).join('\n');
    expect(stripVTControlCharacters(coloured)).toBe(jobCard(failedJob, lookAt(60)).join('\n'));
  });

  it('law: is safe to show and stays within the terminal, but for the id', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('受众'.repeat(30), '👨‍👩‍👧‍👦'.repeat(20)),
    );
    fc.assert(
      fc.property(name, fc.integer({ min: 20, max: 70 }), (text, columns) => {
        const [, ...lines] = jobCard(hostileJob(text), lookAt(columns));
        for (const line of lines) {
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
          expect(visibleWidth(line)).toBeLessThanOrEqual(columns);
        }
      }),
    );
  });
});
