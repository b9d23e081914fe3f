// Decoding: documented fields typed, odd ones unknown, and the JSON of every job kept to the last digit.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeBulk,
  decodeJobAnswer,
  decodePage,
  decodeSandboxes,
  type Received,
} from '../../src/api/wire.ts';
import { SegjobsError } from '../../src/errors.ts';
import { isFinal, knownStatus } from '../../src/jobs/job.ts';

const received = (text: string): Received => ({
  text,
  contentType: 'application/json',
  status: 200,
  requestId: 'adobe-1',
  request: 'GET /segment/jobs',
});
const job = (text: string) => decodeJobAnswer(received(text));
const errorFrom = (decode: () => unknown): SegjobsError => {
  try {
    decode();
  } catch (error) {
    if (error instanceof SegjobsError) return error;
    throw error;
  }
  throw new Error('it should have failed');
};

const wholeJob = {
  id: 'b31aed3d',
  imsOrgId: 'E95186D65A28ABF00A495D82@AdobeOrg',
  sandbox: { sandboxId: '28e74200', sandboxName: 'prod', type: 'production', default: true },
  profileInstanceId: 'ups',
  source: 'scheduler',
  status: 'SUCCEEDED',
  batchId: '678f53bc',
  computeJobId: 8811,
  computeGatewayJobId: '9ea97b25',
  segments: [
    {
      segmentId: '30230300',
      segment: {
        id: '30230300',
        version: 3,
        expression: { type: 'PQL', format: 'pql/json', value: '{PQL}' },
        mergePolicyId: '25c548a0',
        mergePolicy: { id: '25c548a0', version: 1 },
      },
    },
  ],
  metrics: {
    totalTime: { startTimeInMs: 1573203617195, endTimeInMs: 1573204395655, totalTimeInMs: 778460 },
    profileSegmentationTime: {
      startTimeInMs: 1573204266727,
      endTimeInMs: 1573204395655,
      totalTimeInMs: 128928,
    },
    totalProfiles: 13146432,
    segmentedProfileCounter: { '94509dba': 1033 },
    segmentedProfileByNamespaceCounter: { '94509dba': { crmid: 1033 } },
    segmentedProfileByStatusCounter: { '94509dba': { exited: 144646, realized: 2056 } },
    totalProfilesByMergePolicy: { '25c548a0': 13146432 },
  },
  errors: [{ code: 'E1', msg: 'went wrong', callStack: 'at x' }, { code: 17 }],
  requestId: '4e538382-1573203600264',
  schema: { name: '_xdm.context.profile' },
  properties: { scheduleId: '4e538382', runId: 'e6c1308d' },
  _links: {
    cancel: { href: '/segment/jobs/b31aed3d', method: 'DELETE' },
    checkStatus: { href: '/segment/jobs/b31aed3d', method: 'GET' },
  },
  updateTime: 1573204395000,
  creationTime: 1573203600535,
  updateEpoch: 1573204395,
};

test('every documented field is there, with counters as maps', () => {
  const { metrics, json, ...rest } = job(JSON.stringify(wholeJob));
  const { metrics: _metrics, ...expected } = wholeJob;
  expect(rest).toEqual({
    ...expected,
    errors: [wholeJob.errors[0], { code: '17', msg: undefined, callStack: undefined }],
  });
  expect(json).toBe(JSON.stringify(wholeJob));
  expect(metrics).toEqual({
    totalTime: wholeJob.metrics.totalTime,
    profileSegmentationTime: wholeJob.metrics.profileSegmentationTime,
    totalProfiles: 13146432,
    segmentedProfileCounter: new Map([['94509dba', 1033]]),
    segmentedProfileByNamespaceCounter: new Map([['94509dba', new Map([['crmid', 1033]])]]),
    segmentedProfileByStatusCounter: new Map([
      [
        '94509dba',
        new Map([
          ['exited', 144646],
          ['realized', 2056],
        ]),
      ],
    ]),
    totalProfilesByMergePolicy: new Map([['25c548a0', 13146432]]),
  });
});

test('fault 70: an unknown status is kept as it is, and is not final', () => {
  const found = job('{"id":"a","status":"PAUSED_BY_ADMIN"}');
  expect(found.status).toBe('PAUSED_BY_ADMIN');
  expect(isFinal(found)).toBe(false);
});

test('fault 71: CANCELED and CANCELING are kept, and known as final and as running', () => {
  expect(isFinal(job('{"id":"a","status":"CANCELED"}'))).toBe(true);
  const cancelling = job('{"id":"a","status":"CANCELING"}');
  expect({
    status: cancelling.status,
    known: knownStatus(cancelling.status),
    isFinal: isFinal(cancelling),
  }).toEqual({
    status: 'CANCELING',
    known: 'CANCELLING',
    isFinal: false,
  });
});

