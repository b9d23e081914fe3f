import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiHost } from '../../src/api/client.ts';
import { createImsTokenSource, type ImsTokenOptions, type TokenSource } from '../../src/api/token.ts';
import { createMintSharing } from '../../src/config/mint-sharing.ts';
import { createTokenCache } from '../../src/config/token-cache.ts';
import { hostTag } from '../../src/files.ts';
import { clientFor, createTestWorld, errorOf } from '../support/api-client.ts';
import {
  json,
  type LoggedRequest,
  type Reply,
  type ScriptedServer,
  silence,
  startServer,
} from '../support/http-server.ts';

// Several token sources on one cache directory behave as several processes do: what they know of each other is in it.

const userId = process.getuid?.();
const dayMs = 86_400_000;
/** No process has this id: Linux and macOS stop below, and Windows ids are multiples of four. */
const deadPid = 2 ** 22 + 1;

let server: ScriptedServer;
let home: string;
beforeEach(async () => {
  server = await startServer();
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-sharing-'));
});
afterEach(async () => {
  await server.close();
  fs.rmSync(home, { recursive: true, force: true });
});

const isMint = ({ path }: LoggedRequest) => path === '/ims/token/v3';
const mints = () => server.requests.filter(isMint).length;

/** Mints `token-1`, `token-2`, … after a moment, each good for a day of the clock that `date` tells. */
const login =
  ({ afterMs = 0, date }: { afterMs?: number; date?: () => number } = {}): Reply =>
  (request, response, socket) => {
    const body = { access_token: `token-${mints()}`, token_type: 'bearer', expires_in: dayMs / 1000 };
    const headers = date === undefined ? {} : { date: new Date(date()).toUTCString() };
    const answer = json(200, body, headers);
    setTimeout(() => answer(request, response, socket), afterMs);
  };

const later =
  (ms: number, reply: Reply): Reply =>
  (...facts) =>
    void setTimeout(() => reply(...facts), ms);

function realHost(signal = new AbortController().signal): ApiHost {
  return {
    clock: {
      now: () => Date.now(),
      monotonicMs: () => performance.now(),
      sleep: async (ms, given) => {
        await new Promise((done) => setTimeout(done, ms));
        given?.throwIfAborted();
      },
    },
    signal,
    random: () => 0.5,
  };
}

interface Given extends Partial<ImsTokenOptions> {
  readonly host?: ApiHost;
  readonly secrets?: readonly string[];
  readonly cacheDir?: string;
}

const cacheAt = (cacheDir: string) =>
  createTokenCache({
    locations: { cacheDir },
    userId,
    clientId: 'client-1',
    imsUrl: server.url,
    scopes: 'openid',
  });
const cache = () => cacheAt(home);
const cachePath = () => cache().path ?? '';
const files = () => fs.readdirSync(join(home, 'tokens')).map((name) => name.replace(/^[0-9a-f]{64}/, 'KEY'));

/** What one process has. */
function source({ host = realHost(), secrets = ['secret-a'], cacheDir = home, ...more }: Given = {}) {
  const own = cacheAt(cacheDir);
  const sharing = createMintSharing({ path: own.path, clock: host.clock, identity: secrets, userId });
  return createImsTokenSource(
    {
      clientId: 'client-1',
      clientSecrets: async () => secrets,
      scopes: 'openid',
      imsUrl: server.url,
      maxRetries: 0,
      cache: { ...own, sharing },
      ...more,
    },
    host,
  );
}

/** As many processes as asked for, each of which wants a token now. */
const allAtOnce = (count: number, given: Given = {}) =>
  Promise.allSettled(Array.from({ length: count }, () => source(given).get()));

function plantLock(owner: object): void {
  fs.mkdirSync(join(home, 'tokens'), { recursive: true });
  fs.writeFileSync(
    `${cachePath()}.lock`,
    JSON.stringify({ host: hostTag(), since: Date.now(), token: 'x', ...owner }),
  );
}

