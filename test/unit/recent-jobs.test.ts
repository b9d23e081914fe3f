import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJobMemory } from '../../src/config/job-memory.ts';
import {
  isOfferable,
  keepRecentJobs,
  type RecentJob,
  readRecentJobs,
  recentSandboxes,
} from '../../src/config/recent-jobs.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';

let cacheDir: string;
const userId = process.getuid?.();
const place = (sandbox = 'prod', orgId = 'A@AdobeOrg') => ({
  locations: { cacheDir },
  userId,
  orgId,
  sandbox,
});
const none = new Set<string>();
const onlyFile = () => join(cacheDir, 'jobs', readdirSync(join(cacheDir, 'jobs'))[0] ?? '');

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'segjobs-recent-'));
});

afterEach(() => {
  chmodSync(cacheDir, 0o700);
  rmSync(cacheDir, { recursive: true });
});

function recent(id: string, creationTime?: number, status = 'NEW'): RecentJob {
  return { id, status, creationTime, segmentId: 'seg', segmentCount: 1 };
}

function keep(jobs: readonly RecentJob[], gone: ReadonlySet<string> = none, sandbox = 'prod'): void {
  keepRecentJobs(place(sandbox), new Map(jobs.map((job) => [job.id, job])), gone);
}

function ids(sandbox = 'prod'): readonly string[] {
  return readRecentJobs(place(sandbox)).map(({ id }) => id);
}

