// The question that `watch` asks on a terminal when it was told nothing: which of the unfinished jobs.

import type { Context } from '../context.ts';
import { SegjobsError } from '../errors.ts';
import { isFinal, jobStatuses, type SegmentJob, segmentIdsOf } from '../jobs/job.ts';
import { createListing } from '../jobs/listing.ts';

/** More than this nobody picks from; `--status active` watches all of them. */
const mostOffered = 50;

/**
 * Shows the unfinished jobs, newest first, and returns the ids picked, in that order. Throws a `NOT_FOUND` where there
 * is none to watch, and what a question throws.
 */
export async function pickJobs(context: Context): Promise<readonly string[]> {
  const [client, output, prompts, { sandbox }, { durationText }, { shownDurationMs }] = await Promise.all([
    context.client(),
    context.output(),
    context.prompts(),
    context.settings(),
    import('../output/text.ts'),
    import('../output/job-words.ts'),
  ]);
  const listing = createListing(
    {
      statuses: jobStatuses.filter((status) => !isFinal({ status })),
      properties: [],
      sort: { by: 'creationTime', direction: 'desc' },
      limit: mostOffered,
    },
    client.pages,
  );
  const jobs: SegmentJob[] = [];
  for await (const batch of listing.batches()) jobs.push(...batch);
  if (jobs.length === 0) {
    throw new SegjobsError('NOT_FOUND', `no job of sandbox "${sandbox}" is unfinished`, {
      hint: 'to wait for the next one: segjobs watch --source scheduler',
    });
  }
  const now = client.serviceNow();
  for (const [index, job] of jobs.entries()) {
    const segments = segmentIdsOf(job).length;
    const size = segmentIdsOf(job).includes('*')
      ? 'all segments'
      : `${segments} segment${segments === 1 ? '' : 's'}`;
    const facts = [job.status ?? '', job.id, size, durationText(shownDurationMs(job, now)), job.source ?? ''];
    output.warn(`  ${String(index + 1).padStart(2)}  ${facts.join('  ')}`);
  }
  if (listing.end().hasMore) output.warn(`  and more: segjobs watch --status active follows all of them`);
  for (;;) {
    const answer = await prompts.text('Which? Numbers, or Enter for all of these:', 'give job ids');
    const picked = readPick(answer, jobs.length);
    if (picked !== undefined) return picked.flatMap((number) => jobs[number - 1]?.id ?? []);
    output.warn(`Give numbers from 1 to ${jobs.length}, such as 1,3 or 2-4.`);
  }
}

/** `1,3`, `2-4`, `1 3`; nothing or `all` is every one. Numbers from 1, ascending, each once; `undefined` for anything else. */
export function readPick(answer: string, count: number): readonly number[] | undefined {
  const every = Array.from({ length: count }, (_, index) => index + 1);
  const words = answer.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0 || (words.length === 1 && words[0]?.toLowerCase() === 'all')) return every;
  const picked = new Set<number>();
  for (const word of words) {
    const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(word);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first < 1 || last > count || first > last) return undefined;
    for (let number = first; number <= last; number++) picked.add(number);
  }
  return every.filter((number) => picked.has(number));
}
