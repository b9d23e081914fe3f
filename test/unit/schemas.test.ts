import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPrinted, checkSchema, eventTypes, readSchema, schemaNames } from '../support/schemas.ts';

// The check that holds every printed event, document and error against docs/schema, checked itself.

const event = { schemaVersion: 1, time: '2026-03-10T09:00:00Z' };
const counts = {
  total: 1,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  running: 1,
  unseen: 0,
  notFound: 0,
  unreadable: 0,
};
const status = { ...event, type: 'job.status', id: 'a', from: null, status: 'NEW', elapsedSeconds: 0 };
const ended = {
  ...event,
  type: 'watch.ended',
  reason: 'timeout',
  exitCode: 124,
  counts,
  elapsedSeconds: 60,
  unfinished: ['a'],
  notFound: [],
};
const lines = (...values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const ndjson = ['watch', 'a', '-o', 'ndjson'];

describe('the schemas', () => {
  it('know the events of a watch, and no other', () => {
    expect(eventTypes).toEqual([
      'watch.started',
      'job.created',
      'job.status',
      'job.finished',
      'poll.failed',
      'watch.heartbeat',
      'watch.ended',
    ]);
    expect(() =>
      checkSchema('watch-event', JSON.stringify({ ...event, type: 'job.lost', id: 'a' })),
    ).toThrow();
  });

  it('are in the package, say their dialect and what they are', () => {
    const { files } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(files).toContain('docs/schema');
    for (const name of schemaNames) {
      expect(readSchema(name)).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `urn:segjobs:schema:${name}:1`,
        title: expect.any(String),
      });
    }
  });
});

describe('the check of what a command printed', () => {
  it('passes events that are as they should be, and looks at nothing that is not JSON', () => {
    checkPrinted({ argv: ndjson, exitCode: 124, stdout: lines(status, ended), stderr: '' });
    checkPrinted({ argv: ['watch', 'a'], exitCode: 124, stdout: 'PROCESSING\ta\n', stderr: 'Time is up\n' });
    checkPrinted({ argv: ['list', '--json'], exitCode: 0, stdout: '{"children":[]}', stderr: 'No jobs.\n' });
  });

  it.each([
    ['a member that is missing', lines({ ...status, from: undefined }, ended), ''],
    ['a member that nobody has documented', lines({ ...status, extra: 1 }, ended), ''],
    ['an end that is missing', lines(status), ''],
    ['an end that tells another exit code', lines({ ...ended, exitCode: 0 }), ''],
    ['text among the events', `${lines(status)}hello\n${lines(ended)}`, ''],
    ['a note beside the events', lines(ended), 'Marked job a\n'],
    ['an error that is none', lines(ended), lines({ schemaVersion: 1, error: { code: 'TIMEOUT' } })],
  ])('finds %s', (_what, stdout, stderr) => {
    expect(() => checkPrinted({ argv: ndjson, exitCode: 124, stdout, stderr })).toThrow();
  });

  it('finds a broken document of a watch, of a cancel, and a broken error of any command', () => {
    const document = { schemaVersion: 1, exitCode: 0, counts, results: { a: null } };
    const watch = { argv: ['cancel', 'a', '-w', '--json'], exitCode: 0, stderr: '' };
    checkPrinted({ ...watch, stdout: lines(document) });
    expect(() => checkPrinted({ ...watch, stdout: lines({ ...document, results: { a: {} } }) })).toThrow(
      /'id'/,
    );
    const cancel = { argv: ['cancel', 'a', '--output=json'], exitCode: 0, stderr: '' };
    const row = { outcome: 'requested', status: null };
    checkPrinted({ ...cancel, stdout: lines({ schemaVersion: 1, results: { a: row } }) });
    expect(() =>
      checkPrinted({ ...cancel, stdout: lines({ schemaVersion: 1, results: { a: {} } }) }),
    ).toThrow();
    const failed = { argv: ['get', 'a'], defaultFormat: 'ndjson', exitCode: 5, stdout: '' };
    expect(() => checkPrinted({ ...failed, stderr: '{"error":{}}\n' })).toThrow();
  });
});