test('fault 72: a job with only an id', () => {
  const { json, segments, errors, ...rest } = job('{"id":"a"}');
  expect({ json, segments, errors }).toEqual({ json: '{"id":"a"}', segments: [], errors: [] });
  expect(Object.entries(rest).filter(([, value]) => value !== undefined)).toEqual([['id', 'a']]);
});

test.each([null, 7, 'text', true, [], {}, [null], [7], 1e20, -1])(
  'fault 72: %j in the place of every field is unknown, not a crash',
  (odd) => {
    const names = Object.keys(wholeJob).filter((name) => name !== 'id');
    const text = JSON.stringify({ id: 'a', ...Object.fromEntries(names.map((name) => [name, odd])) });
    const found = job(text);
    expect(found.id).toBe('a');
    expect(found.json).toBe(text);
    expect(found.creationTime).toBeUndefined();
    expect(Array.isArray(found.segments) && Array.isArray(found.errors)).toBe(true);
  },
);

test.each([1e20, -5, 0, 'yesterday', '1573203600535', null, 253_402_300_800_000, 5, 99_999_999])(
  'fault 72: a time of %j is unknown',
  (time) => {
    const { creationTime, updateTime } = job(
      JSON.stringify({ id: 'a', creationTime: time, updateTime: time }),
    );
    expect({ creationTime, updateTime }).toEqual({ creationTime: undefined, updateTime: undefined });
  },
);

test('fault 73: unknown fields, key order and numbers beyond 2^53 stay in the text', () => {
  const text =
    '{"zeta":9007199254740993,"id":"a","computeJobId":12345678901234567890,"big":1.0e400,"x":{"__proto__":[1.50]}}';
  const page = decodePage(
    received(`{"children":[ ${text} , {"id":"b"}],"_page":{"totalCount":2,"seen":1.0},"_links":{"next":{}}}`),
  );
  expect(page.jobs.map(({ json }) => json)).toEqual([text, '{"id":"b"}']);
  expect(page).toMatchObject({
    totalCount: 2,
    pageJson: '{"totalCount":2,"seen":1.0}',
    linksJson: '{"next":{}}',
  });
});

test('fault 74: seconds where milliseconds are expected are not 1970, and milliseconds for seconds are divided', () => {
  const found = job(
    '{"id":"a","creationTime":1573203600,"updateTime":1573204395.655,"updateEpoch":1573204395000}',
  );
  expect({ created: found.creationTime, updated: found.updateTime, epoch: found.updateEpoch }).toEqual({
    created: 1573203600000,
    updated: 1573204395655,
    epoch: 1573204395,
  });
});

