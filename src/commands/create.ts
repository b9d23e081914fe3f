// segjobs create: one job for all the segments given, started once.

import type { CreatedJob, CreateOptions, CreateRequest, RequestPreview } from '../api/client.ts';
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
import { quotaFlags } from './quota-flags.ts';

/** Adobe's documented limit of one on-demand evaluation. */
const documentedSegmentLimit = 20;

export const createCommand = defineCommand({
  name: 'create',
  summary: 'start one job that evaluates the given segment definitions',
  description:
    'All ids go into one job, which is one of the two runs a day that Adobe allows in a sandbox.\n' +
    'A request whose answer was lost is never sent again: segjobs looks for the job instead, and ends with 9 where it ' +
    'cannot tell whether there is one. The same command given again on this machine then looks first: it prints the job ' +
    'it finds, ends with 9 while the job may yet appear (10 minutes), and only then sends a new request.\n' +
    '--reuse-active lets pipelines that run at the same time on one machine end with one job. Pipelines on several ' +
    'machines may still make one each.',
  operands: '[SEGMENT_ID...]',
  flags: {
    file: valueFlag(
      '-f, --file <path>',
      'read segment ids from a file: one a line, or a JSON array; - is stdin',
      String,
    ),
    allSegments: switchFlag('--all-segments', 'evaluate every segment definition of the sandbox'),
    reuseActive: switchFlag(
      '--reuse-active',
      'where a job with exactly these segments is active, print that one and start none',
    ),
    new: switchFlag('--new', 'start a job whatever became of an earlier create whose outcome is unknown'),
    dryRun: switchFlag('-n, --dry-run', 'print the request, credentials masked, and send nothing', {
      formats: ['table', 'tsv', 'json', 'ndjson'],
    }),
    watch: switchFlag('-w, --watch', 'then follow the job until it has ended'),
    guardQuota: switchFlag(
      '--guard-quota',
      'send nothing (exit 6) when all runs of the day or the contract year are used, by estimate',
      { group: 'Quota' },
    ),
    ...quotaFlags,
    ...watchFlags,
  },
  formats: ['table', 'tsv', 'json', 'ndjson', 'ids'],
  streamsEvents: 'with --watch',
  examples: [
    { command: 'segjobs create SEGMENT_ID OTHER_SEGMENT_ID', explains: 'one job for two segments' },
    { command: 'id=$(segjobs create -f segments.txt -o ids)', explains: 'keep the id in a script' },
    {
      command: 'segjobs create SEGMENT_ID --reuse-active --watch',
      explains: 'a pipeline step that can be run again',
    },
  ],
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 124, 130, 141],
  exitMeanings: {
    0: 'done; with --watch, the job SUCCEEDED',
    5: 'the service has nothing there: is the sandbox right?',
    6: 'no run is left (--guard-quota), or you said no: nothing was sent',
    10: 'the watched job FAILED',
    11: 'the watched job was CANCELLED',
  },
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
    const options: CreateOptions = {
      reuseActive: flags.reuseActive,
      isNew: flags.new,
      hintFlags: hintFlags(context),
      beforeSending: async () => {
        const { heedQuota } = await import('./create-quota.ts');
        await heedQuota(context, client, flags);
      },
      // As long as nobody knows what became of it, leaving at once (a second Ctrl-C) must say so.
      onDoubt: (isInDoubt) =>
        context.host.setForcedExitCode(isInDoubt ? exitCodes.outcomeUnknown : undefined),
    };
    const send = () => client.create(request, options);
    const created = flags.guardQuota
      ? await (await import('./create-quota-turn.ts')).inQuotaTurn(context, send)
      : await send();
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
  const advice = `Follow it with: ${follower}`;
  // A terminal breaks a line that it has no room for within a word; an id is for copying.
  const { isTty, columns } = output.terminals.stderr;
  const gap = isTty && columns > 0 && line.length + 1 + advice.length > columns ? '\n' : ' ';
  output.note(isWatched || origin === 'active' ? line : `${line}${gap}${advice}`);
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
