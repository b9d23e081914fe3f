// What is remembered of a create on disk: private, atomic, and distrusted when it is read again.

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptIntent } from '../../src/api/create-intent-file.ts';
import { type CreateKind, openCreateIntents } from '../../src/api/create-intents.ts';
import { hostTag } from '../../src/files.ts';
import { ownMark } from '../../src/process-marks.ts';

const isPosix = process.platform !== 'win32';
const userId = process.getuid?.();
/** No process has this id: Linux and macOS stop below, and Windows ids are multiples of four. */
const deadPid = 2 ** 22 + 1;
const now = 1_800_000_000_000;
const kind: CreateKind = {
  apiUrl: 'https://platform.adobe.io',
  orgId: 'ORG@AdobeOrg',
  sandbox: 'prod',
  segmentIds: ['seg-1', 'seg-2'],
};
const sent = { requestId: 'request-1', segmentIds: kind.segmentIds, sentAt: now, sentAtService: now + 7 };

let home: string;
let directory: string;
let warnings: string[];
let told: string[];
let slept: number;
/** How much longer than asked for a sleep is: waits of minutes are asked for in very small pieces. */
let drag: number;
beforeEach(() => {
  drag = 1;
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-intents-'));
  directory = join(home, 'state', 'creates');
  warnings = [];
  told = [];
  slept = 0;
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

const clock = {
  now: () => now + slept,
  monotonicMs: () => slept,
  sleep: async (ms: number, signal?: AbortSignal) => {
    slept += ms * drag;
    await new Promise((done) => setImmediate(done));
    signal?.throwIfAborted();
  },
};
const open = (more: Partial<CreateKind> = {}, where: string | undefined = directory) =>
  openCreateIntents(
    { ...kind, ...more },
    {
      place: { directory: async () => where, userId, warn: (line) => warnings.push(line) },
      clock,
      signal: new AbortController().signal,
      waiting: (line) => told.push(line),
    },
  );
const files = () => fs.readdirSync(directory).sort();
const intentFile = () => join(directory, files().find((name) => name.endsWith('.json')) ?? '');
const leftBehind = async (more: Partial<CreateKind> = {}) => (await open(more)).survey().leftBehind;
/** Remembers a create as if the process that sent it had been killed. */
async function leave(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const intents = await open();
  await intents.inTurn(async () => intents.keep(sent));
  const path = intentFile();
  const content = JSON.parse(fs.readFileSync(path, 'utf8'));
  fs.writeFileSync(
    path,
    JSON.stringify({ ...content, owner: { ...content.owner, pid: deadPid }, ...change }),
  );
  return path;
}

describe('a create that is remembered', () => {
  it('is found by the next process with all that was known', async () => {
    const path = await leave();
    expect(await leftBehind()).toEqual([{ ...sent, path, isInHands: false }]);
  });

  it('names its version, request, segments, moment and process, and nothing secret', async () => {
    const intents = await open();
    await intents.inTurn(async () => intents.keep({ ...sent, jobId: 'job-1' }));
    expect(JSON.parse(fs.readFileSync(intentFile(), 'utf8'))).toEqual({
      version: 1,
      requestId: 'request-1',
      segmentIds: ['seg-1', 'seg-2'],
      sentAt: now,
      sentAtService: now + 7,
      jobId: 'job-1',
      jobKnownAt: now,
      owner: ownMark(),
    });
    expect(intentFile()).not.toMatch(/seg-1|ORG|prod|request/);
  });

  it.runIf(isPosix).each([0o000, 0o022, 0o077])('is readable by its user alone, umask %o', async (mask) => {
    const before = process.umask(mask);
    try {
      await leave();
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(intentFile()).mode & 0o777).toBe(0o600);
    expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
    expect(fs.statSync(join(home, 'state')).mode & 0o777).toBe(0o700);
  });

  it.runIf(isPosix)('lies in a directory that is closed to others when it was open', async () => {
    fs.mkdirSync(directory, { recursive: true });
    fs.chmodSync(directory, 0o777);
    await leave();
    expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('is the same create in any order of its segments, and however often one is named', async () => {
    await leave();
    expect(await leftBehind({ segmentIds: ['seg-2', 'seg-1', 'seg-2'] })).toHaveLength(1);
  });

  it.each([
    { apiUrl: 'https://elsewhere.example' },
    { orgId: 'OTHER@AdobeOrg' },
    { sandbox: 'dev' },
    { segmentIds: ['seg-1'] },
    { segmentIds: ['seg-1', 'seg-2', 'seg-3'] },
    { segmentIds: ['seg-1,seg-2'] },
    { segmentIds: ['*'] },
  ])('is another one with %o', async (other) => {
    await leave();
    expect(await leftBehind(other)).toEqual([]);
  });

  it('is forgotten on demand, and leaves nothing behind', async () => {
    const intents = await open();
    const kept = await intents.inTurn(async () => intents.keep(sent));
    if (kept !== undefined) intents.forget(kept);
    expect(files()).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('replaces what was known of the same request before', async () => {
    const intents = await open();
    await intents.inTurn(async () => {
      intents.keep(sent);
      intents.keep({ ...sent, jobId: 'job-1' });
    });
    expect(files()).toHaveLength(1);
  });

  it('is not left behind while a running process is about to tell its job; it is once that has ended', async () => {
    await leave({ jobId: 'job-1', owner: ownMark() });
    expect(await leftBehind()).toEqual([]);
    await leave({ jobId: 'job-1' });
    expect(await leftBehind()).toMatchObject([{ jobId: 'job-1' }]);
  });

  it('is left behind when its process may run on another machine', async () => {
    await leave({ jobId: 'job-1', owner: { pid: process.pid, host: 'elsewhere' } });
    expect(await leftBehind()).toHaveLength(1);
  });

  it('belongs to the process that found its job', async () => {
    await leave();
    const intents = await open();
    const [found] = intents.survey().leftBehind;
    if (found !== undefined) intents.adopt(found, 'job-1');
    expect(intents.survey()).toEqual({ leftBehind: [], jobIds: ['job-1'] });
    expect(JSON.parse(fs.readFileSync(intentFile(), 'utf8'))).toMatchObject({
      jobId: 'job-1',
      requestId: 'request-1',
      sentAt: now,
      owner: ownMark(),
    });
  });

  it('stands beside others of its kind, oldest first', async () => {
    const intents = await open();
    await intents.inTurn(async () => {
      intents.keep({ ...sent, requestId: 'later', sentAt: now + 5 });
      intents.keep({ ...sent, requestId: 'sooner', sentAt: now - 5 });
    });
    expect(intents.survey().leftBehind.map(({ requestId }) => requestId)).toEqual(['sooner', 'later']);
  });

  it('whose job was told is no longer looked for, and its job is known for a minute', async () => {
    const intents = await open();
    await intents.inTurn(async () => {
      const kept = intents.keep({ ...sent, sentAt: now - 600_000, jobId: 'job-1' });
      if (kept !== undefined) intents.settle(kept);
      expect(intents.survey()).toEqual({ leftBehind: [], jobIds: ['job-1'] });
    });
    slept += 59_000;
    expect((await open()).survey().jobIds).toEqual(['job-1']);
    expect((await open({ sandbox: 'dev' })).survey().jobIds).toEqual([]);
    slept += 2_000;
    expect((await open({ sandbox: 'dev' })).survey().jobIds).toEqual([]);
    expect(files()).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('without a job leaves nothing when it is settled, and settling twice is no problem', async () => {
    const intents = await open();
    await intents.inTurn(async () => {
      const all = [intents.keep(sent), intents.keep({ ...sent, requestId: '2', jobId: 'job-2' })];
      for (const kept of [...all, ...all]) if (kept !== undefined) intents.settle(kept);
    });
    expect(files().filter((name) => name.endsWith('.json'))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('remembers which jobs were known to be others', async () => {
    await leave({ otherJobIds: ['job-0', 7, null] });
    expect(await leftBehind()).toMatchObject([{ otherJobIds: ['job-0'] }]);
  });

  it('leaves no litter when its writer was killed half-way', async () => {
    const path = await leave();
    const name = path.slice(directory.length + 1);
    const litter = (pid: number) => join(directory, `.${name}.${hostTag()}.${pid}.0123456789ab.tmp`);
    fs.writeFileSync(litter(deadPid), '{"vers');
    fs.writeFileSync(litter(process.pid), '{"vers');
    expect(await leftBehind()).toHaveLength(1);
    expect(files()).toEqual([litter(process.pid).slice(directory.length + 1), name]);
  });
});

describe('a file that cannot be what was written', () => {
  const unreadable = async () => {
    const found = await leftBehind();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ requestId: undefined, segmentIds: ['seg-1', 'seg-2'] });
    expect(found[0]?.sentAt).toBeCloseTo(fs.lstatSync(found[0]?.path ?? '').mtimeMs, 0);
    expect(found[0]?.jobId).toBeUndefined();
    return found[0] as KeptIntent;
  };

  it.each([
    ['empty', ''],
    ['cut', '{"version":1,"requestId":"req'],
    ['no JSON', '\u0000\u0001\u0002'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['of a later version', '{"version":2,"requestId":"x","sentAt":1,"owner":{"pid":1,"host":"x"}}'],
    ['without a moment', '{"version":1,"requestId":"x","owner":{"pid":1,"host":"x"}}'],
    ['of an impossible moment', '{"version":1,"sentAt":1e300,"owner":{"pid":1,"host":"x"}}'],
    ['without an owner', '{"version":1,"requestId":"x","sentAt":1}'],
    ['too large', `"${'x'.repeat(2_000_000)}"`],
  ])('(%s) still says that a create of these segments was under way when it was written', async (_, text) => {
    fs.writeFileSync(await leave(), text);
    await unreadable();
  });

  it('knows no request id where that is no text', async () => {
    await leave({ requestId: { __proto__: 'x' }, jobId: 7, sentAtService: 'now' });
    expect(await leftBehind()).toMatchObject([{ requestId: undefined, sentAt: now }]);
  });

  it.runIf(isPosix)('(a link) is not followed, and forgetting it spares what it points to', async () => {
    const path = await leave();
    const target = join(home, 'precious');
    fs.renameSync(path, target);
    fs.symlinkSync(target, path);
    const found = await unreadable();
    (await open()).forget(found);
    expect(fs.existsSync(target)).toBe(true);
    expect(files()).toEqual([]);
  });

  it.runIf(isPosix)('(a link to a device) does not stop the program', async () => {
    const path = await leave();
    fs.rmSync(path);
    fs.symlinkSync('/dev/zero', path);
    await unreadable();
  });

  it('(a directory) is warned of where it cannot be removed', async () => {
    const path = await leave();
    fs.rmSync(path);
    fs.mkdirSync(path);
    (await open()).forget(await unreadable());
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('the next create of these segments will look for this job again');
  });

  it.runIf(isPosix && userId === 0)('(owned by another user) is not read', async () => {
    fs.chownSync(await leave(), 12345, 12345);
    // The user 0 trusts its own files and nobody else's.
    await unreadable();
  });
});

describe('a place that cannot be used', () => {
  const cannot = /^This create is not remembered \((.*)\): should its answer be lost, the next create/;

  it('for want of a home is warned of, and the work is done', async () => {
    const intents = await openCreateIntents(kind, {
      place: { directory: async () => undefined, userId, warn: (line) => warnings.push(line) },
      clock,
      signal: new AbortController().signal,
    });
    expect(await intents.inTurn(async () => intents.keep(sent) ?? 'done')).toBe('done');
    expect(warnings).toEqual([expect.stringMatching(cannot)]);
  });

  it('because a file stands where the directory should is warned of once, and the work is done', async () => {
    fs.writeFileSync(join(home, 'state'), '');
    const intents = await open();
    const done = await intents.inTurn(async () => {
      expect(intents.survey().leftBehind).toEqual([]);
      expect(intents.keep(sent)).toBeUndefined();
      return 'done';
    });
    expect([done, warnings]).toEqual(['done', [expect.stringMatching(cannot)]]);
  });

  it.runIf(isPosix && userId !== 0)(
    'because it is read-only is warned of, and the work is done',
    async () => {
      fs.mkdirSync(directory, { recursive: true, mode: 0o500 });
      fs.chmodSync(directory, 0o500);
      const intents = await open();
      expect(await intents.inTurn(async () => intents.keep(sent) ?? 'done')).toBe('done');
      expect(warnings).toEqual([expect.stringMatching(cannot)]);
    },
  );

  it.runIf(isPosix && userId === 0)('because it belongs to somebody else is not trusted', async () => {
    fs.mkdirSync(directory, { recursive: true });
    fs.chownSync(directory, 12345, 12345);
    const intents = await openCreateIntents(kind, {
      place: { directory: async () => directory, userId: 999, warn: (line) => warnings.push(line) },
      clock,
      signal: new AbortController().signal,
    });
    expect(await intents.inTurn(async () => intents.keep(sent) ?? 'done')).toBe('done');
    expect(warnings).toEqual([expect.stringContaining('owned by another user')]);
  });

  it('does not swallow the error of the work', async () => {
    const intents = await open();
    await expect(intents.inTurn(() => Promise.reject(new Error('of the work')))).rejects.toThrow(
      'of the work',
    );
    expect(warnings).toEqual([]);
    expect(files()).toEqual([]);
  });
});

describe('the turn', () => {
  const plantLock = async (owner: Readonly<Record<string, unknown>>) => {
    await leave();
    const lock = intentFile().replace(/\.[0-9a-f]{16}\.json$/, '.lock');
    fs.rmSync(intentFile());
    fs.writeFileSync(lock, JSON.stringify({ ...ownMark(), since: clock.now(), token: 'x', ...owner }));
  };
  const alive = () => ({ pid: process.ppid, started: undefined });

  it('is had by one create of its kind at a time, and by others beside it', async () => {
    const [first, second, other] = [await open(), await open(), await open({ sandbox: 'dev' })];
    const order: string[] = [];
    let finish = () => {};
    const begun = first.inTurn(async () => {
      order.push('first begins');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      order.push('first ends');
    });
    const next = second.inTurn(async () => order.push('second'));
    await other.inTurn(async () => order.push('other'));
    finish();
    await Promise.all([begun, next]);
    expect(order).toEqual(['first begins', 'other', 'first ends', 'second']);
  });

  const gone: readonly [string, Readonly<Record<string, unknown>>][] = [
    ['was killed', { pid: deadPid }],
    ['has an id that another process has now', { pid: process.ppid, started: '00000000.1' }],
  ];
  it.each(gone)('of a process that %s is taken over at once', async (_, owner) => {
    if (owner['started'] !== undefined && process.platform !== 'linux') return;
    await plantLock(owner);
    expect(await (await open()).inTurn(async () => 'mine')).toBe('mine');
    expect(slept).toBe(0);
    expect(told).toEqual([]);
  });

  it('of a process that runs is waited for, which is told', async () => {
    await plantLock(alive());
    const lock = join(directory, files().find((name) => name.endsWith('.lock')) ?? '');
    setTimeout(() => fs.rmSync(lock), 100);
    expect(await (await open()).inTurn(async () => 'mine')).toBe('mine');
    expect(slept).toBeGreaterThan(1000);
    expect(told).toEqual([
      `waiting for another create of the same segments to end (process ${process.ppid})`,
    ]);
  });

  it('of a machine that is gone comes free in a quarter of an hour', async () => {
    await plantLock({ host: 'elsewhere' });
    drag = 50;
    expect(await (await open()).inTurn(async () => 'mine')).toBe('mine');
    expect(slept).toBeGreaterThan(15 * 60_000);
    expect(slept).toBeLessThan(16 * 60_000);
    expect(told).toEqual(['waiting for another create of the same segments to end']);
  });

  it('that never comes is exit 7, and says that nothing was sent', async () => {
    await plantLock(alive());
    const intents = await openCreateIntents(kind, {
      place: { directory: async () => directory, userId, warn: (line) => warnings.push(line) },
      clock,
      signal: new AbortController().signal,
      turnLimitMs: 120_000,
    });
    await expect(intents.inTurn(async () => 'mine')).rejects.toMatchObject({
      code: 'TIMEOUT',
      exitCode: 7,
      message: `another create of the same segments (process ${process.ppid}) has not ended in 2 minutes; nothing was sent`,
    });
    expect(warnings).toEqual([]);
  });

  it('is no longer waited for when the command is interrupted', async () => {
    await plantLock(alive());
    const controller = new AbortController();
    const intents = await openCreateIntents(kind, {
      place: { directory: async () => directory, userId, warn: (line) => warnings.push(line) },
      clock,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('stopped')), 20);
    await expect(intents.inTurn(async () => 'mine')).rejects.toThrow('stopped');
  });
});
