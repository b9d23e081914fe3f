// How fast a long list is written, and in how much memory, against what a script would do with curl and jq.

import { jobBytes } from './jobs.mjs';
import { interleave, peakTime } from './measure.mjs';
import { ratiosByRound, spread } from './statistics.mjs';
import { countText, memoryText, quartilesText, ratioText, roundsText, timeText } from './tables.mjs';
import { targets } from './targets.mjs';
import { whichCommand } from './world.mjs';

export const pageSize = 100;
const formats = ['ndjson', 'json', 'tsv', 'ids'];
const bare = 'node -e 0';
const script = `curl | jq -c '.children[]'`;
const nameOf = (format) => `segjobs list -o ${format}`;

/** One curl for all pages, over one connection. */
function curl({ http }, jobs) {
  const url = `${http}/data/core/ups/segment/jobs?limit=${pageSize}&start=[0-${jobs - pageSize}:${pageSize}]`;
  return `curl -s -H 'x-sandbox-name: jobs-${jobs}' '${url}'`;
}

function createContestants(world, jobs) {
  const list = (format) => `peak ${world.segjobs} list --sandbox jobs-${jobs} --limit all -o ${format}`;
  const hasScript = whichCommand('curl') && whichCommand('jq');
  const all = [
    { name: bare, line: `peak ${world.node} -e 0` },
    ...(hasScript
      ? [
          { name: script, line: `${curl(world, jobs)} | peak jq -c '.children[]' > /dev/null` },
          { name: 'curl alone', line: `peak ${curl(world, jobs)} > /dev/null` },
        ]
      : []),
    ...formats.map((format) => ({ name: nameOf(format), line: `${list(format)} > /dev/null` })),
    { name: `${nameOf('ndjson')} | cat`, line: `${list('ndjson')} | cat > /dev/null` },
  ];
  if (peakTime !== undefined) return all;
  return all.map(({ name, line }) => ({ name, line: line.replace('peak ', '') }));
}

/** `{ group, peaks }`: the table of times, and the peak memory of each contestant in MB, by name. */
export async function measureStream(world, { jobs, rounds, tell }) {
  const contestants = createContestants(world, jobs);
  const samples = await interleave(contestants, {
    rounds,
    warmUps: rounds > 3 ? 1 : 0,
    env: world.env,
    tell,
  });
  const middleOf = (name, key) => spread(samples.get(name).map((sample) => sample[key])).median;
  const wallsOf = (name) => samples.get(name).map(({ wallMs }) => wallMs);
  const peaks = new Map();
  if (peakTime !== undefined) {
    for (const { name } of contestants) peaks.set(name, middleOf(name, 'peakMB'));
  }
  const rows = [...samples.keys()]
    .filter((name) => name !== bare)
    .map((name) => {
      const ratio = samples.has(script) ? spread(ratiosByRound(wallsOf(name), wallsOf(script))) : undefined;
      return {
        cells: [
          name,
          ratio ? ratioText(ratio.median) : '',
          ratio ? quartilesText(ratio) : '',
          timeText(middleOf(name, 'wallMs')),
          timeText(middleOf(name, 'cpuMs')),
          peaks.has(name) ? memoryText(peaks.get(name)) : '',
        ],
        figure: ratio?.median,
        target: name === nameOf('ndjson') && jobs > 10_000 ? targets.ndjsonTime : undefined,
      };
    });
  const megabytes = countText(Math.round((jobs * jobBytes) / 1e6));
  const group = {
    title: `${countText(jobs)} jobs`,
    about: `All of ${megabytes} MB in pages of ${pageSize}, against one curl and one jq on the same server; medians of ${roundsText(rounds, 'interleaved ')}.`,
    head: ['', '× curl | jq', 'quartiles', 'time', 'CPU time', 'peak memory'],
    rows,
    notes: samples.has(script) ? [] : ['curl | jq: not installed.'],
  };
  return { group, peaks };
}

/** How far memory grows with the list. Each is `{ jobs, peaks }`, as `measureStream` tells them. */
export function memoryGroup(shorter, longer) {
  const about = 'Peak memory (largest resident set), medians of the runs above.';
  const title = 'Memory';
  if (longer.peaks.size === 0) {
    return { title, about, head: [''], rows: [], notes: ['There is no GNU time on this system.'] };
  }
  const growthOf = (name) => longer.peaks.get(name) - shorter.peaks.get(name);
  const rows = [bare, ...formats.map(nameOf)].map((name) => {
    const ratio = longer.peaks.get(name) / longer.peaks.get(bare);
    return {
      cells: [
        name,
        memoryText(shorter.peaks.get(name)),
        memoryText(longer.peaks.get(name)),
        ratioText(ratio),
        name === bare ? '' : memoryText(growthOf(name)),
      ],
      figure: ratio,
      target: name === nameOf('ndjson') ? targets.ndjsonMemory : undefined,
    };
  });
  const growth = growthOf(nameOf('ndjson'));
  rows.push({
    cells: ['growth of ndjson', '', '', '', memoryText(growth)],
    figure: growth,
    target: targets.ndjsonGrowth,
  });
  const head = [
    '',
    `${countText(shorter.jobs)} jobs`,
    `${countText(longer.jobs)} jobs`,
    '× bare node',
    'growth',
  ];
  return { title, about, head, rows };
}
