import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Change,
  changeOf,
  commonRun,
  comparableSegments,
  compareJob,
  previousRuns,
} from '../../src/jobs/comparison.ts';
import type { SegmentJob } from '../../src/jobs/job.ts';
import { changeText } from '../../src/output/change-text.ts';
import { bareJob, sampleTime } from '../support/sample-jobs.ts';

const hourMs = 3_600_000;

type Sizes = Readonly<
  Record<string, { readonly profiles?: number; readonly [status: string]: number | undefined }>
>;

/** A job that named the segments of `sizes` and counted them; `hoursAgo` before the sample time. */
function counted(id: string, hoursAgo: number, sizes: Sizes, more: Partial<SegmentJob> = {}): SegmentJob {
  const entries = Object.entries(sizes);
  const byStatus = entries.map(([segment, { profiles: _, ...statuses }]) => {
    return [segment, new Map(Object.entries(statuses) as [string, number][])] as const;
  });
  return bareJob(id, {
    status: 'SUCCEEDED',
    creationTime: sampleTime - hoursAgo * hourMs,
    segments: entries.map(([segmentId]) => ({ segmentId })),
    metrics: {
      segmentedProfileCounter: new Map(
        entries.flatMap(([segment, { profiles }]) => (profiles === undefined ? [] : [[segment, profiles]])),
      ),
      segmentedProfileByStatusCounter: new Map(byStatus.filter(([, statuses]) => statuses.size > 0)),
    },
    ...more,
  });
}

const words = ({ now, before, change, changePercent }: Change) => [now, before, change, changePercent];

describe('a job beside the one before it', () => {
  const before = counted('before', 24, { a: { profiles: 1000, realized: 100, existing: 900, exited: 50 } });
  const now = counted('now', 0, {
    a: { profiles: 1100, realized: 80, existing: 1020, exited: 0 },
    b: { profiles: 7 },
  });
  const { segments } = compareJob(now, previousRuns(now, [before]));

  it('has each count with the one before, absolute and in percent', () => {
    const [a] = segments;
    expect(words(a?.profiles ?? changeOf(0, 0))).toEqual([1100, 1000, 100, 10]);
    expect([...(a?.byStatus ?? [])].map(([status, change]) => [status, ...words(change)])).toEqual([
      ['realized', 80, 100, -20, -20],
      ['existing', 1020, 900, 120, (120 / 900) * 100],
      ['exited', 0, 50, -50, -100],
    ]);
  });

  it('has nothing to set a new segment against', () => {
    const [, b] = segments;
    expect([b?.segmentId, b?.comparedWith, words(b?.profiles ?? changeOf(0, 0))]).toEqual([
      'b',
      undefined,
      [7, undefined, undefined, undefined],
    ]);
  });

  it('knows nothing where the service did not count', () => {
    const sparse = bareJob('sparse', { creationTime: sampleTime, segments: [{ segmentId: 'a' }] });
    const [a] = compareJob(sparse, previousRuns(sparse, [before])).segments;
    expect([a?.comparedWith?.id, words(a?.profiles ?? changeOf(0, 0))]).toEqual([
      'before',
      [undefined, 1000, undefined, undefined],
    ]);
  });

  it('takes those who entered and those who stayed for the audience that was not counted', () => {
    const job = counted('now', 0, { a: { realized: 10, existing: 990, exited: 3 }, b: { realized: 5 } });
    expect(compareJob(job, new Map()).segments.map(({ profiles }) => profiles.now)).toEqual([
      1000,
      undefined,
    ]);
  });

  it('counts statuses and namespaces that nobody has documented', () => {
    const job = counted('now', 0, { a: { paused: 3 } });
    const [a] = compareJob(job, new Map()).segments;
    expect([...(a?.byStatus.keys() ?? [])]).toEqual(['realized', 'existing', 'exited', 'paused']);
  });
});

describe('the segments of a job', () => {
  it('are those it names and those it counted, but not the sign for all of them', () => {
    const all = counted(
      'all',
      0,
      { a: { profiles: 1 }, b: { profiles: 2 } },
      { segments: [{ segmentId: '*' }] },
    );
    expect(comparableSegments(all)).toEqual(['a', 'b']);
    expect(comparableSegments(bareJob('x', { segments: [{ segment: { id: 'c' } }, {}] }))).toEqual(['c']);
  });
});

describe('the job before', () => {
  const now = counted('now', 0, { a: { profiles: 1 }, b: { profiles: 1 } });
  const found = (...runs: readonly SegmentJob[]) =>
    Object.fromEntries([...previousRuns(now, runs)].map(([segment, { id }]) => [segment, id]));

  it('is for each segment the last successful one that was made before', () => {
    expect(
      found(
        counted('older', 9, { a: { profiles: 1 }, b: { profiles: 1 } }),
        counted('newer', 5, { a: { profiles: 1 } }),
        counted('failed', 2, { a: { profiles: 1 } }, { status: 'FAILED' }),
        counted('later', -1, { a: { profiles: 1 } }),
        now,
      ),
    ).toEqual({ a: 'newer', b: 'older' });
  });

  it('is one that tells the size, where there is one', () => {
    const sparse = bareJob('sparse', { ...counted('', 2, { a: {} }), id: 'sparse', metrics: undefined });
    expect(found(sparse)).toEqual({ a: 'sparse' });
    expect(found(counted('counted', 5, { a: { profiles: 1 } }), sparse)).toEqual({ a: 'counted' });
    expect(found(sparse, counted('counted', 5, { a: { profiles: 1 } }))).toEqual({ a: 'counted' });
  });

  it('can be one of all definitions, and names that are words of the language do no harm', () => {
    const all = counted(
      'all',
      3,
      { a: { profiles: 1 }, b: { profiles: 1 } },
      { segments: [{ segmentId: '*' }] },
    );
    expect(found(all)).toEqual({ a: 'all', b: 'all' });
    const odd = counted(
      'odd',
      0,
      {},
      { segments: [{ segmentId: '__proto__' }, { segmentId: 'constructor' }] },
    );
    expect(
      compareJob(odd, previousRuns(odd, [all])).segments.map(({ comparedWith }) => comparedWith),
    ).toEqual([undefined, undefined]);
  });

  it('is common to all segments, or it is not', () => {
    const [one, two] = [counted('one', 3, { a: { profiles: 1 } }), counted('two', 4, { b: { profiles: 1 } })];
    expect(commonRun(compareJob(now, previousRuns(now, [one])))?.id).toBe('one');
    expect(commonRun(compareJob(now, previousRuns(now, [one, two])))).toBeUndefined();
    expect(commonRun(compareJob(now, new Map()))).toBeUndefined();
  });
});

describe('a change in words', () => {
  it.each([
    [1100, 1000, '+100 (+10.0%)'],
    [875, 1000, '-125 (-12.5%)'],
    [1_000_001, 1_000_000, '+1 (+<0.1%)'],
    [999_999, 1_000_000, '-1 (-<0.1%)'],
    [1234, 10, '+1,224 (+12,240%)'],
    [5, 5, 'no change'],
    [0, 0, 'no change'],
    [12, 0, '+12'],
    [undefined, 5, ''],
    [5, undefined, ''],
  ])('%s after %s: %s', (now, before, text) => {
    expect(changeText(changeOf(now, before))).toBe(text);
  });

  it('has the sign of the change, and is none only where nothing changed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (now, before) => {
        const text = changeText(changeOf(now, before));
        expect(text === 'no change').toBe(now === before);
        if (now !== before) expect(text.startsWith(now > before ? '+' : '-')).toBe(true);
      }),
    );
  });
});
