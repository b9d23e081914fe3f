import { afterEach, describe, expect, it } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';
import { createWorld, type World } from '../support/world.ts';

// What a watch and `get --compare` tell of earlier jobs, against the emulator's history.

let world: World;
afterEach(() => world.close());

const gold = '49e34b5e-f68d-4d68-95fa-faf0edb518d6';
const points = '2aa1466b-6c8b-4d75-9441-cf8a68095c41';
/** The request of a list, as the emulator keeps it: its query, decoded. */
const lists = () =>
  world.emulator.requests.flatMap(({ method, path }) => {
    const [route = '', query = ''] = path.split('?');
    return method === 'GET' && route.endsWith('/segment/jobs') ? [decodeURIComponent(query)] : [];
  });

async function started(segments: readonly string[], options: EmulatorOptions = {}) {
  world = await createWorld(options);
  const { stdout } = await world.segjobs(['create', ...segments, '-q', '-o', 'ids']);
  return stdout.trim();
}

describe('a watch', () => {
  it('tells a log how long its job usually takes, and a table below the last one what changed', async () => {
    const id = await started([gold]);
    const ran = await world.segjobs(['watch', id, '-o', 'table', '--interval', '45s']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toMatch(
      new RegExp(`^\\S+Z  ${id}  usually \\d+m–\\d+m \\(\\d+ earlier runs\\)$`, 'm'),
    );
    const [, , empty, headline, heading, row, ...rest] = ran.stdout.split('\n');
    expect([empty, rest]).toEqual(['', ['']]);
    expect(headline).toMatch(
      new RegExp(
        `^${id}  SUCCEEDED, took \\d+m \\d\\ds, \\w+ \\w+( usual)? \\(\\d+m–\\d+m, \\d+ earlier runs\\)$`,
      ),
    );
    expect(heading).toMatch(/^SEGMENT +PROFILES +CHANGE +REALIZED +EXISTING +EXITED +SINCE$/);
    expect(row).toMatch(
      new RegExp(
        `^${gold} +\\d{3},\\d{3} +[+-][\\d,]+ \\([+-]<?\\d+\\.\\d%\\)( +[\\d,]+){3} +2026-03-10 02:08:15Z$`,
      ),
    );
    expect(lists()).toEqual([
      `limit=100&status=SUCCEEDED&sort=creationTime:desc&property=segments~segmentId==${gold}`,
    ]);
  });

  it('reads no more than two lists while it runs and two at the end, however many jobs there are', async () => {
    const first = await started(['NEW-1', gold]);
    const ids = [first];
    for (const segments of [['NEW-2', 'NEW-3'], ['NEW-4', points], ['NEW-5']]) {
      ids.push((await world.segjobs(['create', ...segments, '-q', '-o', 'ids'])).stdout.trim());
    }
    const ran = await world.segjobs(['watch', ...ids, '-o', 'table', '--interval', '45s']);
    expect(ran.exitCode).toBe(0);
    expect(lists().length).toBeLessThanOrEqual(4);
    for (const id of ids) expect(ran.stdout).toContain(`\n\n${id}  SUCCEEDED, took `);
    expect(ran.stdout).toMatch(/\nNEW-5 +[\d,]+ +- +[\d,]+ +[\d,]+ +[\d,]+ +-\n/);
  });

  it('prints in the other formats what it always did', async () => {
    const id = await started([gold]);
    const tsv = await world.segjobs(['watch', id, '-o', 'tsv', '--interval', '45s']);
    expect(tsv.stdout).toMatch(new RegExp(`^SUCCEEDED\\t${id}(\\t[^\\t\\n]+){5}\\n$`));
    const json = await world.segjobs(['watch', id, '-o', 'json']);
    expect(Object.keys(JSON.parse(json.stdout))).toEqual(['schemaVersion', 'exitCode', 'counts', 'results']);
  });

  it.each([
    ['with events on stdout', ['-o', 'ndjson']],
    ['with -q', ['-q', '-o', 'tsv']],
    ['that looks once', ['--timeout', '0', '-o', 'table']],
  ])('%s reads no history', async (_, flags) => {
    const id = await started([gold]);
    const { exitCode } = await world.segjobs(['watch', id, '--interval', '45s', ...flags]);
    expect([0, 8]).toContain(exitCode);
    expect(lists()).toEqual([]);
  });

  it.each([
    ['fails', 'list:status=403'],
    ['answers nonsense', 'list:html'],
  ])('does not mind a history that %s', async (_, fault) => {
    const id = await started([gold]);
    world.emulator.addFault(fault);
    const ran = await world.segjobs(['watch', id, '-o', 'table', '--interval', '45s']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).not.toMatch(/usually|error|warning/);
    expect(ran.stdout).toContain(`\n${id}  SUCCEEDED, took `);
  });

  it('does not compare what was cancelled', async () => {
    const id = await started([gold]);
    const ran = await world.segjobs(['cancel', id, '--watch', '-o', 'table', '--interval', '5s']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(new RegExp(`^STATUS.*\\nCANCELLED +${id} .*\\n$`));
  });
});

describe('segjobs get --compare', () => {
  const newest = async (...filters: readonly string[]) =>
    (
      await world.segjobs(['list', '--status', 'succeeded', '--limit', '1', '-o', 'ids', ...filters])
    ).stdout.trim();

  it('takes one list where that has all the segments, and none with a job that is named', async () => {
    world = await createWorld();
    const id = await newest('--segment', gold, '--source', 'scheduler');
    const earlier = lists().length;
    const { comparedWith } = JSON.parse((await world.segjobs(['get', id, '--compare', '--json'])).stdout);
    expect(Object.keys(comparedWith)).toHaveLength(13);
    expect(lists().length - earlier).toBe(1);
    const other = comparedWith[gold];
    const named = await world.segjobs(['get', id, '--compare', other, '--json']);
    expect(named.exitCode).toBe(0);
    expect(lists().length - earlier).toBe(1);
    expect(JSON.parse(named.stdout).comparedWith[gold]).toBe(other);
  });

  it('says so when there is no earlier job, and that is no failure', async () => {
    const id = await started(['NEW']);
    const ran = await world.segjobs(['get', id, '--compare', '-o', 'json']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toBe('No earlier successful job with these segments was found.\n');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schemaVersion: 1,
      job: { id },
      comparedWith: { NEW: null },
    });
  });

  it('says which share of the segments a named job did not evaluate', async () => {
    const id = await started(['NEW', gold]);
    const other = await newest('--segment', gold);
    const ran = await world.segjobs(['get', id, '--compare', other, '-o', 'tsv']);
    expect([ran.exitCode, ran.stderr]).toEqual([0, 'The other job did not evaluate 1 of 2 segments.\n']);
    expect(ran.stdout.split('\n').map((row) => row.split('\t')[0])).toEqual(['NEW', gold, '']);
  });

  it.each([
    [['get', 'ID', '--compare', 'no-such-job'], 5, 'error: job no-such-job was not found'],
    [['get', 'no-such-job', '--compare'], 5, 'error: job no-such-job was not found'],
    [['get', 'ID', '--compare=ID'], 2, 'error: a job cannot be compared with itself'],
    [['get', 'ID', '--compare', '-o', 'ids'], 2, 'error: --compare cannot be printed as ids'],
    [['get', 'ID', '--compare', '..'], 2, 'error: invalid --compare "..": ".." is not a job id'],
    [
      ['get', '--compare', 'ID'],
      2,
      'hint: ID was read as the value of --compare; put it first: segjobs get ID --compare',
    ],
    [['get', 'ID', 'OTHER', '--compare'], 2, 'error: segjobs get does not take "OTHER"'],
  ] as const)('%j: exit code %d', async (argv, exitCode, told) => {
    world = await createWorld();
    const id = await newest();
    const ran = await world.segjobs(argv.map((word) => word.replace('ID', id)));
    expect([ran.exitCode, ran.stdout]).toEqual([exitCode, '']);
    expect(ran.stderr).toContain(told.replaceAll('ID', id));
  });

  it('ends with the code of the failure when the earlier jobs cannot be read: they were asked for', async () => {
    const id = await started([gold]);
    world.emulator.addFault('list:status=403');
    const ran = await world.segjobs(['get', id, '--compare', '-o', 'tsv']);
    expect([ran.exitCode, ran.stdout]).toEqual([4, '']);
  });

  it('looks through several pages for the predecessor of an old job, and not through all', async () => {
    world = await createWorld({ historyJobs: 1500 });
    const { stdout } = await world.segjobs([
      'list',
      '--segment',
      gold,
      '--source',
      'scheduler',
      '--limit',
      'all',
      '-o',
      'ids',
    ]);
    const old = stdout.trim().split('\n').at(-2) ?? '';
    const earlier = lists().length;
    const ran = await world.segjobs(['get', old, '--compare', '-o', 'json']);
    expect(ran.stderr).toBe('');
    expect(JSON.parse(ran.stdout).segments[gold].profiles.change).toEqual(expect.any(Number));
    expect(lists().length - earlier).toBeGreaterThan(1);
    expect(lists().length - earlier).toBeLessThanOrEqual(20);
  });
});
