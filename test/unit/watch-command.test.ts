// segjobs watch, whole, against the emulator: which jobs it follows when it was given no ids.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAppearTimeout } from '../../src/commands/watch.ts';
import { readPick } from '../../src/commands/watch-picker.ts';
import { createWorld, type World } from '../support/world.ts';

const eventsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a watch for the nightly evaluation', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ nightlyJobs: true, startAt: Date.parse('2026-03-10T01:50:00Z') });
  });
  afterAll(() => world.close());

  it('waits for it to appear, follows it, and says what it looks for and until when', async () => {
    const argv = [
      'watch',
      '--source',
      'scheduler',
      '--since',
      '00:00',
      '--appear-timeout',
      '07:00',
      '--interval',
      '45s',
    ];
    const ran = await world.segjobs([...argv, '-o', 'ndjson']);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const events = eventsOf(ran.stdout);
    expect(events[0]).toMatchObject({
      type: 'watch.started',
      ids: [],
      selection: {
        source: 'scheduler',
        statuses: [],
        properties: [],
        snapshot: null,
        since: '2026-03-10T00:00:00Z',
        appearBy: '2026-03-10T07:00:00Z',
      },
      timeoutSeconds: 28_800,
    });
    const first = events.find(({ type }) => type.startsWith('job.'));
    expect(first).toMatchObject({ type: 'job.status', from: null, time: expect.stringMatching(/T02:/) });
    expect(events.at(-1)).toMatchObject({
      type: 'watch.ended',
      reason: 'finished',
      counts: { total: 1, succeeded: 1 },
    });

    const again = await world.segjobs([...argv, '-o', 'ids']);
    expect(again).toMatchObject({ exitCode: 0, stdout: `${first.id}\n` });
    expect(again.stderr).toMatch(
      /Looking for jobs with source scheduler, created since 2026-03-10T00:00:00Z; waiting for a first one until 2026-03-10T07:00:00Z\n/,
    );
  });

  it('takes two requests a look at most, and one while nothing has appeared', async () => {
    const before = world.emulator.requests.length;
    await world.segjobs(['watch', '--source', 'api', '--appear-timeout', '450s', '--interval', '45s']);
    const asked = world.emulator.requests
      .slice(before)
      .flatMap(({ operation }) => (operation === 'token' ? [] : [operation]));
    // The first look without --since reads four lists; the ten after it, one each; time that passes while an answer is read makes it fewer.
    expect(new Set(asked)).toEqual(new Set(['list']));
    expect(asked.length).toBeGreaterThanOrEqual(6);
    expect(asked.length).toBeLessThanOrEqual(14);
  });
});

