import { describe, expect, it } from 'vitest';
import { follow, parseInterval, parseTimeout } from '../../src/commands/following.ts';
import { watchCommand } from '../../src/commands/watch.ts';
import type { Context } from '../../src/context.ts';
import { SegjobsError } from '../../src/errors.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { jobWith, outage } from '../support/watched-service.ts';

interface Scene {
  /** The status of each id at every look; an error fails the look. */
  readonly looks: readonly (Readonly<Record<string, string>> | SegjobsError)[];
  readonly writes?: () => Promise<void>;
  readonly signal?: AbortSignal;
  readonly sandbox?: string;
}

/** Just as much of a context as following takes. */
function contextOf({ looks, writes = async () => undefined, signal, sandbox }: Scene) {
  const clock = new SimulatedClock();
  const told: string[] = [];
  const printed: string[] = [];
  const asked: unknown[] = [];
  const note = (text: string) => void told.push(text);
  const output = {
    format: 'ndjson',
    canAnimate: false,
    hush: () => undefined,
    note,
    warn: note,
    error: (error: SegjobsError) => note(`error: ${error.message}`),
    raw: async (text: string) => {
      await writes();
      printed.push(text);
    },
  };
  const client = {
    serviceNow: () => clock.serviceNow(),
    bulkGet: async (ids: readonly string[], options: unknown) => {
      asked.push(options);
      const look = looks[Math.min(asked.length, looks.length) - 1];
      if (look === undefined || look instanceof SegjobsError) throw look;
      const jobs = new Map(
        ids.flatMap((id) => (look[id] === undefined ? [] : [[id, jobWith(id, look[id])]])),
      );
      return { jobs, missing: [], failed: new Map() };
    },
  };
  const context = {
    clock: {
      sleep: clock.sleep.bind(clock),
      monotonicMs: clock.monotonicMs.bind(clock),
      now: () => clock.now(),
    },
    signal: signal ?? new AbortController().signal,
    random: () => 0.5,
    globals: { sandbox },
    host: {},
    env: {},
    client: async () => client,
    output: async () => output,
  } as unknown as Context;
  return { context, clock, told, printed, asked };
}

const flags = { timeout: undefined, interval: undefined, failFast: false };

describe('following jobs from a command', () => {
  it('returns the exit code of the watch; each look has a retry budget of its own', async () => {
    const { context, clock, asked } = contextOf({ looks: [{ a: 'NEW' }, { a: 'SUCCEEDED' }] });
    expect(await clock.run(follow(context, { ids: ['a'], flags }))).toBe(0);
    expect(asked).toEqual([
      { signal: expect.any(AbortSignal), hasOwnBudget: true, memory: expect.anything() },
      { signal: expect.any(AbortSignal), hasOwnBudget: true, memory: expect.anything() },
    ]);
  });

  it('is 141 when the reader of the events went away, and the code of the signal when one came too', async () => {
    const writes = () => Promise.reject(new SegjobsError('READER_GONE', 'the reader of stdout went away'));
    const alone = contextOf({ looks: [{ a: 'NEW' }], writes });
    expect(await alone.clock.run(follow(alone.context, { ids: ['a'], flags }))).toBe(141);
    const signal = AbortSignal.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
    const both = contextOf({ looks: [{ a: 'NEW' }], writes, signal });
    expect(await both.clock.run(follow(both.context, { ids: ['a'], flags }))).toBe(130);
  });

  it('throws the failure that ended it, with how to go on', async () => {
    const { context, clock } = contextOf({ looks: [{ a: 'NEW' }, outage], sandbox: 'dev' });
    await expect(clock.run(follow(context, { ids: ['a'], flags }))).rejects.toMatchObject({
      exitCode: 7,
      hint: '1 job is still running. Resume with: segjobs watch a --sandbox dev',
    });
  });

  it('tells the failure and keeps 10 when a job had FAILED before contact was lost', async () => {
    const { context, clock, told } = contextOf({ looks: [{ a: 'NEW', b: 'FAILED' }, outage] });
    expect(await clock.run(follow(context, { ids: ['a', 'b'], flags }))).toBe(10);
    expect(told).toEqual([
      'error: stopped watching, the service does not answer: the service is not available',
    ]);
  });

  it('keeps the created job first and lets ids that are known to be absent count as not found', async () => {
    const { context, clock, printed } = contextOf({ looks: [{ a: 'SUCCEEDED' }] });
    const following = { ids: ['a', 'b'], flags, created: jobWith('a', 'NEW'), absent: ['b'] };
    expect(await clock.run(follow(context, following))).toBe(12);
    expect(printed.map((line) => JSON.parse(line).type)).toEqual([
      'job.created',
      'watch.started',
      'job.status',
      'job.finished',
      'watch.ended',
    ]);
    expect(JSON.parse(printed[2] ?? '')).toMatchObject({ id: 'b', status: null, notFound: true });
  });
});

describe('the flags of a watch', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['90s', 90_000],
    ['2h', 7_200_000],
    ['none', Number.POSITIVE_INFINITY],
    ['NONE', Number.POSITIVE_INFINITY],
  ])('--timeout %s is %d ms', (text, ms) => {
    expect(parseTimeout(text)).toBe(ms);
  });

  it.each(['', '10', '-1s', 'soon', 'Infinity'])(
    '--timeout "%s" is a usage error that names what works',
    (text) => {
      expect(() => parseTimeout(text)).toThrow(
        expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('none') }),
      );
    },
  );

  it.each([
    ['1s', 1000],
    ['2m', 120_000],
  ])('--interval %s is %d ms', (text, ms) => {
    expect(parseInterval(text)).toBe(ms);
  });

  it.each(['0', '999ms', '', 'none'])('--interval "%s" is a usage error', (text) => {
    expect(() => parseInterval(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('segjobs watch', () => {
  const noFilters = { status: [], property: [] };
  const callOf = (more: object) =>
    ({ operands: [], flags: { ...flags, ...noFilters, ...more }, afterDashes: undefined }) as never;

  it('without ids says how to give some where nobody can be asked, before the service is', async () => {
    const context = { prompts: async () => ({ canAsk: false }) } as unknown as Context;
    const run = watchCommand.run(context, callOf({}));
    await expect(run).rejects.toMatchObject({ exitCode: 2, message: 'no job id given' });
  });

  it('takes an empty file for the mistake it mostly is', async () => {
    const context = { readUserFile: async () => '\n# nothing\n' } as unknown as Context;
    const run = watchCommand.run(context, callOf({ file: '-' }));
    await expect(run).rejects.toMatchObject({ exitCode: 2, message: 'the file holds no job id' });
  });
});
