import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import type { WatchEvent } from '../../src/jobs/watch-events.ts';
import type { OutputFormat } from '../../src/output/format.ts';
import { createOutput } from '../../src/output/output.ts';
import { describeTerminal } from '../../src/output/terminal.ts';
import { lostContactError, showWatch } from '../../src/output/watch-views.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { outage, type WatchedScene, watchScene } from '../support/watched-service.ts';

class Captured extends Writable {
  text = '';
  readonly columns = 100;
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

interface Shown {
  readonly stdout: string;
  readonly stderr: readonly string[];
}

interface Place {
  readonly isTty?: boolean;
  readonly quiet?: boolean;
  readonly resumeFlags?: readonly string[];
}

async function show(events: readonly WatchEvent[], format: OutputFormat, place: Place = {}): Promise<Shown> {
  const { isTty = false, quiet = false, resumeFlags = [] } = place;
  const [stdout, stderr] = [new Captured(), new Captured()];
  const facts = { columns: 100, rows: 30, env: {}, noColorFlag: true };
  const output = createOutput({
    format,
    stdout,
    stderr,
    terminals: {
      stdout: describeTerminal({ ...facts, isTty: false }),
      stderr: describeTerminal({ ...facts, isTty }),
    },
    quiet,
    now: () => Date.parse('2026-11-23T03:00:00Z'),
  });
  async function* source() {
    yield* events;
  }
  await showWatch(output, source(), { clock: new SimulatedClock(), resumeFlags });
  return { stdout: stdout.text, stderr: stderr.text.split('\n').slice(0, -1) };
}

async function watched(scene: WatchedScene): Promise<readonly WatchEvent[]> {
  return (await watchScene(scene)).events;
}

const night: WatchedScene = {
  jobs: {
    a: [
      [0, 'QUEUED'],
      [10, 'PROCESSING'],
      [150, 'SUCCEEDED'],
    ],
    b: [
      [0, 'PROCESSING'],
      [3, 'FAILED'],
    ],
    c: [],
  },
  fault: (poll) => (poll === 4 ? outage : undefined),
};

describe('the lines of a watch', () => {
  it('tell each change with its time, and stdout gets the final rows', async () => {
    const { stdout, stderr } = await show(await watched(night), 'tsv');
    expect(stderr).toEqual([
      '2026-11-23T02:14:00Z  Watching 3 jobs, for at most 8h 00m',
      '2026-11-23T02:14:00Z  a  QUEUED',
      '2026-11-23T02:14:00Z  b  PROCESSING',
      '2026-11-23T02:14:00Z  c  not there yet, waiting 1 min for it',
      '2026-11-23T02:14:05Z  b  PROCESSING → FAILED',
      '2026-11-23T02:14:12Z  a  QUEUED → PROCESSING',
      '2026-11-23T02:14:23Z  No answer: the service is not available; next look in 17s',
      '2026-11-23T02:15:05Z  c  not found',
      '2026-11-23T02:16:05Z  1 of 3 finished · 1 failed · 1 processing · 1 not found · 2m 05s',
      '2026-11-23T02:16:40Z  a  PROCESSING → SUCCEEDED',
      '2 of 3 finished · 1 failed · 1 not found · 2m 40s',
    ]);
    expect(stdout).toBe('SUCCEEDED\ta\t0\t\t\t\t\nFAILED\tb\t0\t\t\t\t\n\tc\t\t\t\t\t\n');
  });

  it('fall silent with --quiet, but for what went wrong', async () => {
    const { stderr } = await show(await watched(night), 'tsv', { quiet: true });
    expect(stderr).toEqual(['2026-11-23T02:15:05Z  c  not found']);
  });

  it('say how long a job took, and its first error, without control characters', async () => {
    const job: SegmentJob = {
      id: 'a\u001b[2J',
      status: 'FAILED',
      creationTime: Date.parse('2026-11-23T02:00:00Z'),
      updateTime: Date.parse('2026-11-23T02:12:04Z'),
      segments: [],
      errors: [{ code: '1001', msg: 'out of\u0007 memory\nin stage 3' }],
      json: '{}',
    };
    const at = { atMs: Date.parse('2026-11-23T02:14:07Z'), elapsedMs: 7000 };
    const finished: WatchEvent = { ...at, type: 'job.finished', id: job.id, from: 'PROCESSING', job };
    const { stderr } = await show([finished, ...(await watched({ jobs: {} }))], 'tsv');
    expect(stderr[0]).toBe(
      '2026-11-23T02:14:07Z  a  PROCESSING → FAILED after 12m 04s: 1001: out of memory in stage 3',
    );
  });

  it('end an interrupted watch with the command that resumes it', async () => {
    const stop = new AbortController();
    const clock = new SimulatedClock();
    void clock.sleep(7000).then(() => stop.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT')));
    const jobs = { A: [[0, 'NEW']], 'B $x': [[0, 'NEW']], C: [[0, 'SUCCEEDED']] } as const;
    const events = await watched({ jobs, clock, signal: stop.signal });
    const { stdout, stderr } = await show(events, 'ids', { resumeFlags: ['--sandbox', 'dev'] });
    expect(stderr.at(-1)).toBe(
      "Stopped watching. 2 jobs are still running. Resume with: segjobs watch A 'B $x' --sandbox dev",
    );
    expect(stdout).toBe('A\nB $x\nC\n');
  });

  it('end a watch whose time is up the same way, and do not list hundreds of ids', async () => {
    const jobs = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`job-${index}`, [[0, 'NEW']] as const]),
    );
    const { stderr } = await show(await watched({ jobs, options: { timeoutMs: 90_000 } }), 'tsv');
    expect(stderr.at(-1)).toBe(
      'Time is up after 1m 30s. 11 jobs are still running. Resume with the same command.',
    );
  });