describe('the recent jobs', () => {
  it('are kept newest first, merged, each once with its latest status', () => {
    keep([recent('b', 2), recent('a', 1)]);
    keep([recent('c', 3), recent('a', 1, 'SUCCEEDED'), recent('undated')]);
    expect(ids()).toEqual(['c', 'b', 'a', 'undated']);
    expect(readRecentJobs(place()).find(({ id }) => id === 'a')?.status).toBe('SUCCEEDED');
  });

  it('are the newest 200', () => {
    keep(Array.from({ length: 150 }, (_, at) => recent(`old-${at}`, at)));
    keep(Array.from({ length: 150 }, (_, at) => recent(`new-${at}`, 1000 + at)));
    expect(ids()).toHaveLength(200);
    expect(ids()[0]).toBe('new-149');
    expect(ids().at(-1)).toBe('old-100');
  });

  it('are those of one sandbox of one organization', () => {
    keep([recent('a', 1)]);
    keep([recent('b', 1)], none, 'dev');
    expect([ids('prod'), ids('dev'), ids('other')]).toEqual([['a'], ['b'], []]);
    expect(readRecentJobs(place('prod', 'B@AdobeOrg'))).toEqual([]);
    expect([...recentSandboxes({ cacheDir }, 'A@AdobeOrg')].sort()).toEqual(['dev', 'prod']);
    expect(recentSandboxes({ cacheDir }, 'B@AdobeOrg')).toEqual([]);
  });

  it('lose those that are gone', () => {
    keep([recent('a', 1), recent('b', 2)]);
    keep([], new Set(['b']));
    expect(ids()).toEqual(['a']);
  });

  it('lie in a file that is private, is not written when nothing is new, and leaves no litter', () => {
    keep([recent('a', 1)]);
    expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
    const before = statSync(onlyFile()).ino;
    keep([recent('a', 1)]);
    expect(statSync(onlyFile()).ino).toBe(before);
    keep([recent('a', 1, 'FAILED')]);
    expect(statSync(onlyFile()).ino).not.toBe(before);
    expect(readdirSync(join(cacheDir, 'jobs'))).toHaveLength(1);
  });

  it('of at most 50 sandboxes are kept: those not used for longest go', () => {
    for (let at = 0; at < 60; at++) keep([recent('a', at)], none, `sandbox-${at}`);
    expect(readdirSync(join(cacheDir, 'jobs'))).toHaveLength(50);
    expect(ids('sandbox-59')).toEqual(['a']);
  });

  it.each([
    ['no JSON', 'not json'],
    ['another shape', '[1,2,3]'],
    ['a prototype', '{"__proto__":{"jobs":[{"id":"x"}]}}'],
    ['another sandbox', '{"orgId":"A@AdobeOrg","sandbox":"dev","jobs":[{"id":"x"}]}'],
    ['jobs that are none', '{"orgId":"A@AdobeOrg","sandbox":"prod","jobs":[null,1,"x",{},{"id":7}]}'],
    [
      'ids that are no word',
      '{"orgId":"A@AdobeOrg","sandbox":"prod","jobs":[{"id":"a\\nb"},{"id":"-x"},{"id":"\\u001b[2J"}]}',
    ],
    [
      'too many bytes',
      `{"orgId":"A@AdobeOrg","sandbox":"prod","jobs":[{"id":"x"}],"y":"${'y'.repeat(300_000)}"}`,
    ],
  ])('are none where the file holds %s, and the next ones are kept all the same', (_, text) => {
    keep([recent('a', 1)]);
    writeFileSync(onlyFile(), text);
    expect(ids()).toEqual([]);
    keep([recent('b', 2)]);
    expect(ids()).toEqual(['b']);
  });

  it.skipIf(userId === undefined)('are none where others can write the file', () => {
    keep([recent('a', 1)]);
    chmodSync(onlyFile(), 0o666);
    expect(ids()).toEqual([]);
  });

  it('are no reason to fail where nothing can be written', () => {
    const blocked = join(cacheDir, 'blocked');
    writeFileSync(blocked, '');
    const nowhere = { ...place(), locations: { cacheDir: blocked } };
    keepRecentJobs(nowhere, new Map([['a', recent('a', 1)]]), none);
    expect(readRecentJobs(nowhere)).toEqual([]);
    keepRecentJobs({ ...place(), locations: { cacheDir: undefined } }, new Map([['a', recent('a')]]), none);
    expect(readFileSync(blocked, 'utf8')).toBe('');
  });

  it('have names that stay within their directory, whatever the sandbox is called', () => {
    const outside = mkdtempSync(join(tmpdir(), 'segjobs-outside-'));
    mkdirSync(join(cacheDir, 'jobs'), { mode: 0o700 });
    keep([recent('a', 1)], none, `../../${outside}/x`);
    keep([recent('a', 1)], none, 'x'.repeat(5000));
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(cacheDir)).toEqual(['jobs']);
    rmSync(outside, { recursive: true });
  });

  it('have no ids that a shell could only offer as something else', () => {
    const words = ['-f', '~', '~root', '~/x', 'a\tb', 'a\u202eb', ' ', ''];
    expect(words.filter(isOfferable)).toEqual([]);
    expect(['a~', 'a-b', "it's $(x)"].filter(isOfferable)).toEqual(['a~', 'a-b', "it's $(x)"]);
  });

  it('come back as they were kept, for every id that is one visible word or line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (id) => {
        fc.pre(isOfferable(id));
        keep([recent(id, 1)], new Set(ids()));
        expect(ids()).toEqual([id]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what a command learns of jobs', () => {
  const job = (id: string, status: string): SegmentJob => ({
    id,
    status,
    creationTime: 1,
    segments: [{ segmentId: 'one' }, { segmentId: 'two' }],
    errors: [],
    json: '{"secret":"no"}',
  });

  it('is kept at its end: the last status, what was cancelled, what is gone, and nothing else of the job', () => {
    const memory = createJobMemory(place());
    memory.seen([job('a', 'NEW'), job('b', 'PROCESSING'), job('c', 'NEW')]);
    memory.seen([job('a', 'SUCCEEDED')]);
    memory.cancelled('b');
    memory.gone(['c']);
    expect(ids()).toEqual([]);
    memory.keep();
    expect(readRecentJobs(place())).toEqual([
      { id: 'a', status: 'SUCCEEDED', creationTime: 1, segmentId: 'one', segmentCount: 2 },
      { id: 'b', status: 'CANCELLING', creationTime: 1, segmentId: 'one', segmentCount: 2 },
    ]);
    expect(readFileSync(onlyFile(), 'utf8')).not.toContain('secret');
  });

  it('is bounded', () => {
    const memory = createJobMemory(place());
    memory.seen(Array.from({ length: 5000 }, (_, at) => job(`job-${at}`, 'NEW')));
    memory.keep();
    expect(ids()).toHaveLength(200);
  });
});
