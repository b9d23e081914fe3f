import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { jobPage } from '../../src/output/job-page.ts';
import { bulkFrame, jobView, listFrame } from '../../src/output/job-views.ts';
import { shownDurationMs } from '../../src/output/job-words.ts';
import { selectColumns } from '../../src/output/output.ts';
import { createTable } from '../../src/output/table.ts';
import { tsvRow } from '../../src/output/tsv.ts';
import type { Look } from '../../src/output/view.ts';
import { visibleWidth } from '../../src/output/width.ts';
import { terminalOf } from '../support/fake-streams.ts';
import { bareJob, finishedJob, hostileJob, hostileText, sampleTime } from '../support/sample-jobs.ts';

const minuteMs = 60_000;
const lookAt = (columns: number, colorLevel: 0 | 1 = 0): Look => ({
  now: sampleTime + 45 * minuteMs,
  terminal: terminalOf(columns, colorLevel),
});
const dangerous = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const runningJob = bareJob('b31aed3d-b3b1-4613-98c6-7d3846e8d48f', {
  status: 'PROCESSING',
  source: 'api',
  creationTime: sampleTime + 30 * minuteMs,
  updateTime: sampleTime + 31 * minuteMs,
  segments: [{ segmentId: 'a' }, { segmentId: 'b' }],
});

async function table(jobs: readonly SegmentJob[], look = lookAt(0), view = jobView): Promise<string> {
  const { rows } = await createTable(view.columns, () => look, view);
  return rows(jobs);
}

describe('a list of jobs', () => {
  it('as a table', async () => {
    expect(await table([finishedJob, runningJob, bareJob('only-an-id')])).toBe(
      `STATUS      ID                                    SEGMENTS  CREATED      DURATION    PROFILES  SOURCE
SUCCEEDED   d3b4a50d-dfea-43eb-9fca-557ea53771fd         1  45 min ago    13m 05s  13,146,432  scheduler
PROCESSING  b31aed3d-b3b1-4613-98c6-7d3846e8d48f         2  15 min ago    15m 00s           -  api
-           only-an-id                                   0  -                   -           -  -
`,
    );
  });

  it('fits 80 columns with the whole id', async () => {
    expect(await table([finishedJob, runningJob], lookAt(80))).toBe(
      `STATUS      ID                                    CREATED      DURATION
SUCCEEDED   d3b4a50d-dfea-43eb-9fca-557ea53771fd  45 min ago    13m 05s
PROCESSING  b31aed3d-b3b1-4613-98c6-7d3846e8d48f  15 min ago    15m 00s
`,
    );
  });

  it('as tsv', () => {
    expect(
      [finishedJob, runningJob, bareJob('only-an-id')].map((job) => tsvRow(jobView.columns, job, lookAt(0))),
    ).toEqual([
      'SUCCEEDED\td3b4a50d-dfea-43eb-9fca-557ea53771fd\t1\t2026-11-23T02:14:07.000Z\t785\t13146432\tscheduler\n',
      'PROCESSING\tb31aed3d-b3b1-4613-98c6-7d3846e8d48f\t2\t2026-11-23T02:44:07.000Z\t900\t\tapi\n',
      '\tonly-an-id\t0\t\t\t\t\n',
    ]);
  });

  it('has further fields for --fields, and none of those asked for is left out where there is no room for a table', async () => {
    const view = selectColumns(jobView, ['id', 'updated', 'segmentIds', 'sandbox', 'errors']);
    const job = bareJob('a', {
      updateTime: sampleTime,
      segments: [{ segmentId: 's1' }, { segment: { id: 's2' } }],
      sandbox: { sandboxName: 'prod' },
      errors: [{ code: 'E1', msg: 'no snapshot' }, { msg: 'and more' }],
    });
    expect(await table([job], lookAt(20), view)).toBe(
      `ID           a
UPDATED      45 min ago
SEGMENT IDS  s1, s2
SANDBOX      prod
ERRORS       E1: no sn…
`,
    );
    expect(tsvRow(view.columns, job, lookAt(0))).toBe(
      'a\t2026-11-23T02:14:07.000Z\ts1,s2\tprod\tE1: no snapshot; and more\n',
    );
  });

  it.each([
    ['SUCCEEDED', '\u001b[32m'],
    ['FAILED', '\u001b[31m'],
    ['PROCESSING', '\u001b[36m'],
    ['CANCELING', '\u001b[36m'],
    ['CANCELED', '\u001b[2m'],
    ['PAUSED', ''],
  ])('colours %s', async (status, colour) => {
    const [, row = ''] = (await table([bareJob('a', { status })], lookAt(200, 1))).split('\n');
    expect(row.startsWith(`${colour}${status}`)).toBe(true);
  });

  it('is the same without its colours', async () => {
    const jobs = [finishedJob, runningJob, bareJob('only-an-id')];
    expect(stripVTControlCharacters(await table(jobs, lookAt(100, 1)))).toBe(await table(jobs, lookAt(100)));
  });
});

