import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { createWorld, type World } from '../support/world.ts';

// What a cancel tells of each job: what was sent, what was not, and what is not known.

let world: World;
let finished: string;
beforeAll(async () => {
  world = await createWorld({ maxActiveJobs: 1000 });
  const { stdout } = await world.segjobs(['list', '--status', 'succeeded', '-L', '1', '-o', 'ids']);
  finished = stdout.trim();
});
afterAll(() => world.close());
afterEach(() => world.emulator.clearFaults());

const active = async () => (await world.segjobs(['create', 'segment-x', '-o', 'ids'])).stdout.trim();

describe('a DELETE that the service answers with a conflict', () => {
  it('is told as the service put it: the job may have finished since it was looked at', async () => {
    const id = await active();
    world.emulator.addFault('cancel:status=409');
    const { exitCode, stderr } = await world.segjobs(['cancel', id]);
    expect(exitCode).toBe(6);
    expect(stderr).toMatch(/^error: the job cannot be cancelled/);
    expect(stderr).not.toContain('nothing was sent');
  });

  it('is told so among others too', async () => {
    const [one, other] = [await active(), await active()];
    world.emulator.addFault('cancel:status=409,times=1');
    const { exitCode, stderr } = await world.segjobs(['cancel', one, other, '--yes']);
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(/^Could not cancel \S+: the job cannot be cancelled.* \(request id \S+\)$/m);
    expect(stderr).not.toContain('nothing was sent');
  });
});

it.each(['succeeded', 'failed'])(
  'a job that has %s is never sent a DELETE: exit 6 [fault 95]',
  async (status) => {
    const id = (await world.segjobs(['list', '--status', status, '-L', '1', '-o', 'ids'])).stdout.trim();
    const before = world.emulator.requests.length;
    const { exitCode, stderr } = await world.segjobs(['cancel', id]);
    expect(exitCode).toBe(6);
    expect(stderr).toMatch(
      new RegExp(`^error: job ${id} is ${status.toUpperCase()} already; nothing was sent$`, 'm'),
    );
    const sent = world.emulator.requests.slice(before).map(({ method }) => method);
    expect(sent).toContain('POST');
    expect(sent).not.toContain('DELETE');
  },
);

it('a dry run counts what would be cancelled', async () => {
  const { exitCode, stdout, stderr } = await world.segjobs(['cancel', finished, await active(), '--dry-run']);
  expect(exitCode).toBe(12);
  expect(stdout).toMatch(/^finished\t\S+\tSUCCEEDED\nplanned\t\S+\t[A-Z]+\n$/);
  expect(stderr).toContain('error: 1 of 2 jobs would be cancelled\n');
});

describe('an interrupt', () => {
  it('between the DELETEs is its own exit code, and says how far the cancel came', async () => {
    const ids = [await active(), await active(), await active(), await active(), await active()];
    world.emulator.addFault('cancel:delay=5s,after,times=1');
    const interrupt = new AbortController();
    const stopped = new SegjobsError('INTERRUPTED', 'stopped by SIGINT');
    setTimeout(() => interrupt.abort(stopped), 300);
    const { exitCode, stderr } = await world.segjobs(['cancel', ...ids, '--yes', '-o', 'json'], {
      signal: interrupt.signal,
    });
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/^Could not cancel \S+: stopped by SIGINT$/m);
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(last.error).toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
      message: expect.stringMatching(/^stopped by SIGINT; [0-4] of 5 jobs are being cancelled$/),
    });
  });
});

describe('nothing to cancel', () => {
  it.each([
    ['json', /^\{"schemaVersion":1,"exitCode":0,"counts":\{"total":0,.*\},"results":\{\}\}\n$/],
    [
      'ndjson',
      /"type":"watch.started","ids":\[\].*\n.*"type":"watch.ended","reason":"finished","exitCode":0/,
    ],
    ['ids', /^$/],
  ])('is a watch of no jobs with --watch, as %s', async (format, printed) => {
    const ran = await world.segjobs(['cancel', '-f', '-', '--yes', '--watch', '-o', format], { stdin: '' });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(printed);
    expect(ran.stderr.includes('Nothing to cancel.')).toBe(format !== 'ndjson');
  });
});

