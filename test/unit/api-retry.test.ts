// When a request is sent again: laws of the decision, and the same through a server.

import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Allowance,
  createRetryBudget,
  type Failure,
  type Operation,
  parseRetryAfter,
  retryDelayMs,
} from '../../src/api/retry.ts';
import { SegjobsError } from '../../src/errors.ts';
import { clientFor, createTestWorld, errorOf, told } from '../support/api-client.ts';
import { json, reset, type ScriptedServer, startServer, text } from '../support/http-server.ts';

const anyFailure: fc.Arbitrary<Failure> = fc.record({
  kind: fc.constantFrom('notConnected', 'lost', 'timeout', 'status', 'final'),
  httpStatus: fc.option(
    fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom(408, 429, 500, 502, 503, 504)),
    { nil: undefined },
  ),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 400_000_000 }), { nil: undefined }),
});
const anyAllowance: fc.Arbitrary<Allowance> = fc.record({
  retries: fc.integer({ min: 0, max: 2000 }),
  maxRetries: fc.integer({ min: 0, max: 2000 }),
  remainingWaitMs: fc.double({ min: -1000, max: 120_000, noNaN: true }),
  remainingRetries: fc.integer({ min: -5, max: 1000 }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
const anyOperation: fc.Arbitrary<Operation> = fc.constantFrom('read', 'cancel', 'create');

test('a wait is never negative, never before Retry-After, never beyond the budget, never endless', () => {
  fc.assert(
    fc.property(anyFailure, anyOperation, anyAllowance, (failure, operation, allowance) => {
      const delayMs = retryDelayMs(failure, operation, allowance);
      if (delayMs === undefined) return;
      expect(Number.isFinite(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeGreaterThanOrEqual(failure.retryAfterMs ?? 0);
      expect(delayMs).toBeLessThanOrEqual(allowance.remainingWaitMs);
      expect(allowance.retries).toBeLessThan(allowance.maxRetries);
      if (failure.retryAfterMs === undefined) expect(delayMs).toBeLessThanOrEqual(20_000);
    }),
  );
});

test('a create is never sent again unless the service said with a 429 that it did not happen', () => {
  fc.assert(
    fc.property(anyFailure, anyAllowance, (failure, allowance) => {
      const isThrottled = failure.kind === 'status' && failure.httpStatus === 429;
      if (!isThrottled) expect(retryDelayMs(failure, 'create', allowance)).toBeUndefined();
    }),
  );
});

const plenty: Allowance = {
  retries: 0,
  maxRetries: 100,
  remainingWaitMs: 120_000,
  remainingRetries: 100,
  random: 0.5,
};
const delays = (failure: Failure) =>
  [0, 1, 2, 5, 6, 50].map((retries) => retryDelayMs(failure, 'read', { ...plenty, retries }));

test('full jitter doubles from 500 ms, from 1 s after a 429, up to 20 s', () => {
  expect(delays({ kind: 'status', httpStatus: 503 })).toEqual([250, 500, 1000, 8000, 10_000, 10_000]);
  expect(delays({ kind: 'status', httpStatus: 429 })).toEqual([500, 1000, 2000, 10_000, 10_000, 10_000]);
});

test.each([
  [{ kind: 'lost' }, true],
  [{ kind: 'timeout' }, true],
  [{ kind: 'notConnected' }, true],
  [{ kind: 'final' }, false],
  ...[408, 429, 500, 502, 503, 504].map((httpStatus) => [{ kind: 'status', httpStatus }, true] as const),
  ...[400, 401, 403, 404, 405, 409, 422, 501, 505, 302].map(
    (httpStatus) => [{ kind: 'status', httpStatus }, false] as const,
  ),
] satisfies (readonly [Failure, boolean])[])(
  'a read that ends with %o is sent again: %s',
  (failure, isRetried) => {
    expect(retryDelayMs(failure, 'read', plenty) !== undefined).toBe(isRetried);
    expect(retryDelayMs(failure, 'cancel', plenty) !== undefined).toBe(isRetried);
  },
);

const now = Date.parse('2026-11-23T12:00:00Z');
test.each([
  ['1', undefined, 1000],
  ['0', undefined, 0],
  [' 120 ', undefined, 120_000],
  ['Mon, 23 Nov 2026 12:00:07 GMT', undefined, 7000],
  // Measured against the answer's own clock, 400 days off.
  ['Mon, 23 Nov 2026 12:00:07 GMT', 'Mon, 23 Nov 2026 12:00:04 GMT', 3000],
  ['Sun, 19 Oct 2025 12:00:30 GMT', 'Sun, 19 Oct 2025 12:00:00 GMT', 30_000],
  ['Monday, 23-Nov-26 12:00:05 GMT', undefined, 5000],
  ['Mon, 23 Nov 2020 12:00:07 GMT', undefined, 0],
  ['-5', undefined, undefined],
  ['1.5', undefined, undefined],
  ['1e9', undefined, undefined],
  ['soon', undefined, undefined],
  ['99999999999999999999', undefined, undefined],
  ['999999999', undefined, undefined],
  ['Mon, 23 Nov 2099 12:00:07 GMT', undefined, undefined],
  ['Mon, 23 Nov 2026 12:00:07', undefined, undefined],
  ['', undefined, undefined],
  [undefined, undefined, undefined],
])('Retry-After %j with Date %j is %s ms', (header, date, expected) => {
  expect(parseRetryAfter(header, date, now)).toBe(expected);
});

test('a budget is 120 s of waiting, where waits beside each other count once', () => {
  const budget = createRetryBudget();
  budget.spend(38_000, 0);
  budget.spend(38_000, 0);
  budget.spend(40_000, 1000);
  expect(budget.remainingWaitMs(41_000)).toBe(79_000);
  budget.spend(79_000, 100_000);
  expect(budget.remainingWaitMs(179_000)).toBe(0);
});

test('waits taken from a budget never last longer than it, in whatever order they come', () => {
  const wait = fc.record({
    afterMs: fc.integer({ min: 0, max: 50_000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(wait, { maxLength: 60 }), (waits) => {
      const budget = createRetryBudget();
      let nowMs = 0;
      const spans: { from: number; to: number }[] = [];
      for (const { afterMs, share } of waits) {
        nowMs += afterMs;
        const remainingMs = budget.remainingWaitMs(nowMs);
        expect(remainingMs).toBeGreaterThanOrEqual(-1e-6);
        const waitMs = Math.max(0, remainingMs) * share;
        budget.spend(waitMs, nowMs);
        spans.push({ from: nowMs, to: nowMs + waitMs });
      }
      let covered = 0;
      let until = Number.NEGATIVE_INFINITY;
      for (const { from, to } of spans) {
        covered += Math.max(0, to - Math.max(from, until));
        until = Math.max(until, to);
      }
      expect(covered).toBeLessThanOrEqual(120_000 + 1e-3);
    }),
  );
});

test('a budget allows ten retries, and more where many requests are made', () => {
  const budget = createRetryBudget();
  for (let request = 0; request < 250; request++) budget.countRequest();
  expect(budget.remainingRetries()).toBe(25);
  budget.spend(0, 0);
  expect(budget.remainingRetries()).toBe(24);
  expect(createRetryBudget().remainingRetries()).toBe(10);
});

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const job = json(200, { id: 'a' });
const outage = json(503, { title: 'down' });

test('fault 20: two 503s, or one 500, and then the answer: three and two GETs', async () => {
  server.script([outage, outage, job]);
  await clientFor(server.url).get('a');
  expect(server.requests).toHaveLength(3);
  server.script([json(500, {}), job]);
  await clientFor(server.url).get('a');
  expect(server.requests).toHaveLength(5);
});

test('every attempt carries its own request id', async () => {
  server.script([outage, outage, job]);
  await clientFor(server.url).get('a');
  expect(server.requests.map(({ headers }) => headers['x-request-id'])).toEqual([
    'request-1',
    'request-2',
    'request-3',
  ]);
});

test('fault 21: 503 for ever is exit 7 after four GETs', async () => {
  const world = createTestWorld();
  server.script([], outage);
  const error = await errorOf(clientFor(server.url, world).get('a'));
  expect(error).toMatchObject({ code: 'UNAVAILABLE', exitCode: 7, httpStatus: 503 });
  expect(error.message).toBe('the service is not available (HTTP 503): down (tried 4 times)');
  expect(server.requests).toHaveLength(4);
  expect(world.waits).toEqual([250, 500, 1000]);
  expect(world.waiting).toEqual([]);
});

test('fault 22: a 429 with Retry-After is waited for, in seconds and as a date, and told', async () => {
  const world = createTestWorld({ random: 0 });
  const date = { date: 'Mon, 23 Nov 2026 09:00:00 GMT', 'retry-after': 'Mon, 23 Nov 2026 09:00:38 GMT' };
  server.script([json(429, {}, { 'retry-after': '1' }), json(429, {}, date), job]);
  await clientFor(server.url, world).get('a');
  expect(world.waits).toEqual([1000, 38_000]);
  expect(world.waiting).toEqual(['waiting 38 s before trying again: too many requests']);
});

test('fault 23: Retry-After beyond the budget is exit 7 at once, and tells when to come back', async () => {
  const world = createTestWorld();
  server.script([], json(503, {}, { 'retry-after': '3600' }));
  const error = await errorOf(clientFor(server.url, world).get('a'));
  expect(error).toMatchObject({ exitCode: 7, retryAfterSeconds: 3600 });
  expect(error.hint).toBe('the service asks to come back in 60 min: not before 2026-11-23T13:00:00Z');
  expect(server.requests).toHaveLength(1);
  expect(world.waits).toEqual([]);
});

test.each(['-1', '99999999999999999999', 'soon', '1e400', 'NaN'])(
  'fault 24: Retry-After %s is ignored',
  async (header) => {
    const world = createTestWorld();
    server.script([], json(503, {}, { 'retry-after': header }));
    const error = await errorOf(clientFor(server.url, world).get('a'));
    expect(error.retryAfterSeconds).toBeUndefined();
    expect(world.waits).toEqual([250, 500, 1000]);
  },
);

test('the older shape tells the wait in its body', async () => {
  const world = createTestWorld({ random: 0 });
  server.script([json(429, { message: 'slow down', statusCode: '429', retryAfterMs: '2500' }), job]);
  await clientFor(server.url, world).get('a');
  expect(world.waits).toEqual([2500]);
});

test.each([400, 404, 405, 409, 422])('fault 25: a %i on a GET is asked once', async (status) => {
  server.script([], json(status, { message: 'no' }));
  expect(await errorOf(clientFor(server.url).get('a'))).toMatchObject({ httpStatus: status });
  expect(server.requests).toHaveLength(1);
});

test('fault 27: a 503 whose body never ends is exit 7', async () => {
  server.script([], (_request, response) => {
    response.writeHead(503);
    response.write('{"title":"');
  });
  const error = await errorOf(
    clientFor(server.url, createTestWorld(), { httpTimeoutMs: 200, maxRetries: 1 }).get('a'),
  );
  expect(error).toMatchObject({ code: 'UNAVAILABLE', exitCode: 7, httpStatus: 503 });
  expect(server.requests).toHaveLength(2);
});

test('fault 28: many ids in an outage make as many requests as ids and ten retries, not four times as many', async () => {
  server.script([], reset);
  const client = clientFor(server.url);
  const ids = Array.from({ length: 40 }, (_, at) => `job-${at}`);
  const results = await Promise.allSettled(ids.map((id) => client.cancel(id)));
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  expect(server.requests.length).toBeGreaterThan(40);
  expect(server.requests.length).toBeLessThanOrEqual(50);
});

test('a poll with its own budget is not starved by the polls before it', async () => {
  const client = clientFor(server.url);
  const missing = json(207, { results: {} });
  const poll = () => client.bulkGet(['a'], { hasOwnBudget: true });
  for (let turn = 0; turn < 6; turn++) {
    server.script([outage, outage, outage, missing]);
    expect((await poll()).missing).toEqual(['a']);
  }
  server.script([], outage);
  await errorOf(client.bulkGet(['a']));
  await errorOf(client.bulkGet(['a']));
  await errorOf(client.bulkGet(['a']));
  const before = server.requests.length;
  await errorOf(client.bulkGet(['a']));
  expect(server.requests.length - before).toBe(2);
});

test('SEGJOBS_MAX_RETRIES of 0 sends once', async () => {
  server.script([], outage);
  await errorOf(clientFor(server.url, createTestWorld(), { maxRetries: 0 }).get('a'));
  expect(server.requests).toHaveLength(1);
});

test('an interrupt during a wait ends it with its own reason', async () => {
  const world = createTestWorld();
  world.controller.signal.addEventListener('abort', () => undefined);
  server.script([], (request, response, socket) => {
    outage(request, response, socket);
    world.controller.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));
  });
  const error = await errorOf(clientFor(server.url, world).get('a'));
  expect(error.code).toBe('INTERRUPTED');
});

test('an answer of nothing but a status is told by the status', async () => {
  server.script([], text(500, ''));
  expect(told(await errorOf(clientFor(server.url).get('a')))).toContain(
    'the service is not available (HTTP 500) (tried 4 times)',
  );
});
