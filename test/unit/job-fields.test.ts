import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { jobView } from '../../src/output/job-views.ts';
import { createTable } from '../../src/output/table.ts';
import { tsvRow } from '../../src/output/tsv.ts';
import { selectColumns } from '../../src/output/view.ts';
import { terminalOf } from '../support/fake-streams.ts';
import { bareJob } from '../support/sample-jobs.ts';

const look = { now: 0, terminal: terminalOf(0) };

/** A job whose JSON is this text. */
const jobOf = (json: string) => ({ ...bareJob('a'), json });

/** The value of one field, as a script gets it. */
function fieldOf(field: string, json: string): string {
  return tsvRow(selectColumns(jobView, [field]).columns, jobOf(json), look).replace(/\n$/, '');
}

describe('a field by its path', () => {
  it.each([
    ['metrics.totalTime.totalTimeInMs', '{"metrics":{"totalTime":{"totalTimeInMs":785000}}}', '785000'],
    ['segments.1.segmentId', '{"segments":[{"segmentId":"a"},{"segmentId":"b"}]}', 'b'],
    ['creationTime', '{"creationTime":1763864047123}', '1763864047123'],
    ['.newField', '{"newField":"x"}', 'x'],
    ['.segments', '{"segments": [ {"segmentId" : "a"} ]}', '[{"segmentId":"a"}]'],
    ['sandbox.default', '{"sandbox":{"default":true}}', 'true'],
    ['metrics.a\\.b', '{"metrics":{"a.b":1}}', '1'],
    ['schema.name', '{"schema":{"name":"ü\\u0041"}}', 'üA'],
  ])('%s', (field, json, value) => {
    expect(fieldOf(field, json)).toBe(value);
  });

  it.each(['9007199254740993', '1e400', '1.0', '-0', '0.10000000000000000001'])(
    'keeps the number %s as it came',
    (number) => {
      expect(fieldOf('metrics.n', `{"metrics":{"n":${number}}}`)).toBe(number);
      expect(fieldOf('.metrics', `{"metrics":{"n": ${number} }}`)).toBe(
        `{"n":${number}}`.replaceAll('\\', '\\\\'),
      );
    },
  );

  it.each([
    ['metrics.nothing', '{"metrics":{}}'],
    ['metrics.nothing.at.all', '{}'],
    ['metrics.n', '{"metrics":{"n":null}}'],
    ['segments.7.segmentId', '{"segments":[]}'],
    ['segments.x', '{"segments":[1]}'],
    ['status.length', '{"status":"NEW"}'],
    ['metrics.constructor', '{"metrics":{}}'],
    ['.toString', '{}'],
  ])('%s is empty where there is nothing', (field, json) => {
    expect(fieldOf(field, json)).toBe('');
  });

  it('is "-" in a table, right where it is a number, with its path for a heading', async () => {
    const { columns } = selectColumns(jobView, ['metrics.n', '__proto__.x', 'metrics.s']);
    const { rows } = await createTable(columns, () => look);
    expect(rows([jobOf('{"metrics":{"n":12,"s":"b"},"__proto__":{"x":"y"}}'), jobOf('{}')])).toBe(
      `metrics.n  __proto__.x  metrics.s
       12  y            b
        -  -            -
`,
    );
  });

  it('lets nothing hostile through', () => {
    expect(fieldOf('.a', '{"a":"\\u001b[31mred\\tx"}')).toBe('red\\tx');
    expect(fieldOf('.a', '{"a":["\u009b"]}')).toBe('["\\\\u009b"]');
  });

  it('stands beside the named columns, in the order asked', () => {
    const { columns } = selectColumns(jobView, ['metrics.x', 'ID', 'updated']);
    expect(columns.map(({ name }) => name)).toEqual(['metrics.x', 'id', 'updated']);
  });

  it.each(['stauts', 'a..b', '.', 'a.', 'metrics..x'])('%s is none, which names what would be', (field) => {
    let refused: unknown;
    try {
      selectColumns(jobView, [field]);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(SegjobsError);
    const { message, hint, exitCode } = refused as SegjobsError;
    expect({ message, exitCode }).toEqual({ message: `unknown field "${field}" in --fields`, exitCode: 2 });
    expect(hint).toContain('valid fields: status, id, segments');
    expect(hint).toContain('or a path into the job such as metrics.totalTime');
  });
});
