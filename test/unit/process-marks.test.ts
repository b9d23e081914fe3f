import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { livenessOf, ownMark } from '../../src/process-marks.ts';

const hasProc = process.platform === 'linux';

describe('the mark of a process', () => {
  it('is that of a running one while it runs', () => {
    expect(livenessOf(ownMark())).toBe('running');
    expect(ownMark()).toEqual(ownMark());
  });

  it('is gone when the process has ended', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    const mark = { ...ownMark(), pid: child.pid ?? 0 };
    await once(child, 'close');
    expect(livenessOf(mark)).toBe('gone');
  });

  it.runIf(hasProc)('is gone when its id belongs to another process by now', () => {
    expect(livenessOf({ ...ownMark(), started: '00000000.1' })).toBe('gone');
  });

  it('counts as running where no start was noted and the id is in use', () => {
    const { pid, host } = ownMark();
    expect(livenessOf({ pid, host })).toBe('running');
  });

  it('tells nothing on another machine', () => {
    expect(livenessOf({ ...ownMark(), host: 'elsewhere' })).toBe('unknown');
  });

  it.runIf(hasProc)('is gone when the process is dead and nobody has reaped it', async () => {
    // The shell turns into a sleep, which never asks what became of its child.
    const parent = spawn('bash', ['-c', 'sleep 0 & echo $!; exec sleep 20']);
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(String(line));
      const state = () => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      while (state() !== 'Z') await new Promise((next) => setTimeout(next, 5));
      expect(livenessOf({ pid, host: ownMark().host })).toBe('gone');
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
