import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScreenKeeper } from '../../src/screen-keeper.ts';

/** A process that only remembers which signals it sent itself, and whether it would have listened to them. */
class FakeProcess extends EventEmitter {
  readonly pid = 4711;
  readonly sent: string[] = [];
  kill(pid: number, signal: string): boolean {
    this.sent.push(`${pid} ${signal} ${this.listenerCount(signal) === 0 ? 'stops' : 'is heard'}`);
    return true;
  }
}

function open() {
  const process = new FakeProcess();
  const keeper = createScreenKeeper(process as unknown as NodeJS.Process);
  const told: string[] = [];
  const holder = { release: () => void told.push('release'), resume: () => void told.push('resume') };
  return { process, keeper, told, holder };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the screen keeper', () => {
  it('gives the screen back when the process leaves in whatever way', () => {
    const { process, keeper, told, holder } = open();
    keeper.hold(holder);
    process.emit('exit', 1);
    expect(told).toEqual(['release']);
  });

  it('gives it back before Ctrl-Z stops the process, and takes it again once when that goes on', async () => {
    const { process, keeper, told, holder } = open();
    keeper.hold(holder);
    process.emit('SIGTSTP');
    expect([told, process.sent]).toEqual([['release'], ['4711 SIGTSTP stops']]);
    process.emit('SIGCONT');
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual(['release', 'resume']);
    process.emit('SIGTSTP');
    expect(process.sent).toHaveLength(2);
  });

  it('goes on by itself where the system stops nothing, because no shell could continue it', async () => {
    const { process, keeper, told, holder } = open();
    keeper.hold(holder);
    process.emit('SIGTSTP');
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toEqual(['release', 'resume']);
    process.emit('SIGTSTP');
    expect(process.sent).toHaveLength(2);
  });

  it('listens to nothing while nobody holds the screen: Ctrl-Z is the shell’s alone', async () => {
    const { process, keeper, told, holder } = open();
    expect(process.eventNames()).toEqual([]);
    const letGo = keeper.hold(holder);
    process.emit('SIGTSTP');
    letGo();
    expect(process.eventNames()).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    keeper.release();
    expect(told).toEqual(['release']);
    expect(process.eventNames()).toEqual([]);
  });
});
