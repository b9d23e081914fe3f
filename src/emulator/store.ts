// All jobs the emulator knows: the history made from the seed, and those created since.

import type { Definitions } from './definitions.ts';
import { jobDocument } from './document.ts';
import { isFinal, type Job, statusAt } from './life.ts';
import type { ListQuery } from './query.ts';
import {
  addNights,
  type CreatedJob,
  createdJob,
  openSandboxJobs,
  type SandboxJobs,
  type SandboxJobsOptions,
} from './sandbox-jobs.ts';
import { type Sandbox, sandboxes } from './sandboxes.ts';
import { isOrderedByTime, joined, orderJobs, type Selection } from './selection.ts';

/** Characters of finished documents kept ready to send; beyond it the cache starts anew. */
const cacheLimitCharacters = 96_000_000;

/** What happened since the start: all that a data file holds of the jobs. */
export interface Happenings {
  readonly created: readonly CreatedJob[];
  /** Job id → service time (unix ms) of the cancel. */
  readonly cancelled: Readonly<Record<string, number>>;
  readonly deleted: Readonly<Record<string, number>>;
}

export interface StoreOptions extends SandboxJobsOptions {
  readonly orgId: string;
  readonly happenings?: Happenings | undefined;
}

export interface Store {
  definitions(sandbox: Sandbox): Definitions;
  find(sandbox: Sandbox, id: string, at: number): Job | undefined;
  /** The job's document as JSON text, at a moment of service time. */
  render(job: Job, at: number): string;
  select(sandbox: Sandbox, query: ListQuery, at: number): Selection;
  countActive(sandbox: Sandbox, at: number): number;
  count(sandbox: Sandbox | undefined, at: number): number;
  create(request: Omit<CreatedJob, 'number' | 'sandbox'> & { readonly sandbox: Sandbox }): Job;
  /** Takes a created job back: it could not be kept on disk. */
  discard(job: Job): void;
  /** Marks it as cancelled or deleted; returns how to take that back. */
  cancel(job: Job, at: number): () => void;
  happenings(): Happenings;
}

