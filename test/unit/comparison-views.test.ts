import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compareJob, type JobComparison, previousRuns } from '../../src/jobs/comparison.ts';
import type { DurationRange } from '../../src/jobs/forecast.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { printComparison } from '../../src/output/comparison-views.ts';
import { durationAgainstUsual, forecastLines, rangeText } from '../../src/output/forecast-text.ts';
import type { OutputFormat } from '../../src/output/format.ts';
import { jobPage } from '../../src/output/job-page.ts';
import { createOutput } from '../../src/output/output.ts';
import { showComparisons } from '../../src/output/watch-comparisons.ts';
import { keeping, terminalOf } from '../support/fake-streams.ts';
import { bareJob, finishedJob, hostileJob, hostileText, sampleTime } from '../support/sample-jobs.ts';

const minuteMs = 60_000;
const segment = '7863c010-e092-41c8-ae5e-9e533186752e';
const usual: DurationRange = { lowMs: 12 * minuteMs, highMs: 14 * minuteMs, runs: 8, basis: 'sameSegments' };

/** The sample job a day earlier, with smaller audiences. */
const dayBefore: SegmentJob = {
  ...finishedJob,
  id: '0a1b2c3d-0000-4000-8000-000000000001',
  creationTime: sampleTime - 1440 * minuteMs,
  updateTime: sampleTime - 1428 * minuteMs,
  metrics: {
    totalTime: { totalTimeInMs: 700_000 },
    segmentedProfileCounter: new Map([[segment, 1000]]),
    segmentedProfileByStatusCounter: new Map([
      [
        segment,
        new Map([
          ['realized', 501],
          ['existing', 499],
          ['exited', 0],
        ]),
      ],
    ]),
    segmentedProfileByNamespaceCounter: new Map([[segment, new Map([['ECID', 750]])]]),
  },
};
const comparison = compareJob(finishedJob, previousRuns(finishedJob, [dayBefore]), usual);

function outputTo(format: OutputFormat, columns = 100, colorLevel: 0 | 1 = 0) {
  const stdout = keeping();
  const terminals = { stdout: terminalOf(columns, colorLevel), stderr: terminalOf(0) };
  const output = createOutput({
    format,
    stdout: stdout.stream,
    stderr: keeping().stream,
    terminals,
    quiet: false,
    now: () => sampleTime,
  });
  return { output, text: stdout.text };
}

async function printed(format: OutputFormat, item: JobComparison, columns = 0): Promise<string> {
  const { output, text } = outputTo(format, columns);
  await printComparison(output, item);
  return text();
}

