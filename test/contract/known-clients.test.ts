import { describe, expect, it } from 'vitest';
import { type JsonObject, startService } from './called-service.ts';

// The calls that Adobe's Postman collections and the Python library aepp make, in the order and form in which they
// make them, and the schema of Adobe's OpenAPI description.

describe("Adobe's Postman collection for segment jobs", () => {
  it('runs: list, post, look up, cancel, with its headers', async () => {
    const { raw, headers } = await startService();
    const path = '/data/core/ups/segment/jobs';
    const sent = { ...headers, Accept: 'application/json', 'x-request-id': 'postman-1' };

    const list = await raw(`${path}?limit=10&start=0&status=SUCCEEDED`, { headers: sent });
    expect(list.json().children).toHaveLength(10);
    expect((await raw(`${path}?`, { headers: sent })).status).toBe(200);

    const posted = await raw(path, {
      method: 'POST',
      headers: { ...sent, 'Content-Type': 'application/json', 'x-profile-instance-id': 'ups' },
      body: [{ segmentId: list.json().children[0].segments[0].segmentId }],
    });
    expect(posted.status).toBe(200);
    const { id } = posted.json();
    expect((await raw(`${path}/${id}`, { headers: sent })).json().id).toBe(id);
    const cancelled = await raw(`${path}/${id}`, { method: 'DELETE', headers: sent });
    expect([cancelled.status, cancelled.text]).toEqual([204, '']);
  });

  it('gets its token with the fields in the query, as a form, or as form-data', async () => {
    const { raw, emulator } = await startService({ historyJobs: 0 });
    const { clientId, clientSecret } = emulator.credentials;
    const fields = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'client_credentials',
      scope: 'openid, AdobeID, read_organizations, additional_info.projectedProductContext, session',
    };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const multipart = new Response(form);
    const told = [
      await raw(`/ims/token/v3?${new URLSearchParams(fields)}`, { method: 'POST' }),
      await raw(`/ims/token/v3?client_id=${clientId}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: new URLSearchParams({ ...fields, client_id: clientId }).toString(),
      }),
      await raw('/ims/token/v2', {
        method: 'POST',
        headers: { 'Content-Type': multipart.headers.get('content-type') ?? '' },
        body: await multipart.text(),
      }),
    ];
    for (const { status, json } of told) expect([status, json().token_type]).toEqual([200, 'bearer']);
  });
});

describe('the Python library aepp', () => {
  const sends = { Accept: 'application/json', 'Content-Type': 'application/json' };

  it('logs in, reads jobs, creates one, follows it and deletes it', async () => {
    const { raw, headers, emulator } = await startService();
    const { clientId, clientSecret } = emulator.credentials;
    const login = await raw('/ims/token/v2', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: 'openid,AdobeID,read_organizations,additional_info.projectedProductContext,session',
      }).toString(),
    });
    expect(login.json().expires_in - 500).toBeGreaterThan(0);
    // It writes the scheme in small letters, and the content type on reads too.
    const own = { ...headers, ...sends, Authorization: `bearer ${login.json().access_token}` };

    const jobs = await raw('/data/core/ups/segment/jobs?status=SUCCEEDED&limit=100&start=0', {
      headers: own,
    });
    expect(jobs.json().children).toHaveLength(100);
    // It stops where `_links.href` is missing.
    expect(jobs.json()._links.href).toBeUndefined();

    const created = await raw('/data/core/ups/segment/jobs', {
      method: 'POST',
      headers: own,
      body: '[{"segmentId": "SEG1"}, {"segmentId": "SEG2"}]',
    });
    const { id } = created.json();
    expect((await raw(`/data/core/ups/segment/jobs/${id}`, { headers: own })).json().id).toBe(id);
    expect((await raw(`/data/core/ups/segment/jobs/${id}`, { method: 'DELETE', headers: own })).status).toBe(
      204,
    );
  });

  it('finds definitions: the list with its page, one of them, and several at once', async () => {
    const { call, emulator } = await startService();
    const { segments, page } = (await call('/segment/definitions')).json();
    expect(page).toMatchObject({ totalPages: 1, totalCount: segments.length });
    const ids = segments.map(({ id }: JsonObject) => id);
    expect(ids).toEqual([...emulator.definitionIds().evaluable, emulator.definitionIds().broken]);
    expect(segments[0]).toMatchObject({
      name: expect.any(String),
      expression: { type: 'PQL', format: 'pql/text' },
    });
    expect(new Set(segments.map(({ mergePolicyId }: JsonObject) => mergePolicyId)).size).toBe(2);
    const one = await call(`/segment/definitions/${ids[1]}`, { headers: sends });
    expect(one.json()).toEqual(segments[1]);
    const body = { ids: [{ id: ids[0] }, { id: 'none' }] };
    const several = await call('/segment/definitions/bulk-get', { method: 'POST', body });
    expect(several.status).toBe(207);
    expect(several.json().results[ids[0]]).toEqual(segments[0]);
    expect((await call('/segment/definitions/none')).status).toBe(404);
  });
});

describe("Adobe's OpenAPI description", () => {
  const statuses = ['NEW', 'QUEUED', 'PROCESSING', 'CANCELLING', 'CANCELLED', 'FAILED', 'SUCCEEDED'];

  /** What the schema `SegmentJob` requires and restricts. */
  function faultsOf(job: JsonObject): string[] {
    const faults: string[] = [];
    const check = (holds: boolean, what: string) => {
      if (!holds) faults.push(`${job.id}: ${what}`);
    };
    const isNumbers = (value: JsonObject, depth: number): boolean =>
      depth === 0
        ? typeof value === 'number'
        : Object.values(value).every((inner) => isNumbers(inner, depth - 1));
    check(statuses.includes(job.status), 'status');
    check(Number.isSafeInteger(job.computeJobId), 'computeJobId');
    for (const name of ['creationTime', 'updateTime', 'updateEpoch'])
      check(Number.isSafeInteger(job[name]), name);
    check(
      Array.isArray(job.segments) && typeof job.metrics === 'object',
      'segments and metrics are required',
    );
    check(job.metrics.totalTime !== undefined, 'metrics.totalTime is required');
    check(job.metrics.profileSegmentationTime !== undefined, 'metrics.profileSegmentationTime is required');
    check(isNumbers(job.metrics.totalTime, 1), 'metrics.totalTime');
    check(isNumbers(job.metrics.segmentedProfileCounter ?? {}, 1), 'segmentedProfileCounter');
    check(
      isNumbers(job.metrics.segmentedProfileByNamespaceCounter ?? {}, 2),
      'segmentedProfileByNamespaceCounter',
    );
    check(isNumbers(job.metrics.segmentedProfileByStatusCounter ?? {}, 2), 'segmentedProfileByStatusCounter');
    check(isNumbers(job.metrics.totalProfilesByMergePolicy ?? {}, 1), 'totalProfilesByMergePolicy');
    for (const { segment } of job.segments) {
      check(segment?.expression !== undefined && segment.mergePolicy !== undefined, 'segment is required');
      check(['PQL', 'ARL'].includes(segment?.expression?.type), 'expression.type');
      check(['pql/text', 'pql/json'].includes(segment?.expression?.format), 'expression.format');
    }
    return faults;
  }

  it('holds for every job of the history in prod', async () => {
    const { call } = await startService();
    expect((await call('/segment/jobs')).json().children.flatMap(faultsOf)).toEqual([]);
  });

  it('holds in dev but for the job on all definitions, whose segment has none', async () => {
    const { call } = await startService();
    const { children } = (await call('/segment/jobs', { headers: { 'x-sandbox-name': 'dev' } })).json();
    const stars = children.filter(({ segments }: JsonObject) => segments[0].segmentId === '*');
    expect(stars).toHaveLength(1);
    expect(stars[0].segments).toEqual([{ segmentId: '*' }]);
    expect(children.filter((job: JsonObject) => job !== stars[0]).flatMap(faultsOf)).toEqual([]);
  });

  it('holds for a job at every step of its life', async () => {
    const { call, create, emulator } = await startService();
    const [{ id }, other] = [await create('SEG1'), await create(emulator.definitionIds().broken)];
    const seen = new Set<string>();
    for (let step = 0; step < 60; step++) {
      if (step === 30) await call(`/segment/jobs/${id}`, { method: 'DELETE' });
      for (const job of [id, other.id]) {
        const document = (await call(`/segment/jobs/${job}`)).json();
        expect(faultsOf(document)).toEqual([]);
        seen.add(document.status);
      }
      emulator.advance(step < 30 ? 3000 : 15_000);
    }
    expect(seen).toEqual(new Set(statuses.filter((status) => status !== 'SUCCEEDED')));
  });
});