describe('a watch of a selection', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ maxActiveJobs: 1000 });
  });
  afterAll(() => world.close());
  const create = async (segment: string) =>
    (await world.segjobs(['create', segment, '-o', 'ids'])).stdout.trim();

  it('without --since follows what is unfinished, and leaves what had ended alone', async () => {
    const ids = [await create('segment-1'), await create('segment-1')];
    await create('segment-2');
    const ran = await world.segjobs(['watch', '--segment', 'segment-1', '--interval', '45s', '-o', 'ids']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout.trim().split('\n').sort()).toEqual(ids.sort());
    expect(ran.stderr).toContain('Looking for jobs with segment segment-1, unfinished or new; waiting for');
    const none = await world.segjobs(['watch', '--segment', 'segment-1', '--timeout', '0', '-o', 'json']);
    expect(none).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('No matching job appeared in'),
    });
    expect(JSON.parse(none.stdout)).toMatchObject({ exitCode: 5, counts: { total: 0 }, results: {} });
  });

  it('picks up a job that is created while it waits', async () => {
    let isCreated = false;
    const ran = await world.segjobs(['watch', '--segment', 'later', '--interval', '45s', '-o', 'ndjson'], {
      onStdout: () => {
        if (isCreated) return;
        isCreated = true;
        void create('later');
      },
    });
    expect(ran.exitCode).toBe(0);
    expect(eventsOf(ran.stdout).at(-1)).toMatchObject({ counts: { total: 1, succeeded: 1 } });
  });

  it('ends at once with the refusal of a filter that the service does not take', async () => {
    world.emulator.addFault('list:status=400');
    const ran = await world.segjobs(['watch', '--property', 'a==b', '-o', 'ndjson']);
    world.emulator.clearFaults();
    expect(ran.exitCode).toBe(3);
    expect(eventsOf(ran.stdout).at(-1)).toMatchObject({ reason: 'refused', exitCode: 3 });
  });

  it('ends with 141 when the reader of its events goes away, as create --watch does', async () => {
    const leave = (_chunk: string, stream: { destroy(): unknown }) => void stream.destroy();
    const made = await world.segjobs(['create', 'left', '--watch', '-o', 'ndjson'], { onStdout: leave });
    expect(made).toMatchObject({ exitCode: 141, stderr: '' });
    const looked = await world.segjobs(['watch', '--segment', 'left', '-o', 'ndjson'], { onStdout: leave });
    expect(looked).toMatchObject({ exitCode: 141, stderr: '' });
    expect(looked.stdout).toMatch(/^\{"schemaVersion":1,"time":"[^"]+","type":"watch.started"/);
  });

  it.each([
    [['watch', 'a', '--source', 'api'], 'give job ids or filters, not both'],
    [['watch', '-f', '-', '--since', '1h'], 'give job ids or filters, not both'],
    [['watch', 'a', '--appear-timeout', '1h'], '--appear-timeout is for jobs that are looked for'],
    [['watch', '--appear-timeout', '25:00', '--source', 'api'], 'invalid --appear-timeout "25:00"'],
    [['watch', '--since', 'yesterday'], 'invalid --since "yesterday"'],
    [['watch', '--source', 'cron'], 'invalid --source "cron"'],
    [['watch'], 'no job id given'],
  ])('%j is a usage error', async (argv, message) => {
    const { exitCode, stderr } = await world.segjobs(argv, { stdin: 'a\n' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error: ${message}`);
  });
});

describe('--appear-timeout', () => {
  const began = Date.parse('2026-03-10T06:30:00Z');
  it.each([
    ['45m', '2026-03-10T07:15:00.000Z'],
    ['0', '2026-03-10T06:30:00.000Z'],
    ['07:00', '2026-03-10T07:00:00.000Z'],
    ['06:30', '2026-03-11T06:30:00.000Z'],
    ['00:00', '2026-03-11T00:00:00.000Z'],
  ])('%s, from 06:30 on, is %s', (text, until) => {
    expect(new Date(parseAppearTimeout(text)(began)).toISOString()).toBe(until);
  });

  it.each([
    ['07:00', '2026-03-10T00:00:00Z', '2026-03-10T07:00:00.000Z'],
    // A pipeline that runs late, or again, does not wait for tomorrow's.
    ['06:00', '2026-03-10T00:00:00Z', '2026-03-10T06:00:00.000Z'],
    ['07:00', '2026-03-09T22:00:00Z', '2026-03-10T07:00:00.000Z'],
    ['07:00', '2026-03-09T06:31:00Z', '2026-03-09T07:00:00.000Z'],
    ['07:00', '2026-03-08T00:00:00Z', '2026-03-10T07:00:00.000Z'],
    ['07:00', '2026-03-10T22:00:00Z', '2026-03-10T07:00:00.000Z'],
  ])('%s for jobs since %s, from 06:30 on, is %s', (text, since, until) => {
    expect(new Date(parseAppearTimeout(text)(began, Date.parse(since))).toISOString()).toBe(until);
  });

  it('that has passed is one look, and then exit 5', async () => {
    const late = await createWorld({ startAt: Date.parse('2026-03-10T08:00:00Z') });
    const filters = ['--segment', 'nobody-evaluates-this', '--since', '00:00'];
    const ran = await late.segjobs(['watch', ...filters, '--appear-timeout', '07:00', '-o', 'ndjson']);
    const looks = late.emulator.requests.filter(({ operation }) => operation === 'list');
    await late.close();
    expect(ran.exitCode).toBe(5);
    expect(looks).toHaveLength(1);
  });

  it('none waits for ever', () => {
    expect(parseAppearTimeout('none')(began)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('an answer to the question which jobs to watch', () => {
  it.each([
    ['', [1, 2, 3, 4]],
    ['all', [1, 2, 3, 4]],
    ['2', [2]],
    ['3, 1', [1, 3]],
    ['2-4 1 2', [1, 2, 3, 4]],
  ])('"%s" of four is %j', (answer, picked) => {
    expect(readPick(answer, 4)).toEqual(picked);
  });

  it.each(['0', '5', '1-5', '3-2', 'x', '1.5', '-1', 'all 1'])('"%s" of four is none', (answer) => {
    expect(readPick(answer, 4)).toBeUndefined();
  });
});