describe('processes that need a token at the same time', () => {
  it('mint it once, and leave nothing but the cached token behind', async () => {
    server.script([], login({ afterMs: 100 }));
    const ends = await allAtOnce(30);
    expect(new Set(ends.map((end) => end.status === 'fulfilled' && end.value))).toEqual(new Set(['token-1']));
    expect(mints()).toBe(1);
    expect(files()).toEqual(['KEY.json']);
  });

  it('do not ask for the secret unless they mint', async () => {
    server.script([], login({ afterMs: 50 }));
    let asked = 0;
    const clientSecrets = async () => {
      asked++;
      return ['secret-a'];
    };
    await allAtOnce(10, { clientSecrets });
    await source({ clientSecrets }).get();
    expect(asked).toBe(1);
  });

  it('do not wait for an owner that was killed', async () => {
    server.script([], login());
    plantLock({ pid: deadPid });
    const started = performance.now();
    expect(await source().get()).toBe('token-1');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('wait for an owner that hangs only so long, then mint without it', async () => {
    server.script([silence], login());
    const controller = new AbortController();
    const hanging = source({ host: realHost(controller.signal) })
      .get()
      .catch(() => undefined);
    while (mints() === 0) await new Promise((next) => setTimeout(next, 2));
    const started = performance.now();
    expect(await source({ patienceMs: 300 }).get()).toBe('token-2');
    const waitedMs = performance.now() - started;
    expect(waitedMs).toBeGreaterThanOrEqual(290);
    expect(waitedMs).toBeLessThan(3000);
    controller.abort(new Error('over'));
    await hanging;
    expect(files()).toEqual(['KEY.json']);
  });

  it('share one failure, which nobody after them is told again', async () => {
    server.script([], later(150, json(400, { error: 'invalid_client' }, { 'x-request-id': 'ims-7' })));
    const ends = await allAtOnce(20);
    for (const end of ends) {
      expect(end).toMatchObject({
        status: 'rejected',
        reason: { code: 'UNAUTHORIZED', exitCode: 4, httpStatus: 400, requestId: 'ims-7' },
      });
    }
    expect(mints()).toBe(1);
    const record = fs.readFileSync(`${cachePath()}.failed`, 'utf8');
    expect(record).not.toContain('secret-a');
    if (userId !== undefined) expect(fs.statSync(`${cachePath()}.failed`).mode & 0o777).toBe(0o600);

    server.script([], login());
    expect(await source().get()).toBe('token-2');
    expect(files()).toEqual(['KEY.json']);
  });

  it('share an outage too: the login service is not asked by all of them', async () => {
    server.script([], later(100, json(503, {})));
    const ends = await allAtOnce(20);
    expect(ends.map((end) => end.status === 'rejected' && end.reason.code)).toEqual(
      Array(20).fill('UNAVAILABLE'),
    );
    expect(mints()).toBe(1);
  });

  it("do not take another secret's failure for their own", async () => {
    server.script([], (request, response, socket) => {
      const isWrong = request.body.includes('secret-wrong');
      const answer = isWrong ? json(400, { error: 'invalid_client' }) : login();
      setTimeout(() => answer(request, response, socket), 100);
    });
    const [wrong, right] = await Promise.allSettled([
      source({ secrets: ['secret-wrong'] }).get(),
      source({ secrets: ['secret-a'] }).get(),
    ]);
    expect(wrong).toMatchObject({ reason: { code: 'UNAUTHORIZED' } });
    expect(right).toMatchObject({ value: expect.stringMatching(/^token-/) });
  });

  it('stop waiting when they are interrupted', async () => {
    plantLock({ pid: process.ppid });
    const controller = new AbortController();
    const waiting = source({ host: realHost(controller.signal) }).get();
    setTimeout(() => controller.abort(new Error('stopped')), 50);
    await expect(waiting).rejects.toThrow('stopped');
    expect(mints()).toBe(0);
  });
});

describe('a token that the service refused', () => {
  it('is renewed by one process, and taken over by the others', async () => {
    server.script([], login({ afterMs: 50 }));
    const sources = Array.from({ length: 10 }, () => source());
    await Promise.all(sources.map((each) => each.get()));
    const renewed = await Promise.all(sources.map((each) => each.refresh('token-1')));
    expect(new Set(renewed)).toEqual(new Set(['token-2']));
    expect(mints()).toBe(2);
    // One that was busy meanwhile and hears of it only now.
    const late = source();
    expect(await late.refresh('token-1')).toBe('token-2');
    expect(mints()).toBe(2);
  });

  it('is never taken from the cache again, though nothing newer could be written there', async () => {
    server.script([], login());
    const tokens = source();
    await tokens.get();
    fs.rmSync(cachePath());
    fs.mkdirSync(cachePath());
    expect(await tokens.refresh('token-1')).toBe('token-2');
    expect(await tokens.refresh('token-2')).toBe('token-3');
  });
});

describe('a cache', () => {
  it.each([
    ['empty', ''],
    ['cut short', '{"accessToken":"tok'],
    ['binary', Buffer.from([0, 255, 254, 0, 1])],
    ['of an older version', '{"accessToken":"old","expiresAt":9999999999999,"lifetimeMs":86400000}'],
  ])('that is %s is ignored and replaced', async (_, content) => {
    server.script([], login());
    fs.mkdirSync(join(home, 'tokens'));
    fs.writeFileSync(cachePath(), content, { mode: 0o600 });
    expect(await source().get()).toBe('token-1');
    expect(await source().get()).toBe('token-1');
    expect(mints()).toBe(1);
  });

  it.each([
    ['there is no place for one', () => join(home, 'a-file', 'below')],
    ['its directory is a file', () => join(home, 'a-file')],
  ])('is done without where %s', async (_, place) => {
    server.script([], login());
    fs.writeFileSync(join(home, 'a-file'), 'in the way');
    const ends = await allAtOnce(3, { cacheDir: place() });
    expect(ends.map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
    expect(fs.readFileSync(join(home, 'a-file'), 'utf8')).toBe('in the way');
  });

  it('with a directory where the lock should be is done without, at once', async () => {
    server.script([], login());
    const lock = `${cachePath()}.lock`;
    fs.mkdirSync(lock, { recursive: true });
    fs.utimesSync(lock, 1, 1);
    const started = performance.now();
    expect(await source().get()).toBe('token-1');
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe('in the course of time', () => {
  const hourMs = 3_600_000;

  /** A command that polls, as a watch does: once a minute. */
  async function poll(minutes: number, given: Given = {}): Promise<{ tokens: TokenSource; used: string[] }> {
    const world = createTestWorld();
    const tokens = source({ host: world.host, ...given });
    const used: string[] = [];
    for (let minute = 0; minute < minutes; minute++) {
      used.push(await tokens.get());
      world.advance(60_000);
    }
    return { tokens, used };
  }

  it('an hour needs one token, and two days need three', async () => {
    server.script([], login());
    await poll(60);
    expect(mints()).toBe(1);
    fs.rmSync(cachePath());
    const { used } = await poll(48 * 60);
    expect(new Set(used).size).toBe(3);
    expect(mints()).toBe(4);
  });

  it('a due token is still sent while another process renews it: nobody waits', async () => {
    server.script([], login());
    const world = createTestWorld();
    const tokens = source({ host: world.host });
    await tokens.get();
    world.advance(dayMs - 30_000);
    plantLock({ pid: process.ppid, since: world.host.clock.now() });
    expect(await tokens.get()).toBe('token-1');
    // And a command that starts now takes it from the cache.
    expect(await source({ host: world.host }).get()).toBe('token-1');
    expect(world.waits).toEqual([]);
    expect(mints()).toBe(1);
  });

  it('an outage of the login service is not felt before the old token has really expired', async () => {
    server.script([], login());
    const world = createTestWorld();
    const tokens = source({ host: world.host });
    await tokens.get();
    server.script([], json(503, {}));
    world.advance(dayMs - 30_000);
    expect(await tokens.get()).toBe('token-1');
    world.advance(26_000);
    expect(await errorOf(tokens.get())).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('a renewal that does not help is not repeated with every poll', async () => {
    const api = json(401, { status: 401, title: 'Unauthorized' });
    server.script([], (request, ...rest) => (isMint(request) ? login() : api)(request, ...rest));
    const world = createTestWorld();
    const client = clientFor(server.url, world, {}, source({ host: world.host }));
    for (let minute = 0; minute < 60; minute++) {
      const error = await errorOf(client.get('a'));
      expect(error).toMatchObject({ code: 'UNAUTHORIZED', exitCode: 4 });
      expect(error.hint).toContain('a fresh token was refused too');
      world.advance(60_000);
    }
    // The first token, and then one every five minutes.
    expect(mints()).toBe(13);
  });

  it('a renewal of another process is taken even then', async () => {
    server.script([], login());
    const world = createTestWorld();
    const tokens = source({ host: world.host });
    await tokens.get();
    expect(await tokens.refresh('token-1')).toBe('token-2');
    tokens.giveUp?.('token-2');
    expect(await tokens.refresh('token-2')).toBeUndefined();
    await source({ host: world.host }).refresh('token-2');
    expect(await tokens.refresh('token-2')).toBe('token-3');
    expect(mints()).toBe(3);
  });

  describe('with a local clock that is wrong [fault 111]', () => {
    const serviceStart = Date.parse('2026-11-23T12:00:00Z');
    const daysOff = 400;

    /** Commands that follow each other; the clock of each is so many days off. */
    async function commands(offs: readonly number[], { everyMs = hourMs } = {}): Promise<readonly string[]> {
      let serviceNow = serviceStart;
      server.script([], login({ date: () => serviceNow }));
      const used: string[] = [];
      for (const off of offs) {
        const now = new Date(serviceNow + off * dayMs).toISOString();
        used.push(await source({ host: createTestWorld({ now }).host }).get());
        serviceNow += everyMs;
      }
      return used;
    }

    it.each([daysOff, -daysOff])('a token is cached and renewed as ever, %i days off', async (off) => {
      expect(await commands([off, off, off])).toEqual(['token-1', 'token-1', 'token-1']);
      expect(mints()).toBe(1);
      expect(await commands([off, off], { everyMs: dayMs })).toEqual(['token-1', 'token-2']);
    });

    it('its expiry is stored on the clock of the login service', async () => {
      await commands([daysOff]);
      expect(await cache().read()).toMatchObject({
        expiresAt: serviceStart + dayMs,
        clockAheadMs: daysOff * dayMs,
      });
    });

    it.each([
      ['is set right', [daysOff, 0, 0, 0], 1],
      ['is set right, having been behind', [-daysOff, 0, 0, 0], 2],
      ['jumps ahead', [0, daysOff, daysOff, daysOff], 2],
      ['falls behind', [0, -daysOff, -daysOff, -daysOff], 1],
      ['begins in 1970 whenever the machine starts', [-20_000, 0, -20_000, 0, -20_000, 0], 2],
    ])('a clock that %s costs one more token at most', async (_, offs, most) => {
      await commands(offs);
      expect(mints()).toBe(most);
    });

    it('a clock that fell behind makes a cached token new, and no newer: a long watch renews it in time', async () => {
      await commands([0]);
      const behind = createTestWorld({ now: new Date(serviceStart - daysOff * dayMs).toISOString() });
      const tokens = source({ host: behind.host });
      expect(await tokens.get()).toBe('token-1');
      behind.advance(dayMs - 30_000);
      expect(await tokens.get()).toBe('token-2');
    });

    it('the service has the last word: a token it calls expired is renewed once, and all is well again', async () => {
      const api: Reply = (request, ...rest) =>
        (request.headers.authorization === 'Bearer token-2'
          ? json(200, { id: 'a' })
          : json(401, { error_code: '401013', message: 'Oauth token is not valid' }))(request, ...rest);
      const service = login({ date: () => serviceStart });
      server.script([], (request, ...rest) => (isMint(request) ? service : api)(request, ...rest));
      const ahead = createTestWorld({ now: new Date(serviceStart + daysOff * dayMs).toISOString() });
      await source({ host: ahead.host }).get();
      for (let command = 0; command < 3; command++) {
        const world = createTestWorld();
        const tokens = source({ host: world.host });
        expect(await clientFor(server.url, world, {}, tokens).get('a')).toMatchObject({ id: 'a' });
      }
      expect(mints()).toBe(2);
    });
  });
});
