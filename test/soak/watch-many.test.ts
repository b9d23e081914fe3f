// A watch of 10,000 jobs by the built program: how much it asks, and how much memory it takes.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json, type Reply, type ScriptedServer, startServer } from '../support/http-server.ts';
import { startCommand } from '../support/processes.ts';
import { programCall } from '../support/program.ts';

const jobCount = 10_000;
/** What a job of many segments weighs, so that answers that are not let go of show. */
const jobBytes = 10_000;
const polls = 10;
/** The jobs themselves are 100 MB, and so is each of the first answers; 300 are enough. All answers would be 550 MB. */
const heapMb = 400;
/** What is read of 10,000 jobs of 2 kB takes 80 MB. A poll that left anything behind would be too much after fifty. */
const quietHeapMb = 130;

let server: ScriptedServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** Of every chunk a tenth of the jobs has ended more with every poll. */
function bulkGet(requestsByPoll: number[]): Reply {
  const asked = new Map<string, number>();
  return (request, response, socket) => {
    const { ids } = JSON.parse(request.body) as { readonly ids: readonly { readonly id: string }[] };
    const poll = (asked.get(ids[0]?.id ?? '') ?? 0) + 1;
    requestsByPoll[poll] = (requestsByPoll[poll] ?? 0) + 1;
    const results: Record<string, unknown> = {};
    for (const { id } of ids) {
      asked.set(id, poll);
      const status = Number(id.slice(4)) % polls < poll ? 'SUCCEEDED' : 'PROCESSING';
      results[id] = { id, status, padding: 'x'.repeat(jobBytes) };
    }
    json(207, { results })(request, response, socket);
  };
}

const environment = () => ({
  AEP_ACCESS_TOKEN: 'token',
  AEP_CLIENT_ID: 'client',
  AEP_ORG_ID: 'org@AdobeOrg',
  AEP_SANDBOX_NAME: 'prod',
  HOME: '/nonexistent',
});

describe('a watch of 10,000 jobs', () => {
  it('asks at most 100 times a poll, tells no warning, and lets go of the answers it has read', async () => {
    const requestsByPoll: number[] = [];
    server.script([], bulkGet(requestsByPoll));
    const ids = Array.from({ length: jobCount }, (_, index) => `job-${index}`);
    const { command, parameters, env } = programCall(
      ['watch', '-f', '-', '--interval', '1s', '-o', 'tsv', '-q'],
      [`--max-old-space-size=${heapMb}`],
    );
    const watch = startCommand(command, parameters, {
      env: {
        ...env,
        ...environment(),
        SEGJOBS_API_URL: server.url,
      },
      stdin: { text: ids.join('\n') },
      limitMs: 110_000,
    });
    const ended = await watch.ended;
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(jobCount);
    expect(requestsByPoll.slice(1)).toEqual([100, 90, 80, 70, 60, 50, 40, 30, 20, 10]);
  });

  it('costs little and keeps nothing of the polls while nothing changes', async () => {
    let requests = 0;
    const answers = new Map<string, Buffer>();
    server.script([], (request, response) => {
      requests += 1;
      let answer = answers.get(request.body);
      if (answer === undefined) {
        const { ids } = JSON.parse(request.body) as { readonly ids: readonly { readonly id: string }[] };
        const job = (id: string) => ({ id, status: 'PROCESSING', padding: 'x'.repeat(2000) });
        answer = Buffer.from(
          JSON.stringify({ results: Object.fromEntries(ids.map(({ id }) => [id, job(id)])) }),
        );
        answers.set(request.body, answer);
      }
      response.writeHead(207, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
    });
    const ids = Array.from({ length: jobCount }, (_, index) => `job-${index}`);
    const report = `process.on('exit', () => console.error(JSON.stringify(process.resourceUsage())));`;
    const watched = async (seconds: number) => {
      requests = 0;
      const { command, parameters, env } = programCall(
        ['watch', '-f', '-', '--interval', '1s', '--timeout', `${seconds}s`, '-o', 'ids', '-q'],
        [
          `--max-old-space-size=${quietHeapMb}`,
          '--import',
          `data:text/javascript,${encodeURIComponent(report)}`,
        ],
      );
      const watch = startCommand(command, parameters, {
        env: { ...env, ...environment(), SEGJOBS_API_URL: server.url },
        stdin: { text: ids.join('\n') },
        limitMs: (seconds + 20) * 1000,
      });
      const { exitCode, stderr } = await watch.ended;
      expect(exitCode).toBe(124);
      const { userCPUTime } = JSON.parse(stderr.split('\n').find((line) => line.startsWith('{')) ?? '');
      return { polls: requests / 100, cpuMs: userCPUTime / 1000 };
    };
    const short = await watched(10);
    const long = await watched(60);
    expect(long.polls).toBeGreaterThan(30);
    // 60 ms on an idle machine; parsed anew each took five times as long.
    expect((long.cpuMs - short.cpuMs) / (long.polls - short.polls)).toBeLessThan(200);
  });
});