describe('a job beside the one before it', () => {
  it('as a page: each count with its change', async () => {
    expect(await printed('table', comparison, 80)).toBe(
      `d3b4a50d-dfea-43eb-9fca-557ea53771fd  SUCCEEDED

  Created     2026-11-23 02:14:07Z  just now
  Finished    2026-11-23 02:27:07Z  in 13 min
  Duration    13 min 5 s, 11 min 30 s of it segmentation
  Usually     12m–14m (8 earlier runs)
  Compared    with 0a1b2c3d-0000-4000-8000-000000000001 of 2026-11-22 02:14:07Z
  Profiles    13,146,432
  Source      scheduler  nightly evaluation
  Sandbox     prod (production)

  Request id  4e538382-dbd8-449e-988a-4ac639ebe72b

Segments  1

  7863c010-e092-41c8-ae5e-9e533186752e
    workAddress.country = "US"
    merge policy 25c548a0-ca7f-4dcd-81d5-997642f178b9
    profiles        1,033  +33 (+3.3%)
    by status
      realized        501    no change
      existing        512  +13 (+2.6%)
      exited           20          +20
    by namespace
      ECID            800  +50 (+6.7%)
      Email           233
`,
    );
  });

  it('leaves out the percent where there is no room for it, and no line passes 40 columns but for ids', async () => {
    const sizes = (profiles: number) => ({ segmentedProfileCounter: new Map([['a', profiles]]) });
    const job = bareJob('now', { creationTime: sampleTime, metrics: sizes(5_100_000) });
    const run = bareJob('before', {
      status: 'SUCCEEDED',
      creationTime: sampleTime - 9,
      updateTime: sampleTime - 4,
      metrics: sizes(3_900_000),
    });
    const page = await printed('table', compareJob(job, new Map([['a', run]])), 40);
    expect(page).toContain('\n  It took     less than 1 s\n');
    expect(page).toContain('\n    profiles      5,100,000  +1,200,000\n');
    const counts = page.slice(page.indexOf('profiles  ')).split('\n');
    expect(Math.max(...counts.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('names the job for each segment where it is not one for all, and says what has none', () => {
    const ids = ['a', 'b', 'c'];
    const counts = (of: readonly string[]) => ({
      segmentedProfileCounter: new Map(of.map((id) => [id, 10])),
    });
    const job = bareJob('now', {
      creationTime: sampleTime,
      segments: ids.map((segmentId) => ({ segmentId })),
      metrics: counts(ids),
    });
    const runs = ['a', 'b'].map((id, index) =>
      bareJob(`before-${id}`, {
        status: 'SUCCEEDED',
        creationTime: sampleTime - (index + 1) * minuteMs,
        metrics: counts([id]),
      }),
    );
    const item = compareJob(job, previousRuns(job, runs));
    expect(jobPage(job, { now: sampleTime, terminal: terminalOf(80) }, item)).toBe(
      `now  status unknown

  Created     2026-11-23 02:14:07Z  just now
  Duration    0 s so far
  Compared    with the last successful job of each segment

Segments  3

  a
    compared with before-a of 2026-11-23 02:13:07Z
    profiles           10  no change

  b
    compared with before-b of 2026-11-23 02:12:07Z
    profiles           10  no change

  c
    nothing to compare with
    profiles           10`,
    );
  });

  it('as tsv: a row for each segment', async () => {
    expect(await printed('tsv', comparison)).toBe(
      `${segment}\t1033\t1000\t33\t3.3\t501\t501\t512\t499\t20\t0\t${dayBefore.id}\t2026-11-22T02:14:07.000Z\n`,
    );
    const sparse = bareJob('now', { segments: [{ segmentId: 'a\tb' }] });
    expect(await printed('tsv', compareJob(sparse, new Map()))).toBe(`a\\tb${'\t'.repeat(12)}\n`);
  });

  it('as JSON: the job as it came, what it was compared with, and the changes', async () => {
    const text = await printed('json', comparison);
    expect(text).toContain(`{"schemaVersion":1,"job":${finishedJob.json},"comparedWith":`);
    const { job: _, ...rest } = JSON.parse(text);
    expect(rest).toEqual({
      schemaVersion: 1,
      comparedWith: { [segment]: dayBefore.id },
      durationSeconds: 785,
      usualDuration: { lowSeconds: 720, highSeconds: 840, runs: 8, basis: 'sameSegments' },
      segments: {
        [segment]: {
          profiles: { now: 1033, before: 1000, change: 33, changePercent: 3.3 },
          byStatus: {
            realized: { now: 501, before: 501, change: 0, changePercent: 0 },
            existing: { now: 512, before: 499, change: 13, changePercent: 2.605 },
            exited: { now: 20, before: 0, change: 20, changePercent: null },
          },
          byNamespace: {
            Email: { now: 233, before: null, change: null, changePercent: null },
            ECID: { now: 800, before: 750, change: 50, changePercent: 6.667 },
          },
        },
      },
    });
    expect(await printed('ndjson', comparison)).toBe(text);
  });

  it('has null in JSON for what is unknown, and a name like __proto__ is a name', async () => {
    const job = bareJob('now', { status: 'PROCESSING', segments: [{ segmentId: '__proto__' }] });
    expect(await printed('json', compareJob(job, new Map()))).toBe(
      `{"schemaVersion":1,"job":{"id":"now"},"comparedWith":{"__proto__":null},"durationSeconds":null,"usualDuration":null,` +
        `"segments":{"__proto__":{"profiles":{"now":null,"before":null,"change":null,"changePercent":null},` +
        `"byStatus":${JSON.stringify(
          Object.fromEntries(
            ['realized', 'existing', 'exited'].map((status) => [
              status,
              { now: null, before: null, change: null, changePercent: null },
            ]),
          ),
        )},"byNamespace":{}}}}\n`,
    );
  });

  it.each(['table', 'tsv', 'json'] as const)(
    'as %s lets no control character of the service through',
    async (format) => {
      const hostile = { ...hostileJob(), creationTime: sampleTime };
      const before = {
        ...hostileJob(),
        id: `${hostileText}before`,
        status: 'SUCCEEDED',
        creationTime: sampleTime - 1,
      };
      const text = await printed(format, compareJob(hostile, previousRuns(hostile, [before]), usual), 80);
      expect(text.replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(
        /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
      );
    },
  );
});

describe('below the table of a finished watch', () => {
  async function shown(items: readonly JobComparison[], left = 0, columns = 110, color: 0 | 1 = 0) {
    const { output, text } = outputTo('table', columns, color);
    await showComparisons(output, items, left);
    return text();
  }

  it('each job has its duration against the usual, and a line for each segment', async () => {
    expect(await shown([comparison])).toBe(
      `
d3b4a50d-dfea-43eb-9fca-557ea53771fd  SUCCEEDED, took 13m 05s, as usual (12m–14m, 8 earlier runs)
SEGMENT                               PROFILES       CHANGE  REALIZED  EXISTING  EXITED  SINCE
7863c010-e092-41c8-ae5e-9e533186752e     1,033  +33 (+3.3%)       501       512      20  2026-11-22 02:14:07Z
`,
    );
  });

  it('fits 80 columns', async () => {
    expect(await shown([comparison], 0, 80)).toContain(
      `
SEGMENT                               PROFILES       CHANGE  REALIZED  EXITED
7863c010-e092-41c8-ae5e-9e533186752e     1,033  +33 (+3.3%)       501      20
`,
    );
  });

  it('is silent about jobs of which there is nothing to say, and about further ones says how to ask', async () => {
    const nothing = compareJob(
      bareJob('nothing', { status: 'SUCCEEDED', segments: [{ segmentId: 'a' }] }),
      new Map(),
    );
    expect(await shown([nothing])).toBe('');
    const failed = bareJob('failed', {
      status: 'FAILED',
      creationTime: sampleTime,
      updateTime: sampleTime + 5 * minuteMs,
      segments: [{ segmentId: 'a' }],
    });
    expect(await shown([compareJob(failed, new Map(), usual)], 1200)).toBe(
      `
failed  FAILED, took 5m 00s, shorter than usual (12m–14m, 8 earlier runs)

… 1,200 more jobs: segjobs get JOB_ID --compare
`,
    );
  });

  it('shows the 20 largest audiences of a job of very many', async () => {
    const sizes = new Map(Array.from({ length: 4000 }, (_, index) => [`s${index}`, index] as const));
    const job = bareJob('night', { status: 'SUCCEEDED', metrics: { segmentedProfileCounter: sizes } });
    const lines = (await shown([compareJob(job, new Map())])).split('\n');
    expect(lines).toHaveLength(25);
    expect(lines[3]).toMatch(/^s3999 +3,999 +- +- +- +- +-$/);
    expect(lines.at(-2)).toBe('… 3,980 more segments: segjobs get night --compare');
  });

  it.each(['tsv', 'json', 'ndjson', 'ids'] as const)('as %s there is nothing', async (format) => {
    const { output, text } = outputTo(format);
    await showComparisons(output, [comparison], 5);
    expect(text()).toBe('');
  });

  it('is the same without its colours, and safe', async () => {
    expect(stripVTControlCharacters(await shown([comparison], 0, 110, 1))).toBe(await shown([comparison]));
    const hostile = { ...hostileJob(), status: 'SUCCEEDED' };
    expect((await shown([compareJob(hostile, new Map(), usual)])).replaceAll('\n', '')).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
    );
  });
});

describe('the usual duration in words', () => {
  it.each([
    [0, 1, 'up to 1m'],
    [12, 14, '12m–14m'],
    [110, 125, '1h 50m–2h 05m'],
    [120, 150, '2h–2h 30m'],
    [1 / 3, 5 / 6, '20s–50s'],
    [1440, 3000, '1d–2d 02h'],
  ])('%d to %d minutes: %s', (low, high, text) => {
    expect(rangeText({ lowMs: low * minuteMs, highMs: high * minuteMs })).toBe(text);
  });

  it.each([
    [11, 'took 11m 00s, shorter than usual (12m–14m, 8 earlier runs)'],
    [12, 'took 12m 00s, as usual (12m–14m, 8 earlier runs)'],
    [14, 'took 14m 00s, as usual (12m–14m, 8 earlier runs)'],
    [15, 'took 15m 00s, longer than usual (12m–14m, 8 earlier runs)'],
  ])('after %d minutes', (minutes, text) => {
    expect(durationAgainstUsual(minutes * minuteMs, usual)).toBe(text);
  });

  it('says when the runs were of other segments, and nothing without them', () => {
    expect(durationAgainstUsual(minuteMs, { ...usual, runs: 1, basis: 'similar' })).toBe(
      'took 1m 00s, shorter than usual (12m–14m, 1 similar run)',
    );
    expect(durationAgainstUsual(minuteMs, undefined)).toBe('took 1m 00s');
  });

  it('is told in a log job by job, and for very many once', () => {
    expect(
      forecastLines(
        [
          { id: 'a', range: usual },
          { id: 'b\u001b', range: { ...usual, runs: 1 } },
        ],
        2,
      ),
    ).toEqual(['a  usually 12m–14m (8 earlier runs)', 'b  usually 12m–14m (1 earlier run)']);
    const many = Array.from({ length: 11 }, (_, index) => ({
      id: `job-${index}`,
      range: { ...usual, highMs: (20 + (index % 7)) * minuteMs },
    }));
    expect(forecastLines(many, 1500)).toEqual([
      'Earlier runs are known for 11 of 1,500 jobs; the slowest: job-6, usually 12m–26m (8 earlier runs)',
    ]);
  });
});
