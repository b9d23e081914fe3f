// What a create leaves on disk, and what the next one of the same segments makes of it.

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CreateOptions, SegmentJobsClient } from '../../src/api/client.ts';
import { fixedToken, type TokenSource } from '../../src/api/token.ts';
import { SegjobsError } from '../../src/errors.ts';
import { clientFor, createTestWorld, errorOf, type TestWorld, testToken } from '../support/api-client.ts';
import {
  cutShort,
  hangUp,
  json,
  type LoggedRequest,
  type Reply,
  reset,
  type ScriptedServer,
  startServer,
  text,
} from '../support/http-server.ts';

/** No process has this id: Linux and macOS stop below, and Windows ids are multiples of four. */
const deadPid = 2 ** 22 + 1;
const noon = Date.parse('2026-11-23T12:00:00Z');
const request = { segmentIds: ['seg-1', 'seg-2'] };
const segments = [{ segmentId: 'seg-2' }, { segmentId: 'seg-1' }];

let server: ScriptedServer;
let home: string;
let world: TestWorld;
let warnings: string[];
/** The jobs at the service, newest first. */
let jobs: Record<string, unknown>[];
/** What the service's clock is ahead of the local one. */
let aheadMs: number;
let requests: number;
beforeEach(async () => {
  requests = 0;
  server = await startServer();
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-again-'));
  jobs = [];
  warnings = [];
  aheadMs = 0;
  world = createTestWorld();
});
afterEach(async () => {
  await server.close();
  fs.rmSync(home, { recursive: true, force: true });
});

const directory = () => join(home, 'creates');
const intents = () =>
  fs.existsSync(directory()) ? fs.readdirSync(directory()).filter((name) => name.endsWith('.json')) : [];
const remembered = () =>
  intents().map((name) => JSON.parse(fs.readFileSync(join(directory(), name), 'utf8')) as Remembered);
interface Remembered {
  readonly requestId: string;
  readonly sentAt: number;
  readonly sentAtService?: number;
  readonly jobId?: string;
  readonly owner: Readonly<Record<string, unknown>>;
}
const posts = () => server.requests.filter(({ method }) => method === 'POST').length;
const gets = () => server.requests.filter(({ method }) => method === 'GET').length;
const date = () => ({ date: new Date(world.host.clock.now() + aheadMs).toUTCString() });

function client(tokens: TokenSource = fixedToken(testToken)): SegmentJobsClient {
  const host = {
    ...world.host,
    requestId: () => `request-${++requests}`,
    createMemory: {
      directory: async () => directory(),
      userId: process.getuid?.(),
      warn: (line: string) => warnings.push(line),
    },
  };
  return clientFor(server.url, { ...world, host }, { httpTimeoutMs: 1000 }, tokens);
}
const create = (options?: CreateOptions) => client().create(request, options);

const job = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  status: 'NEW',
  segments,
  creationTime: world.host.clock.now() + aheadMs,
  ...more,
});
/** Lists, gets, and makes the job that is asked for, then answers a POST as told (or with that job). */
function service(answer?: Reply, makes: Makes = named): Reply {
  return (sent, response, socket) => {
    const id = /jobs\/(.+)$/.exec(sent.path)?.[1];
    if (id !== undefined) {
      const found = jobs.find((each) => each['id'] === id);
      return json(found === undefined ? 404 : 200, found ?? {}, date())(sent, response, socket);
    }
    if (sent.method === 'GET') {
      const status = sent.query.get('status');
      const children = jobs.filter((each) => status === null || each['status'] === status);
      return json(200, { children }, date())(sent, response, socket);
    }
    const made = makes(sent);
    if (made !== undefined) jobs.unshift(made);
    return (answer ?? json(200, made ?? {}, date()))(sent, response, socket);
  };
}
type Makes = (sent: LoggedRequest) => Record<string, unknown> | undefined;
const named: Makes = (sent) => job(`job-${posts()}`, { requestId: sent.headers['x-request-id'] });
const unnamed = () => job(`job-${posts()}`, { requestId: 'of-the-gateway' });
const nothing: Makes = () => undefined;
/** A create that was sent, and of which nobody knows any more than what is on the disk. */
async function abandoned(makes: Makes = named): Promise<void> {
  const later = world;
  world = createTestWorld();
  server.script([], (sent, response, socket) => {
    if (sent.method === 'GET') world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
    service(reset, makes)(sent, response, socket);
  });
  expect(await errorOf(create())).toMatchObject({ exitCode: 9 });
  expect(intents()).toHaveLength(1);
  world = later;
  server.requests.length = 0;
  server.script([], service());
}
/** Makes the process that remembers the create one that was killed. */
function killOwner(): void {
  for (const name of intents()) {
    const path = join(directory(), name);
    const content = JSON.parse(fs.readFileSync(path, 'utf8')) as Remembered;
    fs.writeFileSync(path, JSON.stringify({ ...content, owner: { ...content.owner, pid: deadPid } }));
  }
}

