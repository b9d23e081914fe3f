import { describe, expect, it } from 'vitest';
import { createDefinitions } from '../../src/emulator/definitions.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { createHistory } from '../../src/emulator/history.ts';
import { type Job, statusAt } from '../../src/emulator/life.ts';
import { developmentSandbox, productionSandbox, type Sandbox } from '../../src/emulator/sandboxes.ts';

const dayMs = 86_400_000;
const startAt = Date.UTC(2026, 2, 2, 9);

function history(
  count: number,
  options: { seed?: number; startAt?: number; sandbox?: Sandbox } = {},
): readonly Job[] {
  const { seed = 1, sandbox = productionSandbox } = options;
  return createHistory({
    sandbox,
    definitions: createDefinitions(sandbox),
    count,
    startAt: options.startAt ?? startAt,
    seed,
  });
}

const tally = (values: readonly string[]) =>
  Object.fromEntries(
    [...new Set(values)].sort().map((value) => [value, values.filter((other) => other === value).length]),
  );

/** Any moment: the middle of a night run, midnight, a leap day, the turn of a year. */
const moments = [
  startAt,
  Date.UTC(2026, 2, 2, 2, 30),
  Date.UTC(2028, 1, 29),
  Date.UTC(2027, 0, 1, 0, 0, 1),
  Date.UTC(2026, 6, 5, 23, 59, 59),
];

describe('the history', () => {
  it.each(moments)('at %i has 150 jobs and more over thirty days, all of them over', (now) => {
    const jobs = history(153, { startAt: now });
    expect(jobs).toHaveLength(153);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(153);
    for (const job of jobs) {
      expect(statusAt(job, now).status).toMatch(/^(SUCCEEDED|FAILED|CANCELLED)$/);
      expect(job.endAt).toBeLessThan(now);
      expect(job.createdAt).toBeGreaterThan(now - 31 * dayMs);
    }
    const times = jobs.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(27 * dayMs);
  });

  it('has all kinds: sources, ends, whole and sparse metrics, one and many definitions', () => {
    const jobs = history(153);
    expect(tally(jobs.map(({ source }) => source))).toEqual({ api: 123, scheduler: 30 });
    const ends = tally(jobs.map((job) => statusAt(job, startAt).status));
    expect(ends).toEqual({
      CANCELLED: expect.any(Number),
      FAILED: expect.any(Number),
      SUCCEEDED: expect.any(Number),
    });
    expect(ends['SUCCEEDED']).toBeGreaterThan(110);
    expect(ends['FAILED']).toBeGreaterThan(10);
    expect(ends['CANCELLED']).toBeGreaterThan(5);
    expect(jobs.filter(({ isSparse }) => isSparse).length).toBeGreaterThan(4);
    expect(tally(jobs.map(({ failure = 'none' }) => failure))).toMatchObject({
      definition: expect.any(Number),
      platform: expect.any(Number),
    });
    expect(new Set(jobs.map(({ segmentIds }) => segmentIds.length))).toEqual(new Set([1, 2, 3, 13]));
  });

  it('runs the scheduler every night after two, on all definitions', () => {
    const nights = history(153).filter(({ source }) => source === 'scheduler');
    expect(nights).toHaveLength(30);
    for (const { createdAt, segmentIds } of nights) {
      expect(new Date(createdAt).toISOString()).toMatch(/T02:0\d:/);
      expect(segmentIds).toEqual(createDefinitions(productionSandbox).evaluable.map(({ id }) => id));
    }
    expect(new Set(nights.map(({ createdAt }) => Math.floor(createdAt / dayMs))).size).toBe(30);
  });

  it('has one job on all definitions, in the development sandbox', () => {
    const jobs = history(31, { sandbox: developmentSandbox });
    expect(jobs.filter(({ segmentIds }) => segmentIds[0] === '*')).toHaveLength(1);
  });

  it('has the same ids for the same seed whenever it starts, and other ids for another seed', () => {
    const requested = (jobs: readonly Job[]) =>
      jobs
        .filter(({ source }) => source === 'api')
        .map(({ id }) => id)
        .sort();
    expect(requested(history(153, { startAt: startAt + 5 * dayMs }))).toEqual(requested(history(153)));
    const other = new Set(requested(history(153, { seed: 2 })));
    expect(requested(history(153)).some((id) => other.has(id))).toBe(false);
  });

  it.each([0, 1, 2, 5, 17])('can be as short as %i', (count) => {
    for (const sandbox of [productionSandbox, developmentSandbox]) {
      expect(history(count, { sandbox })).toHaveLength(count);
    }
  });

  it('is made quickly when it is long, and a page of it is read without making the rest', async () => {
    const begun = performance.now();
    const emulator = await startEmulator({ startAt, historyJobs: 50_000 });
    const { accessToken, clientId, orgId } = emulator.credentials;
    const headers = {
      Authorization: `Bearer ${accessToken}`,
      'x-api-key': clientId,
      'x-gw-ims-org-id': orgId,
      'x-sandbox-name': 'prod',
    };
    const read = async (start: number) => {
      const response = await fetch(`${emulator.url}/data/core/ups/segment/jobs?limit=100&start=${start}`, {
        headers,
      });
      return (await response.json()) as { _page: object; children: object[] };
    };
    expect((await read(20_000))._page).toEqual({ totalCount: 41_667, pageSize: 100 });
    for (let page = 0; page < 10; page++) expect((await read(page * 100)).children).toHaveLength(100);
    await emulator.close();
    // 0.4 s where this was written; the bound only tells cheap from quadratic.
    expect(performance.now() - begun).toBeLessThan(6000);
  });
});

describe('nights that pass while the emulator runs', () => {
  it('bring one scheduled job each to every sandbox, when asked for', async () => {
    const emulator = await startEmulator({
      startAt: Date.UTC(2026, 2, 2, 1, 55),
      nightlyJobs: true,
      historyJobs: 12,
    });
    expect(emulator.jobCount()).toBe(12);
    emulator.advance(20 * 60_000);
    expect([emulator.jobCount('prod'), emulator.jobCount('dev')]).toEqual([11, 3]);
    emulator.advance(3 * dayMs);
    expect([emulator.jobCount('prod'), emulator.jobCount('dev')]).toEqual([14, 6]);
    await emulator.close();
  });

  it('bring none otherwise', async () => {
    const emulator = await startEmulator({ startAt, historyJobs: 12 });
    emulator.advance(3 * dayMs);
    expect(emulator.jobCount()).toBe(12);
    await emulator.close();
  });
});
