// What it costs to go on watching many jobs while nothing changes.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobIdOf } from './jobs.mjs';
import { measure } from './measure.mjs';
import { spread } from './statistics.mjs';
import { countText, quartilesText, roundsText } from './tables.mjs';
import { targets } from './targets.mjs';

const chunkSize = 100;
const timeoutExitCode = 124;

/**
 * A watch of so many seconds against a shorter one, each with one second between two looks: the processor time
 * between them, over the looks between them, is what one look costs. Start-up and the first look cancel out.
 */
export async function measureWatch(world, { jobs, rounds, shortS, longS, tell }) {
  const file = join(world.home, 'ids.txt');
  writeFileSync(file, Array.from({ length: jobs }, (_, index) => `${jobIdOf(index)}\n`).join(''));
  const watch = async (seconds) => {
    const before = await world.polls();
    const line = `${world.segjobs} watch -q -f ids.txt --interval 1s --timeout ${seconds}s -o ids > /dev/null`;
    const { cpuMs } = await measure(`cd "$HOME" && ${line}`, {
      env: world.env,
      expectedCode: timeoutExitCode,
    });
    return { cpuMs, looks: ((await world.polls()) - before) / Math.ceil(jobs / chunkSize) };
  };
  const perLook = [];
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1} of ${rounds}`);
    const short = await watch(shortS);
    const long = await watch(longS);
    perLook.push((long.cpuMs - short.cpuMs) / (long.looks - short.looks));
  }
  const cpu = spread(perLook);
  const msText = (ms) => `${ms.toFixed(0)} ms`;
  return {
    title: 'A watch of many jobs',
    about: `Processor time of one look at ${countText(jobs)} running jobs, in requests of ${chunkSize}, while nothing changes; medians of ${roundsText(rounds)} of ${shortS} and ${longS} seconds.`,
    head: ['', 'CPU time', 'quartiles'],
    rows: [
      {
        cells: [`one look at ${countText(jobs)} jobs`, msText(cpu.median), quartilesText(cpu, msText)],
        figure: cpu.median,
        target: targets.unchangedLook,
      },
    ],
  };
}
