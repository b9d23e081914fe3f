import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';
import { SegjobsError } from '../../src/errors.ts';
import { type OutputFormat, outputFormats } from '../../src/output/format.ts';
import { createWorld, type RunOptions, type World } from '../support/world.ts';

// command × outcome × output format: the exit code follows from what happened, whatever the format.

interface Ids {
  readonly succeeded: string;
  readonly failed: string;
  readonly cancelled: string;
  /** A segment with which every job fails. */
  readonly broken: string;
  /** A fresh job of this cell's own, still active. */
  active(segment?: string): Promise<string>;
}

interface Row {
  readonly outcome: string;
  readonly exitCode: number;
  readonly argv: (ids: Ids) => Promise<readonly string[]> | readonly string[];
  readonly faults?: readonly string[];
  readonly run?: RunOptions;
  /** What happens once the watch has begun: at its first bulk-get. */
  readonly meanwhile?: (world: World, stop: AbortController) => unknown;
  /** Formats that make no sense for it: a usage error, exit 2. */
  readonly senseless?: readonly OutputFormat[];
  /** What the error must tell, where there is one. */
  readonly tells?: RegExp;
}

const always = { maxActiveJobs: 1000 } satisfies EmulatorOptions;
const noConnection = { env: { SEGJOBS_API_URL: 'http://127.0.0.1:9', SEGJOBS_MAX_RETRIES: '0' } };
const badToken = { env: { AEP_CLIENT_SECRET: undefined, AEP_ACCESS_TOKEN: 'not-a-token' } };
const noCredentials = { env: { AEP_CLIENT_SECRET: undefined } };
const noSandbox = { env: { AEP_SANDBOX_NAME: undefined } };

/** What can befall every command that asks the service something; `on` is the operation it begins with. */
function commonRows(on: string, argv: Row['argv']): Row[] {
  return [
    { outcome: 'service refuses (400)', exitCode: 3, faults: [`${on}:status=400`], argv, tells: /HTTP 400/ },
    { outcome: 'redirected', exitCode: 3, faults: [`${on}:redirect=https://elsewhere.example/`], argv },
    { outcome: 'no token accepted', exitCode: 4, run: badToken, argv, tells: /401013|token/i },
    { outcome: 'no credentials', exitCode: 4, run: noCredentials, argv, tells: /AEP_CLIENT_SECRET/ },
    { outcome: 'forbidden', exitCode: 4, faults: [`${on}:status=403`], argv },
    { outcome: 'no sandbox', exitCode: 2, run: noSandbox, argv, tells: /AEP_SANDBOX_NAME/ },
    { outcome: 'connection refused', exitCode: 7, run: noConnection, argv, tells: /127\.0\.0\.1:9/ },
  ];
}

const interrupt: Row['meanwhile'] = (_world, stop) =>
  stop.abort(new SegjobsError('INTERRUPTED', 'stopped by SIGINT'));

/** Cancels every job that is active, by another hand than the watch. */
const cancelAll: Row['meanwhile'] = async (world) => {
  const active = await world.segjobs(['list', '--status', 'active', '--limit', 'all', '-o', 'ids']);
  await world.segjobs(['cancel', '-f', '-', '--yes'], { stdin: active.stdout });
};

/** An interval that costs no time to wait for, in a world where only waits of a minute take a moment. */
const briskly = ['--interval', '45s'];
/** So many looks that a job under watch does not end before something has happened to it. */
const closely = ['--interval', '1s'];

