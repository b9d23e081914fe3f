import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import { linesOf, runCosting } from '../support/usage.ts';

// The built program and 50,000 jobs: what test/e2e/binary-large.test.ts tries with fewer.

describe('a list of 50,000 jobs', () => {
  let world: BinaryWorld;
  let jobs: number;
  beforeAll(async () => {
    world = await createBinaryWorld({ historyJobs: 61_000 });
    jobs = world.emulator.jobCount('prod');
  });
  afterAll(() => world.close());

  it('streams as ndjson within a heap of 64 MB, every job once', async () => {
    expect(jobs).toBeGreaterThan(50_000);
    const ids = new Set<string>();
    let lines = 0;
    const ran = await runCosting(world, ['list', '--limit', 'all', '-o', 'ndjson'], {
      heapMb: 64,
      limitMs: 60_000,
      onStdout: linesOf((line) => {
        lines += 1;
        ids.add(JSON.parse(line).id);
      }),
    });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect([lines, ids.size]).toEqual([jobs, jobs]);
    expect(ran.cost.maxRssMb).toBeLessThan(250);
  });

  it('is whole as a table, whose cost grows with its rows and no faster', async () => {
    const table = async (limit: number) => {
      let rows = -1;
      const { exitCode, cost } = await runCosting(world, ['list', '--limit', String(limit), '-o', 'table'], {
        limitMs: 100_000,
        onStdout: linesOf(() => {
          rows += 1;
        }),
      });
      expect([exitCode, rows]).toEqual([0, limit]);
      return cost.userCpuMs;
    };
    const [small, middle, large] = [await table(5000), await table(20_000), await table(50_000)];
    expect(middle / small).toBeLessThan(8);
    expect(large / small).toBeLessThan(20);
  });
});