export function createStore(options: StoreOptions): Store {
  const { startAt, orgId } = options;
  const created: CreatedJob[] = [];
  const jobs = new Map<string, Job>();
  const documents = new Map<string, string>();
  let documentCharacters = 0;
  let nextNumber = 1;

  const productionJobs = Math.round((options.historyJobs * 5) / 6);
  const places = new Map(
    sandboxes.map((sandbox) => {
      const count = sandbox.type === 'production' ? productionJobs : options.historyJobs - productionJobs;
      return [sandbox.name, openSandboxJobs(sandbox, count, options)] as const;
    }),
  );
  for (const { history } of places.values()) for (const job of history) jobs.set(job.id, job);
  const placeOf = (sandbox: Sandbox): SandboxJobs => {
    const place = places.get(sandbox.name);
    if (place === undefined) throw new RangeError(`no sandbox ${sandbox.name}`);
    return place;
  };

  function addCreated(record: CreatedJob, place: SandboxJobs): Job {
    const job = createdJob(record, place, options);
    created.push(record);
    place.live.push(job);
    jobs.set(job.id, job);
    return job;
  }

  const passNights = (place: SandboxJobs, at: number) => {
    for (const job of addNights(place, at, options)) jobs.set(job.id, job);
  };

  const documentOf = (job: Job, at: number) => jobDocument(job, at, orgId, placeOf(job.sandbox).definitions);

  function render(job: Job, at: number): string {
    const kept = documents.get(job.id);
    if (kept !== undefined && at >= job.endAt) return kept;
    const text = JSON.stringify(documentOf(job, at));
    if (at >= job.endAt && isFinal(statusAt(job, at).status)) {
      documentCharacters += text.length;
      if (documentCharacters > cacheLimitCharacters) {
        documents.clear();
        documentCharacters = text.length;
      }
      documents.set(job.id, text);
    }
    return text;
  }

  function select(sandbox: Sandbox, query: ListQuery, at: number): Selection {
    const place = placeOf(sandbox);
    passNights(place, at);
    const { status, properties, snapshotName, sort } = query;
    const key = JSON.stringify([status, properties.map(({ text }) => text), snapshotName, sort]);
    let past = place.selections.get(key);
    if (past === undefined) {
      if (place.selections.size >= 16) place.selections.clear();
      past = orderJobs(place.history, query, startAt, documentOf);
      place.selections.set(key, past);
    }
    const visible = place.live.filter(
      (job) => job.createdAt <= at && !((job.deletedAt ?? Number.POSITIVE_INFINITY) <= at),
    );
    const present = orderJobs(visible, query, at, documentOf);
    // Whatever began or changed since the start is newer than all of the history.
    if (isOrderedByTime(query)) return sort.isDescending ? joined(present, past) : joined(past, present);
    if (present.length === 0) return joined(past, []);
    const oldestFirst = [...past].sort((a, b) => a.createdAt - b.createdAt);
    return joined(orderJobs(oldestFirst.concat(visible), query, at, documentOf), []);
  }

  for (const record of options.happenings?.created ?? []) {
    const sandbox = sandboxes.find(({ name }) => name === record.sandbox);
    if (sandbox === undefined) continue;
    addCreated(record, placeOf(sandbox));
    nextNumber = Math.max(nextNumber, record.number + 1);
  }
  const marks = { cancelled: new Map<string, number>(), deleted: new Map<string, number>() };
  const dropFromHistory = (job: Job) => {
    const place = placeOf(job.sandbox);
    if (place.live.includes(job)) return;
    place.history = place.history.filter((other) => other !== job);
    place.selections.clear();
  };
  function restoreMarks(happenings: Happenings): void {
    const latest = Math.max(0, ...Object.values(happenings.cancelled), ...Object.values(happenings.deleted));
    for (const place of places.values()) passNights(place, latest);
    for (const [id, at] of Object.entries(happenings.cancelled)) {
      const job = jobs.get(id);
      if (job === undefined) continue;
      job.cancelRequestedAt = at;
      marks.cancelled.set(id, at);
    }
    for (const [id, at] of Object.entries(happenings.deleted)) {
      const job = jobs.get(id);
      if (job === undefined) continue;
      job.deletedAt = at;
      marks.deleted.set(id, at);
      dropFromHistory(job);
    }
  }
  if (options.happenings !== undefined) restoreMarks(options.happenings);

  return {
    definitions: (sandbox) => placeOf(sandbox).definitions,
    find(sandbox, id, at) {
      passNights(placeOf(sandbox), at);
      const job = jobs.get(id);
      if (job === undefined || job.sandbox !== sandbox || job.createdAt > at) return undefined;
      return job.deletedAt !== undefined && job.deletedAt <= at ? undefined : job;
    },
    render,
    select,
    countActive(sandbox, at) {
      const place = placeOf(sandbox);
      passNights(place, at);
      return place.live.filter((job) => !isFinal(statusAt(job, at).status) && job.deletedAt === undefined)
        .length;
    },
    count(sandbox, at) {
      const counted = sandbox === undefined ? [...places.values()] : [placeOf(sandbox)];
      for (const place of counted) passNights(place, at);
      return counted.reduce(
        (sum, place) =>
          sum + place.history.length + place.live.filter((job) => job.deletedAt === undefined).length,
        0,
      );
    },
    create({ sandbox, segmentIds, createdAt, requestId }) {
      const record: CreatedJob = {
        number: nextNumber,
        sandbox: sandbox.name,
        segmentIds,
        createdAt,
        requestId,
      };
      nextNumber++;
      return addCreated(record, placeOf(sandbox));
    },
    discard(job) {
      const place = placeOf(job.sandbox);
      jobs.delete(job.id);
      place.live.splice(place.live.indexOf(job), 1);
      const index = created.findIndex(({ number }) => options.historyJobs + number === job.number);
      if (index >= 0) created.splice(index, 1);
    },
    cancel(job, at) {
      const { status } = statusAt(job, at);
      if (status === 'CANCELLING' || status === 'CANCELLED') return () => undefined;
      if (!isFinal(status)) {
        job.cancelRequestedAt = at;
        marks.cancelled.set(job.id, at);
        return () => {
          job.cancelRequestedAt = undefined;
          marks.cancelled.delete(job.id);
        };
      }
      // "Cancel or delete": what becomes of a finished job is not published. This is the reading that does most harm,
      // so that a client which sends the DELETE anyway is caught.
      job.deletedAt = at;
      marks.deleted.set(job.id, at);
      const place = placeOf(job.sandbox);
      const before = place.history;
      dropFromHistory(job);
      return () => {
        job.deletedAt = undefined;
        marks.deleted.delete(job.id);
        place.history = before;
        place.selections.clear();
      };
    },
    happenings: () => ({
      created: [...created],
      cancelled: Object.fromEntries(marks.cancelled),
      deleted: Object.fromEntries(marks.deleted),
    }),
  };
}
