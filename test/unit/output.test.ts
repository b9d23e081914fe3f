import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { type OutputFormat, outputFormats } from '../../src/output/format.ts';
import {
  createOutput,
  type DocumentFrame,
  type Output,
  ownListFrame,
  ownResultsFrame,
  type RecordView,
  selectColumns,
} from '../../src/output/output.ts';
import { createSink } from '../../src/output/sink.ts';
import { failing, type Kept, keeping, terminalOf } from '../support/fake-streams.ts';
import { hostileText } from '../support/sample-jobs.ts';

interface Thing {
  readonly id: string;
  readonly size: number;
}

const view: RecordView<Thing> = {
  columns: [
    { name: 'id', title: 'ID', isWhole: true, cell: ({ id }) => id },
    { name: 'size', title: 'SIZE', align: 'right', cell: ({ size }) => String(size) },
  ],
  moreColumns: [{ name: 'double', title: 'DOUBLE', cell: ({ size }) => String(size * 2) }],
  json: ({ id, size }) => `{ "id": ${JSON.stringify(id)}, "size": ${size}.0 }`,
  id: ({ id }) => id,
};
const frame: DocumentFrame<Thing> = { head: '{"children":[', tail: () => '],"_page":{"totalCount":3}}' };

const a: Thing = { id: 'a', size: 1 };
const b: Thing = { id: 'b', size: 20 };
const c: Thing = { id: 'c', size: 300 };

async function* from<T>(...batches: (readonly T[] | Error)[]): AsyncGenerator<readonly T[]> {
  for (const batch of batches) {
    if (batch instanceof Error) throw batch;
    yield batch;
  }
}

interface Setting {
  readonly format: OutputFormat;
  readonly stdout?: Kept;
  readonly stderr?: Kept;
  readonly columns?: number;
  readonly colorLevel?: 0 | 1;
  readonly quiet?: boolean;
}

function open(setting: Setting): { output: Output; stdout: () => string; stderr: () => string } {
  const {
    format,
    stdout = keeping(),
    stderr = keeping(),
    columns = 0,
    colorLevel = 0,
    quiet = false,
  } = setting;
  const terminal = terminalOf(columns, colorLevel);
  const output = createOutput({
    format,
    stdout: stdout.stream,
    stderr: stderr.stream,
    terminals: { stdout: terminal, stderr: terminal },
    quiet,
    now: () => 0,
  });
  return { output, stdout: stdout.text, stderr: stderr.text };
}

