import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allFacts } from '../../src/command-facts.ts';
import { programTree } from '../../src/command-tree.ts';
import { checkExitCode } from '../support/documented-codes.ts';
import { createWorld, type World } from '../support/world.ts';

// Whatever the service answers, a command ends with a code that its help names: `world.ts` holds every run against it.

const faults = [301, 400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 503]
  .map((status) => `status=${status}`)
  .concat('reset', 'html', 'not-json', 'empty');
/** For watches, which go on for ten minutes after most of the others. */
const refusals = ['status=400', 'status=403', 'status=404'];

/** Which operation fails, in which command; ACTIVE and ENDED are ids of jobs. */
const calls: readonly (readonly [operation: string, line: string, faults: readonly string[]])[] = [
  ['list', 'list', faults],
  ['list', 'list --status active', faults],
  ['create', 'create segment-a --new', faults],
  ['list', 'create segment-b --reuse-active', faults],
  ['bulk-get', 'create segment-a --new --watch', refusals],
  ['get', 'get ENDED', faults],
  ['list', 'get ENDED --compare', faults],
  ['bulk-get', 'bulk-get ENDED', faults],
  ['bulk-get', 'cancel ACTIVE', faults],
  ['cancel', 'cancel ACTIVE', faults],
  ['bulk-get', 'watch ENDED', refusals],
  ['list', 'watch --status active', refusals],
  ['list', 'quota', faults],
  ['list', 'stats', faults],
  ['list', 'auth status', faults],
  ['sandboxes', 'auth status', faults],
  ['sandboxes', 'auth login --from-file - --profile other', faults],
  ['token', 'auth login --from-file - --profile other', faults],
  ['token', 'auth token', faults],
  ['token', 'list', faults],
];

describe('the exit codes in the help', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ maxActiveJobs: 10_000 });
  });
  afterAll(() => world.close());

  it.each(calls)('name whatever befalls %s in segjobs %s', async (operation, line, befalling) => {
    const { clientId, clientSecret, orgId } = world.emulator.credentials;
    const stdin = JSON.stringify({ CLIENT_ID: clientId, CLIENT_SECRETS: [clientSecret], ORG_ID: orgId });
    for (const fault of befalling) {
      world.emulator.clearFaults();
      const active = await world.segjobs(['create', 'segment-c', '--new', '-o', 'ids']);
      const ended = await world.segjobs(['list', '--status', 'succeeded', '-L', '1', '-o', 'ids']);
      const argv = line
        .replace('ACTIVE', active.stdout.trim())
        .replace('ENDED', ended.stdout.trim())
        .split(' ');
      world.emulator.addFault(`${operation}:${fault}`);
      // Another directory each time, because a cached token would pass the fault by.
      const env = { XDG_CACHE_HOME: join(world.env['HOME'] ?? '', `${operation}-${fault}`) };
      const { exitCode } = await world.segjobs(argv, { env, stdin });
      expect(() => checkExitCode(argv, exitCode)).not.toThrow();
    }
  });

  it('are numbers that mean something, in order and each once', () => {
    const tree = programTree();
    for (const { path, exitCodes, commands } of allFacts(tree)) {
      if (commands !== undefined) continue;
      expect(exitCodes, path.join(' ')).toEqual([...new Set(exitCodes)].sort((a, b) => a - b));
      expect(exitCodes.slice(0, 1), path.join(' ')).toEqual([0]);
      expect(exitCodes.includes(2), path.join(' ')).toBe(true);
      for (const code of exitCodes) expect(tree.exitCodes[code], path.join(' ')).toBeTypeOf('string');
    }
  });

  it('are held against every run of the tests', () => {
    expect(() => checkExitCode(['-o', 'json', 'list'], 9)).toThrow(/exit code 9 of: -o json list/);
    expect(() => checkExitCode(['list', '--nope'], 2)).not.toThrow();
    expect(() => checkExitCode(['emulator', 'exec', '--', 'false'], 1)).not.toThrow();
  });
});