describe('an intent', () => {
  test('is on the disk when the request arrives, with the id that the request has', async () => {
    let seen: readonly Remembered[] = [];
    server.script([], (sent, response, socket) => {
      seen = remembered();
      service()(sent, response, socket);
    });
    const { job: made, origin, settle } = await create();
    expect([made.id, origin]).toEqual(['job-1', 'created']);
    expect(seen).toMatchObject([
      { requestId: server.requests[0]?.headers['x-request-id'], sentAt: noon, owner: { pid: process.pid } },
    ]);
    expect(seen[0]).not.toHaveProperty('jobId');
    expect(remembered()).toMatchObject([{ jobId: 'job-1' }]);
    settle();
    expect(intents()).toEqual([]);
  });

  test('knows the service’s time of the sending where an answer has told it', async () => {
    aheadMs = 86_400_000;
    server.script([], service());
    const { settle } = await create({ reuseActive: true });
    expect(remembered()).toMatchObject([{ sentAt: noon, sentAtService: noon + aheadMs }]);
    settle();
  });

  const refusals: readonly (readonly [string, number, Reply])[] = [
    ['a 400', 3, json(400, {})],
    ['a 401', 4, json(401, {})],
    ['a 403', 4, json(403, {})],
    ['a 409', 3, json(409, {})],
    ['a 422', 3, json(422, {})],
    ['a 429, again and again', 7, json(429, {})],
    ['fault 46: a 301', 3, json(301, {}, { location: '/x' })],
    ['fault 46: a 307', 3, json(307, {}, { location: '/x' })],
  ];
  test.each(refusals)('is gone after a definite refusal: %s', async (_, exitCode, answer) => {
    server.script([], service(answer, nothing));
    expect(await errorOf(create())).toMatchObject({ exitCode });
    expect(intents()).toEqual([]);
  });

  test('is gone while a 429 is waited out, and there again when the create is sent again', async () => {
    const seen: number[] = [];
    const { sleep } = world.host.clock;
    world.host.clock.sleep = async (ms, signal) => {
      seen.push(intents().length);
      await sleep(ms, signal);
    };
    server.script([json(429, {})], (sent, response, socket) => {
      seen.push(intents().length);
      service()(sent, response, socket);
    });
    await create();
    expect(seen).toEqual([0, 1]);
    expect(remembered()).toMatchObject([{ sentAt: noon + 500 }]);
  });

  test('fault 45: is gone when no connection was made', async () => {
    await server.close();
    expect(await errorOf(create())).toMatchObject({ exitCode: 7 });
    expect(intents()).toEqual([]);
  });

  test('is not written before there is a token', async () => {
    const noToken: TokenSource = {
      get: () => {
        expect(intents()).toEqual([]);
        return Promise.reject(new SegjobsError('NO_CREDENTIALS', 'none'));
      },
      refresh: async () => undefined,
    };
    expect(await errorOf(client(noToken).create(request))).toMatchObject({ exitCode: 4 });
    expect(intents()).toEqual([]);
  });

  test('is gone when the token could not be renewed, and when an interrupt came before it was sent', async () => {
    const failing: TokenSource = {
      get: async () => testToken,
      refresh: () => Promise.reject(new SegjobsError('NETWORK', 'no login service')),
    };
    server.script([], json(401, {}));
    expect(await errorOf(client(failing).create(request))).toMatchObject({ exitCode: 7 });
    expect(intents()).toEqual([]);
    const interrupting: TokenSource = {
      get: async () => {
        world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
        return testToken;
      },
      refresh: async () => undefined,
    };
    expect(await errorOf(client(interrupting).create(request))).toMatchObject({ exitCode: 130 });
    expect(intents()).toEqual([]);
    expect(posts()).toBe(1);
  });

  test('stays after exit 9, whose hint says so', async () => {
    server.script([], service(reset, nothing));
    const error = await errorOf(create({ hintFlags: ['--sandbox', 'dev'] }));
    expect(error.hint).toBe(
      'the same create, run again on this machine, looks first; elsewhere look before you try again, a second create may spend a second run: segjobs list --since 2026-11-23T11:59:55Z --sort creationTime:desc --sandbox dev',
    );
    expect(remembered()).toHaveLength(1);
  });

  test('names the job it was recovered with until that has been told', async () => {
    server.script([], service(reset));
    const { origin, settle } = await create();
    expect(origin).toBe('recovered');
    expect(remembered()).toMatchObject([{ jobId: 'job-1' }]);
    settle();
    expect(intents()).toEqual([]);
  });

  test('that cannot be written is warned of, and the create is sent', async () => {
    fs.writeFileSync(directory(), 'a file where the directory should be');
    server.script([], service());
    const { job: made, settle } = await create();
    settle();
    expect(made.id).toBe('job-1');
    expect(warnings).toEqual([
      expect.stringMatching(/^This create is not remembered \(.*not a directory.*\)/),
    ]);
    world.advance(60_000);
    server.script([], service(reset, nothing));
    expect((await errorOf(create())).hint).toMatch(/^look before you try again/);
  });
});

