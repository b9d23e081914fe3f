import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

// What a create tells a user to do next, and what a dry run shows.

let world: World;
beforeAll(async () => {
  world = await createWorld({ maxActiveJobs: 1000 });
});
afterAll(() => world.close());

describe('a dry run', () => {
  it.each(['table', 'tsv', 'json', 'ndjson'])('shows the whole request as %s, masked', async (format) => {
    const { exitCode, stdout } = await world.segjobs(['create', 'segment-a', '--dry-run', '-o', format]);
    expect(exitCode).toBe(0);
    for (const part of ['POST', '/data/core/ups/segment/jobs', 'Bearer ***', 'x-sandbox-name', 'segment-a']) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain(world.emulator.credentials.clientId);
  });

  it('has no ids: a usage error when they are asked for, the default where they are only preferred', async () => {
    const asked = await world.segjobs(['create', 'segment-a', '--dry-run', '-o', 'ids']);
    expect(asked).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: 'error: --dry-run cannot be printed as ids\nhint: formats: table, tsv, json, ndjson\n',
    });
    const preferred = await world.segjobs(['create', 'segment-a', '--dry-run'], {
      env: { SEGJOBS_OUTPUT: 'ids' },
    });
    expect(preferred).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^POST\t/) });
  });
});

describe('the command that a create tells', () => {
  it('follows the job in the sandbox that it was made in', async () => {
    const { stdout, stderr } = await world.segjobs(['create', 'segment-a', '--sandbox', 'dev', '-o', 'ids']);
    expect(stderr).toContain(`Follow it with: segjobs watch ${stdout.trim()} --sandbox dev\n`);
  });

  it('looks there for a job whose outcome is not known', async () => {
    world.emulator.addFault('create:reset');
    const { exitCode, stderr } = await world.segjobs(['create', 'segment-lost', '--sandbox', 'dev']);
    world.emulator.clearFaults();
    expect(exitCode).toBe(9);
    expect(stderr).toMatch(/^hint: .*segjobs list --since \S+.* --sandbox dev$/m);
  });
});
