import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import { linesOf, runCosting } from '../support/usage.ts';

// The built program and long lists. test/soak has the same with 50,000 jobs.

describe('a list of 12,000 jobs', () => {
  let world: BinaryWorld;
  let jobs: number;
  beforeAll(async () => {
    world = await createBinaryWorld({ historyJobs: 14_600 });
    jobs = world.emulator.jobCount('prod');
  });
  afterAll(() => world.close());

  it('streams as ndjson in memory that does not grow with it, every job once', async () => {
    const short = await runCosting(world, ['list', '--limit', '1000', '-o', 'ndjson'], { heapMb: 32 });
    const ids = new Set<string>();
    let lines = 0;
    const long = await runCosting(world, ['list', '--limit', 'all', '-o', 'ndjson'], {
      heapMb: 32,
      onStdout: linesOf((line) => {
        lines += 1;
        ids.add(JSON.parse(line).id);
      }),
    });
    expect(long).toMatchObject({ exitCode: 0, stderr: '' });
    expect([lines, ids.size]).toEqual([jobs, jobs]);
    // Eleven times the jobs; held in memory they would take 25 MB as bytes and more as objects.
    expect(long.cost.maxRssMb).toBeLessThan(short.cost.maxRssMb + 25);
  });

  it('as a table costs four times what a quarter of it costs, not sixteen times', async () => {
    const table = async (limit: number) => {
      let rows = -1;
      const { exitCode, cost } = await runCosting(world, ['list', '--limit', String(limit), '-o', 'table'], {
        onStdout: linesOf(() => {
          rows += 1;
        }),
      });
      expect([exitCode, rows]).toEqual([0, limit]);
      return cost.userCpuMs;
    };
    expect((await table(8000)) / (await table(2000))).toBeLessThan(8);
  });
});
