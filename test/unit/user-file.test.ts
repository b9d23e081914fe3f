import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { readUserFile } from '../../src/user-file.ts';

const isPosix = process.getuid !== undefined;
const { signal } = new AbortController();

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-user-file-'));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

describe('reading a file the user named', () => {
  it('takes text of any kind and drops a byte order mark', async () => {
    fs.writeFileSync(join(home, 'ids'), '\uFEFFeins\r\nzwei');
    expect(await readUserFile(join(home, 'ids'), { maxBytes: 100, signal })).toBe('eins\r\nzwei');
  });

  it.runIf(isPosix)('stops at the limit, so that a device is no trap', async () => {
    await expect(readUserFile('/dev/zero', { maxBytes: 1000, signal })).rejects.toThrow(
      'holds more than 1000 bytes',
    );
  });

  it('is a usage error, in words, when it cannot be read', async () => {
    await expect(readUserFile(join(home, 'missing'), { maxBytes: 9, signal })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('no such file or directory'),
    });
    await expect(readUserFile(home, { maxBytes: 9, signal })).rejects.toThrow('it is a directory');
  });
});

describe.runIf(isPosix)('reading a pipe the user named', () => {
  const namedPipe = () => {
    const path = join(home, 'pipe');
    execFileSync('mkfifo', [path]);
    return path;
  };

  it('waits for its writer, takes what comes in pieces, and ends when the writer does', async () => {
    const path = namedPipe();
    const text = readUserFile(path, { maxBytes: 100, signal });
    await pause(50);
    const writer = fs.openSync(path, 'w');
    fs.writeSync(writer, 'one\n');
    await pause(50);
    fs.writeSync(writer, 'two\n');
    fs.closeSync(writer);
    expect(await text).toBe('one\ntwo\n');
  });

  it('stops at the limit', async () => {
    const path = namedPipe();
    const text = readUserFile(path, { maxBytes: 3, signal });
    setTimeout(() => fs.writeFileSync(path, 'four'), 50);
    await expect(text).rejects.toThrow('holds more than 3 bytes');
  });

  it('ends with the reason of an interrupt, whether somebody writes or not', async () => {
    const path = namedPipe();
    const stopped = new SegjobsError('INTERRUPTED', 'stopped by SIGINT');
    const interrupt = new AbortController();
    const text = readUserFile(path, { maxBytes: 100, signal: interrupt.signal });
    setTimeout(() => interrupt.abort(stopped), 50);
    await expect(text).rejects.toBe(stopped);
  });
});
