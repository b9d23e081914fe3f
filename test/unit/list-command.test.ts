import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

// What a list tells of what it did not print.

let world: World;
beforeAll(async () => {
  world = await createWorld({ historyJobs: 1500 });
});
afterAll(() => world.close());
afterEach(() => world.emulator.clearFaults());

describe('a list that is not whole', () => {
  it('that was cut at its limit says of how many', async () => {
    const { stderr } = await world.segjobs(['list', '--limit', '1']);
    expect(stderr).toMatch(/^Showing 1 of 1,\d{3} jobs; --limit all shows them all\.\n$/);
  });

  it('that broke off says how much was printed, ends at a whole row, and exits with the failure', async () => {
    world.emulator.addFault('list:status=503,skip=3');
    const { exitCode, stdout, stderr } = await world.segjobs(['list', '--limit', 'all', '-o', 'ids']);
    expect({ exitCode, lines: stdout.split('\n').length - 1 }).toEqual({ exitCode: 7, lines: 300 });
    expect(stderr).toMatch(/^The list is incomplete: printed 300 of 1,\d{3}\.$/m);
  });
});

describe('--since', () => {
  it.each(['104000000d', '0050-01-01', 'yesterday'])('refuses %s before anything is sent', async (when) => {
    const { exitCode, stdout, stderr } = await world.segjobs(['list', '--since', when]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error: invalid --since "${when}"`);
  });
});
