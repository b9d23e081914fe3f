import { describe, expect, it } from 'vitest';
import { createClock, resumeTime } from '../../src/emulator/clock.ts';

describe('the service clock', () => {
  it('starts where it is told to and runs at its speed', () => {
    let realMs = 500;
    const clock = createClock(1_000_000, 60, () => realMs);
    expect(clock.now()).toBe(1_000_000);
    realMs += 1000;
    expect(clock.now()).toBe(1_060_000);
    realMs += 0.5;
    expect(clock.now()).toBe(1_060_030);
  });

  it('shows whole milliseconds at any speed, and never goes back', () => {
    let realMs = 0;
    const clock = createClock(0, 0.37, () => realMs);
    let last = 0;
    for (; realMs < 100; realMs += 0.9) {
      expect(Number.isInteger(clock.now())).toBe(true);
      expect(clock.now()).toBeGreaterThanOrEqual(last);
      last = clock.now();
    }
  });

  it('jumps ahead when told to, but not back', () => {
    const clock = createClock(1000, 1, () => 0);
    clock.advance(500);
    clock.advance(0);
    expect(clock.now()).toBe(1500);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
  });

  it('goes on in the next process as if it had run all the time, at the old speed', () => {
    const anchor = createClock(1_000_000, 60, () => 0).anchor(5_000_000);
    expect(anchor).toEqual({ serviceMs: 1_000_000, wallMs: 5_000_000, speed: 60 });
    expect(resumeTime(anchor, 5_010_000)).toBe(1_600_000);
  });

  it('does not go back when the wall clock has', () => {
    expect(resumeTime({ serviceMs: 1_000_000, wallMs: 5_000_000, speed: 1 }, 4_000_000)).toBe(1_000_000);
  });
});
