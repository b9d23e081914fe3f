// The jobs that commands have lately shown, kept so that a shell can complete their ids without asking the service.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDir, type Ownership, readRegular, removeFile, writeFileAtomic } from '../files.ts';
import { safeText } from '../safe-text.ts';
import type { Locations } from './locations.ts';
import { isObject, own } from './stored.ts';

export interface RecentJob {
  readonly id: string;
  readonly status: string | undefined;
  /** Unix milliseconds, by the service's clock. */
  readonly creationTime: number | undefined;
  /** The first of the segments it evaluates. */
  readonly segmentId: string | undefined;
  readonly segmentCount: number;
}

/** Whose jobs: the same id in another sandbox is another job. */
export interface RecentJobsPlace extends Ownership {
  readonly locations: Pick<Locations, 'cacheDir'>;
  readonly orgId: string;
  readonly sandbox: string;
}

/** The newest ones are kept, so many of each sandbox. */
export const mostRecentJobs = 200;

const mostPlaces = 50;
const maxBytes = 256 * 1024;
const maxNameLength = 200;
const maxTextLength = 256;

/** The jobs kept of one organization and sandbox, newest first; none where there is no file that can be trusted. */
export function readRecentJobs(place: RecentJobsPlace): readonly RecentJob[] {
  return decodeJobs(readText(place) ?? '', place);
}

/**
 * Adds jobs to those kept and takes away what is `gone`, in one small write, and none where nothing has changed. Never
 * throws: what is kept here only saves typing. Of two processes that write at once the later one wins.
 */
export function keepRecentJobs(
  place: RecentJobsPlace,
  seen: ReadonlyMap<string, RecentJob>,
  gone: ReadonlySet<string>,
): void {
  const path = pathOf(place);
  const directory = directoryOf(place.locations);
  if (path === undefined || directory === undefined) return;
  try {
    const before = readText(place);
    const jobs = new Map(decodeJobs(before ?? '', place).map((job) => [job.id, job]));
    for (const [id, job] of seen) if (isOfferable(id)) jobs.set(id, shortened(job));
    for (const id of gone) jobs.delete(id);
    const text = encodeJobs(place, newestOf([...jobs.values()]));
    if (text === before || (before === undefined && jobs.size === 0)) return;
    ensurePrivateDir(directory);
    if (before === undefined) makeRoom(directory);
    writeFileAtomic(path, text, { userId: place.userId, isLasting: false });
  } catch {
    // A read-only home must not make a command fail that has done its work.
  }
}

/** Sandboxes of an organization whose jobs are kept, the latest first. */
export function recentSandboxes(
  locations: Pick<Locations, 'cacheDir'>,
  orgId: string | undefined,
): readonly string[] {
  const directory = directoryOf(locations);
  if (directory === undefined) return [];
  const names = latestFirst(directory).flatMap(({ name }) => {
    const [org = '', sandbox = ''] = name.split('.').map(decoded);
    return orgId === undefined || org === orgId ? [sandbox] : [];
  });
  return [...new Set(names)].filter(isOfferable);
}

/** Empty for what nobody has encoded: a file that is not ours. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/**
 * Whether a word can be offered to a shell: one line of visible text, and nothing that a command would take for a flag.
 * Quoting it is the shell's part, but fish leaves a `~` in front as it is, and would make a home directory of it.
 */
export function isOfferable(word: string): boolean {
  return (
    word.trim() !== '' &&
    word.length <= maxTextLength &&
    !/^[-~]/.test(word) &&
    safeText(word) === word &&
    !/\p{Surrogate}/u.test(word)
  );
}

function newestOf(jobs: readonly RecentJob[]): readonly RecentJob[] {
  return jobs
    .toSorted((one, other) => (other.creationTime ?? 0) - (one.creationTime ?? 0))
    .slice(0, mostRecentJobs);
}

function shortened({ id, status, creationTime, segmentId, segmentCount }: RecentJob): RecentJob {
  return { id, status: shortText(status), creationTime, segmentId: shortText(segmentId), segmentCount };
}

function shortText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : safeText(text).slice(0, maxTextLength);
}

function directoryOf({ cacheDir }: Pick<Locations, 'cacheDir'>): string | undefined {
  return cacheDir === undefined ? undefined : join(cacheDir, 'jobs');
}

/** One file for each sandbox of an organization, named after both; the encoding leaves no dot and no separator. */
function pathOf({ locations, orgId, sandbox }: RecentJobsPlace): string | undefined {
  const directory = directoryOf(locations);
  const name = [orgId, sandbox].map((part) => encodeURIComponent(part).replaceAll('.', '%2E')).join('.');
  return directory === undefined || name.length > maxNameLength ? undefined : join(directory, `${name}.json`);
}

function readText(place: RecentJobsPlace): string | undefined {
  const path = pathOf(place);
  if (path === undefined) return undefined;
  try {
    const file = readRegular(path, { maxBytes, userId: place.userId });
    return file === undefined || file.isOpenToOthers ? undefined : file.bytes.toString('utf8');
  } catch {
    return undefined;
  }
}

function encodeJobs({ orgId, sandbox }: RecentJobsPlace, jobs: readonly RecentJob[]): string {
  return `${JSON.stringify({ orgId, sandbox, jobs })}\n`;
}

function decodeJobs(text: string, { orgId, sandbox }: RecentJobsPlace): readonly RecentJob[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return [];
  }
  // A file system that takes two spellings for one name may hold another sandbox's file here.
  if (!isObject(content) || own(content, 'orgId') !== orgId || own(content, 'sandbox') !== sandbox) return [];
  const jobs = own(content, 'jobs');
  return Array.isArray(jobs) ? jobs.slice(0, mostRecentJobs).flatMap((job) => decodeJob(job) ?? []) : [];
}

function decodeJob(content: unknown): RecentJob | undefined {
  if (!isObject(content)) return undefined;
  const id = own(content, 'id');
  if (typeof id !== 'string' || !isOfferable(id)) return undefined;
  const text = (key: string) => {
    const value = own(content, key);
    return typeof value === 'string' ? shortText(value) : undefined;
  };
  const number = (key: string) => {
    const value = own(content, key);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  return {
    id,
    status: text('status'),
    creationTime: number('creationTime'),
    segmentId: text('segmentId'),
    segmentCount: number('segmentCount') ?? 0,
  };
}

/** Files of this directory; none where it cannot be read. */
function latestFirst(directory: string): readonly { readonly name: string; readonly changedMs: number }[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[^.]+\.[^.]+\.json$/.test(name))
      .slice(0, 10 * mostPlaces)
      .map((name) => ({ name, changedMs: statSync(join(directory, name)).mtimeMs }))
      .toSorted((one, other) => other.changedMs - one.changedMs);
  } catch {
    return [];
  }
}

/** Before one more sandbox gets a file: those that nobody has used for the longest time go. */
function makeRoom(directory: string): void {
  for (const { name } of latestFirst(directory).slice(mostPlaces - 1)) removeFile(join(directory, name));
}
