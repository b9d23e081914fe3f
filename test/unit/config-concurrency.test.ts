import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../../src/config/store.ts';
import { bundleProgram, startCommand, startProgram } from '../support/processes.ts';

// Real processes on one real file: what a lock and an atomic write are for.

const userId = process.getuid?.();
let programs: string;
let writer: string;

/** Argument 1 is the file, 2 the profile's prefix, 3 how many profiles to add, one write each. */
const writerSource = `
import { updateConfig } from './config/store.ts';
const [configFile = '', prefix = '', count = '1'] = process.argv.slice(2);
const clock = { now: () => Date.now(), sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) };
const filler = 'x'.repeat(2_000);
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

it('twenty processes adding twenty profiles leave twenty profiles [fault 132]', {
  timeout: 60_000,
}, async () => {
  const writers = Array.from({ length: 20 }, (_, index) =>
    startProgram(writer, [configFile, `p${index}-`, '1']),
  );
  const ends = await Promise.all(writers.map(({ ended }) => ended));
  expect(ends.map(({ exitCode, stderr }) => `${exitCode}${stderr}`)).toEqual(Array(20).fill('0'));
  expect(read().profiles.size).toBe(20);
  expect(fs.readdirSync(join(home, 'segjobs'))).toEqual(['config.json']);
});

it('eight processes adding forty profiles each lose none, and readers never see a torn or an empty file [fault 132]', {
  timeout: 60_000,
}, async () => {
  const writers = Array.from('abcdefgh', (prefix) => startProgram(writer, [configFile, prefix, '40']));
  let isDone = false;
  const done = Promise.all(writers.map(({ ended }) => ended)).finally(() => {
    isDone = true;
  });
  const sizes: number[] = [];
  while (!isDone) {
    sizes.push(read().profiles.size);
    await new Promise((next) => setTimeout(next, 1));
  }
  expect((await done).map(({ exitCode, stderr }) => `${exitCode}${stderr}`)).toEqual(Array(8).fill('0'));
  expect(read().profiles.size).toBe(320);
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
});

it('a writer killed at any moment leaves the old file or the new one, and nothing in the way [fault 133]', {
  timeout: 90_000,
}, async () => {
  let before = 0;
  for (let round = 0; round < 25; round++) {
    const { child, ended } = startProgram(writer, [configFile, `r${round}-`, '1000']);
    const seen = () => (fs.existsSync(configFile) ? read().profiles.size : 0);
    const atStart = seen();
    while (child.exitCode === null && seen() < atStart + 1 + (round % 3)) {
      await new Promise((next) => setTimeout(next, 1));
    }
    // Somewhere within the few milliseconds of the next write.
    await new Promise((next) => setTimeout(next, (round % 12) * 0.7));
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

it('a writer killed before or after any step of a write leaves the old file or the new one [fault 133]', {
  timeout: 90_000,
}, async () => {
  // Every call that changes something on the disk is a step; this module, loaded first, dies at the one that is told.
  const killer = join(programs, 'killer.cjs');
  fs.writeFileSync(
    killer,
    `const fs = require('node:fs');
     const { KILL_AT, KILL_WHEN } = process.env;
     let step = 0;
     const die = () => process.kill(process.pid, 'SIGKILL');
     const names = ['openSync', 'writeSync', 'fsyncSync', 'fchmodSync', 'chmodSync', 'closeSync', 'renameSync', 'rmSync', 'mkdirSync'];
     for (const name of names) {
       const real = fs[name];
       fs[name] = (...given) => {
         const isNow = process.env.IS_ON && ++step === Number(KILL_AT);
         if (isNow && KILL_WHEN === 'before') die();
         const result = real(...given);
         if (isNow) die();
         return result;
       };
     }`,
  );
  // Steps are counted from the moment the writing begins: loading the program opens files as well.
  const counting = join(programs, 'counting.cjs');
  await bundleProgram(`process.env['IS_ON'] = '1';\n${writerSource}`, counting);
  let moments = 0;
  for (let at = 1, isOver = false; !isOver; at++) {
    for (const when of ['before', 'after']) {
      const before = fs.existsSync(configFile) ? read().profiles.size : 0;
      const { signal, exitCode, stderr } = await startCommand(
        process.execPath,
        ['--require', killer, counting, configFile, `m${at}${when}-`, '1'],
        { env: { KILL_AT: String(at), KILL_WHEN: when } },
      ).ended;
      isOver = signal === null;
      if (isOver) expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      else moments++;
      const between = fs.existsSync(configFile) ? read().profiles.size : 0;
      expect([before, before + 1]).toContain(between);

      const started = performance.now();
      const next = await startProgram(writer, [configFile, `n${at}${when}-`, '1']).ended;
      expect(next).toMatchObject({ exitCode: 0, stderr: '' });
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(read().profiles.size).toBe(between + 1);
      expect(fs.readdirSync(join(home, 'segjobs'))).toEqual(['config.json']);
    }
  }
  expect(moments).toBeGreaterThanOrEqual(25);
});
