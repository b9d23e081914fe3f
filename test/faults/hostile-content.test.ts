import { afterEach, describe, expect, it } from 'vitest';
import { outputFormats } from '../../src/output/format.ts';
import { createWorld, type World, worldStart } from '../support/world.ts';

// FAULTS 60-63: whatever the service says, no byte of it can move a cursor, set a title, forge a line or reverse one.

const hostile = [
  '\u001b]0;owned\u0007',
  '\u001b]52;c;b3duZWQ=\u001b\\',
  '\u001b[2J\u001b[31m',
  '\u009b2J\u009d0;c1\u009c',
  'a\r\nerror: forged\tline',
  '\u202eevil\u202c\u2066x\u2069',
  '\u0000\u0008\u007f\u0085\u2028',
].join('');

/** Every string of the answer, keys excepted, gets the hostile text appended. */
function poison(value: unknown, text: string): unknown {
  if (typeof value === 'string') return value + text;
  if (Array.isArray(value)) return value.map((each) => poison(each, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, poison(each, text)]));
}

/** A job all of whose strings are hostile, its id (what people copy) and status included. */
function poisonedJob(id: string, status: string, text: string): Readonly<Record<string, unknown>> {
  const job = {
    imsOrgId: 'org',
    sandbox: { sandboxId: 's', sandboxName: 'prod', type: 'production', default: true },
    profileInstanceId: 'ups',
    source: 'api',
    batchId: 'b',
    computeGatewayJobId: 'g',
    segments: [
      {
        segmentId: 'seg',
        segment: {
          id: 'seg',
          expression: { type: 'PQL', format: 'pql/text', value: 'a = "b"' },
          mergePolicyId: 'm',
          mergePolicy: { id: 'm', version: 1 },
        },
      },
    ],
    errors: [{ code: 'E1', msg: 'broken', callStack: 'at x' }],
    requestId: 'r',
    schema: { name: '_xdm.context.profile' },
    _links: { cancel: { href: '/x', method: 'DELETE' } },
  };
  return {
    id: id + text,
    status: status === 'PROCESSING' ? status : status + text,
    ...(poison(job, text) as object),
    metrics: {
      totalProfiles: 5,
      segmentedProfileCounter: { [`seg${text}`]: 5, __proto__x: 1 },
      segmentedProfileByNamespaceCounter: { [`seg${text}`]: { [`ECID${text}`]: 5 } },
      segmentedProfileByStatusCounter: { [`seg${text}`]: { [`realized${text}`]: 5 } },
    },
    creationTime: worldStart,
    updateTime: worldStart + 1000,
  };
}

/** Bytes that must not reach either stream: C0 but tab and line feed, DEL, C1, bidirectional controls. */
const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** An emulator whose every answer holds the hostile text. What is asked for by id keeps its id. */
async function hostileWorld(text: string, status = 'SUCCEEDED'): Promise<World> {
  world = await createWorld();
  const job = poisonedJob('job', status, text);
  const named = { ...job, id: 'job' };
  answer(world, 'list', 200, {
    _page: { totalCount: 1, pageSize: 1 },
    children: [job],
    _links: { next: {} },
  });
  answer(world, 'create', 200, job);
  answer(world, 'get', 200, named);
  answer(world, 'bulk-get', 207, { results: { job: named } });
  return world;
}

function answer({ emulator }: World, operation: string, status: number, body: unknown): void {
  emulator.addFault(`${operation}:status=${status},body="${JSON.stringify(body).replace(/[\\"]/g, '\\$&')}"`);
}

