import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../../src/config/store.ts';
import { bundleProgram, startProgram } from '../support/processes.ts';

// Real processes on one real file: what a lock and an atomic write are for.

const userId = process.getuid?.();
let programs: string;
let writer: string;

/** Argument 1 is the file, 2 the profile's prefix, 3 how many profiles to add, one write each. */
const writerSource = `
import { updateConfig } from './config/store.ts';
const [configFile = '', prefix = '', count = '1'] = process.argv.slice(2);
const clock = { now: () => Date.now(), sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) };
const filler = 'x'.repeat(20_000);
async function main() {
  for (let index = 0; index < Number(count); index++) {
    await updateConfig({ configFile, mayRepairDir: true }, { userId: process.getuid?.(), clock }, (draft) =>
      draft.changeProfile(prefix + index, { clientId: prefix + index, scopes: filler }),
    );
  }
}
main().catch((error) => { console.error(String(error)); process.exitCode = 1; });
`;

beforeAll(async () => {
  programs = fs.mkdtempSync(join(tmpdir(), 'segjobs-writers-'));
  writer = join(programs, 'writer.cjs');
  await bundleProgram(writerSource, writer);
});
afterAll(() => fs.rmSync(programs, { recursive: true, force: true }));

let home: string;
let configFile: string;
beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-shared-'));
  configFile = join(home, 'segjobs', 'config.json');
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

const read = () => readConfig({ configFile }, { userId });

it('twenty processes adding twenty profiles leave twenty profiles', { timeout: 60_000 }, async () => {
  const writers = Array.from({ length: 20 }, (_, index) =>
    startProgram(writer, [configFile, `p${index}-`, '1']),
  );
  const ends = await Promise.all(writers.map(({ ended }) => ended));
  expect(ends.map(({ exitCode, stderr }) => `${exitCode}${stderr}`)).toEqual(Array(20).fill('0'));
  expect(read().profiles.size).toBe(20);
  expect(fs.readdirSync(join(home, 'segjobs'))).toEqual(['config.json']);
});

it('readers beside busy writers never see a torn or an empty file [fault 132]', {
  timeout: 60_000,
}, async () => {
  const writers = ['a', 'b', 'c', 'd'].map((prefix) => startProgram(writer, [configFile, prefix, '10']));
  let isDone = false;
  const done = Promise.all(writers.map(({ ended }) => ended)).finally(() => {
    isDone = true;
  });
  const sizes: number[] = [];
  while (!isDone) {
    sizes.push(read().profiles.size);
    await new Promise((next) => setTimeout(next, 1));
  }
  expect((await done).map(({ exitCode, stderr }) => `${exitCode}${stderr}`)).toEqual(Array(4).fill('0'));
  expect(read().profiles.size).toBe(40);
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
});

it('a writer killed at any moment leaves the old file or the new one, and nothing in the way [fault 133]', {
  timeout: 90_000,
}, async () => {
  let before = 0;
  for (let round = 0; round < 12; round++) {
    const { child, ended } = startProgram(writer, [configFile, `r${round}-`, '1000']);
    const seen = () => (fs.existsSync(configFile) ? read().profiles.size : 0);
    const atStart = seen();
    while (child.exitCode === null && seen() < atStart + 1 + (round % 3)) {
      await new Promise((next) => setTimeout(next, 1));
    }
    // Somewhere within the few milliseconds of the next write.
    await new Promise((next) => setTimeout(next, round * 0.7));
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    const size = read().profiles.size;
    expect(size).toBeGreaterThanOrEqual(before);
    before = size;
  }
  const last = await startProgram(writer, [configFile, 'last', '1']).ended;
  expect(last).toMatchObject({ exitCode: 0, stderr: '' });
  expect(read().profiles.size).toBe(before + 1);
  expect(fs.readdirSync(join(home, 'segjobs'))).toEqual(['config.json']);
});