describe('many records', () => {
  it.each<[OutputFormat, string]>([
    ['table', 'ID  SIZE\na      1\nb     20\nc    300\n'],
    ['tsv', 'a\t1\nb\t20\nc\t300\n'],
    ['ids', 'a\nb\nc\n'],
    ['ndjson', '{"id":"a","size":1.0}\n{"id":"b","size":20.0}\n{"id":"c","size":300.0}\n'],
    [
      'json',
      '{"children":[{"id":"a","size":1.0},{"id":"b","size":20.0},{"id":"c","size":300.0}],"_page":{"totalCount":3}}\n',
    ],
  ])('as %s', async (format, expected) => {
    const { output, stdout, stderr } = open({ format });
    expect(await output.many(from([a, b], [], [c]), view, frame)).toBe(3);
    expect(stdout()).toBe(expected);
    expect(stderr()).toBe('');
  });

  it('are one indented JSON document on a terminal', async () => {
    const { output, stdout } = open({ format: 'json', columns: 80 });
    await output.many(from([a], [b]), view, ownListFrame('things'));
    expect(stdout()).toBe(
      `${JSON.stringify({ schemaVersion: 1, things: [a, b] }, null, 2)}\n`.replace(/("size": \d+)/g, '$1.0'),
    );
  });

  it('may stand under their ids', async () => {
    const { output, stdout } = open({ format: 'json' });
    await output.many(
      from([
        { id: '__proto__', size: 1 },
        { id: 'x"\u202e', size: 2 },
      ]),
      view,
      ownResultsFrame(({ id }) => id),
    );
    expect(stdout()).toBe(
      '{"schemaVersion":1,"results":{"__proto__":{"id":"__proto__","size":1.0},"x\\"\\u202e":{"id":"x\\"\\u202e","size":2.0}}}\n',
    );
  });

  it.each<[OutputFormat, string]>([
    ['table', ''],
    ['tsv', ''],
    ['ids', ''],
    ['ndjson', ''],
    ['json', '{"children":[],"_page":{"totalCount":3}}\n'],
  ])('that are none, as %s', async (format, expected) => {
    for (const batches of [[], [[]]]) {
      const { output, stdout } = open({ format });
      expect(await output.many(from<Thing>(...batches), view, frame)).toBe(0);
      expect(stdout()).toBe(expected);
    }
  });

  it.each(outputFormats)('whose first batch fails leave stdout empty, as %s', async (format) => {
    const { output, stdout } = open({ format });
    await expect(output.many(from<Thing>(new Error('cut')), view, frame)).rejects.toThrow('cut');
    expect(stdout()).toBe('');
  });

  it.each<[OutputFormat, string]>([
    ['table', 'ID  SIZE\na      1\n… incomplete\n'],
    ['tsv', 'a\t1\n'],
    ['ids', 'a\n'],
    ['ndjson', '{"id":"a","size":1.0}\n'],
    ['json', '{"children":[{"id":"a","size":1.0}\n'],
  ])('whose second batch fails end at a whole record, as %s', async (format, expected) => {
    const { output, stdout } = open({ format });
    await expect(output.many(from([a], new Error('cut')), view, frame)).rejects.toThrow('cut');
    expect(stdout()).toBe(expected);
    if (format === 'json') expect(() => JSON.parse(stdout())).toThrow(SyntaxError);
  });

  it('that have no ids cannot be printed as ids', async () => {
    const { output } = open({ format: 'ids' });
    const { columns, json } = view;
    await expect(output.many(from([a]), { columns, json }, frame)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('with an id that holds a line break are still one line each', async () => {
    const { output, stdout } = open({ format: 'ids' });
    await output.many(from([{ id: 'a\nb\u001b[2J', size: 1 }]), view, frame);
    expect(stdout()).toBe('a b\n');
  });
});

describe('one record', () => {
  it.each<[OutputFormat, number, string]>([
    ['table', 80, 'ID  SIZE\na      1\n'],
    ['tsv', 0, 'a\t1\n'],
    ['ids', 0, 'a\n'],
    ['ndjson', 80, '{"id":"a","size":1.0}\n'],
    ['json', 0, '{"id":"a","size":1.0}\n'],
    ['json', 80, '{\n  "id": "a",\n  "size": 1.0\n}\n'],
  ])('as %s in %i columns', async (format, columns, expected) => {
    const { output, stdout } = open({ format, columns });
    await output.one(a, view);
    expect(stdout()).toBe(expected);
  });

  it('is a page for people where there is one', async () => {
    const { output, stdout } = open({ format: 'table', columns: 80 });
    await output.one(a, { ...view, page: ({ id }, { terminal }) => `${id} in ${terminal.columns} columns` });
    expect(stdout()).toBe('a in 80 columns\n');
  });
});

describe('facts, values and raw text', () => {
  const facts = { profile: 'prod', sandbox: null, 'token expires in': 12, valid: true };

  it.each<[OutputFormat, number, string]>([
    [
      'table',
      80,
      'profile           prod\nsandbox           -\ntoken expires in  12\nvalid             true\n',
    ],
    ['tsv', 0, 'profile\tprod\nsandbox\t\ntoken expires in\t12\nvalid\ttrue\n'],
    ['json', 0, '{"schemaVersion":1,"profile":"prod","sandbox":null,"token expires in":12,"valid":true}\n'],
    [
      'ndjson',
      80,
      '{"schemaVersion":1,"profile":"prod","sandbox":null,"token expires in":12,"valid":true}\n',
    ],
  ])('facts as %s', async (format, columns, expected) => {
    const { output, stdout } = open({ format, columns });
    await output.facts(facts);
    expect(stdout()).toBe(expected);
  });

  it('a value is a line, and a JSON string in json', async () => {
    const plain = open({ format: 'tsv' });
    await plain.output.value('prod');
    const json = open({ format: 'json' });
    await json.output.value('prod "x"');
    expect([plain.stdout(), json.stdout()]).toEqual(['prod\n', '"prod \\"x\\""\n']);
  });

  it('raw text is left as it is', async () => {
    const { output, stdout } = open({ format: 'table' });
    await output.raw('export A=1\u001b');
    expect(stdout()).toBe('export A=1\u001b');
  });
});

describe('stderr', () => {
  it('has notes and warnings; -q silences notes alone', () => {
    for (const quiet of [false, true]) {
      const { output, stderr, stdout } = open({ format: 'json', quiet });
      output.note('Created job a.\nFollow it.');
      output.warn('Showing 20 of 143 jobs.');
      output.debug('GET /segment/jobs');
      expect(stderr()).toBe(
        `${quiet ? '' : 'Created job a.\nFollow it.\n'}Showing 20 of 143 jobs.\nGET /segment/jobs\n`,
      );
      expect(stdout()).toBe('');
    }
  });

  it('shows an error as what happened, what to do, and what to tell support', () => {
    const { output, stderr } = open({ format: 'table' });
    output.error(
      new SegjobsError('NOT_FOUND', 'job a was not found', {
        hint: 'check the sandbox',
        httpStatus: 404,
        requestId: 'r-1',
      }),
    );
    expect(stderr()).toBe(
      'error: job a was not found\nhint: check the sandbox\n(HTTP 404, request id r-1)\n',
    );
  });

  it('leaves out what an error does not have', () => {
    const { output, stderr } = open({ format: 'tsv' });
    output.error(new SegjobsError('INTERNAL', 'a bug'), 'Error: a bug\n    at main.ts:1');
    expect(stderr()).toBe('error: a bug\nError: a bug\n    at main.ts:1\n');
  });

  it.each<OutputFormat>(['json', 'ndjson'])('ends with one line of JSON for an error with %s', (format) => {
    const { output, stderr } = open({ format, columns: 80, colorLevel: 0 });
    output.error(
      new SegjobsError('THROTTLED', 'too many requests', {
        httpStatus: 429,
        retryAfterSeconds: 38,
        details: { attempts: 3 },
      }),
      'stack',
    );
    const [stack, line, end] = stderr().split('\n');
    expect([stack, end]).toEqual(['stack', '']);
    expect(JSON.parse(line ?? '')).toEqual({
      schemaVersion: 1,
      error: {
        code: 'THROTTLED',
        exitCode: 7,
        message: 'too many requests',
        hint: null,
        httpStatus: 429,
        requestId: null,
        retryable: true,
        details: { attempts: 3, retryAfterSeconds: 38 },
      },
    });
  });

  it('law: taking the colour away gives the plain text', () => {
    const tellAll = (colorLevel: 0 | 1) => {
      const { output, stderr } = open({ format: 'table', columns: 80, colorLevel });
      output.note('a note');
      output.warn('a warning\nof two lines');
      output.debug('more');
      output.error(new SegjobsError('NOT_FOUND', 'gone', { hint: 'look', httpStatus: 404 }), 'stack');
      return stderr();
    };
    expect(stripVTControlCharacters(tellAll(1))).toBe(tellAll(0));
    expect(tellAll(1)).not.toBe(tellAll(0));
  });
});

describe('hostile text', () => {
  const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  it.each(outputFormats)('reaches neither stream raw, as %s', async (format) => {
    const { output, stdout, stderr } = open({ format });
    await output.many(from([{ id: hostileText, size: 1 }]), view, frame);
    await output.one({ id: hostileText, size: 1 }, view);
    await output.facts({ [hostileText]: hostileText });
    await output.value(hostileText);
    output.note(hostileText);
    output.warn(hostileText);
    output.debug(hostileText);
    output.error(
      new SegjobsError('REFUSED', hostileText, {
        hint: hostileText,
        requestId: hostileText,
        details: { [hostileText]: hostileText },
      }),
      hostileText,
    );
    expect(stdout()).not.toMatch(dangerous);
    expect(stderr()).not.toMatch(dangerous);
    expect(stdout()).toContain('k\\');
  });
});

describe('a stdout that does not take it', () => {
  it('a closed pipe is READER_GONE, now and on every later write, and the source is told to stop', async () => {
    const { output, stdout } = open({ format: 'ndjson', stdout: failing('EPIPE', 'broken pipe', 1) });
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield [a];
      } finally {
        isClosed = true;
      }
    }
    await expect(output.many(endless(), view, frame)).rejects.toMatchObject({ code: 'READER_GONE' });
    await expect(output.raw('more')).rejects.toMatchObject({ code: 'READER_GONE' });
    expect(isClosed).toBe(true);
    expect(stdout()).toBe('{"id":"a","size":1.0}\n');
  });

  it('a full disk is told as such, exit 1', async () => {
    const { output } = open({ format: 'json', stdout: failing('ENOSPC', 'no space left on device') });
    await expect(output.one(a, view)).rejects.toMatchObject({
      code: 'LOCAL_IO',
      exitCode: 1,
      message: 'could not write to stdout: no space left on device (ENOSPC)',
    });
  });

  it('a stream destroyed in mid-write ends the write', async () => {
    const stuck = new Writable({ write() {} });
    const written = createSink(stuck, 'stdout').write('x');
    stuck.destroy();
    await expect(written).rejects.toMatchObject({ code: 'READER_GONE' });
  });

  it('a stderr that is gone harms nothing', async () => {
    const { output, stdout } = open({ format: 'ids', stderr: failing('EPIPE', 'broken pipe') });
    output.note('one');
    output.warn('two');
    await output.many(from([a]), view, frame);
    output.error(new SegjobsError('INTERNAL', 'three'));
    expect(stdout()).toBe('a\n');
  });

  it('the failure of the source counts, even when stdout fails after it', async () => {
    const { output } = open({ format: 'table', stdout: failing('EPIPE', 'broken pipe', 1) });
    await expect(output.many(from([a], new Error('cut')), view, frame)).rejects.toThrow('cut');
  });

  it('a slow one is waited for: the next batch is not asked for before', async () => {
    const events: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write(chunk, _encoding, done) {
        setImmediate(() => {
          events.push(`wrote ${String(chunk).trim()}`);
          done();
        });
      },
    });
    async function* source() {
      for (const thing of [a, b, c]) {
        events.push(`asked for ${thing.id}`);
        yield [thing];
      }
    }
    const { output } = open({ format: 'ids', stdout: { stream: slow, text: () => '' } });
    await output.many(source(), view, frame);
    expect(events).toEqual(['asked for a', 'wrote a', 'asked for b', 'wrote b', 'asked for c', 'wrote c']);
  });

  it('gets a batch of any size in pieces of at most 100 records', async () => {
    const sizes: number[] = [];
    const counting = new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        sizes.push(String(chunk).split('\n').length - 1);
        done();
      },
    });
    const { output } = open({ format: 'ids', stdout: { stream: counting, text: () => '' } });
    await output.many(from(Array.from({ length: 250 }, () => a)), view, frame);
    expect(sizes).toEqual([100, 100, 50]);
  });
});

describe('choosing columns', () => {
  it('takes those named, in that order, further ones included', async () => {
    const { output, stdout } = open({ format: 'tsv' });
    await output.one(b, selectColumns(view, ['double', 'ID']));
    expect(stdout()).toBe('40\tb\n');
  });

  it('refuses an unknown one and names the valid ones', () => {
    expect(() => selectColumns(view, ['id', 'colour\u001b[2J'])).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: 'unknown field "colour" in --fields',
        hint: 'valid fields: id, size, double',
      }),
    );
  });
});