describe('fault 47: the next create of the same segments', () => {
  test.each([
    ['its request id', named],
    ['its segments and time', unnamed],
  ])('finds the job by %s, and sends nothing', async (_, makes) => {
    await abandoned(makes);
    world.advance(5_000);
    const { job: found, origin, settle } = await create();
    expect([found.id, origin, posts()]).toEqual(['job-1', 'earlier', 0]);
    expect(remembered()).toMatchObject([{ jobId: 'job-1' }]);
    settle();
    expect(intents()).toEqual([]);
  });

  test('finds a job that is an hour old and behind many younger ones', async () => {
    await abandoned(unnamed);
    world.advance(3_600_000);
    const younger = Array.from({ length: 90 }, (_, n) =>
      job(`other-${n}`, { segments: [{ segmentId: 'seg-1' }] }),
    );
    jobs.unshift(...younger);
    server.script([], (sent, response, socket) => {
      const start = Number(sent.query.get('start') ?? 0);
      const page = { totalCount: jobs.length, pageSize: 20 };
      json(200, { _page: page, children: jobs.slice(start, start + 20) }, date())(sent, response, socket);
    });
    expect((await create()).job.id).toBe('job-1');
    expect(gets()).toBeGreaterThan(4);
  });

  test('does not read on behind the time of the create', async () => {
    await abandoned(nothing);
    world.advance(60_000);
    jobs = Array.from({ length: 40 }, (_, n) => job(`old-${n}`, { creationTime: noon - 60_000 - n }));
    await errorOf(create());
    expect(gets()).toBe(1);
  });

  test('takes no job that was made too early, too late, or of other segments', async () => {
    await abandoned(nothing);
    jobs = [
      job('later', { creationTime: noon + 10 * 60_000 + 6_000 }),
      job('other', { segments: [{ segmentId: 'seg-1' }], creationTime: noon }),
      job('of unknown age', { creationTime: undefined }),
      job('earlier', { creationTime: noon - 6_000 }),
    ];
    expect(await errorOf(create())).toMatchObject({ exitCode: 9 });
  });

  test('finds it whatever the local clock was and is, by the service’s', async () => {
    aheadMs = -400 * 86_400_000;
    await abandoned(unnamed);
    world.advance(30_000);
    expect((await create()).job.id).toBe('job-1');
  });

  test('sends nothing within ten minutes where there is no job: exit 9, and when it will', async () => {
    await abandoned(nothing);
    world.advance(9 * 60_000 + 59_000);
    const error = await errorOf(create({ hintFlags: ['--profile', 'nightly'] }));
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9, isRetryable: false });
    expect(error.message).toBe(
      'an earlier create of the same segments, sent 2026-11-23T12:00:00Z, may have made a job; no job of it was found so far',
    );
    expect(error.hint).toBe(
      'the same create looks again, and sends after 2026-11-23T12:10:00Z; look before you use --new, which sends at once: segjobs list --since 2026-11-23T11:59:55Z --sort creationTime:desc --profile nightly',
    );
    expect(error.details).toEqual({
      requestId: 'request-1',
      segmentIds: request.segmentIds,
      sentAt: '2026-11-23T12:00:00.000Z',
      candidates: [],
    });
    expect([posts(), gets(), intents().length]).toEqual([0, 1, 1]);
  });

  test('sends after ten minutes without a job, and the old intent is gone', async () => {
    await abandoned(nothing);
    world.advance(10 * 60_000 + 1_000);
    const { job: made, origin, settle } = await create();
    expect([made.id, origin, posts()]).toEqual(['job-1', 'created', 1]);
    expect(remembered()).toMatchObject([{ sentAt: noon + 10 * 60_000 + 1_000 }]);
    settle();
    expect(intents()).toEqual([]);
  });

  test('judges the ten minutes by the service’s clock where that was known at the sending', async () => {
    await abandoned(nothing);
    const [name = ''] = intents();
    const path = join(directory(), name);
    const content = JSON.parse(fs.readFileSync(path, 'utf8'));
    fs.writeFileSync(path, JSON.stringify({ ...content, sentAtService: noon }));
    aheadMs = 11 * 60_000;
    expect((await create()).origin).toBe('created');
  });

  test('sends nothing where the intent seems to come from the future', async () => {
    await abandoned(nothing);
    world = createTestWorld({ now: '2026-11-20T12:00:00Z' });
    expect(await errorOf(create())).toMatchObject({ exitCode: 9 });
    expect(posts()).toBe(0);
  });

  test('names both jobs where two could be it, at any age, and sends nothing', async () => {
    await abandoned(nothing);
    jobs = [job('twin-1', { creationTime: noon }), job('twin-2', { creationTime: noon + 1000 })];
    world.advance(3_600_000);
    const error = await errorOf(create());
    expect(error).toMatchObject({ exitCode: 9, details: { candidates: ['twin-1', 'twin-2'] } });
    expect(error.message).toContain('2 jobs could be it (twin-1, twin-2)');
    expect(error.hint).toMatch(/^look; if it is none of them, create --new starts another: segjobs list/);
    expect(posts()).toBe(0);
  });

  test.each([
    ['an outage', json(503, {})],
    ['a refusal', json(403, {})],
    ['nonsense', text(200, 'hello')],
    ['a cut answer', cutShort('{"children":[]}')],
    ['a closed connection', hangUp],
  ])('is exit 9 when it cannot look because of %s, and sends nothing at any age', async (_, answer) => {
    await abandoned();
    world.advance(3_600_000);
    server.script([], answer);
    const error = await errorOf(create());
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', exitCode: 9 });
    expect(error.message).toMatch(/may have made a job; looking for it failed: /);
    expect(error.hint).toMatch(/^nothing was sent now, and the same create looks again/);
    expect([posts(), intents().length]).toEqual([0, 1]);
  });

  test('ends with 130 when it is interrupted while it looks, and the intent stays', async () => {
    await abandoned();
    server.script([], () => world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT')));
    expect(await errorOf(create())).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
    expect(intents()).toHaveLength(1);
  });

  test('looks for all of an unreadable intent that it can: the same segments, made since it was written', async () => {
    await abandoned(unnamed);
    const [name = ''] = intents();
    fs.writeFileSync(join(directory(), name), '{"vers');
    fs.utimesSync(join(directory(), name), noon / 1000, noon / 1000);
    expect((await create()).job.id).toBe('job-1');
  });

  test('fetches the very job where its id was known, whatever else there is', async () => {
    server.script([], service());
    await create();
    killOwner();
    jobs.unshift(job('twin'), job('twin-2'));
    server.requests.length = 0;
    world.advance(86_400_000);
    const { job: found, origin, settle } = await create();
    expect([found.id, origin]).toEqual(['job-1', 'earlier']);
    expect(server.lines()).toEqual(['GET /data/core/ups/segment/jobs/job-1']);
    settle();
    expect(intents()).toEqual([]);
  });

  test('waits ten minutes for a known job that the service does not show, and then makes another', async () => {
    server.script([], service());
    await create();
    killOwner();
    jobs = [];
    expect(await errorOf(create())).toMatchObject({ exitCode: 9 });
    world.advance(10 * 60_000 + 1_000);
    expect((await create()).origin).toBe('created');
  });

  test('is a create of its own while the process of the earlier one is about to tell its job', async () => {
    server.script([], service());
    const first = await create();
    const second = await create();
    expect([first.job.id, second.job.id, second.origin]).toEqual(['job-1', 'job-2', 'created']);
    first.settle();
    expect(remembered()).toMatchObject([{ jobId: 'job-2' }]);
    second.settle();
    expect(intents()).toEqual([]);
  });

  test('never takes the job of another create for that of the lost one, however close they were', async () => {
    server.script([], service(undefined, unnamed));
    const first = await create();
    first.settle();
    world.advance(1_000);
    server.script([], service(json(504, {}), nothing));
    const lost = await errorOf(create());
    expect(lost).toMatchObject({ exitCode: 9, details: { candidates: [] } });
    world.advance(300_000);
    expect(await errorOf(create())).toMatchObject({ exitCode: 9 });
    jobs.unshift(job('late', { requestId: 'of-the-gateway', creationTime: noon + 90_000 }));
    expect((await create()).job.id).toBe('late');
  });

  test('does not take the job that another create is about to tell', async () => {
    server.script([], service(undefined, unnamed));
    await create();
    server.script([], service(json(504, {}), nothing));
    expect(await errorOf(create())).toMatchObject({ exitCode: 9, details: { candidates: [] } });
  });

  test('finds the job of each create that was left behind, one after the other, and no job twice', async () => {
    server.script([], service(undefined, unnamed));
    await create();
    killOwner();
    server.script([], service(reset, unnamed));
    const first = await create({ isNew: false });
    first.settle();
    expect([first.job.id, first.origin]).toEqual(['job-1', 'earlier']);
    const second = await create();
    expect([second.job.id, second.origin]).toEqual(['job-2', 'recovered']);
    killOwner();
    const third = await create();
    expect([third.job.id, third.origin, posts()]).toEqual(['job-2', 'earlier', 2]);
  });

  test('is a create of its own where segments, sandbox or organization differ', async () => {
    await abandoned();
    expect((await client().create({ segmentIds: ['seg-1'] })).origin).toBe('created');
    expect((await client().create({ allSegments: true })).origin).toBe('created');
    expect(posts()).toBe(2);
  });

  test('with --new sends at once, and replaces what was left', async () => {
    await abandoned();
    let seen: readonly Remembered[] = [];
    server.script([], (sent, response, socket) => {
      seen = remembered();
      service()(sent, response, socket);
    });
    const { origin, settle } = await create({ isNew: true });
    expect([origin, posts(), gets()]).toEqual(['created', 1, 0]);
    expect(seen.map(({ sentAt }) => sentAt)).toHaveLength(1);
    settle();
    expect(intents()).toEqual([]);
  });

  test('with --new keeps what was left as long as nothing could be sent', async () => {
    await abandoned();
    const noToken: TokenSource = {
      get: () => Promise.reject(new SegjobsError('NO_CREDENTIALS', 'none')),
      refresh: async () => undefined,
    };
    await errorOf(client(noToken).create(request, { isNew: true }));
    expect(intents()).toHaveLength(1);
  });
});

