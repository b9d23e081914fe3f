import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type BinaryWorld, inOwnWorld, isPosix } from '../support/binary.ts';
import type { Started } from '../support/processes.ts';

// The built program told to stop: at once where nothing is at stake, with care where a create is under way.

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof codes;
const signals = Object.entries(codes) as [Signal, number][];
/** Well under the five seconds it would wait for an answer or a poll; a machine under load needs some of it to end. */
const endsAtOnceMs = 3000;

function scene(play: (world: BinaryWorld) => Promise<void>): Promise<void> {
  return inOwnWorld(async (world) => {
    // A token of its own would be one more request to wait for: this one is kept in the world's cache.
    await world.segjobs(['auth', 'token']);
    await play(world);
  });
}

/** Waits until the emulator has been sent that request, so many times. */
async function untilRequested({ emulator }: BinaryWorld, operation: string, times = 1): Promise<void> {
  const limit = performance.now() + 5000;
  while (requestsFor(emulator, operation) < times) {
    if (performance.now() > limit) throw new Error(`no ${operation} came`);
    await sleep(5);
  }
}

function requestsFor({ requests }: BinaryWorld['emulator'], operation: string): number {
  return requests.filter((request) => request.operation === operation).length;
}

describe.runIf(isPosix).concurrent('a signal', () => {
  /** Sends the signal and returns how the program ended, and after how long. */
  async function stop({ child, ended }: Started, signal: Signal) {
    const sentAt = performance.now();
    child.kill(signal);
    const end = await ended;
    return { ...end, tookMs: performance.now() - sentAt };
  }

  it.each(signals)(
    '%s ends a watch with %i within a second and says how to go on [fault 103]',
    (signal, code) =>
      scene(async (world) => {
        const id = await world.activeJob();
        const started = world.start(['watch', id, '--sandbox', 'prod']);
        await started.until('stderr', /NEW|QUEUED|PROCESSING/);
        const end = await stop(started, signal);
        expect(end).toMatchObject({
          exitCode: code,
          stdout: expect.stringMatching(new RegExp(`^\\w+\t${id}\t`)),
        });
        expect(end.stderr).toMatch(
          new RegExp(
            `Stopped watching\\. 1 job is still running\\. Resume with: segjobs watch ${id} --sandbox prod\n$`,
          ),
        );
        expect(end.tookMs).toBeLessThan(endsAtOnceMs);
      }),
  );

  it.each(signals)('%s leaves a whole JSON document behind a watch', (signal, code) =>
    scene(async (world) => {
      const id = await world.activeJob();
      const started = world.start(['watch', id, '--json']);
      await started.until('stderr', /NEW|QUEUED|PROCESSING/);
      const { exitCode, stdout } = await stop(started, signal);
      expect(exitCode).toBe(code);
      expect(JSON.parse(stdout)).toMatchObject({
        schemaVersion: 1,
        exitCode: code,
        results: { [id]: { id } },
      });
    }),
  );

  it('leaves watch.ended as the last event of a watch', () =>
    scene(async (world) => {
      const id = await world.activeJob();
      const started = world.start(['watch', id, '-o', 'ndjson']);
      await started.until('stdout', /job\.status/);
      const { exitCode, stdout, stderr } = await stop(started, 'SIGTERM');
      expect({ exitCode, stderr }).toEqual({ exitCode: 143, stderr: '' });
      expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
        type: 'watch.ended',
        exitCode: 143,
      });
    }));

  it.each([
    ['list', 'SIGINT', 'list:hang', ['list']],
    ['get', 'SIGTERM', 'get:hang', ['get', 'x']],
    ['get', 'SIGHUP', 'get:stall', ['get', 'ACTIVE']],
    ['bulk-get', 'SIGINT', 'bulk-get:hang', ['watch', 'x']],
    ['bulk-get', 'SIGTERM', 'bulk-get:dribble', ['bulk-get', 'ACTIVE', 'y', '--json']],
    ['cancel', 'SIGINT', 'cancel:hang', ['cancel', 'ACTIVE']],
  ] as const)(
    'during a %s that does not answer: %s, under %s [fault 103]',
    (operation, signal, fault, argv) =>
      scene(async (world) => {
        const id = await world.activeJob();
        world.emulator.addFault(fault);
        const started = world.start(argv.map((word) => (word === 'ACTIVE' ? id : word)));
        await untilRequested(world, operation);
        await sleep(30);
        const end = await stop(started, signal);
        expect(end.exitCode).toBe(codes[signal]);
        expect(end.stderr).not.toMatch(/^ {4}at /m);
        expect(end.tookMs).toBeLessThan(endsAtOnceMs);
      }),
  );

  it('while waiting to try again, and while waiting for ids from stdin or a pipe [fault 103]', () =>
    scene(async (world) => {
      world.emulator.addFault('list:status=503,retry-after=30');
      const retrying = world.start(['list']);
      const reading = world.start(['bulk-get', '-f', '-'], { stdin: 'open' });
      const fifo = join(world.home, 'fifo');
      spawnSync('mkfifo', [fifo]);
      const opening = world.start(['watch', '-f', fifo]);
      // A named pipe can be opened for writing once it has a reader.
      const writer = await open(fifo, 'w');
      await retrying.until('stderr', /again|retry|30 ?s/i);
      const ends = await Promise.all([
        stop(retrying, 'SIGINT'),
        stop(reading, 'SIGTERM'),
        stop(opening, 'SIGTERM'),
      ]);
      await writer.close();
      expect(ends.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual([
        [130, ''],
        [143, ''],
        [143, ''],
      ]);
      expect(Math.max(...ends.map(({ tookMs }) => tookMs))).toBeLessThan(endsAtOnceMs);
    }));

  it('while a reader takes nothing and the pipe to it is full [fault 103]', () =>
    scene(async (world) => {
      const started = world.start(['list', '--limit', 'all', '--json'], { keepsStdout: false });
      started.child.stdout?.pause();
      await untilRequested(world, 'list');
      await sleep(500);
      const sentAt = performance.now();
      started.child.kill('SIGTERM');
      await new Promise((resolve) => started.child.once('exit', resolve));
      expect(started.child.exitCode).toBe(143);
      expect(performance.now() - sentAt).toBeLessThan(endsAtOnceMs);
      started.child.stdout?.resume();
    }));

  it('in the middle of several cancels stops what was not begun and tells what was done', () =>
    scene(async (world) => {
      const ids = await Promise.all(Array.from({ length: 7 }, () => world.activeJob()));
      world.emulator.addFault('cancel:hang,skip=2');
      const started = world.start(['cancel', ...ids, '--yes', '-o', 'tsv']);
      await untilRequested(world, 'cancel', 6);
      await sleep(50);
      const { exitCode, stdout, tookMs } = await stop(started, 'SIGINT');
      expect(exitCode).toBe(130);
      expect(stdout.match(/^requested\t/gm)).toHaveLength(2);
      expect(stdout.match(/^failed\t/gm)).toHaveLength(5);
      expect(tookMs).toBeLessThan(endsAtOnceMs);
    }));

  describe('around a create', () => {
    it('before it is sent ends at once, and nothing is sent', () =>
      scene(async (world) => {
        world.emulator.addFault('token:hang');
        const started = world.start(['create', 'SEG'], {
          env: { XDG_CACHE_HOME: `${world.home}/empty-cache` },
        });
        await untilRequested(world, 'token', 2);
        const { exitCode, stdout, tookMs } = await stop(started, 'SIGINT');
        expect([exitCode, stdout]).toEqual([130, '']);
        expect(tookMs).toBeLessThan(endsAtOnceMs);
        expect(requestsFor(world.emulator, 'create')).toBe(0);
      }));

    it.each(['SIGINT', 'SIGTERM'] as const)(
      '%s while the answer is on its way: it is waited for, and the job printed [fault 105]',
      (signal) =>
        scene(async (world) => {
          world.emulator.addFault('create:delay=800ms,after');
          const started = world.start(['create', 'SEG', '-o', 'ids']);
          await untilRequested(world, 'create');
          const { exitCode, stdout, stderr } = await stop(started, signal);
          expect(exitCode).toBe(0);
          expect(stderr).toMatch(
            /^interrupted; waiting up to 5 ?s for the answer to the create that was sent$/im,
          );
          expect(stderr).toMatch(new RegExp(`^Created job ${stdout.trim()} `, 'm'));
          expect(requestsFor(world.emulator, 'create')).toBe(1);
        }),
    );

    it('twice within 100 ms counts once, as npm and some shells deliver one Ctrl-C', () =>
      scene(async (world) => {
        world.emulator.addFault('create:delay=600ms');
        const started = world.start(['create', 'SEG', '-o', 'ids']);
        await untilRequested(world, 'create');
        started.child.kill('SIGINT');
        await sleep(5);
        const { exitCode, stdout } = await stop(started, 'SIGINT');
        expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\S+\n$/)]);
      }));

    it('a second one later leaves at once with 9 [fault 105]', () =>
      scene(async (world) => {
        world.emulator.addFault('create:hang,after');
        const started = world.start(['create', 'SEG']);
        await untilRequested(world, 'create');
        started.child.kill('SIGINT');
        await sleep(150);
        const { exitCode, stdout, stderr, tookMs } = await stop(started, 'SIGINT');
        expect([exitCode, stdout]).toEqual([9, '']);
        expect(stderr).toMatch(/waiting up to 5 ?s for the answer to the create that was sent/);
        expect(tookMs).toBeLessThan(endsAtOnceMs);
        expect(requestsFor(world.emulator, 'create')).toBe(1);
      }));

    it('whose answer never comes: after five seconds 9, and how to look [fault 105]', () =>
      scene(async (world) => {
        world.emulator.addFault('create:hang,after');
        const started = world.start(['create', 'SEG', '--json']);
        await untilRequested(world, 'create');
        const { exitCode, stdout, stderr, tookMs } = await stop(started, 'SIGINT');
        expect([exitCode, stdout]).toEqual([9, '']);
        expect(tookMs).toBeGreaterThan(4500);
        expect(tookMs).toBeLessThan(6500);
        expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error).toMatchObject({
          code: 'OUTCOME_UNKNOWN',
          exitCode: 9,
          retryable: false,
          hint: expect.stringContaining('segjobs list --since'),
        });
        expect(requestsFor(world.emulator, 'create')).toBe(1);
      }));

    it('that is followed stops the watch and never the job: its own code, and the job lives', () =>
      scene(async (world) => {
        const started = world.start(['create', 'SEG', '--watch', '--json']);
        await started.until('stderr', /Watching 1 job/);
        const { exitCode, stdout } = await stop(started, 'SIGINT');
        expect(exitCode).toBe(130);
        const [id = ''] = Object.keys(JSON.parse(stdout).results);
        expect((await world.segjobs(['get', id, '-o', 'tsv'])).stdout).toMatch(/^(NEW|QUEUED|PROCESSING)\t/);
      }));
  });
});
