// Fails when start-up has become more than 15 % slower than recorded in bench/baseline.json: `npm run bench:guard`.
//
// --record        writes the baseline instead, for this major version of node
// --program PATH  another program than the one last built: a script for node, or an executable
//
// What is compared is processor time over that of a bare node in the same rounds: unlike the time on the clock it
// hardly depends on what else the machine does.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareToBaseline, renewBaseline, tolerance } from './baseline.mjs';
import { interleave } from './measure.mjs';
import { bareNode, mainContestants } from './start-up.mjs';
import { median, ratiosByRound } from './statistics.mjs';
import { ratioText } from './tables.mjs';
import { createWorld } from './world.mjs';

const { values: options } = parseArgs({
  options: { record: { type: 'boolean' }, program: { type: 'string' } },
});
const baselineFile = fileURLToPath(new URL('baseline.json', import.meta.url));
const baseline = existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, 'utf8')) : {};
const major = process.versions.node.split('.')[0];

const world = await createWorld({ program: options.program, jobs: 20 });

/** A map from command to its processor time over bare node's. */
async function measureRatios(rounds) {
  const samples = await interleave(mainContestants(world), { rounds, runs: 5, env: world.env });
  const cpuOf = (name) => samples.get(name).map(({ cpuMs }) => cpuMs);
  const commands = [...samples.keys()].filter((name) => name !== bareNode);
  return new Map(commands.map((name) => [name, median(ratiosByRound(cpuOf(name), cpuOf(bareNode)))]));
}

/** Compares and tells; true when nothing has become slower than may be. */
async function holds(rounds) {
  const findings = compareToBaseline(baseline[major], await measureRatios(rounds));
  for (const { name, ratio, recorded, isSlower } of findings) {
    const change = `recorded ${ratioText(recorded)}, now ${ratioText(ratio)} × bare node`;
    console.log(`${isSlower ? 'SLOWER' : 'fine  '}  ${name}: ${change}`);
  }
  return findings.every(({ isSlower }) => !isSlower);
}

try {
  if (options.record) {
    const renewed = renewBaseline(baseline, major, await measureRatios(21));
    writeFileSync(baselineFile, `${JSON.stringify(renewed, undefined, 2)}\n`);
    console.log(`Recorded for Node ${major}: ${JSON.stringify(renewed[major])}`);
  } else if (baseline[major] === undefined) {
    console.log(`Nothing is recorded for Node ${major}: npm run bench:guard -- --record`);
  } else if (!(await holds(9))) {
    console.log('Once more, to be sure that it was not the machine:');
    if (!(await holds(21))) {
      console.log(`Start-up is more than ${tolerance * 100} % slower than recorded in bench/baseline.json.`);
      console.log('If that is what it has to cost: npm run bench:guard -- --record');
      process.exitCode = 1;
    }
  }
} finally {
  world.close();
}
