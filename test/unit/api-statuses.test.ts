// Every status with a body that is none: each operation ends in one error of the right kind, or is done.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SegmentJobsClient } from '../../src/api/client.ts';
import { SegjobsError } from '../../src/errors.ts';
import { clientFor, createTestWorld, told } from '../support/api-client.ts';
import { type ScriptedServer, startServer, text } from '../support/http-server.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const bodies: Readonly<Record<string, readonly [body: string, type: string]>> = {
  'an HTML page': [
    `<!doctype html><title>Sign in</title>${'<p>private page</p>'.repeat(200)}`,
    'text/html; charset=utf-8',
  ],
  'no body': ['', 'application/json'],
  'text that is no JSON': ['private page\u001b[2J\r\n'.repeat(50), 'application/json'],
  'half a JSON document': ['{"id":"a","private page', 'application/json'],
  'JSON null': ['null', 'application/json'],
  'JSON of another shape': ['[{"private page":[1,2,{"id":7}]}]', 'application/json'],
};

const statuses = [
  ...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 299],
  ...[300, 301, 302, 303, 304, 305, 307, 308, 399],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418],
  ...[421, 422, 423, 424, 425, 426, 428, 429, 431, 444, 451, 499],
  ...[500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 529, 599, 600, 999],
];

const operations = {
  list: (client: SegmentJobsClient) => client.listPage({ limit: 2 }),
  get: (client: SegmentJobsClient) => client.get('a'),
  'bulk-get': (client: SegmentJobsClient) => client.bulkGet(['a']),
  create: (client: SegmentJobsClient) => client.create({ segmentIds: ['s'] }),
  cancel: (client: SegmentJobsClient) => client.cancel('a'),
  sandboxes: (client: SegmentJobsClient) => client.sandboxes(),
};
type Operation = keyof typeof operations;

/** The exit code; 0 where it is no failure. */
function exitCodeOf(operation: Operation, status: number, isHtml: boolean): number {
  if (status < 300) return operation === 'cancel' ? 0 : operation === 'create' ? 9 : 3;
  if (operation === 'create' && (status === 408 || status >= 500)) return 9;
  if (status === 401 || status === 403) return 4;
  if (status === 404) return isHtml ? 3 : operation === 'bulk-get' ? 0 : 5;
  if (status === 409 && operation === 'cancel') return 6;
  if (status === 407 || status === 408 || status === 429 || status >= 500) return 7;
  return 3;
}

describe.each(Object.keys(operations) as Operation[])('%s', (operation) => {
  test.each(Object.entries(bodies))('answered with %s, at every status', async (_name, [body, type]) => {
    for (const status of statuses) {
      server.script([], text(status, body, { 'content-type': type, 'x-request-id': 'adobe-1' }));
      const client = clientFor(server.url, createTestWorld(), { maxRetries: 0, httpTimeoutMs: 20_000 });
      const error: unknown = await operations[operation](client).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      const expected = exitCodeOf(operation, status, type.startsWith('text/html'));
      if (expected === 0) {
        expect({ status, error }).toEqual({ status, error: undefined });
        continue;
      }
      if (!(error instanceof SegjobsError)) throw new Error(`${status}: ${String(error)}`);
      expect({ status, exitCode: error.exitCode }).toEqual({ status, exitCode: expected });
      expect(error.requestId).toBe('adobe-1');
      expect(told(error)).not.toMatch(/private page|[\u0000-\u0009\u000b-\u001f]/);
      expect(told(error).length).toBeLessThan(700);
    }
  });
});
