import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LivePolls, type LiveState, layoutLiveBlock } from '../../src/output/live-block.ts';
import type { LiveJob } from '../../src/output/live-rows.ts';
import { visibleWidth } from '../../src/output/width.ts';
import { terminalOf } from '../support/fake-streams.ts';

const now = Date.parse('2026-11-23T02:14:00Z');
const minuteMs = 60_000;
const uuid = (number: number) => `4f1c0e3a-0000-4000-8000-${String(number).padStart(12, '0')}`;

function job(
  number: number,
  status: string | undefined,
  minutes: number,
  more: Partial<LiveJob> = {},
): LiveJob {
  return { id: uuid(number), status, segments: '2', begunMs: now - minutes * minuteMs, ...more };
}

const usual = { lowMs: 12 * minuteMs, highMs: 25 * minuteMs, runs: 8, basis: 'sameSegments' } as const;
const answered: LivePolls = { answeredAgoMs: 3000, nextInMs: 19_400 };

/** The state of a watch of these jobs, of which so many have ended already. */
function stateOf(
  jobs: readonly LiveJob[],
  more: Partial<LiveState> & { readonly succeeded?: number } = {},
): LiveState {
  const { succeeded = 0, ...rest } = more;
  const byStatus = new Map<string, number>();
  for (const { status } of jobs) {
    if (status !== undefined) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }
  const unseen = jobs.filter(({ status }) => status === undefined).length;
  return {
    unfinished: jobs.length,
    pick: (most) => jobs.slice(0, most),
    tally: {
      counts: {
        total: jobs.length + succeeded,
        succeeded,
        failed: 0,
        cancelled: 0,
        running: jobs.length - unseen,
        unseen,
        notFound: 0,
        unreadable: 0,
      },
      runningByStatus: [...byStatus].sort((a, b) => b[1] - a[1]),
    },
    elapsedMs: 724_000,
    polls: answered,
    ...rest,
  };
}

function block(state: LiveState, columns: number, rows: number, frame = 0): string[] {
  return layoutLiveBlock(state, { columns, rows, now, frame, paint: terminalOf(0).paint });
}

const three = [job(1, 'PROCESSING', 12), job(2, 'QUEUED', 3), job(3, 'CANCELLING', 61)];

describe('the live block', () => {
  it('has a line for each job, the total and the polls', () => {
    expect(block(stateOf(three, { succeeded: 9 }), 100, 30)).toEqual([
      '  STATUS      ID                                    SEGMENTS  ELAPSED',
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001         2  12m 00s',
      '• QUEUED      4f1c0e3a-0000-4000-8000-000000000002         2   3m 00s',
      '⠋ CANCELLING  4f1c0e3a-0000-4000-8000-000000000003         2   1h 01m',
      '',
      '9 of 12 finished · 1 processing · 1 queued · 1 cancelling · 12m 04s',
      'last look 3s ago · next look in 20s',
    ]);
  });

  it('tells what is left as a range and on how many runs that rests', () => {
    const jobs = [
      job(1, 'PROCESSING', 4, { expected: usual }),
      job(2, 'PROCESSING', 20, { expected: { ...usual, basis: 'similar', runs: 3 } }),
      job(3, 'PROCESSING', 26, { expected: usual }),
      job(4, 'PROCESSING', 26),
    ];
    expect(block(stateOf(jobs), 110, 30).slice(0, 5)).toEqual([
      '  STATUS      ID                                    SEGMENTS  ELAPSED  LEFT',
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001         2   4m 00s  8m–21m from 8 runs',
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000002         2  20m 00s  <5m from 3 similar runs',
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000003         2  26m 00s  overdue from 8 runs',
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000004         2  26m 00s',
    ]);
  });

  it('keeps all of it on 80 columns', () => {
    const jobs = [job(1, 'PROCESSING', 4, { expected: usual }), job(2, 'QUEUED', 0, { expected: usual })];
    expect(block(stateOf(jobs), 80, 24)).toEqual([
      '  STATUS      ID                                    SEGS  ELAPSED  LEFT (RUNS)',
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001     2   4m 00s  8m–21m (8)',
      '• QUEUED      4f1c0e3a-0000-4000-8000-000000000002     2       0s  12m–25m (8)',
      '',
      '0 of 2 finished · 1 processing · 1 queued · 12m 04s',
      'last look 3s ago · next look in 20s',
    ]);
  });

  it.each([
    [70, '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001   4m 00s  8m–21m'],
    [60, '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001   4m 00s'],
    [59, '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-0000000000…   4m 00s'],
    [40, '⠋ PROCESSING  4f1c0e3a-0000-4…   4m 00s'],
    [25, '⠋ PROCESSING  4f1c0e3a-…'],
    [20, '⠋ 4f1c0e3a-0000-40…'],
    [3, '⠋'],
    [1, '⠋'],
  ])('shows on %i columns what there is room for', (columns, line) => {
    const jobs = [job(1, 'PROCESSING', 4, { expected: usual })];
    expect(block(stateOf(jobs), columns, 24).find((each) => each.startsWith('⠋'))).toBe(line);
  });

  it('sums up the jobs that have no row', () => {
    const jobs = [...Array(24).keys()].map((number) => job(number, number < 5 ? 'PROCESSING' : 'QUEUED', 1));
    const more = { succeeded: 960, unfinished: 9040 };
    const state = stateOf(jobs, more);
    const { tally } = state;
    if (tally === undefined) throw new Error('no tally');
    const runningByStatus = [
      ['QUEUED', 9030],
      ['PROCESSING', 10],
    ] as const;
    const counts = { ...tally.counts, total: 10_000, running: 9040 };
    expect(block({ ...state, tally: { counts, runningByStatus } }, 80, 10)).toEqual([
      ...[0, 1, 2, 3, 4].map((number) => `⠋ PROCESSING  ${uuid(number)}  2 segments   1m 00s`),
      '… 9,995 more: 9,030 queued, 5 processing, 960 finished',
      '960 of 10,000 finished · 9,030 queued · 10 processing · 12m 04s',
      'last look 3s ago · next look in 20s',
    ]);
  });

  it('on 40 columns and 10 rows breaks the total between its parts', () => {
    expect(block(stateOf(three, { succeeded: 9 }), 40, 10)).toEqual([
      '⠋ PROCESSING  4f1c0e3a-0000-4…  12m 00s',
      '• QUEUED      4f1c0e3a-0000-4…   3m 00s',
      '⠋ CANCELLING  4f1c0e3a-0000-4…   1h 01m',
      '9 of 12 finished · 1 processing',
      '1 queued · 1 cancelling · 12m 04s',
      'last look 3s ago · next look in 20s',
    ]);
  });

  it('explains itself where there is no row for a heading', () => {
    const jobs = [job(1, 'PROCESSING', 4, { expected: usual }), job(2, 'QUEUED', 1, { segments: '1' })];
    expect(block(stateOf(jobs), 110, 8).slice(0, 2)).toEqual([
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001  2 segments   4m 00s  8m–21m left from 8 runs',
      '• QUEUED      4f1c0e3a-0000-4000-8000-000000000002   1 segment   1m 00s',
    ]);
    expect(block(stateOf(jobs), 80, 8)[0]).toBe(
      '⠋ PROCESSING  4f1c0e3a-0000-4000-8000-000000000001   4m 00s  8m–21m left',
    );
  });

  it('turns the marks of what is being worked on, and nothing else', () => {
    const [first, second] = [block(stateOf(three), 100, 30, 0), block(stateOf(three), 100, 30, 1)];
    expect(second.map((line) => line.slice(1))).toEqual(first.map((line) => line.slice(1)));
    expect(second.map((line) => line[0])).toEqual([' ', '⠙', '•', '⠙', undefined, '0', 'l']);
  });
});

