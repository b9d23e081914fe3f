// A clock for tests on which hours pass as fast as the code under test can use them.

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Time stands still while code runs and jumps to the next sleeper once nothing else is left to do. */
export class SimulatedClock {
  private elapsedMs = 0;
  private readonly sleepers = new Set<Sleeper>();
  private readonly unixStartMs: number;
  /** What the service's clock runs ahead of the monotonic one: a laptop's sleep adds to it. */
  serviceAheadMs = 0;

  constructor(start = '2026-11-23T02:14:00Z') {
    this.unixStartMs = Date.parse(start);
  }

  now(): number {
    return this.unixStartMs + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  serviceNow(): number {
    return this.unixStartMs + this.elapsedMs + this.serviceAheadMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`cannot sleep for ${ms} ms`);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const stop = () => {
        this.sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        dueMs: this.elapsedMs + ms,
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  /**
   * Lets time pass until the work is done. Where nothing sleeps the work may be loading a module, which takes real
   * time; after a second of that it fails, because nothing will ever wake it again.
   */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    let idleMs = 0;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (;;) {
      await new Promise(setImmediate);
      if (isDone) return done;
      const next = [...this.sleepers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) {
        if (idleMs++ > 1000) throw new Error(`everything waits for ever, ${this.elapsedMs} ms in`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      this.sleepers.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      next.wake();
    }
  }
}
