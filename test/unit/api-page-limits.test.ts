// Pages that the service cannot give in time: asked for again at a quarter of the size, within the retries of one page.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientFor, createTestWorld, errorOf } from '../support/api-client.ts';
import {
  dribble,
  json,
  type Reply,
  type ScriptedServer,
  silence,
  startServer,
} from '../support/http-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const jobs = Array.from({ length: 60 }, (_, at) => ({ id: `job-${at}` }));

/** Pages by offset. */
const pageOf: Reply = (request, response, socket) => {
  const start = Number(request.query.get('start') ?? 0);
  const children = jobs.slice(start, start + Number(request.query.get('limit')));
  json(200, { _page: { totalCount: jobs.length }, children, _links: {} })(request, response, socket);
};

/** Answers pages of up to `mostJobs`; `otherwise` is what befalls larger ones. */
const upTo =
  (mostJobs: number, otherwise: Reply): Reply =>
  (request, response, socket) =>
    (Number(request.query.get('limit')) > mostJobs ? otherwise : pageOf)(request, response, socket);

async function readAll(limit: number, world = createTestWorld(), maxRetries = 3) {
  const client = clientFor(server.url, world, { httpTimeoutMs: 150, maxRetries });
  const ids: string[] = [];
  for await (const page of client.pages({ limit })) ids.push(...page.jobs.map(({ id }) => id));
  return ids;
}
const sizes = () => server.requests.map(({ query }) => Number(query.get('limit')));
const whole = jobs.map(({ id }) => id);

test.each([
  ['is not answered', silence],
  ['comes one byte at a time', dribble(`{"children":[${' '.repeat(5000)}]}`, 1, 10)],
  [
    'stops after its head',
    (_request, response) => {
      response.writeHead(200);
      response.flushHeaders();
    },
  ],
] satisfies [string, Reply][])('a page of 100 that %s is asked for at 25', async (_name, otherwise) => {
  server.script([], upTo(25, otherwise));
  const world = createTestWorld();
  expect(await readAll(100, world)).toEqual(whole);
  expect(sizes().slice(0, 2)).toEqual([100, 25]);
  expect(sizes().slice(1)).not.toContain(100);
  expect(world.waiting[0]).toMatch(/^asking for fewer jobs at a time: (no|the) answer from 127/);
});

test('a later page that is too slow is asked for again from where it began, and nothing comes twice', async () => {
  server.script([pageOf], upTo(5, silence));
  expect(await readAll(20)).toEqual(whole);
  expect(sizes().slice(0, 3)).toEqual([20, 20, 5]);
});

test('a page that never comes costs as many requests as any other: 100, 25, 6 and 1 job', async () => {
  server.script([], silence);
  const error = await errorOf(readAll(100));
  expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 7 });
  expect(error.message).toContain('within 0.2 s (tried 4 times)');
  expect(sizes()).toEqual([100, 25, 6, 1]);
});

test('the last retries go to the page of one job, where that comes early', async () => {
  server.script([], silence);
  await errorOf(readAll(3));
  expect(sizes()).toEqual([3, 1, 1, 1]);
});

test('without retries a page that is too slow is the end', async () => {
  server.script([], silence);
  expect(await errorOf(readAll(100, createTestWorld(), 0))).toMatchObject({ code: 'TIMEOUT' });
  expect(sizes()).toEqual([100]);
});

test('an outage, a reset and a page on its own are asked for again as they were', async () => {
  server.script([json(503, {}), (_request, _response, socket) => socket.resetAndDestroy()], pageOf);
  expect(await readAll(100)).toEqual(whole);
  server.script([silence], pageOf);
  await clientFor(server.url, createTestWorld(), { httpTimeoutMs: 150 }).listPage({ limit: 60 });
  expect(sizes()).toEqual([100, 100, 100, 60, 60]);
});

test('a page that is too large after an outage is asked for smaller too', async () => {
  const tooLarge: Reply = (_request, response) => {
    response.writeHead(200, { 'content-length': String(65 * 1024 * 1024) });
    response.flushHeaders();
  };
  server.script([json(503, {})], upTo(25, tooLarge));
  expect(await readAll(100)).toEqual(whole);
  expect(sizes().slice(0, 3)).toEqual([100, 100, 25]);
});
