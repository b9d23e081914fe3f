import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { SegmentJob } from '../../src/jobs/job.ts';
import type { WatchEvent, WatchTally } from '../../src/jobs/watch-events.ts';
import { createOutput } from '../../src/output/output.ts';
import { describeTerminal } from '../../src/output/terminal.ts';
import { showWatch, type WatchLook } from '../../src/output/watch-views.ts';
import type { ScreenHolder } from '../../src/screen-keeper.ts';
import { Screen, type ScreenSize } from '../support/screen.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const start = Date.parse('2026-11-23T02:14:00Z');
const uuid = (number: number) => `4f1c0e3a-0000-4000-8000-${String(number).padStart(12, '0')}`;

function job(id: string, status: string, createdAgoSeconds: number, segmentCount = 2): SegmentJob {
  const segments = Array.from({ length: segmentCount }, (_, index) => ({ segmentId: `s${index}` }));
  const creationTime = start - createdAgoSeconds * 1000;
  return { id, status, creationTime, updateTime: start + 60_000, segments, errors: [], json: '{}' };
}

function tallyOf(statuses: readonly string[]): WatchTally {
  const count = (status: string) => statuses.filter((each) => each === status).length;
  const running = [...new Set(statuses)].filter(
    (status) => !/SUCCEEDED|FAILED|CANCELLED|UNSEEN/.test(status),
  );
  const [succeeded, failed, cancelled] = ['SUCCEEDED', 'FAILED', 'CANCELLED'].map(count) as [
    number,
    number,
    number,
  ];
  const unseen = count('UNSEEN');
  const total = statuses.length;
  return {
    counts: {
      total,
      succeeded,
      failed,
      cancelled,
      running: total - succeeded - failed - cancelled - unseen,
      unseen,
      notFound: 0,
      unreadable: 0,
    },
    runningByStatus: running.map((status) => [status, count(status)] as const).sort((a, b) => b[1] - a[1]),
  };
}

type Untimed = WatchEvent extends infer E
  ? E extends WatchEvent
    ? Omit<E, 'atMs' | 'elapsedMs'>
    : never
  : never;
/** What happens at which second. */
type Timeline = readonly (readonly [second: number, ...events: readonly Untimed[]])[];

const started = (ids: readonly string[]): Untimed => ({
  type: 'watch.started',
  ids,
  selection: undefined,
  timeoutMs: 8 * 3_600_000,
  intervalMs: undefined,
});
const status = (told: SegmentJob, from?: string): Untimed => ({
  type: 'job.status',
  id: told.id,
  from,
  job: told,
});
const finished = (told: SegmentJob, from?: string): Untimed => ({
  type: 'job.finished',
  id: told.id,
  from,
  job: told,
});
const waiting = (tally: WatchTally, nextPollInMs: number, failedPolls = 0): Untimed => ({
  type: 'watch.waiting',
  tally,
  failedPolls,
  nextPollInMs,
});
const ended = (tally: WatchTally): Untimed => ({
  type: 'watch.ended',
  ending: { kind: 'finished' },
  exitCode: 0,
  tally,
  jobs: [],
});

interface Shown {
  /** What stood on the screen at that second, the scrolled-off part included. */
  at(second: number): Promise<Screen>;
  readonly sent: readonly string[];
}