  it('say only how things stand after a single look', async () => {
    const events = await watched({ jobs: { a: [[0, 'QUEUED']] }, options: { timeoutMs: 0 } });
    expect((await show(events, 'tsv')).stderr).toEqual([
      '2026-11-23T02:14:00Z  a  QUEUED',
      '0 of 1 finished · 1 queued.',
    ]);
  });
});

describe('the json document of a watch', () => {
  it('comes at the end, with the jobs as they were received and null for what is not there', async () => {
    const { stdout } = await show(await watched(night), 'json');
    expect(stdout).toBe(
      '{"schemaVersion":1,"exitCode":10,' +
        '"counts":{"total":3,"succeeded":1,"failed":1,"cancelled":0,"running":0,"unseen":0,"notFound":1,"unreadable":0},' +
        '"results":{"a":{"id":"a","status":"SUCCEEDED"},"b":{"id":"b","status":"FAILED"},"c":null}}\n',
    );
  });

  it('comes too when contact was lost', async () => {
    const { stdout } = await show(await watched({ jobs: { a: [] }, fault: () => outage }), 'json');
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 7, counts: { unseen: 1 }, results: { a: null } });
  });
});

describe('the events of a watch', () => {
  it('are one line of JSON each, as they happen, and stderr is silent', async () => {
    const { stdout, stderr } = await show(await watched(night), 'ndjson');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(stderr).toEqual([]);
    expect(lines).toEqual(
      [
        {
          type: 'watch.started',
          time: '2026-11-23T02:14:00Z',
          ids: ['a', 'b', 'c'],
          selection: null,
          timeoutSeconds: 28_800,
          intervalSeconds: null,
        },
        {
          type: 'job.status',
          time: '2026-11-23T02:14:00Z',
          id: 'a',
          from: null,
          status: 'QUEUED',
          elapsedSeconds: 0,
        },
        {
          type: 'job.status',
          time: '2026-11-23T02:14:00Z',
          id: 'b',
          from: null,
          status: 'PROCESSING',
          elapsedSeconds: 0,
        },
        {
          type: 'job.finished',
          time: '2026-11-23T02:14:05Z',
          id: 'b',
          from: 'PROCESSING',
          status: 'FAILED',
          elapsedSeconds: 5,
          durationSeconds: null,
          job: { id: 'b', status: 'FAILED' },
        },
        {
          type: 'job.status',
          time: '2026-11-23T02:14:12Z',
          id: 'a',
          from: 'QUEUED',
          status: 'PROCESSING',
          elapsedSeconds: 12,
        },
        {
          type: 'poll.failed',
          time: '2026-11-23T02:14:23Z',
          ids: null,
          failedPolls: 1,
          silentSeconds: 11,
          nextPollSeconds: 16,
          error: {
            code: 'UNAVAILABLE',
            message: 'the service is not available',
            httpStatus: 503,
            requestId: null,
          },
        },
        {
          type: 'job.status',
          time: '2026-11-23T02:15:05Z',
          id: 'c',
          from: null,
          status: null,
          elapsedSeconds: 65,
          notFound: true,
        },
        {
          type: 'watch.heartbeat',
          time: '2026-11-23T02:16:05Z',
          elapsedSeconds: 125,
          counts: {
            total: 3,
            succeeded: 0,
            failed: 1,
            cancelled: 0,
            running: 1,
            unseen: 0,
            notFound: 1,
            unreadable: 0,
          },
          running: { PROCESSING: 1 },
          failedPolls: 0,
          nextPollSeconds: 34,
        },
        {
          type: 'job.finished',
          time: '2026-11-23T02:16:40Z',
          id: 'a',
          from: 'PROCESSING',
          status: 'SUCCEEDED',
          elapsedSeconds: 160,
          durationSeconds: null,
          job: { id: 'a', status: 'SUCCEEDED' },
        },
        {
          type: 'watch.ended',
          time: '2026-11-23T02:16:40Z',
          reason: 'finished',
          exitCode: 10,
          counts: {
            total: 3,
            succeeded: 1,
            failed: 1,
            cancelled: 0,
            running: 0,
            unseen: 0,
            notFound: 1,
            unreadable: 0,
          },
          elapsedSeconds: 160,
          unfinished: [],
          notFound: ['c'],
        },
      ].map((event) => ({ schemaVersion: 1, ...event })),
    );
  });

  it('carry the created job first, number for number as it came', async () => {
    const json = '{ "id": "a", "computeJobId": 12345678901234567890, "x": 1.0 }';
    const created: SegmentJob = { id: 'a', segments: [], errors: [], json };
    const events = await watched({ jobs: { a: [[0, 'SUCCEEDED']] }, created });
    const { stdout } = await show(events, 'ndjson');
    expect(stdout.split('\n')[0]).toBe(
      '{"schemaVersion":1,"time":"2026-11-23T02:14:00Z","type":"job.created","id":"a","status":null,"reused":false,' +
        '"job":{"id":"a","computeJobId":12345678901234567890,"x":1.0}}',
    );
  });
});

