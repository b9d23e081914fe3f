// segjobs create: one job for all the segments given, started once.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CreateRequest, RequestPreview, SegmentJobsClient } from '../api/client.ts';
import type { Context } from '../context.ts';
import { exitCodes, usageError } from '../errors.ts';
import { withFileLock } from '../file-lock.ts';
import { ensurePrivateDir } from '../files.ts';
import { activeStatuses, type SegmentJob } from '../jobs/job.ts';
import { checkSegmentId } from '../jobs/job-id.ts';
import { allSegmentsId, findActiveTwin } from '../jobs/segment-set.ts';
import { jobView } from '../output/job-views.ts';
import type { RecordView } from '../output/output.ts';
import { leaveTellingToEvents } from '../output/watch-views.ts';
import { safeText } from '../safe-text.ts';
import { readIds } from './arguments.ts';
import { defineCommand, switchFlag, valueFlag } from './command.ts';
import { follow, watchFlags } from './following.ts';

/** Adobe's documented limit of one on-demand evaluation. */
const documentedSegmentLimit = 20;
/** How long one racing pipeline waits for another to finish its create, look-ups included. */
const turnLimitMs = 180_000;

interface Wanted {
  readonly request: CreateRequest;
  readonly segmentIds: readonly string[];
  /** Whether it will be followed at once, so that nobody need be told how. */
  readonly isWatched: boolean;
}

interface Obtained {
  readonly job: SegmentJob;
  readonly isReused: boolean;
}

export const createCommand = defineCommand({
  name: 'create',
  summary: 'start one job that evaluates the given segment definitions',
  description:
    'All ids go into one job: that is one run of the two a day that Adobe allows per sandbox.\n' +
    'A create whose answer is lost is never sent again; the job is looked for instead (exit 9 when that does not settle it).\n' +
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
    dryRun: switchFlag('-n, --dry-run', 'print the request, credentials masked, and send nothing'),
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
    const wanted: Wanted = { request, segmentIds, isWatched: flags.watch };
    const { job, isReused } = flags.reuseActive
      ? await reuseOrCreate(context, client, wanted)
      : await create(context, client, wanted);
    if (!flags.watch) {
      await output.one(job, jobView);
      return exitCodes.done;
    }
    return follow(context, { ids: [job.id], flags, created: job, isReused });
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

async function create(
  context: Context,
  client: SegmentJobsClient,
  { request, segmentIds, isWatched }: Wanted,
): Promise<Obtained> {
  // Until the answer is known, leaving at once (a second Ctrl-C) leaves a create whose outcome nobody knows.
  context.host.setForcedExitCode(exitCodes.outcomeUnknown);
  const { job, isRecovered } = await client.create(request);
  context.host.setForcedExitCode(undefined);
  const [output, { sandbox }] = await Promise.all([context.output(), context.settings()]);
  const size = segmentIds[0] === allSegmentsId ? 'all segments' : counted(segmentIds.length, 'segment');
  if (isRecovered) output.note('The answer to the create was lost; the job was found at the service.');
  const created = `Created job ${safeText(job.id)} (${size}) in sandbox "${sandbox}".`;
  output.note(isWatched ? created : `${created} Follow it with: segjobs watch ${safeText(job.id)}`);
  return { job, isReused: false };
}

/** Looks and creates under one lock per org, sandbox and segment set, so that pipelines on one machine take turns. */
async function reuseOrCreate(context: Context, client: SegmentJobsClient, wanted: Wanted): Promise<Obtained> {
  const { segmentIds } = wanted;
  const { apiUrl, orgId, sandbox } = await context.settings();
  const { stateDir } = await context.locations();
  const reuse = async () => {
    const twin = await findTwin(client, segmentIds);
    if (twin === undefined) return create(context, client, wanted);
    const output = await context.output();
    output.note(
      `Job ${safeText(twin.id)} is ${safeText(twin.status ?? 'unfinished')} with the same segments; nothing was created.`,
    );
    return { job: twin, isReused: true };
  };
  if (stateDir === undefined) {
    (await context.output()).warn(
      'No directory to keep state in: a create racing on this machine cannot be seen.',
    );
    return reuse();
  }
  const key = createHash('sha256')
    .update(JSON.stringify([apiUrl, orgId, sandbox, [...segmentIds].sort()]))
    .digest('hex');
  const dir = join(stateDir, 'creates');
  ensurePrivateDir(dir);
  const { clock, signal } = context;
  return withFileLock(join(dir, key), { clock, signal, waitMs: turnLimitMs }, reuse);
}

async function findTwin(
  client: SegmentJobsClient,
  segmentIds: readonly string[],
): Promise<SegmentJob | undefined> {
  const [first] = segmentIds;
  for (const status of activeStatuses) {
    const query = {
      status,
      properties: [`segments~segmentId==${first}`],
      sort: 'creationTime:desc',
      limit: 100,
    };
    for await (const page of client.pages(query)) {
      const twin = findActiveTwin(page.jobs, segmentIds);
      if (twin !== undefined) return twin;
    }
  }
  return undefined;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const previewView: RecordView<RequestPreview> = {
  columns: [
    { name: 'method', title: 'METHOD', cell: ({ method }) => method },
    { name: 'url', title: 'URL', cell: ({ url }) => url },
    { name: 'body', title: 'BODY', cell: ({ body }) => JSON.stringify(body) },
  ],
  json: (preview) => JSON.stringify(preview),
  page: ({ method, url, headers, body }) =>
    [
      `${method} ${url}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      JSON.stringify(body, null, 2),
    ].join('\n'),
};