/** Plays the timeline on a terminal of that size. */
async function play(
  timeline: Timeline,
  size: ScreenSize,
  { stderr, look = {} }: { readonly stderr?: Writable; readonly look?: Partial<WatchLook> } = {},
): Promise<Shown> {
  const clock = new SimulatedClock();
  const screen = new Screen(size);
  const sentAt: number[] = [];
  const write = screen._write.bind(screen);
  screen._write = (chunk, encoding, done) => {
    sentAt.push(clock.monotonicMs());
    write(chunk, encoding, done);
  };
  const terminal = describeTerminal({ isTty: true, ...size, env: {}, noColorFlag: true });
  const output = createOutput({
    format: 'table',
    stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
    stderr: stderr ?? screen,
    terminals: { stdout: terminal, stderr: terminal },
    quiet: false,
    now: () => clock.serviceNow(),
  });
  async function* events(): AsyncGenerator<WatchEvent> {
    for (const [second, ...happenings] of timeline) {
      const waitMs = second * 1000 - clock.monotonicMs();
      if (waitMs > 0) await clock.sleep(waitMs);
      for (const event of happenings) {
        yield { ...event, atMs: start + clock.monotonicMs(), elapsedMs: clock.monotonicMs() } as WatchEvent;
      }
    }
  }
  await clock.run(showWatch(output, events(), { clock, resumeFlags: [], ...look }));
  return {
    sent: screen.sent,
    at: async (second) => {
      const replayed = new Screen(size);
      for (const [index, text] of screen.sent.entries()) {
        if ((sentAt[index] ?? 0) <= second * 1000) replayed.write(text);
      }
      await replayed.settled();
      return replayed;
    },
  };
}

const [a, b, c] = [uuid(1), uuid(2), uuid(3)];
const outage = Object.assign(new Error('the service is not available (HTTP 503)'), { requestId: undefined });
const night: Timeline = [
  [0, started([a, b, c])],
  [1, status(job(a, 'PROCESSING', 700)), status(job(b, 'QUEUED', 60, 1))],
  [1, waiting(tallyOf(['PROCESSING', 'QUEUED', 'UNSEEN']), 5000)],
  [6, finished(job(a, 'SUCCEEDED', 700), 'PROCESSING'), status(job(b, 'PROCESSING', 60, 1), 'QUEUED')],
  [6, waiting(tallyOf(['SUCCEEDED', 'PROCESSING', 'UNSEEN']), 20_000)],
  [
    26,
    {
      type: 'poll.failed',
      error: outage,
      ids: undefined,
      failedPolls: 1,
      silentMs: 20_000,
      nextPollInMs: 30_000,
    },
    waiting(tallyOf(['SUCCEEDED', 'PROCESSING', 'UNSEEN']), 30_000, 1),
  ],
  [56, { type: 'job.lost', id: c, from: undefined, error: undefined }],
  [60, finished(job(b, 'FAILED', 60, 1), 'PROCESSING'), ended(tallyOf(['SUCCEEDED', 'FAILED']))],
];