describe('the live view of a watch', () => {
  it('leaves ended jobs and the summary on the terminal, and the cursor as it was', async () => {
    const { stderr } = await show(await watched(night), 'table', { isTty: true });
    expect(stderr).toEqual([
      '? c  not there yet, waiting 1 min for it',
      '✗ b  PROCESSING → FAILED',
      '? c  not found',
      '✓ a  PROCESSING → SUCCEEDED',
      '2 of 3 finished · 1 failed · 1 not found · 2m 40s',
    ]);
  });
});

describe('lost contact', () => {
  const lost = async (scene: WatchedScene) => {
    const ended = (await watched(scene)).at(-1);
    if (ended?.type !== 'watch.ended') throw new Error('no end');
    return lostContactError(ended, []);
  };

  it('is told with the last failure and the command that goes on', async () => {
    const error = await lost({
      jobs: { a: [[0, 'NEW']] },
      fault: (poll) => (poll === 1 ? undefined : outage),
    });
    expect([error.exitCode, error.httpStatus]).toEqual([7, 503]);
    expect(error.message).toBe('stopped watching, the service does not answer: the service is not available');
    expect(error.hint).toBe('1 job is still running. Resume with: segjobs watch a');
  });

  it('is not said of a request that was refused at once', async () => {
    const refused = new SegjobsError('FORBIDDEN', 'no access to sandbox "x"');
    expect(await lost({ jobs: { a: [] }, fault: () => refused })).toBe(refused);
  });
});
