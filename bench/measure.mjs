// Runs shell lines and says what they took: time, processor time and, where GNU time is there, memory.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The line is timed by bash itself (its children's resource usage, to the millisecond), so that neither the start of
 * the shell nor that of this program counts. `peak COMMAND…` in a line notes the largest memory the command held.
 */
const shell = `
set -o pipefail
exec 4>&2
peak() { "$PEAK_TIME" -q -f %M -a -o "$PEAK_FILE" "$@"; }
TIMEFORMAT='%3R %3U %3S'
{ time eval "$1" 2>&4 3>&- 4>&-; } 2>&3
`;

/** Where GNU time is, which knows the peak memory of a command; `undefined` on systems without it. */
export const peakTime = ['/usr/bin/time', '/opt/homebrew/bin/gtime', '/usr/local/bin/gtime'].find(
  (path) => spawnSync(path, ['-q', '-f', '%M', 'true']).status === 0,
);

/**
 * `{ wallMs, cpuMs, peakMB?, firstMs? }`; `firstMs` is when it first printed something. What the line prints on stdout is read from a pipe and dropped, or handed back as
 * `text` where that is asked for. Throws when it ends with another code than the expected one. Short commands are given
 * several `runs`, of which the mean is told: a millisecond, finer than which bash does not count, is much of them.
 */
export async function measure(line, { env, runs = 1, expectedCode = 0, keepsText = false }) {
  const peakFile = join(tmpdir(), `segjobs-bench-peak-${process.pid}`);
  rmSync(peakFile, { force: true });
  const again = `for run in ${'again '.repeat(runs)}; do ${line} || exit; done`;
  const child = spawn('bash', ['--norc', '-c', shell, 'measure', runs === 1 ? line : again], {
    env: { ...env, PEAK_FILE: peakFile, PEAK_TIME: peakTime ?? '' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const collect = (stream) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  };
  const [errors, times] = [collect(child.stderr), collect(child.stdio[3])];
  const text = keepsText ? collect(child.stdout) : () => '';
  const startMs = performance.now();
  let firstMs;
  child.stdout.on('data', () => {
    firstMs ??= performance.now() - startMs;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== expectedCode) throw new Error(`exit code ${code} of: ${line}\n${errors()}`);
  if (times() === '') throw new Error(`no times of: ${line}`);
  const [wallMs, userMs, systemMs] = readTimes(times()).map((ms) => ms / runs);
  const peakMB = line.includes('peak ') && peakTime !== undefined ? readPeak(peakFile) : undefined;
  rmSync(peakFile, { force: true });
  return { wallMs, cpuMs: userMs + systemMs, peakMB, firstMs, text: text() };
}

/** `0.022 0.015 0.006` (some languages write a comma) → ms. */
export function readTimes(text) {
  return text
    .trim()
    .split(' ')
    .map((seconds) => Math.round(Number(seconds.replace(',', '.')) * 1000));
}

/** The largest of the lines: kB of each command of the line that was asked about. */
function readPeak(file) {
  return Math.max(...readFileSync(file, 'utf8').trim().split('\n').map(Number)) / 1000;
}

/**
 * Runs the contestants one after the other, again and again: A B C, A B C, … so that a machine that is slower for a
 * while is so for all of them. Each is `{ name, line, env?, expectedCode? }`. Rounds before the first count are warm-ups.
 * Gives a map from name to its samples, one a round.
 */
export async function interleave(
  contestants,
  { rounds, warmUps = 1, runs = 1, env, tell = () => undefined },
) {
  const samples = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    tell(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
    for (const { name, line, env: own, expectedCode } of contestants) {
      const sample = await measure(line, { env: { ...env, ...own }, runs, expectedCode });
      if (round >= 0) samples.get(name).push(sample);
    }
  }
  return samples;
}
