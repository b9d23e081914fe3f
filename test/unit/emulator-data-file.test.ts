import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';

const startAt = Date.UTC(2026, 2, 2, 9);
let directory = '';
let dataFile = '';
const open: Emulator[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'emulator-data-'));
  dataFile = join(directory, 'jobs.json');
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((emulator) => emulator.close()));
  rmSync(directory, { recursive: true, force: true });
});

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({
    dataFile,
    startAt,
    historyJobs: 12,
    maxActiveJobs: 1000,
    ...options,
  });
  open.push(emulator);
  return emulator;
}

type Access = Pick<Emulator, 'url' | 'credentials'>;

async function call({ url, credentials }: Access, path: string, init: RequestInit = {}) {
  const headers = {
    authorization: `Bearer ${credentials.accessToken}`,
    'x-api-key': credentials.clientId,
    'x-gw-ims-org-id': credentials.orgId,
    'x-sandbox-name': 'prod',
    'content-type': 'application/json',
  };
  return fetch(`${url}/data/core/ups/segment/jobs${path}`, { ...init, headers });
}

async function create(emulator: Access, segmentId = 'SEG1'): Promise<{ id: string; creationTime: number }> {
  const response = await call(emulator, '', { method: 'POST', body: JSON.stringify([{ segmentId }]) });
  if (response.status !== 200) throw new Error(`create: ${response.status}`);
  return (await response.json()) as { id: string; creationTime: number };
}

const all = async (emulator: Emulator) => (await call(emulator, '')).text();

describe('the data file', () => {
  it('brings everything back after a restart: created, cancelled and deleted jobs, history, clock', async () => {
    const first = await start();
    const job = await create(first);
    await call(first, `/${(await create(first, 'SEG2')).id}`, { method: 'DELETE' });
    const { children } = JSON.parse(await all(first)) as { children: { id: string; status: string }[] };
    const deleted = children.find(({ status }) => status === 'SUCCEEDED')?.id;
    await call(first, `/${deleted}`, { method: 'DELETE' });
    first.advance(3_600_000);
    const before = await all(first);
    const shown = first.now();
    await first.close();

    const second = await start({ seed: 99, startAt: 0, historyJobs: 3 });
    expect(await all(second)).toBe(before);
    expect(second.now()).toBeGreaterThanOrEqual(shown);
    expect(second.now()).toBeLessThan(shown + 60_000);
    expect((await call(second, `/${deleted}`)).status).toBe(404);
    const next = await create(second);
    expect(next.id).not.toBe(job.id);
    expect(next.creationTime).toBeGreaterThan(job.creationTime);
  });

  it('holds what happened and not the history, and is for its owner alone', async () => {
    const emulator = await start({ historyJobs: 184 });
    const { id } = await create(emulator);
    await call(emulator, `/${id}`, { method: 'DELETE' });
    const saved = JSON.parse(readFileSync(dataFile, 'utf8'));
    expect(saved).toMatchObject({
      emulatorData: 1,
      seed: 1,
      startAt,
      historyJobs: 184,
      clock: { serviceMs: expect.any(Number), wallMs: expect.any(Number), speed: 1 },
      created: [{ number: 1, sandbox: 'prod', segmentIds: ['SEG1'], createdAt: expect.any(Number) }],
      cancelled: { [id]: expect.any(Number) },
      deleted: {},
    });
    expect(readFileSync(dataFile, 'utf8').length).toBeLessThan(1000);
    if (process.platform !== 'win32') expect(statSync(dataFile).mode & 0o777).toBe(0o600);
  });

  it('is written before the answer: each of many creates at once is in it', async () => {
    const emulator = await start();
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const { id } = await create(emulator, `SEG${index}`);
        const { created } = JSON.parse(readFileSync(dataFile, 'utf8')) as {
          created: { segmentIds: string[] }[];
        };
        expect(created.some(({ segmentIds }) => segmentIds[0] === `SEG${index}`)).toBe(true);
        return id;
      }),
    );
    expect(new Set(ids).size).toBe(40);
    await emulator.close();
    expect(readdirSync(directory)).toEqual(['jobs.json']);
  });

  it.each([
    ['', 'it is not valid JSON'],
    ['{"emulatorData":1,', 'it is not valid JSON'],
    ['[]', 'it is not an emulator data file'],
    ['{"some":"thing"}', 'it is not an emulator data file'],
    ['{"emulatorData":2}', 'it is of version 2, this is 1'],
    ['{"emulatorData":1,"seed":"x"}', 'a field is missing or of the wrong type'],
  ])('is refused when it holds %j, and is left as it was', async (text, why) => {
    writeFileSync(dataFile, text);
    await expect(start()).rejects.toMatchObject({
      name: 'DataFileError',
      message: expect.stringContaining(why),
    });
    await expect(start()).rejects.toThrow(dataFile);
    expect(readFileSync(dataFile, 'utf8')).toBe(text);
    expect(readdirSync(directory)).toEqual(['jobs.json']);
  });

  it('is refused while another emulator has it, and free again afterwards', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(`is in use by process ${process.pid}`);
    await first.close();
    await start();
  });

  it('is refused where it cannot be written', async () => {
    await expect(start({ dataFile: join(directory, 'none', 'jobs.json') })).rejects.toThrow('ENOENT');
    await expect(start({ dataFile: directory })).rejects.toThrow('EISDIR');
  });

  it('takes a job back and answers 503 when it cannot be written any more', async () => {
    const emulator = await start();
    rmSync(directory, { recursive: true });
    const response = await call(emulator, '', { method: 'POST', body: '[{"segmentId":"SEG1"}]' });
    expect([response.status, emulator.jobCount()]).toEqual([503, 12]);
  });

  it('survives kill -9 at any moment: what was answered is there, and nothing else', async () => {
    const program = join(directory, 'emulator.mjs');
    await build({
      stdin: {
        contents: `import { startEmulator } from './src/emulator/emulator.ts';
          const { url, credentials } = await startEmulator({ dataFile: process.argv[2], startAt: ${startAt}, historyJobs: 12, maxActiveJobs: 1000 });
          console.log(JSON.stringify({ url, credentials }));`,
        resolveDir: join(import.meta.dirname, '../..'),
      },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    const answered: string[] = [];
    for (const delayMs of [0, 7, 25, 60]) {
      const child = spawn(process.execPath, [program, dataFile], { stdio: ['ignore', 'pipe', 'inherit'] });
      const access = await firstLine(child);
      const kill = setTimeout(() => child.kill('SIGKILL'), delayMs);
      const creating = Array.from({ length: 4 }, async () => {
        for (;;) answered.push((await create(access)).id);
      });
      await Promise.allSettled(creating);
      clearTimeout(kill);
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once('exit', resolve));
    }
    const emulator = await start();
    const { children } = JSON.parse(await all(emulator)) as { children: { id: string }[] };
    const known = new Set(children.map(({ id }) => id));
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter((id) => !known.has(id))).toEqual([]);
    expect(new Set(answered).size).toBe(answered.length);
    // At most the four creates under way at each kill are there without an answer.
    expect(known.size - 10).toBeLessThanOrEqual(answered.length + 16);
  });
});

async function firstLine(child: ChildProcess): Promise<Access> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return JSON.parse(text) as Access;
}