describe('the live view of a watch', () => {
  it('shows on 100 columns and 30 rows every job, how things stand and what ended', async () => {
    const shown = await play(night, { columns: 100, rows: 30 });
    expect((await shown.at(0.1)).visible()).toEqual([]);
    expect((await shown.at(0.5)).visible()).toEqual([
      '  STATUS      ID                                    SEGMENTS  ELAPSED',
      `? …           ${a}         -        -`,
      `? …           ${b}         -        -`,
      `? …           ${c}         -        -`,
      '',
      'looking… · 0s',
    ]);
    const early = await shown.at(4);
    expect([early.visible(), early.isCursorHidden]).toEqual([
      [
        `? ${c}  not there yet, waiting 1 min for it`,
        '  STATUS      ID                                    SEGMENTS  ELAPSED',
        expect.stringMatching(`^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] PROCESSING  ${a}         2  11m 4[34]s$`),
        `• QUEUED      ${b}         1   1m 03s`,
        `? not seen    ${c}         -        -`,
        '',
        '0 of 3 finished · 1 processing · 1 queued · 1 not seen yet · 3s',
        'last look 2s ago · next look in 3s',
      ],
      true,
    ]);
    expect((await shown.at(30)).visible()).toEqual([
      `? ${c}  not there yet, waiting 1 min for it`,
      `✓ ${a}  PROCESSING → SUCCEEDED after 12m 40s`,
      '  STATUS      ID                                    SEGMENTS  ELAPSED',
      expect.stringMatching(`^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] PROCESSING  ${b}         1   1m 29s$`),
      `? not seen    ${c}         -        -`,
      '',
      '1 of 3 finished · 1 processing · 1 not seen yet · 29s',
      'no answer for 23s, trying again in 27s · the service is not available (HTTP 503)',
    ]);
    const end = await shown.at(61);
    expect([end.everything(), end.isCursorHidden]).toEqual([
      [
        `? ${c}  not there yet, waiting 1 min for it`,
        `✓ ${a}  PROCESSING → SUCCEEDED after 12m 40s`,
        `? ${c}  not found`,
        `✗ ${b}  PROCESSING → FAILED after 2m 00s`,
        '2 of 2 finished · 1 failed · 1m 00s',
      ],
      false,
    ]);
  });

  it('on 80 columns and 24 rows', async () => {
    const shown = await play(night, { columns: 80, rows: 24 });
    expect((await shown.at(30)).visible().slice(-3)).toEqual([
      '1 of 3 finished · 1 processing · 1 not seen yet · 29s',
      'no answer for 23s, trying again in 27s',
      'the service is not available (HTTP 503)',
    ]);
  });

  it('on 40 columns and 10 rows', async () => {
    const shown = await play(night, { columns: 40, rows: 10 });
    expect((await shown.at(30)).visible()).toEqual([
      `? ${c}`,
      'not there yet, waiting 1 min for it',
      `✓ ${a}`,
      'PROCESSING → SUCCEEDED after 12m 40s',
      expect.stringMatching(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] PROCESSING {2}4f1c0e3a-0000-4… {3}1m 29s$/u),
      '? not seen    4f1c0e3a-0000-4…        -',
      '1 of 3 finished · 1 processing',
      '1 not seen yet · 29s',
      'no answer for 23s, trying again in 27s',
      'the service is not available (HTTP 503)',
    ]);
  });

  it('tells what is left where earlier runs are known, also when that comes later', async () => {
    const asked: SegmentJob[] = [];
    const forecastFor = (told: SegmentJob) => {
      asked.push(told);
      return asked.length > 30
        ? ({ lowMs: 720_000, highMs: 960_000, runs: 5, basis: 'sameSegments' } as const)
        : undefined;
    };
    const shown = await play(night, { columns: 110, rows: 30 }, { look: { forecastFor } });
    expect((await shown.at(1.5)).visible()[0]).not.toContain('LEFT');
    expect((await shown.at(5)).visible().slice(1, 4)).toEqual([
      '  STATUS      ID                                    SEGMENTS  ELAPSED  LEFT',
      expect.stringMatching(/11m 44s {2}20s–5m from 5 runs$/),
      expect.stringMatching(/1m 04s {2}11m–15m from 5 runs$/),
    ]);
    expect(asked[0]).toMatchObject({ id: a, segments: [{ segmentId: 's0' }, { segmentId: 's1' }], json: '' });
  });

  it('says nothing of a watch that is over at the first look, but what ended', async () => {
    const done = job(a, 'SUCCEEDED', 60);
    const shown = await play([[0.1, started([a]), finished(done), ended(tallyOf(['SUCCEEDED']))]], {
      columns: 80,
      rows: 24,
    });
    expect(shown.sent).toEqual([`✓ ${a}  SUCCEEDED after 2m 00s\n`, '1 of 1 finished · <1s\n']);
  });

  it('drops what could move the cursor from what the service said', async () => {
    const evil = job('a\u001b[2J\u009b1mb', 'PAUSED\u001b]0;x\u0007', 60);
    const shown = await play(
      [
        [0, started([evil.id]), status(evil), waiting(tallyOf([evil.status ?? '']), 9000)],
        [5, ended(tallyOf([]))],
      ],
      { columns: 80, rows: 24 },
    );
    expect((await shown.at(3)).visible()[1]).toBe('• PAUSED      ab         2   1m 02s');
    expect(shown.sent.join('')).not.toMatch(/\u001b\[2J|\u001b\]|\u009b/);
  });
});

