import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SegmentJobsClient } from '../../src/api/client.ts';
import { heedQuota, type QuotaFlags } from '../../src/commands/create-quota.ts';
import type { Context } from '../../src/context.ts';
import { SegjobsError } from '../../src/errors.ts';
import { bareJob } from '../support/sample-jobs.ts';

// What a person at a terminal is told and asked before a create is sent; the rest is in quota-command.test.ts.

const now = Date.parse('2026-03-10T09:00:00Z');
const unguarded: QuotaFlags = { guardQuota: false, limits: undefined, yearStart: undefined };
const oneRun = '1 of 2 runs used today in sandbox "prod" (an estimate).';

interface Stage {
  readonly used?: number;
  readonly isTty?: boolean;
  readonly quiet?: boolean;
  readonly canAsk?: boolean;
  readonly answer?: boolean;
  readonly answersAfterMs?: number;
  readonly flags?: Partial<QuotaFlags>;
  readonly pages?: SegmentJobsClient['pages'];
}

const abort = new AbortController();

/** Runs it, and tells what a person saw, was asked, and how it ended. */
async function play(stage: Stage) {
  const { used = 0, isTty = true, quiet = false, canAsk = true, answer = true, answersAfterMs = 0 } = stage;
  const notes: string[] = [];
  const questions: string[] = [];
  let requests = 0;
  let elapsedMs = 0;
  const jobs = Array.from({ length: used }, (_, at) =>
    bareJob(`job-${at}`, { source: 'api', creationTime: now - at * 1000 - 1 }),
  );
  async function* pages() {
    requests += 1;
    yield { jobs, pageJson: '{}', linksJson: '{}', hasMore: false, isIncomplete: false };
  }
  const terminal = { isTty };
  const context = {
    output: async () => ({
      terminals: { stdout: terminal, stderr: terminal },
      note: (text: string) => notes.push(text),
    }),
    settings: async () => ({ sandbox: 'prod', profile: undefined }),
    globals: { quiet },
    signal: abort.signal,
    clock: { monotonicMs: () => elapsedMs },
    prompts: async () => ({
      canAsk,
      confirm: async (question: string) => {
        questions.push(question);
        elapsedMs += answersAfterMs;
        return answer;
      },
    }),
  } as unknown as Context;
  const client = { pages: stage.pages ?? pages, serviceNow: () => now };
  const failure = await heedQuota(context, client, { ...unguarded, ...stage.flags }).then(
    () => undefined,
    (error: unknown) => error as SegjobsError,
  );
  return { notes, questions, requests, code: failure?.code, message: failure?.message };
}

describe('before a create, a person at a terminal', () => {
  it('is told how many runs are used, with one request, and not asked while others are left', async () => {
    expect(await play({ used: 0 })).toEqual({
      notes: ['0 of 2 runs used today in sandbox "prod" (an estimate).'],
      questions: [],
      requests: 1,
      code: undefined,
      message: undefined,
    });
  });

  it('is asked before the last run of the day, and a no sends nothing', async () => {
    const question = 'This is the last run of the day. Start it?';
    expect(await play({ used: 1 })).toMatchObject({
      notes: [oneRun],
      questions: [question],
      code: undefined,
    });
    expect(await play({ used: 1, answer: false })).toMatchObject({
      code: 'CONFLICT',
      message: 'nothing was created: you said no',
    });
  });

  it('is asked when all are used, because an estimate is no refusal', async () => {
    expect(await play({ used: 2 })).toMatchObject({
      questions: ['Start another one all the same?'],
      code: undefined,
    });
  });

  it('is held to the limits of the contract', async () => {
    expect(await play({ used: 1, flags: { limits: { day: 3 } } })).toMatchObject({ questions: [] });
    expect(await play({ used: 2, flags: { limits: { day: 3 } } })).toMatchObject({
      questions: [expect.any(String)],
    });
  });

  it('is not asked with --no-input or without a terminal to ask on', async () => {
    expect(await play({ used: 1, canAsk: false })).toMatchObject({
      notes: [oneRun],
      questions: [],
      code: undefined,
    });
  });

  it('who answers after the turn may have gone to another create has to ask again', async () => {
    expect(await play({ used: 1, answersAfterMs: 11 * 60_000 })).toMatchObject({ code: 'CONFLICT' });
  });

  it('hears nothing of it with -q, or when the output is captured: no request is made', async () => {
    const silent = { notes: [], questions: [], requests: 0, code: undefined };
    expect(await play({ used: 1, quiet: true })).toMatchObject(silent);
    expect(await play({ used: 1, isTty: false })).toMatchObject(silent);
  });

  it('with the guard is told and asked as well, and refused when all are used', async () => {
    const flags = { guardQuota: true };
    expect(await play({ used: 1, flags })).toMatchObject({
      notes: [oneRun],
      questions: [expect.any(String)],
    });
    expect(await play({ used: 2, flags })).toMatchObject({ questions: [], code: 'CONFLICT' });
  });
});

describe('a look that fails or takes long', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is no reason to fail', async () => {
    const pages = () => {
      throw new SegjobsError('UNAVAILABLE', 'an outage');
    };
    expect(await play({ pages })).toMatchObject({ notes: [], questions: [], code: undefined });
  });

  it('is given up after three seconds', async () => {
    let asked: AbortSignal | undefined;
    async function* pages(_query: unknown, options: { readonly signal?: AbortSignal | undefined } = {}) {
      asked = options.signal;
      await new Promise((_, reject) => asked?.addEventListener('abort', () => reject(asked?.reason)));
      yield { jobs: [], pageJson: '{}', linksJson: '{}', hasMore: false, isIncomplete: false };
    }
    const playing = play({ pages });
    await vi.advanceTimersByTimeAsync(2900);
    expect(asked?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await playing).toMatchObject({ notes: [], questions: [], code: undefined });
  });

  it('is a failure for the guard, where nothing is sent then; so is a list that is not whole', async () => {
    const flags = { guardQuota: true };
    const outage = () => {
      throw new SegjobsError('UNAVAILABLE', 'an outage');
    };
    expect(await play({ pages: outage, flags })).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the runs could not be counted for --guard-quota, so nothing was sent: an outage',
    });
    async function* incomplete() {
      yield { jobs: [], pageJson: '{}', linksJson: '{}', hasMore: false, isIncomplete: true };
    }
    expect(await play({ pages: incomplete, flags })).toMatchObject({ code: 'BAD_ANSWER' });
  });
});
