import mutableFs, * as fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryFileLock, withFileLock } from '../../src/file-lock.ts';
import { hostTag } from '../../src/files.ts';

const now = 1_800_000_000_000;
/** No process has this id: Linux and macOS stop below, and Windows ids are multiples of four. */
const deadPid = 2 ** 22 + 1;

let home: string;
let path: string;
let slept: number;

beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-lock-'));
  path = join(home, 'config.json');
  slept = 0;
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

const clock = {
  now: () => now + slept,
  sleep: async (ms: number) => {
    slept += ms;
    await new Promise((done) => setImmediate(done));
  },
};

function plantLock(owner: unknown): void {
  fs.writeFileSync(`${path}.lock`, typeof owner === 'string' ? owner : JSON.stringify(owner));
}
const lock = (options: { waitMs?: number; signal?: AbortSignal } = {}) =>
  withFileLock(path, { clock, ...options }, () => 'mine');

describe('a lock', () => {
  it('is held by one at a time, and gone afterwards', async () => {
    let inside = 0;
    let most = 0;
    const one = () =>
      withFileLock(path, { clock }, async () => {
        inside++;
        most = Math.max(most, inside);
        await new Promise((done) => setImmediate(done));
        inside--;
      });
    await Promise.all(Array.from({ length: 10 }, one));
    expect(most).toBe(1);
    expect(fs.readdirSync(home)).toEqual([]);
  });

  it('is freed when the action fails', async () => {
    await expect(
      withFileLock(path, { clock }, () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(fs.readdirSync(home)).toEqual([]);
  });

  it('of a killed owner on this machine is taken over at once', async () => {
    plantLock({ pid: deadPid, host: hostTag(), since: now, token: 'x' });
    expect(await lock()).toBe('mine');
    expect(slept).toBe(0);
  });

  it('of an earlier process with our id (a restarted container) is taken over at once', async () => {
    plantLock({ pid: process.pid, host: hostTag(), since: now, token: 'x' });
    expect(await lock()).toBe('mine');
    expect(slept).toBe(0);
  });

  it.each([
    ['a living owner', { pid: process.ppid, host: hostTag() }],
    ['an owner on another machine', { pid: deadPid, host: 'elsewhere' }],
  ])('of %s is waited for, and taken over when it is a minute old', async (_, owner) => {
    plantLock({ ...owner, since: now - 50_000, token: 'x' });
    expect(await lock()).toBe('mine');
    expect(slept).toBeGreaterThanOrEqual(10_000);
    expect(slept).toBeLessThan(11_000);
  });

  it('that was written in the future by a clock set back does not hold for ever', async () => {
    plantLock({ pid: process.ppid, host: hostTag(), since: now + 86_400_000, token: 'x' });
    expect(await lock()).toBe('mine');
  });

  it('without an owner in it is taken over when it is old', async () => {
    plantLock('');
    fs.utimesSync(`${path}.lock`, (now - 100) / 1000, (now - 100) / 1000);
    expect(await lock()).toBe('mine');
    expect(slept).toBeGreaterThanOrEqual(400);
    expect(slept).toBeLessThan(600);
  });

  it('that cannot be had in time is an error naming the file and the owner', async () => {
    plantLock({ pid: process.ppid, host: hostTag(), since: now, token: 'x' });
    await expect(lock({ waitMs: 500 })).rejects.toMatchObject({
      code: 'LOCAL_IO',
      message: `${path}.lock is held by process ${process.ppid}`,
    });
    expect(fs.existsSync(`${path}.lock`)).toBe(true);
  });

  it('is no longer waited for when the command is interrupted', async () => {
    plantLock({ pid: process.ppid, host: hostTag(), since: now, token: 'x' });
    await expect(lock({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });

  it('is not waited for by those who only try, and theirs is given back by hand', () => {
    const release = tryFileLock(path, { clock });
    expect(release).toBeTypeOf('function');
    expect(tryFileLock(path, { clock })).toBeUndefined();
    release?.();
    expect(fs.readdirSync(home)).toEqual([]);
  });

  it('is not believed to be held when it was taken away in the moment it was made', () => {
    // What a process sees that was held up between making the file and writing its name into it.
    const write = fs.writeSync;
    mutableFs.writeSync = ((file: number, text: string) => {
      mutableFs.writeSync = write;
      syncBuiltinESMExports();
      fs.rmSync(`${path}.lock`);
      plantLock({ pid: process.ppid, host: hostTag(), since: now, token: 'faster' });
      return write(file, text);
    }) as typeof write;
    syncBuiltinESMExports();
    expect(tryFileLock(path, { clock })).toBeUndefined();
    expect(fs.writeSync).toBe(write);
    expect(JSON.parse(fs.readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ token: 'faster' });
  });

  it('is not removed by an owner that somebody took it from', async () => {
    await withFileLock(path, { clock }, () => plantLock({ pid: 1, host: 'h', since: now, token: 'another' }));
    expect(JSON.parse(fs.readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ token: 'another' });
  });
});