describe('--reuse-active', () => {
  test('returns a job of these segments that is active, and remembers nothing', async () => {
    server.script([], service());
    jobs = [job('active', { status: 'PROCESSING' })];
    const { job: found, origin, settle } = await create({ reuseActive: true });
    settle();
    expect([found.id, origin, posts(), intents()]).toEqual(['active', 'active', 0, []]);
  });

  test('takes no job that is finished or of other segments', async () => {
    server.script([], service());
    jobs = [job('done', { status: 'SUCCEEDED' }), job('other', { segments: [{ segmentId: 'seg-1' }] })];
    expect((await create({ reuseActive: true })).origin).toBe('created');
  });

  test('returns the job of an earlier create even where that has finished', async () => {
    await abandoned();
    jobs = jobs.map((each) => ({ ...each, status: 'SUCCEEDED' }));
    expect((await create({ reuseActive: true })).origin).toBe('earlier');
    expect(posts()).toBe(0);
  });

  test('returns an active job where that of an earlier create cannot be found, instead of exit 9', async () => {
    await abandoned(nothing);
    jobs = [job('active', { status: 'QUEUED', creationTime: noon - 3_600_000 })];
    const { job: found, origin } = await create({ reuseActive: true });
    expect([found.id, origin, posts(), intents().length]).toEqual(['active', 'active', 0, 1]);
  });

  test('is exit 9 without an active job while that of an earlier create may yet appear', async () => {
    await abandoned(nothing);
    expect(await errorOf(create({ reuseActive: true }))).toMatchObject({ exitCode: 9 });
    expect(posts()).toBe(0);
  });

  test('twenty at once make one job, and nineteen return it', async () => {
    world.host.clock.sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    server.script([], service());
    const all = await Promise.all(Array.from({ length: 20 }, () => create({ reuseActive: true })));
    expect(new Set(all.map(({ job: { id } }) => id)).size).toBe(1);
    expect(all.filter(({ origin }) => origin === 'created')).toHaveLength(1);
    expect(posts()).toBe(1);
  });
});

