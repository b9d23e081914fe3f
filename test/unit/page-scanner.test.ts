// The scanner finds the jobs of a page unread: whatever the page, what is printed is what a parser would have led to.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPageScanner, type PageScanner } from '../../src/api/page-scanner.ts';
import { type DecodedPage, decodePage, decodePageBytes, type Received } from '../../src/api/wire.ts';
import { SegjobsError } from '../../src/errors.ts';
import { compactJson } from '../../src/lossless-json.ts';
import { jobView, listFrame } from '../../src/output/job-views.ts';
import { createRecordWriter } from '../../src/output/records.ts';
import { terminalOf } from '../support/fake-streams.ts';

function scanner(): PageScanner {
  const created = createPageScanner();
  if (created === undefined) throw new Error('no WebAssembly here');
  return created;
}
const scan = scanner();

const received = (bytes: Uint8Array): Received => ({
  text: new TextDecoder().decode(bytes),
  contentType: 'application/json',
  status: 200,
  requestId: 'adobe-1',
  request: 'GET /segment/jobs',
});

/** What a format prints of a page, as text. */
async function printed(page: DecodedPage, format: 'ndjson' | 'json' | 'ids' | 'tsv'): Promise<string> {
  const look = () => ({ now: 0, terminal: terminalOf(0) });
  const end = () => ({ pageJson: page.pageJson, linksJson: page.linksJson });
  const writer = await createRecordWriter(format, jobView, listFrame({ end }), look);
  const text = (made: string | readonly Uint8Array[]) =>
    typeof made === 'string' ? made : Buffer.concat(made).toString();
  // In two batches: what stands between them is written by neither or by the second.
  const half = Math.ceil(page.jobs.length / 2);
  const first = text(writer.records(page.jobs.slice(0, half)));
  return `${writer.start()}${first}${text(writer.records(page.jobs.slice(half)))}${writer.end()}`;
}

/** All that can be told of a page, or the error: its jobs are read anew for every format, since printing writes. */
async function outcomeOf(decode: () => DecodedPage): Promise<unknown> {
  try {
    const { totalCount, pageJson, linksJson, next, jobs } = decode();
    return {
      totalCount,
      pageJson: compactJson(pageJson),
      linksJson: compactJson(linksJson),
      next,
      ids: jobs.map(({ id }) => id),
      fields: jobs.map(({ status, source, creationTime, segments, metrics, errors }) => ({
        status,
        source,
        creationTime,
        segments,
        metrics,
        errors,
      })),
      ndjson: await printed(decode(), 'ndjson'),
      json: await printed(decode(), 'json'),
      idLines: await printed(decode(), 'ids'),
      tsv: await printed(decode(), 'tsv'),
    };
  } catch (error) {
    if (error instanceof SegjobsError) return { message: error.message, hint: error.hint };
    throw error;
  }
}

async function expectSame(bytes: Uint8Array): Promise<void> {
  const parsed = await outcomeOf(() => decodePage(received(bytes)));
  const scanned = await outcomeOf(() => decodePageBytes(received(bytes), Uint8Array.from(bytes), scan));
  expect(scanned).toEqual(parsed);
}

const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n');
/** The inside of a string, as it is written. */
const written = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'id', ' ', '{', '}', '[', ']', ',', ':', '/', 'é', '日', '😀', '\u00a0', '\u2026'),
      fc.constantFrom(
        '\\"',
        '\\\\',
        '\\/',
        '\\n',
        '\\u0041',
        '\\uD83D\\uDE00',
        '\\ud800',
        '\\u0000',
        '\\u001b',
      ),
      fc.constantFrom('\u007f', '\u0085', '\u2028', '\u202e', '\u2066', '\u2069', '\u200b', '\ufeff'),
      fc.string({ maxLength: 40 }).map((text) => JSON.stringify(text).slice(1, -1)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const plainlyWritten = fc.stringMatching(/^[a-z0-9_ {}[\],:-]{0,40}$/);
const quoted = fc
  .oneof({ weight: 30, arbitrary: plainlyWritten }, { weight: 1, arbitrary: written })
  .map((text) => `"${text}"`);
const number = fc.constantFrom(
  '0',
  '-0',
  '1',
  '18446744073709551616',
  '9007199254740993',
  '1e400',
  '-1.50E+07',
  '0.1',
  '1573203600123',
);
const key = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.constantFrom('"status"', '"x"', '"__proto__"', '"segments"', '"children"', '"_page"'),
  },
  { weight: 4, arbitrary: quoted },
  { weight: 1, arbitrary: fc.constantFrom('"i\\u0064"', '"id"', '""') },
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(quoted, number, fc.constantFrom('true', 'false', 'null')),
    fc
      .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
      .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
    fc
      .array(fc.tuple(space, key, space, tie('value'), space), { maxLength: 4 })
      .map((items) => `{${items.map(([a, k, b, v, c]) => `${a}${k}${b}:${v}${c}`).join(',')}}`),
  ),
}));
const member = fc.tuple(key, value).map(([name, held]) => `${name}:${held}`);
const idMember = fc.oneof(
  { weight: 40, arbitrary: fc.uuid().map((id) => `"id":"${id}"`) },
  { weight: 1, arbitrary: fc.oneof(quoted, number).map((id) => `"id":${id}`) },
);
const job = fc.oneof(
  {
    weight: 60,
    arbitrary: fc
      .tuple(fc.array(member, { maxLength: 3 }), idMember, fc.array(member, { maxLength: 3 }), space)
      .map(([before, id, after, gap]) => `{${[...before, id, ...after].join(`${gap},${gap}`)}}`),
  },
  { weight: 1, arbitrary: value },
);
const frame = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      ['"_page":{"totalCount":3,"pageSize":2}'],
      ['"_page":{"next":"t","totalCount":18446744073709551616}', '"_links":{"next":{}}'],
      ['"_links":{ "next" : {"href":"@/segment/jobs?start=2&limit=2"} }', '"more":[{"id":1}]'],
      ['"_page":[]', '"_links":null'],
    ),
  },
  { weight: 1, arbitrary: fc.array(fc.oneof(member, fc.constant('"children":[]')), { maxLength: 2 }) },
);
const page = fc
  .tuple(frame, fc.array(job, { maxLength: 5 }), fc.boolean(), space, space)
  .map(([around, jobs, isFirst, gap, end]) => {
    const children = `"children":${gap}[${jobs.join(`${gap},`)}${gap}]`;
    return `{${(isFirst ? [children, ...around] : [...around, children]).join(',')}}${end}`;
  });