test('counters with names such as __proto__ are names like any other, and values that are no counts go', () => {
  const text =
    '{"id":"a","metrics":{"segmentedProfileCounter":{"__proto__":5,"constructor":6,"x":"7","y":-1}}}';
  const { metrics } = job(text);
  expect(metrics?.segmentedProfileCounter).toEqual(
    new Map([
      ['__proto__', 5],
      ['constructor', 6],
    ]),
  );
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test.each([
  ['[]', 'it is an array, not a job'],
  ['null', 'it is null, not a job'],
  ['{}', 'id is missing, not a string'],
  ['{"id":7}', 'id is a number, not a string'],
  ['{"id":""}', 'id is empty, not a string'],
  ['{"id":null}', 'id is null, not a string'],
])('a job of %s is an error that names the field and the request', (text, problem) => {
  const error = errorFrom(() => job(text));
  expect(error).toMatchObject({ code: 'BAD_ANSWER', exitCode: 3, requestId: 'adobe-1', httpStatus: 200 });
  expect(error.message).toBe(`the answer to GET /segment/jobs cannot be used: ${problem}`);
});

test('one job without an id among many is named by its place', () => {
  const error = errorFrom(() => decodePage(received('{"children":[{"id":"a"},{"status":"NEW"}]}')));
  expect(error.message).toContain('children[1].id is missing');
});

test.each([
  ['{"next":{"href":"/segment/jobs?start=5&limit=2"}}', '{}', '5'],
  ['{"next":{"href":"@/segment/jobs?limit=2&start=a%2Bb%3D"}}', '{}', 'a+b='],
  ['{"next":{"href":"https://evil.example.com/?start=7#start=8"}}', '{}', '7'],
  ['{"next":{"href":"/segment/jobs?token=t1"}}', '{}', 't1'],
  ['{"next":{"href":"?limit=5"}}', '{}', undefined],
  ['{"next":{"href":7}}', '{}', undefined],
  ['{"next":"/segment/jobs?start=9"}', '{}', '9'],
  ['{"next":{}}', '{}', undefined],
  ['{"next":null}', '{"next":null}', undefined],
  ['[]', '{"next":""}', undefined],
  ['{"next":{"href":"?start=1"}}', '{"next":"opaque=="}', 'opaque=='],
  ['{}', '{"next":3}', '3'],
  ['{}', '{"next":"/segment/jobs?start=12"}', '12'],
  ['{}', '{"next":true}', undefined],
  ['null', 'null', undefined],
])('links %s and page %s lead to %s', (links, page, next) => {
  expect(decodePage(received(`{"children":[],"_links":${links},"_page":${page}}`)).next).toBe(next);
});

test.each(['-1', '1.5', '"14"', 'null', '1e300'])('a totalCount of %s is no count', (count) => {
  expect(decodePage(received(`{"children":[],"_page":{"totalCount":${count}}}`)).totalCount).toBeUndefined();
});

test('of duplicate keys the last counts, in the view and in the text', () => {
  const page = decodePage(
    received(
      '{"children":[{"id":"a"}],"children":[{"id":"b","id":"c"}],"_page":{"totalCount":1},"_page":{"totalCount":2}}',
    ),
  );
  expect(page.jobs.map(({ id, json }) => ({ id, json }))).toEqual([{ id: 'c', json: '{"id":"b","id":"c"}' }]);
  expect(page.pageJson).toBe('{"totalCount":2}');
});

test('bulk results keep the text of each job, whatever the key', () => {
  const { jobs, errors } = decodeBulk(
    received(
      '{"results":{"__proto__":{"id":"__proto__","n":1.0},"gone":null,"a/b":{"id":"a/b"},"bad":{"requestId":"r1","errors":{"404":[{"code":404,"message":"No such job"}]}}}}',
    ),
  );
  expect([...jobs].map(([id, { json }]) => [id, json])).toEqual([
    ['__proto__', '{"id":"__proto__","n":1.0}'],
    ['a/b', '{"id":"a/b"}'],
  ]);
  expect([...errors]).toEqual([['bad', { httpStatus: 404, message: 'No such job', requestId: 'r1' }]]);
});

test.each([
  ['{}', '"results" is missing, not an object'],
  ['null', '"results" is null, not an object'],
  ['{"results":null}', '"results" is null, not an object'],
  ['{"results":{"a":7}}', 'results["a"] is a number, not a job'],
  ['{"results":{"a":{}}}', 'results["a"].id is missing, not a string'],
  ['{"results":{"a":{"id":"b"}}}', 'results["a"].id is "b", another job\'s'],
  ['{"results":[{"id":"a"},{}]}', 'results[1].id is missing, not a string'],
])('bulk results of %s are an error', (text, problem) => {
  expect(errorFrom(() => decodeBulk(received(text))).message).toContain(problem);
});

test('sandboxes: the type tells what they are; without a name they are an error', () => {
  const text =
    '{"sandboxes":[{"name":"prod","title":"Production","state":"active","type":"production","isDefault":true,"region":"VA7"},{"name":"dev","isDefault":"yes"}]}';
  expect(decodeSandboxes(received(text))).toEqual([
    { name: 'prod', title: 'Production', state: 'active', type: 'production', isDefault: true },
    { name: 'dev', title: undefined, state: undefined, type: undefined, isDefault: false },
  ]);
  expect(decodeSandboxes(received('{"sandboxes":[]}'))).toEqual([]);
  expect(errorFrom(() => decodeSandboxes(received('{"sandboxes":[{"title":"x"}]}'))).message).toContain(
    'sandboxes[0].name',
  );
  expect(errorFrom(() => decodeSandboxes(received('{}'))).message).toContain('"sandboxes" is missing');
});

test('whatever JSON comes, decoding gives a value or a BAD_ANSWER, and the text of each job is valid', () => {
  const keys = fc.constantFrom(...Object.keys(wholeJob), 'children', '_page', 'next', '__proto__');
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 6 }),
    ),
  })).value;
  fc.assert(
    fc.property(tree, (value) => {
      const text = JSON.stringify({ children: [value], results: value, _links: value, _page: value });
      for (const decode of [decodePage, decodeBulk, decodeJobAnswer]) {
        try {
          const decoded = decode(received(text));
          const jobs = 'jobs' in decoded ? [...decoded.jobs.values()] : [decoded];
          for (const { json, id } of jobs) expect(JSON.parse(json)).toMatchObject({ id });
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_ANSWER' });
        }
      }
    }),
  );
});

test('JSON nested a hundred thousand deep does not overflow', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const found = job(`{"id":"a","x":${deep},"segments":${deep}}`);
  expect({ id: found.id, segments: found.segments }).toEqual({ id: 'a', segments: [] });
  expect(decodePage(received(`{"children":[{"id":"a","x":${deep}}]}`)).jobs).toHaveLength(1);
});