describe('a duration', () => {
  const now = sampleTime + 10 * minuteMs;
  it.each<[string, Partial<SegmentJob>, number | undefined]>([
    ['is what the service measured', { metrics: { totalTime: { totalTimeInMs: 5 } } }, 5],
    ['counts to now while the job runs', { status: 'NEW', creationTime: sampleTime }, 10 * minuteMs],
    [
      'ends with the last update of a finished job',
      { status: 'FAILED', creationTime: sampleTime, updateTime: sampleTime + minuteMs },
      minuteMs,
    ],
    ['is unknown where no end is known', { status: 'FAILED', creationTime: sampleTime }, undefined],
    ['is unknown where a time is in seconds', { status: 'NEW', creationTime: sampleTime / 1000 }, undefined],
    ['is unknown where nothing was said', {}, undefined],
  ])('%s', (_, job, expected) => {
    expect(shownDurationMs(bareJob('a', job), now)).toBe(expected);
  });
});

describe('the page of a job', () => {
  it('tells status, times, segments and audiences', () => {
    expect(jobPage(finishedJob, lookAt(80))).toBe(
      `d3b4a50d-dfea-43eb-9fca-557ea53771fd  SUCCEEDED

  Created     2026-11-23 02:14:07Z  45 min ago
  Finished    2026-11-23 02:27:07Z  32 min ago
  Duration    13 min 5 s, 11 min 30 s of it segmentation
  Profiles    13,146,432
  Source      scheduler  nightly evaluation
  Sandbox     prod (production)

  Request id  4e538382-dbd8-449e-988a-4ac639ebe72b

Segments  1

  7863c010-e092-41c8-ae5e-9e533186752e
    workAddress.country = "US"
    merge policy 25c548a0-ca7f-4dcd-81d5-997642f178b9
    profiles        1,033  <0.1% of all
    by status
      realized        501  48.5%  ██████████████▌
      existing        512  49.6%  ██████████████▉
      exited           20   1.9%  ▋
    by namespace
      ECID            800  77.4%  ███████████████████████▎
      Email           233  22.6%  ██████▊`,
    );
  });

  it('tells of a running job what there is', () => {
    expect(jobPage(runningJob, lookAt(0))).toBe(
      `b31aed3d-b3b1-4613-98c6-7d3846e8d48f  PROCESSING

  Created     2026-11-23 02:44:07Z  15 min ago
  Updated     2026-11-23 02:45:07Z  14 min ago
  Duration    15 min so far
  Source      api  on demand

Segments  2

  a

  b`,
    );
  });

  it('of a job with only an id is short', () => {
    expect(jobPage(bareJob('only-an-id'), lookAt(80))).toBe('only-an-id  status unknown');
  });

  it('tells what went wrong, before the segments', () => {
    const job = bareJob('a', {
      status: 'FAILED',
      errors: [
        { code: 'SEG-1042', msg: 'the profile snapshot was not ready when it was needed', callStack: 'x' },
        { msg: 'second' },
      ],
      segments: [{ segmentId: '*' }],
    });
    expect(jobPage(job, lookAt(50))).toBe(
      `a  FAILED

Errors

  SEG-1042: the profile snapshot was not ready
    when it was needed
  second
  call stack: see it with -o json

Segments  1

  * (all segment definitions)`,
    );
  });

  it('shows the 20 largest of many segments and names how many more there are', () => {
    const counts = new Map(Array.from({ length: 4000 }, (_, index) => [`segment-${index}`, index]));
    const lines = jobPage(
      bareJob('a', {
        status: 'SUCCEEDED',
        segments: [{ segmentId: '*' }],
        metrics: { segmentedProfileCounter: counts },
      }),
      lookAt(80),
    ).split('\n');
    expect(lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim())).toEqual([
      '* (all segment definitions)',
      ...Array.from({ length: 19 }, (_, index) => `segment-${3999 - index}`),
      '… 3,981 more (-o json)',
    ]);
    expect(lines).toContain('    profiles        3,999');
  });

  it('shows the 20 largest of many namespaces', () => {
    const namespaces = new Map(Array.from({ length: 25 }, (_, index) => [`ns-${index}`, index]));
    const page = jobPage(
      bareJob('a', { metrics: { segmentedProfileByNamespaceCounter: new Map([['s', namespaces]]) } }),
      lookAt(80),
    );
    expect(page).toContain('ns-24');
    expect(page).toContain('ns-5 ');
    expect(page).not.toContain('ns-4 ');
    expect(page).toContain('      … 5 more (-o json)');
  });

  it('shows counters of segments that the job does not name', () => {
    const job = bareJob('a', {
      segments: [{ segmentId: 'named' }],
      metrics: { segmentedProfileByStatusCounter: new Map([['__proto__', new Map([['realized', 5]])]]) },
    });
    expect(jobPage(job, lookAt(60))).toContain(`Segments  2

  named

  __proto__
    by status
      realized          5   100%  █████████████████████████`);
  });

  it('cuts a very long expression', () => {
    const value = Array.from({ length: 5000 }, (_, index) => `term${index}`).join(' and ');
    const job = bareJob('a', { segments: [{ segmentId: 's', segment: { expression: { value } } }] });
    const lines = jobPage(job, lookAt(60)).split('\n');
    expect(lines.slice(-4)).toEqual([
      '    term0 and term1 and term2 and term3 and term4 and term5',
      '    and term6 and term7 and term8 and term9 and term10 and',
      '    term11 and term12 and term13 and term14 and term15 and',
      '    term16 and term17 and term18 and term19 and term20 and…',
    ]);
  });

  it('survives numbers and times that make no sense', () => {
    const job = bareJob('a', {
      status: 'SUCCEEDED',
      creationTime: 1e20,
      updateTime: -1,
      metrics: {
        totalProfiles: Number.NaN,
        totalTime: { totalTimeInMs: 1e30 },
        segmentedProfileByStatusCounter: new Map([['s', new Map([['realized', -5]])]]),
      },
    });
    expect(jobPage(job, lookAt(60))).toBe(`a  SUCCEEDED

Segments  1

  s
    by status
      realized         -5`);
  });

  it.each([0, 20, 60, 80, 120, 300])('lets nothing hostile through in %i columns', async (columns) => {
    const text = jobPage(hostileJob(), lookAt(columns));
    expect(text).not.toMatch(dangerous);
    expect(text).toContain('abcd ef ghi j k\\lmn');
    expect(await table([hostileJob()], lookAt(columns))).not.toMatch(dangerous);
    const row = tsvRow([...jobView.columns, ...(jobView.moreColumns ?? [])], hostileJob(), lookAt(columns));
    expect(row.replaceAll('\t', '')).not.toMatch(dangerous);
  });

  it.each([60, 80, 100, 120])('stays within %i columns', (columns) => {
    for (const text of ['word '.repeat(500), '受众'.repeat(500), 'x'.repeat(500)]) {
      const job = {
        ...hostileJob(text),
        id: 'd3b4a50d-dfea-43eb-9fca-557ea53771fd',
        segments: [{ segmentId: 'a', segment: { expression: { value: text } } }],
        metrics: {
          segmentedProfileByNamespaceCounter: new Map([['a', new Map([[text, 1e15]])]]),
        },
      };
      const indented = jobPage(job, lookAt(columns))
        .split('\n')
        .filter((line) => line.startsWith('    '));
      for (const line of indented) expect(visibleWidth(line)).toBeLessThanOrEqual(columns);
      expect(indented.length).toBeGreaterThan(5);
    }
  });

  it('law: taking the colour away gives the plain page', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(hostileText));
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('FAILED', 'NEW', 'X'),
        fc.integer({ min: 0, max: 130 }),
        (name, status, columns) => {
          for (const job of [
            { ...hostileJob(name), status },
            { ...finishedJob, status },
          ]) {
            const coloured = jobPage(job, lookAt(columns, 1));
            expect(stripVTControlCharacters(coloured)).toBe(jobPage(job, lookAt(columns)));
          }
        },
      ),
    );
  });
});

describe('the documents around jobs', () => {
  it('are the service’s own: children, _page, _links', () => {
    const frame = listFrame({ end: () => ({ pageJson: '{ "totalCount": 2 }', linksJson: '{"next": {}}' }) });
    expect(`${frame.head}${frame.tail()}`).toBe(
      '{"children":[],"_page":{"totalCount":2},"_links":{"next":{}}}',
    );
  });

  it('have results by id for a bulk-get', () => {
    expect(`${bulkFrame.head}"${bulkFrame.key?.(finishedJob)}":{}${bulkFrame.tail()}`).toBe(
      '{"results":{"d3b4a50d-dfea-43eb-9fca-557ea53771fd":{}}}',
    );
  });
});
