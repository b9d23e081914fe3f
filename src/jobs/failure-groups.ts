// Failed jobs by what went wrong: errors that differ only in an id or a number are one. Pure.

import type { SegmentJob } from './job.ts';

export interface FailureGroup {
  readonly code: string | undefined;
  /** As the newest of the jobs says it. */
  readonly message: string | undefined;
  readonly jobs: number;
  readonly lastJobId: string;
  /** Unix ms. */
  readonly lastCreatedAt: number | undefined;
}

export interface FailureGroups {
  /** A failed job counts once, by its first error. */
  add(job: SegmentJob): void;
  /** Most frequent first; beyond a thousand kinds of errors the rest is one group without code and message. */
  all(): readonly FailureGroup[];
}

const mostGroups = 1000;
/** What comes after that does not tell two errors apart. */
const longestMessage = 500;
const otherKey = 'other';

export function createFailureGroups(): FailureGroups {
  const groups = new Map<string, { -readonly [K in keyof FailureGroup]: FailureGroup[K] }>();

  function add({ id, errors, creationTime }: SegmentJob): void {
    const { code, msg } = errors.find((error) => error.code !== undefined || error.msg !== undefined) ?? {};
    const message = msg?.slice(0, longestMessage);
    const ownKey = JSON.stringify([code ?? null, kindOf(message ?? '')]);
    const isOther = !groups.has(ownKey) && groups.size >= mostGroups;
    const key = isOther ? otherKey : ownKey;
    const said = isOther ? { code: undefined, message: undefined } : { code, message };
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { ...said, jobs: 1, lastJobId: id, lastCreatedAt: creationTime });
      return;
    }
    group.jobs += 1;
    if ((creationTime ?? 0) <= (group.lastCreatedAt ?? 0)) return;
    Object.assign(group, { ...said, lastJobId: id, lastCreatedAt: creationTime });
  }

  return { add, all: () => [...groups.values()].sort((a, b) => b.jobs - a.jobs) };
}

/** The message without what changes from job to job: ids, quoted names, numbers. */
function kindOf(message: string): string {
  return message
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '#')
    .replace(/\d+/g, '#');
}
