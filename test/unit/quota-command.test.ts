import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

// segjobs quota, and the guard of create, against the emulator: no run on demand today, 123 in the 30 days before.

let world: World;
beforeEach(async () => {
  world = await createWorld({ maxActiveJobs: 1000 });
});
afterEach(() => world.close());

const create = (id: string, ...flags: readonly string[]) =>
  world.segjobs(['create', id, '-o', 'ids', ...flags]);
const creates = async () =>
  (await world.segjobs(['list', '--since', '00:00', '--source', 'api', '-o', 'ids'])).stdout;

describe('segjobs quota', () => {
  it('is a flat document, as lines for a script and as JSON', async () => {
    await create('segment-a');
    const { stdout } = await world.segjobs(['quota', '--json', '--year-start', '2024-03-01']);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      sandbox: 'prod',
      sandboxType: 'production',
      isEstimate: true,
      isWhole: true,
      dayUsed: 1,
      dayLimit: 2,
      dayLeft: 1,
      dayStart: '2026-03-10T00:00:00Z',
      dayEnd: '2026-03-11T00:00:00Z',
      yearLimit: 50,
      yearStart: '2026-03-01T00:00:00Z',
      yearEnd: '2027-03-01T00:00:00Z',
    });
    const lines = (await world.segjobs(['quota', '-o', 'tsv'])).stdout.split('\n');
    expect(lines).toContain('dayLeft\t1');
    expect(lines).toContain('yearUsed\t');
  });

  it('shows people what is left, and says what it is worth on stderr, where -q silences it', async () => {
    const told = await world.segjobs(['quota', '-o', 'table']);
    expect(told.stdout.replace(/ends in .*/, 'ends in <time>')).toBe(
      [
        'Runs on demand in sandbox "prod" (production), an estimate',
        '',
        '  Today      0 of 2  ░░░░░░░░░░░░░░░░░░░░  2 left, ends in <time>',
        '',
      ].join('\n'),
    );
    expect(told.stderr).toContain('An estimate');
    expect(told.stderr).toContain('cannot see');
    expect(told.stderr).toContain('--year-start MM-DD');
    expect((await world.segjobs(['quota', '-q'])).stderr).toBe('');
  });

  it('takes limits and the beginning of the year from the profile, flags before them', async () => {
    const env = { AEP_CLIENT_ID: undefined, AEP_CLIENT_SECRET: undefined, AEP_ORG_ID: undefined };
    const { clientId, clientSecret, orgId } = world.emulator.credentials;
    await world.segjobs(
      [
        'auth',
        'login',
        '--client-id',
        clientId,
        '--org-id',
        orgId,
        '--sandbox',
        'prod',
        '--client-secret-stdin',
      ],
      { env, stdin: clientSecret },
    );
    await world.segjobs(['config', 'set', 'limits', 'day=4'], { env });
    await world.segjobs(['config', 'set', 'yearStart', '02-01'], { env });
    const stored = await world.segjobs(['quota', '--json'], { env });
    expect(JSON.parse(stored.stdout)).toMatchObject({
      dayLimit: 4,
      yearLimit: 50,
      yearStart: '2026-02-01T00:00:00Z',
    });
    const given = await world.segjobs(['quota', '--json', '--limits', 'year=900', '--year-start', '03-09'], {
      env,
    });
    expect(JSON.parse(given.stdout)).toMatchObject({
      dayLimit: 4,
      yearLimit: 900,
      yearStart: '2026-03-09T00:00:00Z',
    });
  });

  it.each([
    [['--year-start', '13-01'], '--year-start'],
    [['--limits', 'week=2'], '--limits'],
  ])('takes %j for a usage error', async (flags, name) => {
    const { exitCode, stderr } = await world.segjobs(['quota', ...flags]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(name);
  });

  it('fails with the code of what went wrong', async () => {
    world.emulator.addFault('list:status=403');
    expect(await world.segjobs(['quota'])).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

describe('create --guard-quota', () => {
  it('lets runs through until the limit of the day, then sends nothing', async () => {
    for (const id of ['segment-a', 'segment-b']) {
      expect((await create(id, '--guard-quota')).exitCode).toBe(0);
    }
    const refused = await create('segment-c', '--guard-quota');
    expect(refused).toMatchObject({ exitCode: 6, stdout: '' });
    expect(refused.stderr).toBe(
      'error: --guard-quota: 2 of 2 runs used today in sandbox "prod" (an estimate); nothing was sent\n' +
        'hint: the next day begins at 2026-03-11T00:00:00Z; segjobs quota shows the count\n',
    );
    expect((await creates()).trim().split('\n')).toHaveLength(2);
    expect((await create('segment-c', '--guard-quota', '--limits', 'day=3')).exitCode).toBe(0);
  });

  it('counts the contract year where its beginning is known', async () => {
    const refused = await create('segment-a', '--guard-quota', '--year-start', '01-01');
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toMatch(/1\d\d of 50 runs used this contract year .*\n.*2027-01-01T00:00:00Z/);
  });

  it('sends nothing where it cannot count, and ends with that failure', async () => {
    world.emulator.addFault('list:status=403');
    const refused = await create('segment-a', '--guard-quota');
    world.emulator.clearFaults();
    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    expect(refused.stderr).toContain('nothing was sent');
    expect(await creates()).toBe('');
  });

  it('lets no more through when many run at once on one machine', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => `segment-${name}`);
    const ran = await Promise.all(ids.map((id) => create(id, '--guard-quota')));
    expect(ran.map(({ exitCode }) => exitCode).sort()).toEqual([0, 0, 6, 6, 6]);
    expect((await creates()).trim().split('\n')).toHaveLength(2);
  });

  it('works where no state can be kept', async () => {
    const env = { XDG_STATE_HOME: '/dev/null/nowhere', SEGJOBS_CONFIG_DIR: undefined };
    const { exitCode } = await world.segjobs(['create', 'segment-a', '--guard-quota', '-o', 'ids'], { env });
    expect(exitCode).toBe(0);
  });

  it('does not refuse a job that runs already and costs nothing', async () => {
    const first = await create('segment-a');
    await create('segment-b');
    const again = await create('segment-a', '--guard-quota', '--reuse-active');
    expect(again).toMatchObject({ exitCode: 0, stdout: first.stdout });
  });

  it('counts nothing for a dry run, which sends nothing', async () => {
    world.emulator.addFault('list:status=403');
    const { exitCode, stdout } = await world.segjobs(['create', 'segment-a', '--guard-quota', '-n']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^POST/);
  });
});

describe('a create without the guard', () => {
  it('asks the service for nothing more when its output is captured', async () => {
    world.emulator.addFault('list:status=403');
    const { exitCode, stderr } = await create('segment-a');
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('runs used');
  });
});
