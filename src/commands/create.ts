// segjobs create: one job for all the segments given, started once.

import type { CreatedJob, CreateRequest, RequestPreview } from '../api/client.ts';
import type { Context } from '../context.ts';
import { exitCodes, SegjobsError, usageError } from '../errors.ts';
import { checkSegmentId } from '../jobs/job-id.ts';
import { allSegmentsId } from '../jobs/segment-set.ts';
import { jobView } from '../output/job-views.ts';
import type { RecordView } from '../output/output.ts';
import { leaveTellingToEvents } from '../output/watch-views.ts';
import { safeText } from '../safe-text.ts';
import { shellWord } from '../shell-word.ts';
import { readIds } from './arguments.ts';
import { defineCommand, switchFlag, valueFlag } from './command.ts';
import { follow, targetFlags, watchFlags } from './following.ts';

/** Adobe's documented limit of one on-demand evaluation. */
const documentedSegmentLimit = 20;

export const createCommand = defineCommand({
  name: 'create',
  summary: 'start one job that evaluates the given segment definitions',
  description:
    'All ids go into one job: that is one run of the two a day that Adobe allows per sandbox.\n' +
    'A create whose answer is lost is never sent again; the job is looked for instead (exit 9 when that does not settle it).\n' +
    'After exit 9, or when segjobs was killed, the next create of the same segments on this machine looks first: it prints that job, ' +
    'or ends with 9 as long as the job may yet appear (10 minutes); one still under way is waited for.\n' +
    '--reuse-active makes racing pipelines on one machine end with one job; between machines the race cannot be closed.',
  operands: '[SEGMENT_ID...]',
  flags: {
    file: valueFlag(
      '-f, --file <path>',
      'read segment ids from a file, one a line or a JSON array; - for stdin',
      String,
    ),
    allSegments: switchFlag('--all-segments', 'evaluate every segment definition of the sandbox'),
    reuseActive: switchFlag(
      '--reuse-active',
      'if a job with exactly these segments is active, return that one',
    ),
    new: switchFlag('--new', 'do not look for the job of an earlier create whose outcome is unknown'),
    dryRun: switchFlag('-n, --dry-run', 'print the request, credentials masked, and send nothing', {
      formats: ['table', 'tsv', 'json', 'ndjson'],
    }),
    watch: switchFlag('-w, --watch', 'then follow the job until it has finished'),
    ...watchFlags,
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  examples: [
    { command: 'segjobs create SEGMENT_ID OTHER_SEGMENT_ID', explains: 'one job for two segments' },
    { command: 'id=$(segjobs create -f segments.txt -o ids)', explains: 'keep the id in a script' },
    { command: 'segjobs create SEGMENT_ID --reuse-active --watch', explains: 'a step that can be run again' },
  ],
  exitCodes: [0, 2, 3, 4, 7, 8, 9, 10, 11, 124, 130],
  run: async (context, { operands, flags }) => {
    if (flags.new && flags.reuseActive) {
      throw usageError('--new and --reuse-active exclude each other', 'give one of them');
    }
    const request = await readRequest(context, operands, flags);
    const segmentIds = 'allSegments' in request ? [allSegmentsId] : request.segmentIds;
    const [output, client] = await Promise.all([context.output(), context.client()]);
    if (segmentIds.length > documentedSegmentLimit) {
      output.warn(
        `${segmentIds.length} segments in one job: Adobe documents at most ${documentedSegmentLimit}; sent as asked.`,
      );
    }
    if (flags.dryRun) {
      await output.one(client.previewCreate(request), previewView);
      return exitCodes.done;
    }
    if (flags.watch) leaveTellingToEvents(output);
    const created = await client.create(request, {
      reuseActive: flags.reuseActive,
      isNew: flags.new,
      hintFlags: hintFlags(context),
      // As long as nobody knows what became of it, leaving at once (a second Ctrl-C) must say so.
      onDoubt: (isInDoubt) =>
        context.host.setForcedExitCode(isInDoubt ? exitCodes.outcomeUnknown : undefined),
    });
    await tell(context, created, { segmentIds, isWatched: flags.watch });
    const { job, origin, settle } = created;
    if (flags.watch) {
      const isReused = origin === 'active' || origin === 'earlier';
      return follow(context, { ids: [job.id], flags, created: job, isReused, onReported: settle });
    }
    try {
      await output.one(job, jobView);
    } catch (cause) {
      throw await nameUnprinted(context, created, cause);
    }
    settle();
    return exitCodes.done;
  },
});

async function readRequest(
  context: Context,
  operands: readonly string[],
  flags: { readonly file: string | undefined; readonly allSegments: boolean },
): Promise<CreateRequest> {
  if (flags.allSegments) {
    if (operands.length > 0 || flags.file !== undefined) {
      throw usageError('--all-segments takes no segment ids', 'give either the flag or the ids');
    }
    return { allSegments: true };
  }
  const segmentIds = await readIds(context, {
    operands,
    file: flags.file,
    what: 'segment id',
    check: checkSegmentId,
  });
  if (segmentIds.length === 0) throw usageError('the file holds no segment id');
  if (segmentIds.includes(allSegmentsId)) {
    throw usageError(
      '"*" is not a segment id',
      'to evaluate every segment definition: segjobs create --all-segments',
    );
  }
  return { segmentIds };
}

/** Names the job on stderr before anything else can fail, and says how it came about. */
async function tell(
  context: Context,
  { job, origin }: CreatedJob,
  { segmentIds, isWatched }: { readonly segmentIds: readonly string[]; readonly isWatched: boolean },
): Promise<void> {
  const [output, { sandbox }] = await Promise.all([context.output(), context.settings()]);
  const id = safeText(job.id);
  const size = segmentIds[0] === allSegmentsId ? 'all segments' : counted(segmentIds.length, 'segment');
  const status = safeText(job.status ?? 'unfinished');
  const line = {
    created: `Created job ${id} (${size}) in sandbox "${sandbox}".`,
    recovered: `Created job ${id} (${size}) in sandbox "${sandbox}".`,
    earlier: `Job ${id} (${size}) in sandbox "${sandbox}" was made by an earlier create that nobody was told the outcome of; nothing was sent. For another job: --new.`,
    active: `Job ${id} is ${status} with the same segments; nothing was created.`,
  }[origin];
  if (origin === 'recovered')
    output.note('The answer to the create was lost; the job was found at the service.');
  const follower = ['segjobs watch', shellWord(job.id), ...hintFlags(context)].join(' ');
  output.note(isWatched || origin === 'active' ? line : `${line} Follow it with: ${follower}`);
}

/** A job that could not be printed is named all the same, and stays remembered. */
async function nameUnprinted(context: Context, { job }: CreatedJob, cause: unknown): Promise<unknown> {
  if (!(cause instanceof SegjobsError)) return cause;
  const { warn } = await context.output();
  if (context.globals.quiet) warn(`Job ${safeText(job.id)} exists, but could not be printed.`);
  return cause;
}

function hintFlags({ globals }: Context): readonly string[] {
  return targetFlags(globals).map(shellWord);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function headerLines(headers: RequestPreview['headers']): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}

const previewView: RecordView<RequestPreview> = {
  columns: [
    { name: 'method', title: 'METHOD', cell: ({ method }) => method },
    { name: 'url', title: 'URL', cell: ({ url }) => url },
    { name: 'body', title: 'BODY', cell: ({ body }) => JSON.stringify(body) },
    { name: 'headers', title: 'HEADERS', cell: ({ headers }) => headerLines(headers).join(', ') },
  ],
  json: (preview) => JSON.stringify(preview),
  page: ({ method, url, headers, body }) =>
    [`${method} ${url}`, ...headerLines(headers), '', JSON.stringify(body, null, 2)].join('\n'),
};