describe('fault 105: leaving at once means exit 9', () => {
  const doubts = async (answer: Reply | undefined, makes?: Makes) => {
    const heard: (boolean | string)[] = [];
    const onDoubt = (isInDoubt: boolean) => heard.push(isInDoubt);
    server.script([], (sent, response, socket) => {
      heard.push(sent.method);
      service(answer, makes)(sent, response, socket);
    });
    await create({ onDoubt }).catch(() => undefined);
    return heard.join(' ');
  };

  test('from the moment the request can leave until its answer is known', async () => {
    expect(await doubts(undefined)).toBe('true POST false');
  });

  test('until the job has been found where the answer was lost', async () => {
    expect(await doubts(reset)).toBe('true POST GET false');
  });

  test('for good where nothing settles it', async () => {
    expect(await doubts(reset, nothing)).toBe('true POST GET GET GET GET GET');
  });

  test('not while a 429 is waited out', async () => {
    expect(await doubts(json(429, {}), nothing)).toMatch(/^(true POST false ?){4}(false)?$/);
  });

  test('never where no connection was made', async () => {
    await server.close();
    const heard: boolean[] = [];
    await errorOf(create({ onDoubt: (isInDoubt) => heard.push(isInDoubt) }));
    expect(heard).not.toContain(true);
  });
});