describe('the live view of 10,000 jobs', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => uuid(index));
  const isDone = (index: number) => index % 10 === 0;
  const jobs = ids.map((id, index) => job(id, index === 9999 ? 'PROCESSING' : 'QUEUED', 60));
  const tally = tallyOf(jobs.map((each, index) => (isDone(index) ? 'SUCCEEDED' : (each.status ?? ''))));
  const crowd: Timeline = [
    [0, started(ids)],
    [1, ...jobs.map((each) => status(each)), waiting(tallyOf(jobs.map((each) => each.status ?? '')), 5000)],
    [
      6,
      ...jobs.flatMap((each, index) =>
        isDone(index) ? [finished({ ...each, status: 'SUCCEEDED' }, 'QUEUED')] : [],
      ),
      waiting(tally, 60_000),
    ],
    [66, ended(tally)],
  ];

  it('shows those that are worked on first, sums up the rest, and costs no more than a few', async () => {
    const shown = await play(crowd, { columns: 80, rows: 24 });
    const screen = (await shown.at(60)).visible();
    expect(screen.slice(0, 5)).toEqual([
      `✓ ${uuid(9980)}  QUEUED → SUCCEEDED after 2m 00s`,
      `✓ ${uuid(9990)}  QUEUED → SUCCEEDED after 2m 00s`,
      '  STATUS      ID                                    SEGMENTS  ELAPSED',
      expect.stringMatching(new RegExp(`PROCESSING  ${uuid(9999)}         2   1m 59s$`)),
      `• QUEUED      ${uuid(1)}         2   1m 59s`,
    ]);
    expect(screen.slice(-3)).toEqual([
      '… 9,982 more: 8,982 queued, 1,000 finished',
      '1,000 of 10,000 finished · 8,999 queued · 1 processing · 59s',
      'last look 53s ago · next look in 7s',
    ]);
    // At most eight frames a second, a screen's worth each; what ended at once is told with one write.
    expect(shown.sent.length).toBeLessThan(8 * 66 + 10);
    expect(shown.sent.filter((text) => text.length > 5000)).toHaveLength(1);
    expect(Math.max(...shown.sent.slice(-100).map((text) => text.length))).toBeLessThan(2500);
  });
});

describe('the terminal of a live view', () => {
  it('is given back and taken again as the process is stopped and goes on', async () => {
    const done: string[] = [];
    let holder: ScreenHolder | undefined;
    const screen = {
      isOurs: () => true,
      release: () => undefined,
      hold: (given: ScreenHolder) => {
        holder = given;
        done.push('held');
        return () => void done.push('let go');
      },
    };
    await play(night, { columns: 80, rows: 24 }, { look: { screen } });
    expect(done).toEqual(['held', 'let go']);
    expect(holder?.release).toBeInstanceOf(Function);
  });

  it('is left alone in the background of a shell: there a line tells each change', async () => {
    const screen = { isOurs: () => false, release: () => undefined, hold: () => () => undefined };
    const shown = await play(night, { columns: 80, rows: 24 }, { look: { screen } });
    expect(shown.sent.join('')).not.toContain('\u001b');
    expect((await shown.at(2)).visible()[1]).toBe(`2026-11-23T02:14:01Z  ${a}  PROCESSING`);
  });

  it('may be closed: the watch goes on to its end, and nothing is written any more', async () => {
    let writes = 0;
    const closed = Object.assign(
      new Writable({
        write: (_chunk, _encoding, done) => {
          writes++;
          done(writes > 10 ? Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' }) : undefined);
        },
      }),
      { columns: 80, rows: 24 },
    );
    await play(night, { columns: 80, rows: 24 }, { stderr: closed });
    expect(writes).toBe(11);
  });
});
