// The built program through what a watch of hours meets: an outage of the gateway, a token that expires, a question.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';
import { hasPty, startPty } from '../support/pty-session.ts';
import { checkPrinted } from '../support/schemas.ts';

const minuteMs = 60_000;

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());

/** Lets the program look until the emulator has been asked so many more times for jobs. */
async function looks(count: number): Promise<void> {
  const asked = () => world.emulator.requests.filter(({ operation }) => operation === 'bulk-get').length;
  const until = asked() + count;
  while (asked() < until) await new Promise((next) => setTimeout(next, 5));
}

const eventsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('segjobs watch, built and for real', () => {
  it('outlasts five minutes without a gateway, and a token that expires in the middle', async () => {
    const id = await world.activeJob();
    const argv = ['watch', id, '--interval', '1s', '-o', 'ndjson'];
    const watch = world.start(argv, { env: { SEGJOBS_MAX_RETRIES: '0' } });
    await watch.until('stdout', /"job\.status"/);
    world.emulator.addFault('bulk-get:status=502,html');
    await watch.until('stdout', /"poll\.failed"/);
    // What is an outage of five minutes to the service need not be one to this test.
    world.emulator.advance(5 * minuteMs);
    world.emulator.clearFaults();
    const tokensBefore = world.emulator.requests.filter(({ operation }) => operation === 'token').length;
    world.emulator.revokeTokens();
    // One request with the old token, one with the new.
    await looks(2);
    world.emulator.advance(60 * minuteMs);

    const ended = await watch.ended;
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    checkPrinted({ argv, exitCode: 0, stdout: ended.stdout, stderr: '' });
    const events = eventsOf(ended.stdout);
    const failed = events.filter(({ type }) => type === 'poll.failed');
    expect(failed.length).toBeGreaterThanOrEqual(1);
    expect(failed[0]).toMatchObject({ failedPolls: 1, error: { httpStatus: 502 } });
    // A token that the service has forgotten is renewed within the look; nobody is told of a failure.
    expect(failed.every(({ error }) => error.httpStatus === 502)).toBe(true);
    expect(world.emulator.requests.filter(({ operation }) => operation === 'token')).toHaveLength(
      tokensBefore + 1,
    );
    const statuses = events.filter(({ type }) => type.startsWith('job.')).map(({ status }) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
    expect(statuses.at(-1)).toBe('SUCCEEDED');
    expect(events.at(-1)).toMatchObject({ type: 'watch.ended', reason: 'finished', exitCode: 0 });
    // The five minutes and the hour count, though the program ran for seconds.
    expect(events.at(-1).elapsedSeconds).toBeGreaterThanOrEqual(65 * 60);
  });

  it.runIf(isPosix)('of a selection hands over to the next step when the job has succeeded', async () => {
    const line =
      'segjobs watch --segment piped --interval 1s -q -o ids && echo exported || echo "exit code $?"';
    const shell = world.startShell(line, { limitMs: 10_000 });
    while (!world.emulator.requests.some(({ path }) => path.includes('piped'))) {
      await new Promise((next) => setTimeout(next, 5));
    }
    const id = await world.activeJob('piped');
    await looks(1);
    world.emulator.advance(120 * minuteMs);
    expect(await shell.ended).toMatchObject({ exitCode: 0, stdout: `${id}\nexported\n` });
  });
});

describe.runIf(hasPty)('segjobs watch on a terminal, told nothing', () => {
  it('asks which of the unfinished jobs, again after nonsense, and follows those', async () => {
    const [older, newer] = [await world.activeJob(), await world.activeJob()];
    const session = startPty('segjobs watch --interval 1s', world.environment());
    await session.until(/Which\?.*:/s);
    expect(session.screen()).toMatch(new RegExp(`1 +\\w+ +${newer}[^]*2 +\\w+ +${older}`));
    session.type('7\r');
    await session.until(/Give numbers from 1 to 2/);
    session.type('2\r');
    await looks(1);
    world.emulator.advance(120 * minuteMs);
    expect(await session.exitCode).toBe(0);
    const shown = session.screen();
    const answered = shown.slice(shown.indexOf('Give numbers'));
    expect(answered).toMatch(new RegExp(`SUCCEEDED\\S* +${older}`));
    expect(answered).not.toContain(newer);
  });

  it('says so when none is unfinished', async () => {
    world.emulator.advance(240 * minuteMs);
    const session = startPty('segjobs watch', world.environment());
    expect(await session.exitCode).toBe(5);
    expect(session.screen()).toContain('no job of sandbox "prod" is unfinished');
  });

  it('does not ask under --no-input', async () => {
    const session = startPty('segjobs watch --no-input', world.environment());
    expect(await session.exitCode).toBe(2);
    expect(session.screen()).toContain('no job id given');
  });
});