describe('the line of the polls', () => {
  const last = (polls: LivePolls, columns = 80) => block(stateOf(three, { polls }), columns, 24).slice(6);

  it('says that a poll is under way', () => {
    expect(last({ answeredAgoMs: 62_000, nextInMs: -20 })).toEqual(['last look 1m 02s ago · looking…']);
  });

  it('tells calmly that there is no answer, and when it tries again', () => {
    const failure = { silentMs: 120_900, reason: 'the service is not available (HTTP 503)' };
    const polls = { answeredAgoMs: 120_900, nextInMs: 20_000, failure };
    expect(last(polls, 100)).toEqual([
      'no answer for 2m 00s, trying again in 20s · the service is not available (HTTP 503)',
    ]);
    expect(last(polls)).toEqual([
      'no answer for 2m 00s, trying again in 20s',
      'the service is not available (HTTP 503)',
    ]);
    expect(last({ ...polls, nextInMs: undefined }, 60)).toContain('no answer for 2m 00s, trying again…');
  });

  it('names jobs that a good answer had an error for', () => {
    expect(last({ ...answered, unreadJobs: 2 })).toEqual([
      'last look 3s ago · next look in 20s · no answer for 2 jobs',
    ]);
  });

  it('says before the first answer only that it looks', () => {
    const state = stateOf([job(1, undefined, 0, { begunMs: undefined, segments: '' })], {
      tally: undefined,
      elapsedMs: 2100,
      polls: { answeredAgoMs: undefined, nextInMs: undefined },
    });
    expect(block(state, 80, 24)).toEqual([
      '  STATUS      ID                                    SEGMENTS  ELAPSED',
      `? …           ${uuid(1)}         -        -`,
      '',
      'looking… · 2s',
    ]);
  });
});

describe('any live block', () => {
  const status = fc.option(
    fc.constantFrom('NEW', 'QUEUED', 'PROCESSING', 'CANCELLING', '', 'PAUSED\u001b[2J'),
    {
      nil: undefined,
    },
  );
  const anyJob = fc.record({
    id: fc.oneof(
      fc.constant(uuid(7)),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constant('語'.repeat(40)),
    ),
    status,
    segments: fc.constantFrom('', '1', 'all', '12,345'),
    begunMs: fc.option(fc.integer({ min: 0, max: now }), { nil: undefined }),
    expected: fc.constantFrom(undefined, usual),
  });
  const anyPolls = fc.record({
    answeredAgoMs: fc.option(fc.nat(), { nil: undefined }),
    nextInMs: fc.option(fc.integer(), { nil: undefined }),
    failure: fc.option(fc.record({ silentMs: fc.nat(), reason: fc.string({ unit: 'binary' }) }), {
      nil: undefined,
    }),
  });

  it('fits the terminal, keeps off its last column and holds no control character', () => {
    fc.assert(
      fc.property(
        fc.array(anyJob, { maxLength: 60 }),
        anyPolls,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (jobs, polls, columns, rows) => {
          const lines = block(stateOf(jobs, { polls }), columns, rows);
          expect(lines.length).toBeGreaterThan(0);
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          for (const line of lines) {
            expect(visibleWidth(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
            expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          }
        },
      ),
    );
  });

  it('is empty on a terminal without width', () => {
    expect(block(stateOf(three), 0, 24)).toEqual([]);
  });

  it('asks for no more jobs than it has rows', () => {
    const asked: number[] = [];
    const pick = (most: number) => {
      asked.push(most);
      return three;
    };
    block({ ...stateOf(three), unfinished: 10_000, pick }, 80, 24);
    expect(asked).toEqual([18]);
  });
});
