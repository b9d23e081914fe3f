import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { visibleWidth } from '../../src/output/width.ts';
import { createWorld, type World } from '../support/world.ts';

// segjobs stats against the emulator's history: 153 jobs in 30 days, 30 of them nightly.

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterEach(() => world.emulator.clearFaults());
afterAll(() => world.close());

const stats = async (...flags: readonly string[]) =>
  JSON.parse((await world.segjobs(['stats', '--json', ...flags])).stdout);
const page = async (columns: number, ...flags: readonly string[]) => {
  const { stdout } = await world.segjobs(['stats', '-o', 'table', ...flags], {
    env: { COLUMNS: String(columns) },
  });
  return stdout.split('\n');
};

describe('segjobs stats', () => {
  it('adds up what list shows', async () => {
    const jobs = (await world.segjobs(['list', '--since', '30d', '--limit', 'all', '-o', 'tsv'])).stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    const count = (status: string) => jobs.filter(([found]) => found === status).length;
    const document = await stats();
    expect(document.jobs).toMatchObject({
      total: jobs.length,
      succeeded: count('SUCCEEDED'),
      failed: count('FAILED'),
      cancelled: count('CANCELLED'),
      unfinished: 0,
    });
    const seconds = jobs.flatMap(([status, , , , duration]) =>
      status === 'SUCCEEDED' ? [Number(duration)] : [],
    );
    expect(document.jobs.shortestSeconds).toBeCloseTo(Math.min(...seconds), -1);
    expect(document.jobs.longestSeconds).toBeCloseTo(Math.max(...seconds), -1);
    expect(document.failures.map(({ jobs: many }: { jobs: number }) => many)).toEqual([8, 5, 4]);
    const inPeriods = document.periods.reduce(
      (sum: number, period: { jobs: number }) => sum + period.jobs,
      0,
    );
    expect(inPeriods).toBe(jobs.length);
  });

  it('reads the list once, page after page', async () => {
    const { stderr } = await world.segjobs(['stats', '-q', '--debug', '-o', 'tsv']);
    expect(stderr.match(/GET \S*\/segment\/jobs\?/g)?.length).toBeLessThanOrEqual(3);
  });

  it('keeps to a source, a segment and a time', async () => {
    expect((await stats('--source', 'scheduler')).bySource).toEqual({
      scheduler: expect.objectContaining({ total: 30 }),
    });
    const segment = '49e34b5e-f68d-4d68-95fa-faf0edb518d6';
    const ofSegment = await stats('--segment', segment);
    expect(ofSegment.segment).toBe(segment);
    expect(Object.keys(ofSegment.segments)).toEqual([segment]);
    expect(ofSegment.segments[segment].byPeriod).toHaveLength(ofSegment.periods.length);
    const recent = await stats('--since', '2026-03-09T00:00Z');
    expect(recent).toMatchObject({ since: '2026-03-09T00:00:00.000Z', periodSeconds: 3600 });
    expect(recent.jobs.total).toBeLessThan(20);
  });

  it('is in tsv the path and value of each leaf of the document', async () => {
    const { stdout } = await world.segjobs(['stats', '-o', 'tsv', '--source', 'scheduler']);
    const lines = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    );
    expect(lines.get('schemaVersion')).toBe('1');
    expect(lines.get('segment')).toBe('');
    expect(lines.get('bySource.scheduler.total')).toBe('30');
    expect(lines.get('failures.0.jobs')).toBe('1');
  });

  it.each([40, 60, 80, 120])('is a page that stays within a terminal of %i columns', async (columns) => {
    const ofSegment = ['--segment', '49e34b5e-f68d-4d68-95fa-faf0edb518d6', '--source', 'api'];
    for (const flags of [[], ofSegment, ['--since', '2d']]) {
      const lines = await page(columns, ...flags);
      expect(lines.filter((line) => visibleWidth(line) > columns)).toEqual([]);
      expect(lines[0]).toMatch(/^\d+ jobs /);
      expect(lines).toContain('Each row of bars has its own scale.');
    }
    const text = (await page(columns)).join('\n');
    expect(text).toMatch(/^153 jobs in sandbox "prod",[ \n]since 2026-02-08 /);
    expect(text).toMatch(/\n {2}all +153 .*88\.4% /);
    expect(text).toContain('1d664be6-f0d1-4e7c-8803-084c509c8c5b');
    expect(text).toMatch(/ last 2026-\d\d-\d\d \d\d:\d\d:\d\dZ\s+[0-9a-f-]{36}\n/);
  });

  it('leaves out columns, and puts the figures of an audience below it, where there is no room beside', async () => {
    const lines = await page(40);
    expect(lines.filter((line) => /^ {2}SOURCE /.test(line))).toEqual([
      '  SOURCE     JOBS  SUCCESS   MEDIAN',
    ]);
    const at = lines.findIndex((line) => line.includes('SEGMENT'));
    expect(lines.slice(at, at + 3)).toEqual([
      '  SEGMENT',
      expect.stringMatching(/^ {4} *PROFILES +CHANGE {2}OVER TIME$/),
      expect.stringMatching(/^ {2}[0-9a-f-]{36}$/),
    ]);
    expect(lines[at + 3]).toMatch(/^ {4}[\d,]+ +[+-]\d+\.\d% {2}[▁▂▃▄▅▆▇█ ]{6,}$/);
  });

  it('has a chart beside each audience where there is room for one', async () => {
    const row = (lines: readonly string[]) => lines.find((line) => line.includes('49e34b5e')) ?? '';
    expect(row(await page(80))).toMatch(/^ {2}49e34b5e-\S+ +[\d,]+ +[+-]\d+\.\d% {2}[▁▂▃▄▅▆▇█]{10,}$/);
    expect(row(await page(60))).toMatch(/^ {2}49e34b5e-\S+ +[\d,]+ +[+-]\d+\.\d%$/);
  });

  it('draws the audience of one segment larger, between its smallest and its largest size', async () => {
    const text = (await page(80, '--segment', '49e34b5e-f68d-4d68-95fa-faf0edb518d6')).join('\n');
    expect(text).toContain('that evaluated segment 49e34b5e-f68d-4d68-95fa-faf0edb518d6');
    expect(text).toMatch(
      /Audience {2}[\d,]+ profiles, -\d+\.\d% in \d+ successful jobs\n\n(?:.*[▁▂▃▄▅▆▇█ ]\n){6}.*2026-02-09/,
    );
  });

  it('says so where there is nothing', async () => {
    const { exitCode, stdout, stderr } = await world.segjobs(['stats', '--since', '1m', '-o', 'table']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^0 jobs in sandbox "prod", since 2026-03-10 /);
    expect(stderr).toBe('No jobs.\n');
    expect(await stats('--since', '1m')).toMatchObject({
      jobs: { total: 0, successPercent: null, medianSeconds: null },
      periods: [],
      segments: {},
      failures: [],
    });
  });

  it('prints nothing when a page fails', async () => {
    world.emulator.addFault('list:status=403');
    expect(await world.segjobs(['stats'])).toMatchObject({ exitCode: 4, stdout: '' });
  });

  it('takes a --since that is none for a usage error, before anything is sent', async () => {
    expect(await world.segjobs(['stats', '--since', 'yesterday'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
