import { describe, expect, it } from 'vitest';
import { type JsonObject, monday, startService } from './called-service.ts';

const minuteMs = 60_000;

describe('create', () => {
  it('keeps the x-request-id of the caller, by which a lost answer can be found again', async () => {
    const { call } = await startService();
    const headers = { 'x-request-id': 'request-77' };
    const job = (
      await call('/segment/jobs', { method: 'POST', headers, body: [{ segmentId: 'SEG1' }] })
    ).json();
    expect(job).toMatchObject({ requestId: 'request-77', source: 'api', creationTime: expect.any(Number) });
    const found = (await call('/segment/jobs?property=requestId==request-77')).json();
    expect(found.children.map(({ id }: JsonObject) => id)).toEqual([job.id]);
  });

  it('accepts ids it does not know, and gives them the same expression and size each time', async () => {
    const { create, call, emulator } = await startService();
    const [first, second] = [await create('SEG1', 'SEG2'), await create('SEG1', 'SEG2')];
    expect(first.segments).toEqual(second.segments);
    expect(first.segments.map(({ segmentId }: JsonObject) => segmentId)).toEqual(['SEG1', 'SEG2']);
    emulator.advance(60 * minuteMs);
    const ended = (await call(`/segment/jobs/${first.id}`)).json();
    expect(Object.keys(ended.metrics.segmentedProfileCounter)).toEqual(['SEG1', 'SEG2']);
  });

  it('evaluates all definitions in the form with schema and segments', async () => {
    const { call, emulator } = await startService();
    const body = { schema: { name: '_xdm.context.profile' }, segments: [{ segmentId: '*' }] };
    const job = (await call('/segment/jobs', { method: 'POST', body })).json();
    expect(job.segments).toEqual([{ segmentId: '*' }]);
    emulator.advance(2 * 60 * minuteMs);
    const { metrics, status } = (await call(`/segment/jobs/${job.id}`)).json();
    expect(status).toBe('SUCCEEDED');
    expect(Object.keys(metrics.segmentedProfileCounter)).toEqual(emulator.definitionIds().evaluable);
  });

  it.each([
    ['no JSON', '[{"segmentId":'],
    ['an empty list', '[]'],
    ['an empty body', ''],
    ['plain strings', '["SEG1"]'],
    ['a blank id', '[{"segmentId":" "}]'],
    ['a number for an id', '[{"segmentId":7}]'],
    ['an object of another shape', '{"segmentId":"SEG1"}'],
    ['the object form without a schema', '{"segments":[{"segmentId":"*"}]}'],
    ['a star in the list form', '[{"segmentId":"*"}]'],
    ['null', 'null'],
  ])('refuses %s with 400 in the shape of the service', async (_, body) => {
    const { call, emulator } = await startService();
    const before = emulator.jobCount();
    const told = await call('/segment/jobs', { method: 'POST', body });
    expect(told.status).toBe(400);
    expect(told.json()).toMatchObject({
      status: 400,
      errors: { 400: [{ code: 400, message: expect.any(String) }] },
      type: expect.stringMatching(/^https:\/\/ns\.adobe\.com\/aep\/errors\//),
    });
    expect(emulator.jobCount()).toBe(before);
  });

  it('refuses a body that does not say it is JSON', async () => {
    const { call } = await startService();
    const told = await call('/segment/jobs', {
      method: 'POST',
      body: [{ segmentId: 'SEG1' }],
      headers: { 'Content-Type': 'text/plain' },
    });
    expect([told.status, told.json().status]).toEqual([415, 415]);
  });

  it('answers 429 when too many jobs are unfinished in that sandbox, and not in the other', async () => {
    const { call, create, emulator } = await startService({ maxActiveJobs: 2 });
    await create('SEG1');
    await create('SEG2');
    const third = { method: 'POST', body: [{ segmentId: 'SEG3' }] };
    const refused = await call('/segment/jobs', third);
    expect(refused.status).toBe(429);
    expect(refused.json().errors[429][0].message).toMatch('too many segmentation jobs in processing');
    expect((await call('/segment/jobs', { ...third, headers: { 'x-sandbox-name': 'dev' } })).status).toBe(
      200,
    );
    emulator.advance(30 * minuteMs);
    expect((await call('/segment/jobs', third)).status).toBe(200);
  });

  it('begins as NEW, and one in a few as PROCESSING: both are documented', async () => {
    const { create } = await startService({ maxActiveJobs: 40 });
    const statuses = new Set<string>();
    for (let number = 0; number < 20; number++) statuses.add((await create('SEG1')).status);
    expect([...statuses].sort()).toEqual(['NEW', 'PROCESSING']);
  });
});

describe('get and bulk-get', () => {
  it('does not find a job of another sandbox, nor an id that there is none of', async () => {
    const { call, create } = await startService();
    const { id } = await create('SEG1');
    for (const told of [
      await call(`/segment/jobs/${id}`, { headers: { 'x-sandbox-name': 'dev' } }),
      await call('/segment/jobs/no%2Fsuch%20id'),
    ]) {
      expect(told.status).toBe(404);
      expect(told.json().errors[404]).toEqual([
        { code: 'UPAPI-113000-404', message: expect.stringMatching(/^The entity .* is not found\.$/) },
      ]);
    }
  });

  it('answers some missing ids with an error under each, in the order asked', async () => {
    const { call, create } = await startService();
    const { id } = await create('SEG1');
    const body = { ids: [{ id: 'none-1' }, { id }, { id: '42' }] };
    const told = await call('/segment/jobs/bulk-get', {
      method: 'POST',
      body,
      headers: { 'x-request-id': 'r' },
    });
    expect(told.status).toBe(207);
    const error = { requestId: 'r', errors: { 404: [{ code: 'UPAPI-113000-404', message: 'Not found.' }] } };
    expect(told.json().results).toEqual({
      'none-1': error,
      [id]: expect.objectContaining({ id }),
      42: error,
    });
    expect(told.text.indexOf('none-1')).toBeLessThan(told.text.indexOf('"42"'));
  });

  it('can leave missing ids out instead: nobody has published which it is', async () => {
    const { call, create } = await startService({ missingInBulk: 'absent' });
    const { id } = await create('SEG1');
    const told = await call('/segment/jobs/bulk-get', {
      method: 'POST',
      body: { ids: [{ id: 'none' }, { id }] },
    });
    expect(Object.keys(told.json().results)).toEqual([id]);
  });

  it('answers 404 when every id is missing, and 400 for none and for more than 100', async () => {
    const { call } = await startService();
    const ask = (ids: object[]) => call('/segment/jobs/bulk-get', { method: 'POST', body: { ids } });
    const many = Array.from({ length: 101 }, (_, index) => ({ id: `id-${index}` }));
    expect((await ask([{ id: 'a' }, { id: 'b' }])).json().title).toBe('The entity a,b is not found.');
    for (const told of [await ask([]), await ask(many)]) {
      expect(told.status).toBe(400);
      expect(told.json().title).toBe('The number of requested IDs is invalid. Cannot be 0 or exceed 100.');
    }
    expect((await ask(many.slice(1))).status).toBe(404);
    expect((await call('/segment/jobs/bulk-get', { method: 'POST', body: { ids: ['a'] } })).status).toBe(400);
  });
});

describe('cancel', () => {
  it('answers 204 without a body at once; the job is CANCELLING, and CANCELLED some seconds later', async () => {
    const { call, create, emulator } = await startService();
    const { id } = await create('SEG1');
    emulator.advance(2 * minuteMs);
    const told = await call(`/segment/jobs/${id}`, { method: 'DELETE' });
    expect([told.status, told.text, told.headers.get('content-length')]).toEqual([204, '', null]);
    expect((await call(`/segment/jobs/${id}`)).json().status).toBe('CANCELLING');
    emulator.advance(10_000);
    const ended = (await call(`/segment/jobs/${id}`)).json();
    expect(ended.status).toBe('CANCELLED');
    expect(ended.metrics.segmentedProfileCounter).toBeUndefined();
    emulator.advance(60 * minuteMs);
    expect((await call(`/segment/jobs/${id}`)).json()).toEqual(ended);
  });

  it('may be asked for twice', async () => {
    const { call, create } = await startService();
    const { id } = await create('SEG1');
    for (let time = 0; time < 2; time++) {
      expect((await call(`/segment/jobs/${id}`, { method: 'DELETE' })).status).toBe(204);
    }
  });

  it('deletes a finished job: the reading of "cancel or delete" that does most harm', async () => {
    const { call, emulator } = await startService();
    const { children, _page } = (await call('/segment/jobs?status=SUCCEEDED&limit=1')).json();
    const before = emulator.jobCount('prod');
    expect((await call(`/segment/jobs/${children[0].id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await call(`/segment/jobs/${children[0].id}`)).status).toBe(404);
    const after = (await call('/segment/jobs?status=SUCCEEDED&limit=1')).json();
    expect(after._page.totalCount).toBe(_page.totalCount - 1);
    expect(emulator.jobCount('prod')).toBe(before - 1);
  });

  it('does not find what is not there', async () => {
    const { call } = await startService();
    expect((await call('/segment/jobs/none', { method: 'DELETE' })).status).toBe(404);
  });
});

describe('the life of a job', () => {
  it('goes from NEW by QUEUED and PROCESSING to SUCCEEDED, in 8 to 14 minutes for one definition', async () => {
    const { call, create, emulator } = await startService();
    const { id } = await create(emulator.definitionIds().evaluable[0] ?? '');
    const seen: string[] = [];
    for (let seconds = 0; seconds < 14 * 60 && seen.at(-1) !== 'SUCCEEDED'; seconds += 3) {
      const { status } = (await call(`/segment/jobs/${id}`)).json();
      if (seen.at(-1) !== status) seen.push(status);
      emulator.advance(3000);
    }
    expect(seen).toEqual(['NEW', 'QUEUED', 'PROCESSING', 'SUCCEEDED']);
    const { metrics, creationTime } = (await call(`/segment/jobs/${id}`)).json();
    expect(metrics.totalTime.totalTimeInMs).toBeGreaterThan(7 * minuteMs);
    expect(creationTime).toBeGreaterThanOrEqual(monday);
  });

  it('ends as FAILED with the definition that refers to a field that is gone, whatever is evaluated beside it', async () => {
    const { call, create, emulator } = await startService();
    const { broken, evaluable } = emulator.definitionIds();
    const { id } = await create(evaluable[0] ?? '', broken);
    emulator.advance(60 * minuteMs);
    const job = (await call(`/segment/jobs/${id}`)).json();
    expect(job.status).toBe('FAILED');
    expect(job.errors).toEqual([
      {
        code: '0100000101',
        msg: `Unable to evaluate segment ${broken}: field _emulator.crmScoreV1.value does not exist in schema _xdm.context.profile`,
        callStack: expect.stringContaining('\n\tat com.adobe.'),
      },
    ]);
  });

  it('lasts about as long as earlier jobs with the same definitions, so that it can be foretold', async () => {
    const { call, create, emulator } = await startService();
    const { children } = (await call('/segment/jobs?status=SUCCEEDED&property=source==api')).json();
    const whole = children.filter(({ metrics }: JsonObject) => metrics.totalTime.totalTimeInMs !== undefined);
    const ids = whole[0].segments.map(({ segmentId }: JsonObject) => segmentId);
    const same = whole.filter(
      ({ segments }: JsonObject) => JSON.stringify(segments) === JSON.stringify(whole[0].segments),
    );
    expect(same.length).toBeGreaterThanOrEqual(3);
    const { id } = await create(...ids);
    emulator.advance(60 * minuteMs);
    const { totalTimeInMs } = (await call(`/segment/jobs/${id}`)).json().metrics.totalTime;
    const earlier = same.map(({ metrics }: JsonObject) => metrics.totalTime.totalTimeInMs);
    expect(totalTimeInMs).toBeGreaterThan(0.85 * Math.min(...earlier));
    expect(totalTimeInMs).toBeLessThan(1.15 * Math.max(...earlier));
  });

  it('counts audiences that drift: near the last run, and not equal to it', async () => {
    const { call, create, emulator } = await startService();
    const [segment = ''] = emulator.definitionIds().evaluable;
    const { children } = (
      await call(`/segment/jobs?status=SUCCEEDED&property=segments~segmentId==${segment}`)
    ).json();
    const last = children.find(({ metrics }: JsonObject) => metrics.segmentedProfileCounter !== undefined);
    const { id } = await create(segment);
    emulator.advance(60 * minuteMs);
    const count = (await call(`/segment/jobs/${id}`)).json().metrics.segmentedProfileCounter[segment];
    const before = last.metrics.segmentedProfileCounter[segment];
    expect(count).not.toBe(before);
    expect(Math.abs(count / before - 1)).toBeLessThan(0.05);
  });
});