describe('a page that is scanned', () => {
  it('leads to the same bytes, or to the same error, as one that is parsed', async () => {
    await fc.assert(
      fc.asyncProperty(page, async (text) => {
        await expectSame(Buffer.from(text));
      }),
      { numRuns: 1500 },
    );
    const scanned = fc.sample(page, 500).filter((text) => scan(Buffer.from(text)) !== undefined);
    expect(scanned.length).toBeGreaterThan(100);
  });

  it('is the same in every layout that JSON.stringify makes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: fc.uuid(), more: fc.jsonValue() }), { maxLength: 5 }),
        fc.constantFrom(undefined, 1, 2, '\t'),
        async (children, indent) => {
          await expectSame(Buffer.from(JSON.stringify({ children, _page: { totalCount: 5 } }, null, indent)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is refused, or understood, as a parser does after any byte was changed, taken out or put in', async () => {
    await fc.assert(
      fc.asyncProperty(
        page,
        fc.nat(),
        fc.constantFrom('replace', 'remove', 'insert'),
        fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:\\ 0-+.eE\u007f'))),
        async (text, where, how, byte) => {
          const bytes = [...Buffer.from(text)];
          const at = where % bytes.length;
          if (how === 'replace') bytes[at] = byte;
          else bytes.splice(at, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [byte] : []));
          await expectSame(Uint8Array.from(bytes));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('cut at any byte is the same error', async () => {
    const whole = Buffer.from(
      '{"_page":{"totalCount":2},"children":[{"id":"a","n":-1.5e+7,"t":[true,false,null,"\\u00e9é"]},{"id":"b"}]}',
    );
    for (let length = 0; length <= whole.length; length++) await expectSame(whole.subarray(0, length));
  });

  it('may be nested deeper than is counted', async () => {
    for (const depth of [1000, 1023, 1024, 5000]) {
      const nested = `{"children":[{"id":"a","deep":${'['.repeat(depth)}${']'.repeat(depth)}}]}`;
      await expectSame(Buffer.from(nested));
    }
  });

  it('may have more jobs than fit, and be larger than the memory was', async () => {
    const children = Array.from({ length: 1500 }, (_, at) => ({ id: `job-${at}`, text: 'x'.repeat(300) }));
    await expectSame(Buffer.from(JSON.stringify({ children: children.slice(0, 1024) })));
    await expectSame(Buffer.from(JSON.stringify({ children })));
  });
});

describe('what the scanner leaves to a parser', () => {
  const jobs = (text: string) => scan(Buffer.from(text))?.jobs.length;

  it('is none of the ordinary', () => {
    expect(jobs('{"children":[]}')).toBe(0);
    expect(jobs('{"children":[{"id":"a"},{"x":{"id":1},"id":"日本"}],"_page":{},"_links":{}}\n')).toBe(8);
    expect(jobs('{ "children" : [ { "id" : "a" } ] }')).toBe(4);
  });

  it.each([
    ['characters that a terminal may obey', '{"children":[{"id":"a","x":"\u0085"}]}'],
    ['a right-to-left override', '{"children":[{"id":"a","x":"\u202e"}]}'],
    ['an id with an escape', '{"children":[{"id":"a\\n"}]}'],
    ['two ids', '{"children":[{"id":"a","id":"b"}]}'],
    ['a key that may be read as id', '{"children":[{"id":"a","i\\u0064":"b"}]}'],
    ['two lists', '{"children":[],"children":[]}'],
    ['two frames', '{"children":[],"_page":{},"_page":{}}'],
    ['no list', '{"_page":{}}'],
    ['an empty id', '{"children":[{"id":""}]}'],
    ['a mark of the byte order', '\ufeff{"children":[]}'],
  ])('is %s', (_what, text) => {
    expect(jobs(text)).toBe(undefined);
  });

  it('is bytes that are not UTF-8', () => {
    expect(scan(Buffer.from('{"children":[{"id":"\xe9"}]}', 'latin1'))).toBe(undefined);
  });
});

it('the compiled scanner is that of its source', () => {
  const root = new URL('../../', import.meta.url);
  const compiled = execFileSync(
    process.execPath,
    [fileURLToPath(new URL('scripts/build-page-scanner.mjs', root)), '--stdout'],
    { encoding: 'utf8' },
  );
  expect(readFileSync(new URL('src/api/page-scanner-code.ts', root), 'utf8')).toBe(compiled);
}, 30_000);
