import { describe, expect, it } from 'vitest';
import { pagings } from '../../src/emulator/emulator.ts';
import { type CalledService, type JsonObject, startService } from './called-service.ts';

const idsOf = ({ children }: JsonObject): string[] => children.map(({ id }: JsonObject) => id);

async function listed({ call }: CalledService, ...parameters: readonly string[]): Promise<JsonObject> {
  const told = await call(`/segment/jobs${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`);
  expect(told.status).toBe(200);
  return told.json();
}

describe('the list', () => {
  it('holds every job when nothing is asked for, newest first', async () => {
    const service = await startService();
    const { children, _page } = await listed(service);
    expect(_page).toEqual({ totalCount: 153, pageSize: 153 });
    expect(new Set(children.map(({ id }: JsonObject) => id)).size).toBe(153);
    const times = children.map(({ creationTime }: JsonObject) => creationTime);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('takes one status, exactly as the service spells it', async () => {
    const service = await startService();
    for (const status of ['SUCCEEDED', 'FAILED', 'CANCELLED']) {
      const { children } = await listed(service, `status=${status}`);
      expect(new Set(children.map((job: JsonObject) => job.status))).toEqual(new Set([status]));
    }
    for (const other of ['succeeded', 'CANCELED', 'SUCCEEDED,FAILED', 'NEW']) {
      expect((await listed(service, `status=${other}`)).children).toEqual([]);
    }
  });

  it('shows a job that was just created, in every filter that fits, and moves it on', async () => {
    const service = await startService();
    const { id, status } = await service.create('SEG1', 'SEG2');
    expect(idsOf(await listed(service, 'limit=1'))).toEqual([id]);
    expect(idsOf(await listed(service, `status=${status}`))).toEqual([id]);
    expect(idsOf(await listed(service, 'property=segments~segmentId==SEG2'))).toEqual([id]);
    service.emulator.advance(3_600_000);
    expect(idsOf(await listed(service, 'status=SUCCEEDED', 'limit=1'))).toEqual([id]);
    expect(idsOf(await listed(service, `status=${status}`))).toEqual([]);
  });

  it('filters on object paths and within arrays, nested ones too, and on several at once', async () => {
    const service = await startService();
    const { children } = await listed(service);
    const one = children.find(
      ({ source, segments }: JsonObject) => source === 'api' && segments.length === 2,
    );
    const [segment] = one.segments;
    const [policy, night] = [
      segment.segment.mergePolicyId,
      children.find((job: JsonObject) => job.properties),
    ];
    const filters: Record<string, (job: JsonObject) => boolean> = {
      [`id==${one.id}`]: ({ id }) => id === one.id,
      'sandbox.sandboxName==prod': () => true,
      'sandbox.default==true': () => true,
      'source==scheduler': ({ source }) => source === 'scheduler',
      [`properties.runId==${night.properties.runId}`]: ({ id }) => id === night.id,
      [`segments~segmentId==${segment.segmentId}`]: ({ segments }) =>
        segments.some(({ segmentId }: JsonObject) => segmentId === segment.segmentId),
      'segments~segment.expression.format==pql/json': ({ segments }) =>
        segments.some((entry: JsonObject) => entry.segment.expression.format === 'pql/json'),
      [`segments~segment.mergePolicy.id==${policy}`]: ({ segments }) =>
        segments.some((entry: JsonObject) => entry.segment.mergePolicy.id === policy),
      'errors~code==0100000101': ({ errors }) => errors?.[0].code === '0100000101',
      [`metrics.totalTime.totalTimeInMs==${one.metrics.totalTime.totalTimeInMs}`]: ({ id }) => id === one.id,
    };
    for (const [filter, matches] of Object.entries(filters)) {
      const expected = children.filter(matches);
      expect(expected.length, filter).toBeGreaterThan(0);
      expect(idsOf(await listed(service, `property=${encodeURIComponent(filter)}`)), filter).toEqual(
        idsOf({ children: expected }),
      );
    }
    const both = await listed(
      service,
      'property=source==api',
      `property=segments~segmentId==${segment.segmentId}`,
      'status=SUCCEEDED',
    );
    expect(both.children.length).toBeGreaterThan(1);
    expect(
      both.children.every(({ source, status }: JsonObject) => source === 'api' && status === 'SUCCEEDED'),
    ).toBe(true);
  });

  it('matches nothing by a path that is not there, an array taken for an object, or a snapshot', async () => {
    const service = await startService();
    for (const query of [
      'property=no.such==x',
      'property=segments.segmentId==x',
      'property=sandbox~type==production',
      'snapshot.name=inUS',
    ]) {
      expect((await listed(service, query))._page).toEqual({ totalCount: 0, pageSize: 0 });
    }
  });

  it('sorts by any attribute, both ways', async () => {
    const service = await startService();
    for (const attribute of [
      'creationTime',
      'updateTime',
      'status',
      'computeJobId',
      'metrics.totalProfiles',
    ]) {
      const ascending = (await listed(service, `sort=${attribute}:asc`)).children;
      const descending = (await listed(service, `sort=${attribute}:DESC`)).children;
      expect(idsOf({ children: descending })).toEqual(idsOf({ children: ascending }).reverse());
    }
    const { children } = await listed(service, 'sort=updateTime:asc');
    const times = children.map(({ updateTime }: JsonObject) => updateTime);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it.each([
    'limit=0',
    'limit=-1',
    'limit=abc',
    'limit=101',
    'limit=1.5',
    'limit=1e2',
    'start=-1',
    'start=x',
    'sort=creationTime',
    'sort=creationTime:down',
    'sort=:asc',
    'sort=a:asc,b:desc',
    'property=segmentId',
    'property=segments~segmentId=x',
    'property===x',
    'property=a~b~c==x',
    'property=status==',
    'property=.a==x',
  ])('refuses ?%s with 400', async (query) => {
    const { call } = await startService({ historyJobs: 0 });
    const told = await call(`/segment/jobs?${query}`);
    expect([told.status, told.json().status]).toEqual([400, 400]);
    expect(told.json().errors[400][0].message).toMatch(/^Invalid/);
  });

  it('ignores what it does not know, and parameters without a value', async () => {
    const service = await startService();
    expect(
      (await listed(service, 'colour=red', 'status=', 'limit=', 'start=', 'sort='))._page.totalCount,
    ).toBe(153);
  });
});

describe('paging', () => {
  /** Follows what the answer says comes next; counts on as `start` means where it says nothing. */
  async function readAll(service: CalledService, paging: string, limit: number): Promise<string[][]> {
    const pages: string[][] = [];
    let start: string | undefined;
    for (;;) {
      const answer = await listed(
        service,
        `limit=${limit}`,
        ...(start === undefined ? [] : [`start=${start}`]),
      );
      pages.push(idsOf(answer));
      const total = answer._page.totalCount;
      const href: string | undefined = answer._links.next.href;
      const read = pages.flat().length;
      if (answer._page.next !== undefined) start = String(answer._page.next);
      else if (href !== undefined) start = new URLSearchParams(href.split('?')[1]).get('start') ?? '';
      else if (paging.endsWith('-bare') && read < total)
        start = String(paging === 'page-bare' ? pages.length : read);
      else return pages;
    }
  }

  it.each(pagings)('by %s gives 153 of 153 jobs, each once', async (paging) => {
    const service = await startService({ paging });
    const all = idsOf(await listed(service));
    for (const limit of [100, 51, 20]) {
      const pages = await readAll(service, paging, limit);
      expect(pages.flat()).toEqual(all);
      expect(pages).toHaveLength(Math.ceil(153 / limit));
    }
  });

  it('says how to go on in the way of each kind, and {} on the last page', async () => {
    const next = async (paging: (typeof pagings)[number], ...query: readonly string[]) => {
      const { _page, _links } = await listed(await startService({ paging }), ...query);
      return { ..._page, ..._links };
    };
    const size = { totalCount: 153, pageSize: 50 };
    const filter = 'status=SUCCEEDED';
    expect(await next('offset', 'limit=50')).toEqual({
      ...size,
      next: { href: '/segment/jobs?limit=50&start=50' },
    });
    expect(await next('offset', 'limit=20', filter)).toMatchObject({
      next: { href: '/segment/jobs?limit=20&status=SUCCEEDED&start=20' },
    });
    expect(await next('page', 'limit=50', 'start=1')).toMatchObject({
      next: { href: '@/segment/jobs?limit=50&start=2' },
    });
    expect(await next('href', 'limit=50')).toMatchObject({
      next: { href: expect.stringMatching(/^@\/.*start=[\w-]{8,}$/) },
    });
    expect(await next('offset-bare', 'limit=50')).toEqual({ ...size, next: {} });
    for (const paging of pagings)
      expect(await next(paging)).toEqual({ totalCount: 153, pageSize: 153, next: {} });
  });

  it('gives an empty page beyond the end, and refuses a token that is none', async () => {
    expect(await listed(await startService(), 'limit=10', 'start=153')).toEqual({
      _page: { totalCount: 153, pageSize: 0 },
      children: [],
      _links: { next: {} },
    });
    const { call } = await startService({ paging: 'token' });
    expect((await call('/segment/jobs?limit=10&start=10')).status).toBe(400);
  });
});