describe('with --watch', () => {
  const eventsOf = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('a job that could not be cancelled is given up with its error, the others are waited for', async () => {
    const [refused, done] = [await active(), await active()];
    world.emulator.addFault('cancel:status=403,times=1');
    const ran = await world.segjobs(['cancel', refused, done, 'nobody', '--yes', '--watch', '-o', 'ndjson']);
    const events = eventsOf(ran.stdout);
    expect(ran).toMatchObject({ exitCode: 4, stderr: '' });
    const [first, second] = events.slice(1, 3);
    expect([refused, done]).toContain(first.id);
    expect(first).toMatchObject({
      type: 'job.status',
      status: null,
      notFound: false,
      error: {
        code: 'FORBIDDEN',
        httpStatus: 403,
        message: expect.stringMatching(/^could not be cancelled: /),
      },
    });
    expect(second).toMatchObject({ type: 'job.status', id: 'nobody', status: null, notFound: true });
    expect(events.at(-1)).toMatchObject({
      type: 'watch.ended',
      reason: 'finished',
      exitCode: 4,
      counts: { total: 3, cancelled: 1, notFound: 1, unreadable: 1 },
      notFound: ['nobody'],
    });
  });

  it.each([
    ['status=403', 4],
    ['status=400', 3],
    ['status=503', 7],
  ])('a DELETE that meets %s ends with %i, as a document too', async (fault, exitCode) => {
    const id = await active();
    world.emulator.addFault(`cancel:${fault}`);
    const ran = await world.segjobs(['cancel', id, '--watch', '-o', 'json']);
    expect(ran.exitCode).toBe(exitCode);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      exitCode,
      counts: { total: 1, unreadable: 1 },
      results: { [id]: { id, status: expect.stringMatching(/^(NEW|QUEUED|PROCESSING)$/) } },
    });
    expect(ran.stderr).toMatch(new RegExp(`^\\S+  ${id}  given up: could not be cancelled: `, 'm'));
  });

  it('a job that had finished is 6, and looked at all the same', async () => {
    const ran = await world.segjobs(['cancel', finished, '--watch', '-o', 'json']);
    expect(ran.exitCode).toBe(6);
    expect(JSON.parse(ran.stdout)).toMatchObject({ results: { [finished]: { status: 'SUCCEEDED' } } });
    expect(ran.stderr).toContain(`Job ${finished} is SUCCEEDED already; nothing was sent.`);
  });

  it('a job that is not there is 5, and a document names it', async () => {
    const ran = await world.segjobs(['cancel', 'nobody', '--watch', '-o', 'json']);
    expect(ran.exitCode).toBe(5);
    expect(JSON.parse(ran.stdout)).toMatchObject({ counts: { notFound: 1 }, results: { nobody: null } });
  });

  it('--fail-fast passes over a job that was cancelled: that is what was wanted', async () => {
    const ids = [await active(), await active()];
    const ran = await world.segjobs(['cancel', ...ids, '--yes', '--watch', '--fail-fast', '-o', 'ndjson']);
    expect(ran.exitCode).toBe(0);
    expect(eventsOf(ran.stdout).at(-1)).toMatchObject({ reason: 'finished', counts: { cancelled: 2 } });
  });

  it('tells events and nothing else', async () => {
    const ran = await world.segjobs(['cancel', await active(), '--watch', '-o', 'ndjson']);
    expect(ran.stderr).toBe('');
    const types = eventsOf(ran.stdout).map(({ type }) => type);
    // What else is told (CANCELLING first, a heartbeat) is a matter of time.
    expect(types[0]).toBe('watch.started');
    expect(types.slice(-2)).toEqual(['job.finished', 'watch.ended']);
  });
});