describe('hostile strings in every field (FAULTS 60, 61, 62)', () => {
  it.each(outputFormats)('do nothing to a terminal that shows a list as %s', async (format) => {
    const { segjobs } = await hostileWorld(hostile);
    for (const isTty of [false, true]) {
      const { stdout, stderr, exitCode } = await segjobs(['list', '-o', format], {
        isTty,
        env: { NO_COLOR: '1' },
      });
      expect(exitCode).toBe(0);
      expect(stdout).not.toMatch(raw);
      expect(stderr).not.toMatch(raw);
      if (format === 'ids') expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      if (format === 'tsv')
        expect(
          stdout
            .trimEnd()
            .split('\n')
            .map((line) => line.split('\t').length),
        ).toEqual([7]);
    }
  });

  it.each(outputFormats)('do nothing to a terminal that shows a job as %s', async (format) => {
    const { segjobs } = await hostileWorld(hostile);
    const { stdout, stderr, exitCode } = await segjobs(['get', 'job', '-o', format, '--debug'], {
      isTty: true,
      env: { NO_COLOR: '1' },
    });
    expect(exitCode).toBe(0);
    expect(stdout + stderr).not.toMatch(raw);
    expect(stdout + stderr).not.toMatch(/^error: forged/m);
  });

  it('come out of JSON as they went in', async () => {
    const { segjobs } = await hostileWorld(hostile);
    const { stdout } = await segjobs(['list', '--json']);
    expect(JSON.parse(stdout).children[0].id).toBe(`job${hostile}`);
    expect(JSON.parse(stdout).children[0].errors[0].msg).toBe(`broken${hostile}`);
  });

  it('do nothing in the messages of create and cancel', async () => {
    const { segjobs } = await hostileWorld(hostile, 'PROCESSING');
    const created = await segjobs(['create', 'seg', '-o', 'table'], { env: { NO_COLOR: '1' } });
    expect(created.exitCode).toBe(0);
    expect(created.stdout + created.stderr).not.toMatch(raw);
    expect(created.stderr.trimEnd().split('\n')).toHaveLength(1);
    const cancelled = await segjobs(['cancel', 'no\u00a0body', '-o', 'table'], { env: { NO_COLOR: '1' } });
    expect(cancelled.stdout + cancelled.stderr).not.toMatch(raw);
  });

  it('do nothing in an error, whichever field carries them', async () => {
    world = await createWorld();
    for (const body of [
      { error_code: `400000${hostile}`, message: `bad${hostile}` },
      { title: `bad${hostile}`, type: hostile, status: 400, detail: hostile, report: { x: hostile } },
      { requestId: hostile, errors: { 400: [{ code: hostile, message: `bad${hostile}` }] } },
      { message: hostile, statusCode: '400' },
    ]) {
      world.emulator.clearFaults();
      answer(world, 'list', 400, body);
      for (const format of ['table', 'json']) {
        const { stderr, stdout, exitCode } = await world.segjobs(['list', '-o', format, '--debug'], {
          env: { NO_COLOR: '1' },
        });
        expect(exitCode).toBe(3);
        expect(stdout).toBe('');
        expect(stderr).not.toMatch(raw);
        expect(stderr).not.toMatch(/^error: forged/m);
      }
    }
  });
});

describe('a watch of a hostile job', () => {
  it.each(outputFormats)('shows nothing raw as %s', async (format) => {
    world = await hostileWorld(hostile, 'UNHEARD');
    const { stdout, stderr, exitCode } = await world.segjobs(
      ['watch', 'job', '--timeout', '0', '-o', format],
      {
        env: { NO_COLOR: '1' },
      },
    );
    expect(exitCode).toBe(8);
    expect(stdout + stderr).not.toMatch(raw);
  });
});

describe('strings of a megabyte', () => {
  /** Too large for a fault spec: the body is replaced as it leaves. */
  async function largeWorld(): Promise<World> {
    const job = poisonedJob('job', 'SUCCEEDED', 'x'.repeat(1_000_000));
    world = await createWorld({
      editBody: (operation, _status, body) => {
        if (operation === 'list') {
          return JSON.stringify({ _page: { totalCount: 1 }, children: [job], _links: { next: {} } });
        }
        return operation === 'get' ? JSON.stringify({ ...job, id: JSON.parse(body).id }) : body;
      },
    });
    return world;
  }

  it.each(['table', 'tsv', 'json'])('in every field do not stop a list as %s', async (format) => {
    const { segjobs } = await largeWorld();
    const { exitCode, stdout } = await segjobs(['list', '-o', format]);
    expect(exitCode).toBe(0);
    if (format === 'table') expect(stdout.length).toBeLessThan(10_000);
  });

  it('are cut in the page of a job', async () => {
    const { segjobs } = await largeWorld();
    const id = (await segjobs(['create', 'seg', '-o', 'ids'])).stdout.trim();
    const { exitCode, stdout } = await segjobs(['get', id, '-o', 'table']);
    expect(exitCode).toBe(0);
    expect(stdout.length).toBeLessThan(20_000);
  });

  it('are cut in an error', async () => {
    world = await createWorld();
    answer(world, 'get', 400, { error_code: '400000', message: 'z'.repeat(50_000) });
    const { exitCode, stderr } = await world.segjobs(['get', 'job']);
    expect(exitCode).toBe(3);
    expect(stderr.length).toBeLessThan(2_000);
  });
});
