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
        AEP_ACCESS_TOKEN: 'token',
        AEP_CLIENT_ID: 'client',
        AEP_ORG_ID: 'org@AdobeOrg',
        AEP_SANDBOX_NAME: 'prod',
        SEGJOBS_API_URL: server.url,
        HOME: '/nonexistent',
      },
      stdin: { text: ids.join('\n') },
      limitMs: 110_000,
    });
    const ended = await watch.ended;
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(jobCount);
    expect(requestsByPoll.slice(1)).toEqual([100, 90, 80, 70, 60, 50, 40, 30, 20, 10]);
  });
});
