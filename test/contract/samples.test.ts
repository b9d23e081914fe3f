import { describe, expect, it } from 'vitest';
import { fieldsOf, type JsonObject, sample, startService } from './called-service.ts';

// The emulator is held to the samples of Adobe's guide, field by field.

/** Documented elsewhere: `errors` and `existing` in the OpenAPI description, `next` in the samples of sister endpoints. */
const beyondTheSamples = [
  /^(children\.\[\]\.|results\.\{id\}\.)?errors(\.|$)/,
  /segmentedProfileByStatusCounter\.\{id\}\.existing$/,
  /^_links\.next\.href$/,
];

function missing(expected: JsonObject, actual: JsonObject, butFor: RegExp = /^$/): string[] {
  const fields = fieldsOf(actual);
  return [...fieldsOf(expected)]
    .filter(([field, type]) => fields.get(field) !== type && !butFor.test(field))
    .map(([field, type]) => `${field}: ${type}, not ${fields.get(field) ?? 'there'}`);
}

function surplus(expected: JsonObject, actual: JsonObject): string[] {
  const fields = fieldsOf(expected);
  return [...fieldsOf(actual).keys()].filter(
    (field) => !fields.has(field) && !beyondTheSamples.some((known) => known.test(field)),
  );
}

describe('the answers have the fields of the samples', () => {
  it('list: every field of the sample, with its type, and no other', async () => {
    const { call } = await startService();
    const answer = (await call('/segment/jobs?status=SUCCEEDED')).json();
    expect(missing(sample('list-answer'), answer)).toEqual([]);
    expect(surplus(sample('list-answer'), answer)).toEqual([]);
    expect(Object.keys(answer)).toEqual(Object.keys(sample('list-answer')));
    expect(answer._page.totalCount).toBe(answer.children.length);
    expect(answer._links).toEqual({ next: {} });
  });

  it('list: the fields of a scheduled job stand in the order of the sample', async () => {
    const { call } = await startService();
    const scheduled = (
      await call('/segment/jobs?status=SUCCEEDED&property=source==scheduler&limit=1')
    ).json();
    const [expected] = sample('list-answer').children;
    expect(Object.keys(scheduled.children[0])).toEqual(Object.keys(expected));
    expect(Object.keys(scheduled.children[0].metrics)).toEqual(Object.keys(expected.metrics));
    expect(Object.keys(scheduled.children[0].segments[0].segment)).toEqual(
      Object.keys(expected.segments[0].segment),
    );
  });

  it('create: the request of the sample makes a job with the fields of its answer', async () => {
    const { call } = await startService();
    const told = await call('/segment/jobs', { method: 'POST', body: sample('create-request') });
    expect(told.status).toBe(200);
    // The sample shows a finished scheduled job; a fresh one of the API has not counted anything yet and no schedule.
    const onlyLater = /^(metrics\.|properties)/;
    expect(missing(sample('create-answer'), told.json(), onlyLater)).toEqual([]);
    expect(surplus(sample('create-answer'), told.json())).toEqual([]);
    expect(told.json().segments.map(({ segmentId }: JsonObject) => segmentId)).toEqual(
      sample('create-request').map(({ segmentId }: JsonObject) => segmentId),
    );
  });

  it('create: once it has ended the job has every field of the sample but the schedule', async () => {
    const { call, emulator } = await startService();
    const { id } = (await call('/segment/jobs', { method: 'POST', body: sample('create-request') })).json();
    emulator.advance(3_600_000);
    const ended = (await call(`/segment/jobs/${id}`)).json();
    expect(ended.status).toBe('SUCCEEDED');
    expect(missing(sample('create-answer'), ended, /^properties/)).toEqual([]);
  });

  it('get: a sparse job has exactly the fields of the sample', async () => {
    const { call } = await startService();
    const { children } = (await call('/segment/jobs?status=SUCCEEDED&property=source==api')).json();
    const sparse = children.find(({ metrics }: JsonObject) => metrics.totalProfiles === undefined);
    const answer = await call(`/segment/jobs/${sparse.id}`);
    expect(answer.status).toBe(200);
    expect(missing(sample('get-answer'), answer.json())).toEqual([]);
    expect(surplus(sample('get-answer'), answer.json())).toEqual([]);
    expect(Object.keys(answer.json())).toEqual(Object.keys(sample('get-answer')));
  });

  it('bulk-get: the request of the sample with known ids is a 207 with the fields of its answer', async () => {
    const { call } = await startService();
    const [first, second] = (await call('/segment/jobs?limit=2')).json().children;
    const body = { ids: [{ id: first.id }, { id: second.id }] };
    expect(fieldsOf(body)).toEqual(fieldsOf(sample('bulk-get-request')));
    const told = await call('/segment/jobs/bulk-get', { method: 'POST', body });
    expect(told.status).toBe(207);
    expect(missing(sample('bulk-get-answer'), told.json())).toEqual([]);
    expect(told.json().results).toEqual({ [first.id]: first, [second.id]: second });
  });

  it('the failed ones tell why, with code, msg and callStack', async () => {
    const { call } = await startService();
    const { children } = (await call('/segment/jobs?status=FAILED')).json();
    for (const { errors } of children) {
      expect(errors).toEqual([
        { code: expect.any(String), msg: expect.any(String), callStack: expect.any(String) },
      ]);
    }
    expect(new Set(children.map(({ errors }: JsonObject) => errors[0].code)).size).toBeGreaterThan(1);
  });

  it('times are in the units of the samples: milliseconds, and seconds in updateEpoch', async () => {
    const { call } = await startService();
    for (const job of (await call('/segment/jobs')).json().children) {
      expect(job.updateTime).toBe(job.updateEpoch * 1000);
      const { startTimeInMs, endTimeInMs, totalTimeInMs } = job.metrics.totalTime;
      if (totalTimeInMs === undefined) continue;
      expect(totalTimeInMs).toBe(endTimeInMs - startTimeInMs);
      expect(startTimeInMs).toBeGreaterThan(job.creationTime);
    }
  });

  it('the counters of a job agree with each other', async () => {
    const { call } = await startService();
    for (const { metrics } of (await call('/segment/jobs?status=SUCCEEDED')).json().children) {
      if (metrics.totalProfiles === undefined) continue;
      for (const [id, count] of Object.entries<number>(metrics.segmentedProfileCounter)) {
        const { realized, existing, exited } = metrics.segmentedProfileByStatusCounter[id];
        expect(realized + existing).toBe(count);
        expect(Math.min(realized, existing, exited)).toBeGreaterThanOrEqual(0);
        const namespaces = Object.values<number>(metrics.segmentedProfileByNamespaceCounter[id]);
        expect(Math.max(...namespaces)).toBeLessThanOrEqual(count);
      }
      expect(metrics.totalProfiles).toBe(
        Math.max(...Object.values<number>(metrics.totalProfilesByMergePolicy)),
      );
    }
  });
});