const matrix: Readonly<Record<string, readonly Row[]>> = {
  list: [
    { outcome: 'jobs', exitCode: 0, argv: () => ['list'] },
    { outcome: 'all jobs', exitCode: 0, argv: () => ['list', '--limit', 'all'] },
    { outcome: 'no jobs', exitCode: 0, argv: () => ['list', '--segment', 'nowhere'] },
    { outcome: 'bad flag', exitCode: 2, argv: () => ['list', '--limit', '0'], tells: /--limit/ },
    { outcome: 'outage', exitCode: 7, faults: ['list:status=503'], argv: () => ['list'] },
    { outcome: 'throttled', exitCode: 7, faults: ['list:status=429,retry-after=3600'], argv: () => ['list'] },
    { outcome: 'HTML', exitCode: 3, faults: ['list:html'], argv: () => ['list'], tells: /HTML/ },
    { outcome: 'empty answer', exitCode: 3, faults: ['list:empty'], argv: () => ['list'] },
    ...commonRows('list', () => ['list']),
  ],
  get: [
    { outcome: 'found', exitCode: 0, argv: ({ succeeded }) => ['get', succeeded] },
    { outcome: 'missing', exitCode: 5, argv: () => ['get', 'nobody'], tells: /not found/i },
    { outcome: 'bad id', exitCode: 2, argv: () => ['get', '..'] },
    { outcome: 'outage', exitCode: 7, faults: ['get:status=500'], argv: () => ['get', 'x'] },
    { outcome: 'not JSON', exitCode: 3, faults: ['get:not-json'], argv: () => ['get', 'x'] },
    ...commonRows('get', ({ succeeded }) => ['get', succeeded]),
  ],
  'bulk-get': [
    { outcome: 'all found', exitCode: 0, argv: ({ succeeded, failed }) => ['bulk-get', succeeded, failed] },
    {
      outcome: 'some missing',
      exitCode: 12,
      argv: ({ succeeded }) => ['bulk-get', succeeded, 'nobody'],
      tells: /nobody/,
    },
    { outcome: 'all missing', exitCode: 5, argv: () => ['bulk-get', 'nobody', 'no-one'] },
    { outcome: 'empty file', exitCode: 2, run: { stdin: '' }, argv: () => ['bulk-get', '-f', '-'] },
    { outcome: 'no ids', exitCode: 2, argv: () => ['bulk-get'] },
    { outcome: 'outage', exitCode: 7, faults: ['bulk-get:status=503'], argv: () => ['bulk-get', 'x'] },
    ...commonRows('bulk-get', ({ succeeded }) => ['bulk-get', succeeded]),
  ],
  create: [
    { outcome: 'created', exitCode: 0, argv: () => ['create', 'segment-a', 'segment-b'] },
    { outcome: 'dry run', exitCode: 0, senseless: ['ids'], argv: () => ['create', 'segment-a', '--dry-run'] },
    { outcome: 'no ids', exitCode: 2, argv: () => ['create'] },
    { outcome: 'star', exitCode: 2, argv: () => ['create', '*'], tells: /--all-segments/ },
    { outcome: 'empty file', exitCode: 2, run: { stdin: '# nothing\n' }, argv: () => ['create', '-f', '-'] },
    {
      outcome: 'too many active',
      exitCode: 7,
      faults: ['create:status=429'],
      argv: () => ['create', 'segment-a'],
    },
    {
      outcome: 'answer lost, job found',
      exitCode: 0,
      faults: ['create:reset,after'],
      argv: () => ['create', 'lost'],
    },
    {
      outcome: '503 after the work, job found',
      exitCode: 0,
      faults: ['create:status=503,after'],
      argv: () => ['create', 'late'],
    },
    {
      outcome: 'outcome unknown',
      exitCode: 9,
      faults: ['create:reset'],
      argv: () => ['create', 'gone'],
      tells: /segjobs list/,
    },
    ...commonRows('create', () => ['create', 'segment-a']),
  ],
  cancel: [
    {
      outcome: 'every answer lost, the job marked all the same',
      exitCode: 0,
      faults: ['cancel:reset,after'],
      argv: async ({ active }) => ['cancel', await active()],
    },
    { outcome: 'marked', exitCode: 0, argv: async ({ active }) => ['cancel', await active()] },
    {
      outcome: 'several, confirmed',
      exitCode: 0,
      argv: async ({ active }) => ['cancel', await active(), await active(), '--yes'],
    },
    {
      outcome: 'several, nobody to ask',
      exitCode: 2,
      argv: ({ succeeded }) => ['cancel', succeeded, 'x'],
      tells: /--yes/,
    },
    { outcome: 'finished', exitCode: 6, argv: ({ succeeded }) => ['cancel', succeeded], tells: /SUCCEEDED/ },
    { outcome: 'cancelled before', exitCode: 0, argv: ({ cancelled }) => ['cancel', cancelled] },
    { outcome: 'missing', exitCode: 5, argv: () => ['cancel', 'nobody'] },
    { outcome: 'all missing', exitCode: 5, argv: () => ['cancel', 'nobody', 'no-one', '-y'] },
    {
      outcome: 'one done, one missing',
      exitCode: 12,
      argv: async ({ active }) => ['cancel', await active(), 'nobody', '-y'],
    },
    {
      outcome: 'different failures',
      exitCode: 12,
      argv: ({ succeeded }) => ['cancel', succeeded, 'nobody', '-y'],
    },
    { outcome: 'empty file', exitCode: 0, run: { stdin: '' }, argv: () => ['cancel', '-f', '-', '--yes'] },
    { outcome: 'dry run', exitCode: 0, argv: async ({ active }) => ['cancel', await active(), '--dry-run'] },
    {
      outcome: 'DELETE refused',
      exitCode: 4,
      faults: ['cancel:status=403'],
      argv: async ({ active }) => ['cancel', await active()],
    },
    {
      outcome: 'outage',
      exitCode: 7,
      faults: ['cancel:status=503'],
      argv: async ({ active }) => ['cancel', await active()],
    },
    ...commonRows('bulk-get', async ({ succeeded }) => ['cancel', succeeded]),
  ],
  'create --watch': [
    { outcome: 'succeeds', exitCode: 0, argv: () => ['create', 'segment-c', '--watch'] },
    {
      outcome: 'another is active, and succeeds',
      exitCode: 0,
      argv: async ({ active }) => {
        await active();
        return ['create', 'segment-x', '--reuse-active', '--watch'];
      },
    },
    {
      outcome: 'answer lost, job found, succeeds',
      exitCode: 0,
      faults: ['create:reset,after'],
      argv: () => ['create', 'lost-and-watched', '--watch'],
    },
    { outcome: 'no ids', exitCode: 2, argv: () => ['create', '--watch'] },
    {
      outcome: 'create refused',
      exitCode: 3,
      faults: ['create:status=400'],
      argv: () => ['create', 'segment-a', '--watch'],
    },
    {
      outcome: 'create throttled',
      exitCode: 7,
      faults: ['create:status=429'],
      argv: () => ['create', 'segment-a', '--watch'],
    },
    {
      outcome: 'looks refused',
      exitCode: 4,
      faults: ['bulk-get:status=403'],
      argv: () => ['create', 'segment-a', '--watch'],
    },
    {
      outcome: 'contact lost',
      exitCode: 7,
      faults: ['bulk-get:status=503'],
      argv: () => ['create', 'segment-a', '--watch'],
    },
    {
      outcome: 'still running',
      exitCode: 8,
      argv: () => ['create', 'segment-a', '--watch', '--timeout', '0'],
    },
    {
      outcome: 'outcome unknown',
      exitCode: 9,
      faults: ['create:reset'],
      argv: () => ['create', 'gone-and-watched', '--new', '--watch'],
      tells: /segjobs list/,
    },
    { outcome: 'fails', exitCode: 10, argv: ({ broken }) => ['create', broken, '--watch'] },
    {
      outcome: 'another is active, and is cancelled',
      exitCode: 11,
      argv: async ({ active }) => {
        await active();
        return ['create', 'segment-x', '--reuse-active', '--watch', ...closely];
      },
      meanwhile: cancelAll,
    },
    {
      outcome: 'is cancelled by another hand',
      exitCode: 11,
      argv: () => ['create', 'segment-a', '--watch', ...closely],
      meanwhile: cancelAll,
    },
    {
      outcome: 'time is up',
      exitCode: 124,
      argv: () => ['create', 'segment-a', '--watch', '--timeout', '30s'],
    },
    {
      outcome: 'interrupted',
      exitCode: 130,
      argv: () => ['create', 'segment-a', '--watch'],
      meanwhile: interrupt,
    },
  ],
  'cancel --watch': [
    { outcome: 'cancelled', exitCode: 0, argv: async ({ active }) => ['cancel', await active(), '--watch'] },
    {
      outcome: 'several cancelled',
      exitCode: 0,
      argv: async ({ active, cancelled }) => ['cancel', await active(), cancelled, '-y', '-w', '--fail-fast'],
    },
    { outcome: 'empty file', exitCode: 0, run: { stdin: '' }, argv: () => ['cancel', '-f', '-', '-y', '-w'] },
    {
      outcome: 'several, nobody to ask',
      exitCode: 2,
      argv: () => ['cancel', 'x', 'y', '-w'],
      tells: /--yes/,
    },
    {
      outcome: 'DELETE refused',
      exitCode: 3,
      faults: ['cancel:status=400'],
      argv: async ({ active }) => ['cancel', await active(), '-w'],
    },
    {
      outcome: 'DELETE forbidden, another cancelled',
      exitCode: 4,
      faults: ['cancel:status=403,times=1'],
      argv: async ({ active }) => ['cancel', await active(), await active(), '-y', '-w'],
    },
    { outcome: 'missing', exitCode: 5, argv: () => ['cancel', 'nobody', '-w'] },
    { outcome: 'all missing', exitCode: 5, argv: () => ['cancel', 'nobody', 'no-one', '-y', '-w'] },
    { outcome: 'finished', exitCode: 6, argv: ({ succeeded }) => ['cancel', succeeded, '-w'] },
    {
      outcome: 'one had finished, one is refused',
      exitCode: 6,
      faults: ['cancel:status=403'],
      argv: async ({ active, failed }) => ['cancel', await active(), failed, '-y', '-w'],
    },
    {
      outcome: 'outage of the DELETE',
      exitCode: 7,
      faults: ['cancel:status=503'],
      argv: async ({ active }) => ['cancel', await active(), '-w'],
    },
    {
      outcome: 'still cancelling',
      exitCode: 8,
      argv: async ({ active }) => ['cancel', await active(), '-w', '--timeout', '0'],
    },
    {
      outcome: 'one cancelled, one missing',
      exitCode: 12,
      argv: async ({ active }) => ['cancel', await active(), 'nobody', '-y', '-w'],
    },
    {
      outcome: 'time is up',
      exitCode: 124,
      argv: async ({ active }) => ['cancel', await active(), '-w', '--timeout', '1s'],
    },
    {
      outcome: 'interrupted',
      exitCode: 130,
      argv: async ({ active }) => ['cancel', await active(), '-w'],
      meanwhile: interrupt,
    },
  ],
  'watch of a selection': [
    {
      outcome: 'finished before',
      exitCode: 0,
      argv: () => ['watch', '--status', 'succeeded', '--since', '2d'],
    },
    {
      outcome: 'succeeds',
      exitCode: 0,
      argv: async ({ active }) => {
        await active('alone-1');
        return ['watch', '--segment', 'alone-1'];
      },
    },
    { outcome: 'ids too', exitCode: 2, argv: () => ['watch', 'x', '--source', 'api'], tells: /not both/ },
    { outcome: 'bad filter', exitCode: 2, argv: () => ['watch', '--status', 'odd'], tells: /--status/ },
    {
      outcome: 'refused',
      exitCode: 3,
      faults: ['list:status=400'],
      argv: () => ['watch', '--source', 'scheduler'],
    },
    {
      outcome: 'forbidden',
      exitCode: 4,
      faults: ['list:status=403'],
      argv: () => ['watch', '--source', 'scheduler'],
    },
    {
      outcome: 'nothing appears',
      exitCode: 5,
      argv: () => ['watch', '--segment', 'nowhere', '--appear-timeout', '5m'],
      tells: /No matching job appeared|^$/,
    },
    {
      outcome: 'nothing there',
      exitCode: 5,
      argv: () => ['watch', '--segment', 'nowhere', '--timeout', '0'],
    },
    {
      outcome: 'contact lost',
      exitCode: 7,
      faults: ['list:status=503'],
      argv: () => ['watch', '--source', 'scheduler'],
    },
    {
      outcome: 'still running',
      exitCode: 8,
      argv: async ({ active }) => {
        await active('alone-2');
        return ['watch', '--segment', 'alone-2', '--timeout', '0'];
      },
    },
    { outcome: 'failed', exitCode: 10, argv: () => ['watch', '--status', 'finished', '--since', '20d'] },
    { outcome: 'cancelled', exitCode: 11, argv: () => ['watch', '--status', 'cancelled', '--since', '20d'] },
    {
      outcome: 'time is up',
      exitCode: 124,
      argv: async ({ active }) => {
        await active('alone-3');
        return ['watch', '--segment', 'alone-3', '--timeout', '5m'];
      },
    },
    {
      outcome: 'interrupted',
      exitCode: 130,
      argv: async ({ active }) => {
        await active('alone-4');
        return ['watch', '--segment', 'alone-4', '--interval', '1s'];
      },
      meanwhile: interrupt,
    },
  ],
  watch: [
    { outcome: 'succeeded before', exitCode: 0, argv: ({ succeeded }) => ['watch', succeeded] },
    { outcome: 'succeeds', exitCode: 0, argv: async ({ active }) => ['watch', await active()] },
    { outcome: 'failed', exitCode: 10, argv: ({ succeeded, failed }) => ['watch', succeeded, failed] },
    {
      outcome: 'cancelled',
      exitCode: 11,
      argv: ({ succeeded, cancelled }) => ['watch', cancelled, succeeded],
    },
    {
      outcome: 'failed and cancelled',
      exitCode: 10,
      argv: ({ cancelled, failed }) => ['watch', cancelled, failed],
    },
    { outcome: 'some never found', exitCode: 12, argv: ({ succeeded }) => ['watch', succeeded, 'nobody'] },
    { outcome: 'none found', exitCode: 5, argv: () => ['watch', 'nobody'] },
    {
      outcome: 'still running',
      exitCode: 8,
      argv: async ({ active }) => ['watch', await active(), '--timeout', '0'],
    },
    {
      outcome: 'time is up',
      exitCode: 124,
      argv: async ({ active }) => ['watch', await active(), '--timeout', '30s'],
    },
    {
      outcome: 'fail fast',
      exitCode: 10,
      argv: async ({ active, failed }) => ['watch', await active(), failed, '--fail-fast'],
    },
    {
      outcome: 'contact lost',
      exitCode: 7,
      faults: ['bulk-get:status=503'],
      argv: ({ succeeded }) => ['watch', succeeded],
    },
    { outcome: 'no ids', exitCode: 2, argv: () => ['watch'] },
    { outcome: 'empty file', exitCode: 2, run: { stdin: '\n' }, argv: () => ['watch', '-f', '-'] },
    {
      outcome: 'bad timeout',
      exitCode: 2,
      argv: () => ['watch', 'x', '--timeout', 'soon'],
      tells: /--timeout/,
    },
    ...commonRows('bulk-get', ({ succeeded }) => ['watch', succeeded]).filter(
      // A watch outlasts a lost connection for ten minutes; that row stands above.
      ({ outcome }) => outcome !== 'connection refused',
    ),
  ],
};

