import { describe, expect, it } from 'vitest';
import { createDefinitions } from '../../src/emulator/definitions.ts';
import {
  cancelledAt,
  expectedDurationMs,
  isFinal,
  type Job,
  planTimeline,
  statusAt,
} from '../../src/emulator/life.ts';
import { developmentSandbox, productionSandbox } from '../../src/emulator/sandboxes.ts';

const minuteMs = 60_000;
const job: Job = {
  id: 'job-1',
  sandbox: productionSandbox,
  source: 'api',
  number: 1,
  segmentIds: ['A'],
  createdAt: 0,
  queuedAt: 5_000,
  processingAt: 30_000,
  segmentationAt: 500_000,
  endAt: 600_000,
};
const at = (what: Partial<Job>, ms: number) => statusAt({ ...job, ...what }, ms);

describe('the life of a job', () => {
  it('follows its timeline, and says since when', () => {
    expect([0, 4_999, 5_000, 29_999, 30_000, 599_999, 600_000, 9e9].map((ms) => at({}, ms))).toEqual([
      { status: 'NEW', since: 0 },
      { status: 'NEW', since: 0 },
      { status: 'QUEUED', since: 5_000 },
      { status: 'QUEUED', since: 5_000 },
      { status: 'PROCESSING', since: 30_000 },
      { status: 'PROCESSING', since: 30_000 },
      { status: 'SUCCEEDED', since: 600_000 },
      { status: 'SUCCEEDED', since: 600_000 },
    ]);
    expect(at({ failure: 'platform' }, 600_000).status).toBe('FAILED');
  });

  it('is CANCELLING from the request on and CANCELLED for good some seconds later', () => {
    const cancelled = { ...job, cancelRequestedAt: 100_000 };
    const effectiveAt = cancelledAt(cancelled) ?? 0;
    expect(effectiveAt - 100_000).toBeGreaterThanOrEqual(4_000);
    expect(effectiveAt - 100_000).toBeLessThanOrEqual(9_000);
    expect(statusAt(cancelled, 99_999).status).toBe('PROCESSING');
    expect(statusAt(cancelled, 100_000)).toEqual({ status: 'CANCELLING', since: 100_000 });
    expect(statusAt(cancelled, effectiveAt)).toEqual({ status: 'CANCELLED', since: effectiveAt });
    expect(statusAt(cancelled, 9e9)).toEqual({ status: 'CANCELLED', since: effectiveAt });
  });

  it('ends as it would have when the cancel comes in its last seconds', () => {
    const late = { cancelRequestedAt: 597_000 };
    expect(at(late, 598_000)).toEqual({ status: 'CANCELLING', since: 597_000 });
    expect(at(late, 600_000)).toEqual({ status: 'SUCCEEDED', since: 600_000 });
    expect(at({ ...late, failure: 'definition' }, 610_000).status).toBe('FAILED');
  });

  it('is final in three statuses', () => {
    const all = ['NEW', 'QUEUED', 'PROCESSING', 'CANCELLING', 'CANCELLED', 'SUCCEEDED', 'FAILED'] as const;
    expect(all.filter(isFinal)).toEqual(['CANCELLED', 'SUCCEEDED', 'FAILED']);
  });
});

describe('how long a job takes', () => {
  const { evaluable } = createDefinitions(productionSandbox);

  it('is 8 to 12 minutes for one definition, and under 45 for all', () => {
    for (const definition of evaluable) {
      const ms = expectedDurationMs([definition]);
      expect(ms).toBeGreaterThanOrEqual(8 * minuteMs);
      expect(ms).toBeLessThanOrEqual(12 * minuteMs);
    }
    expect(expectedDurationMs(evaluable)).toBeGreaterThan(30 * minuteMs);
    expect(expectedDurationMs(evaluable)).toBeLessThan(45 * minuteMs);
  });

  it('varies by some percent from job to job, and never for the same job', () => {
    const works = Array.from({ length: 50 }, (_, index) => {
      const plan = {
        id: `job-${index}`,
        createdAt: 1000,
        expectedMs: 600_000,
        startsAtOnce: false,
        fails: false,
      };
      expect(planTimeline(plan)).toEqual(planTimeline(plan));
      const { processingAt, endAt } = planTimeline(plan);
      return endAt - processingAt;
    });
    expect(Math.min(...works)).toBeGreaterThan(0.92 * 600_000);
    expect(Math.max(...works)).toBeLessThan(1.08 * 600_000);
    expect(new Set(works).size).toBeGreaterThan(40);
  });

  it('has its steps in order, also when it starts at once or fails on the way', () => {
    for (let index = 0; index < 200; index++) {
      const plan = {
        id: `job-${index}`,
        createdAt: 5,
        expectedMs: 600_000,
        startsAtOnce: index % 2 === 0,
        fails: index % 3 === 0,
      };
      const { createdAt, queuedAt, processingAt, segmentationAt, endAt } = planTimeline(plan);
      const steps = [createdAt, queuedAt, processingAt, segmentationAt, endAt];
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(steps.every(Number.isInteger)).toBe(true);
    }
  });
});

describe('definitions', () => {
  it('are different ones in each sandbox, and never the broken one among the evaluable', () => {
    const [prod, dev] = [createDefinitions(productionSandbox), createDefinitions(developmentSandbox)];
    expect(prod.all).toHaveLength(14);
    expect(prod.evaluable.some(({ isBroken }) => isBroken)).toBe(false);
    const ids = [...prod.all, ...dev.all].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(
      ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toBe(true);
  });

  it('are made up for any other id, the same each time, quotes and all', () => {
    const { find, findOrInvent } = createDefinitions(productionSandbox);
    expect(find('SEG"1\\')).toBeUndefined();
    expect(findOrInvent('SEG"1\\')).toEqual(findOrInvent('SEG"1\\'));
    expect(findOrInvent('SEG"1\\')).toMatchObject({ id: 'SEG"1\\', isBroken: false });
  });
});
