// Measures the built program and writes bench/results.md: `npm run bench`, or `npm run bench -- --quick` to have a look.
//
// --quick           fewer rounds and shorter lists; prints, and writes nothing
// --only NAME,NAME  start-up, streams, slow-service, watch, tables; the other sections of the results stay as they are
// --program PATH    another program than the one last built: a script for node, or an executable

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureTables } from './long-tables.mjs';
import { measureSlowService } from './slow-service.mjs';
import { measureStartUp } from './start-up.mjs';
import { measureStream, memoryGroup } from './streams.mjs';
import { countTargets, mergeResults, sectionText } from './tables.mjs';
import { measureWatch } from './watching.mjs';
import { createWorld } from './world.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string' }, program: { type: 'string' } },
});
const isQuick = options.quick === true;
const pick = (whole, quick) => (isQuick ? quick : whole);

const longest = pick(200_000, 20_000);
const sizes = pick(
  [
    { jobs: 10_000, rounds: 7 },
    { jobs: 20_000, rounds: 5 },
    { jobs: longest, rounds: 3 },
  ],
  [
    { jobs: 10_000, rounds: 2 },
    { jobs: longest, rounds: 2 },
  ],
);

/** Each measures and shows one group or more. */
const measurements = {
  'start-up': async (tell) => show(await measureStartUp(world, { ...pick(startUp, quickStartUp), tell })),
  streams: async (tell) => {
    const measured = [];
    for (const { jobs, rounds } of sizes) {
      const { group, peaks } = await measureStream(world, { jobs, rounds, tell });
      show(group);
      measured.push({ jobs, peaks });
    }
    show(memoryGroup(measured.at(-2), measured.at(-1)));
  },
  'slow-service': async (tell) =>
    show(await measureSlowService(world, { pages: 200, delayMs: 50, rounds: pick(5, 1), tell })),
  watch: async (tell) =>
    show(
      await measureWatch(world, { jobs: 10_000, rounds: pick(3, 1), shortS: 3, longS: pick(18, 8), tell }),
    ),
  tables: async (tell) => show(await measureTables(world, { rounds: pick(7, 2), tell })),
};
const startUp = { rounds: 21, runs: 5 };
const quickStartUp = { rounds: 5, runs: 3 };

const wanted = options.only?.split(',') ?? Object.keys(measurements);
const unknown = wanted.find((name) => !Object.hasOwn(measurements, name));
if (unknown !== undefined) {
  console.error(`no measurement is called "${unknown}": ${Object.keys(measurements).join(', ')}`);
  process.exit(2);
}

const groups = [];
function show(group) {
  groups.push(group);
  console.log(sectionText(group));
}

const report = (name) => (line) => process.stderr.write(`  ${name}: ${line}\n`);
const world = await createWorld({
  program: options.program,
  jobs: wanted.includes('streams') ? longest : 20_000,
  watched: 10_000,
});
try {
  for (const name of wanted) await measurements[name](report(name));
} finally {
  world.close();
}

if (!isQuick) {
  const file = fileURLToPath(new URL('results.md', import.meta.url));
  const earlier = options.only !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const opening = `# How fast segjobs is

Written by \`npm run bench\` on ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, ${process.platform} ${process.arch}.
Other machines take other times; the ratios stay about the same.
`;
  writeFileSync(file, mergeResults(earlier ?? opening, groups.map(sectionText)));
}
const { met, all } = countTargets(groups);
console.log(`${met} of ${all} targets met.`);