describe.each(Object.entries(matrix))('segjobs %s', (command, rows) => {
  let world: World;
  let ids: Ids;
  let onBulkGet: (() => void) | undefined;

  beforeAll(async () => {
    const onRequest: EmulatorOptions['onRequest'] = ({ operation }) => {
      if (operation === 'bulk-get') onBulkGet?.();
    };
    world = await createWorld({ ...always, onRequest });
    const first = async (status: string) => {
      const { stdout } = await world.segjobs(['list', '--status', status, '--limit', '1', '-o', 'ids']);
      return stdout.trim();
    };
    ids = {
      succeeded: await first('succeeded'),
      failed: await first('failed'),
      cancelled: await first('cancelled'),
      broken: world.emulator.definitionIds().broken,
      active: async (segment = 'segment-x') =>
        (await world.segjobs(['create', segment, '-o', 'ids'])).stdout.trim(),
    };
  });
  afterAll(() => world.close());

  it.each(
    rows.flatMap((row) =>
      outputFormats.map(
        (format) => [row.outcome, format, row.senseless?.includes(format) ? 2 : row.exitCode, row] as const,
      ),
    ),
  )('%s, as %s: %i', async (_outcome, format, exitCode, row) => {
    const given = await row.argv(ids);
    const isSlow = command.includes('watch') && !given.includes('--interval');
    const argv = isSlow ? [...given, ...briskly] : given;
    for (const fault of row.faults ?? []) world.emulator.addFault(fault);
    const stop = new AbortController();
    let meanwhile: unknown;
    onBulkGet = () => {
      onBulkGet = undefined;
      meanwhile = row.meanwhile?.(world, stop);
    };
    const ran = await world.segjobs([...argv, '-o', format], { signal: stop.signal, ...row.run });
    await meanwhile;
    onBulkGet = undefined;
    world.emulator.clearFaults();

    expect({ exitCode: ran.exitCode, stderr: ran.stderr }).toMatchObject({ exitCode });
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
    const { credentials } = world.emulator;
    for (const secret of [credentials.clientSecret, credentials.accessToken]) {
      expect(ran.stdout + ran.stderr).not.toContain(secret);
    }
    if (row.tells !== undefined) expect(ran.stderr).toMatch(row.tells);
    if (format === 'json' && ran.stdout !== '') expect(JSON.parse(ran.stdout)).toBeTypeOf('object');
    if (format === 'ndjson') {
      for (const line of ran.stdout.split('\n').filter(Boolean))
        expect(JSON.parse(line)).toBeTypeOf('object');
    }
    // What became of the jobs is told by the watch itself; an error is only what ended it.
    const isTold =
      command.includes('watch') &&
      ([5, 6, 8, 10, 11, 12, 124, 130].includes(exitCode) ||
        (command === 'cancel --watch' && exitCode !== 2));
    const isOurFailure = exitCode !== 0 && !isTold;
    if (isOurFailure && (format === 'json' || format === 'ndjson')) {
      const last = ran.stderr.trimEnd().split('\n').at(-1) ?? '';
      expect(JSON.parse(last)).toMatchObject({ schemaVersion: 1, error: { exitCode } });
    }
    if (isOurFailure && format === 'tsv') expect(ran.stderr).toMatch(/^error: .+$/m);
  });
});
