// What a long table costs, and whether twice the rows cost twice as much.

import { interleave, measure } from './measure.mjs';
import { bareNode } from './start-up.mjs';
import { ratiosByRound, spread } from './statistics.mjs';
import { countText, quartilesText, ratioText, roundsText, timeText } from './tables.mjs';
import { targets } from './targets.mjs';

export async function measureTables(world, { rounds, tell }) {
  const table = (rows, target) => ({
    name: `segjobs list -o table, ${countText(rows)} rows`,
    line: `${world.segjobs} list -q --sandbox jobs-20000 --limit ${rows} -o table`,
    target,
  });
  const contestants = [
    { name: bareNode, line: `${world.node} -e 0` },
    table(1000),
    table(10_000, targets.table),
    table(20_000),
  ];
  const samples = await interleave(contestants, { rounds, warmUps: 0, env: world.env, tell });
  const wallsOf = (name) => samples.get(name).map(({ wallMs }) => wallMs);
  const rows = contestants.map(({ name, target }) => {
    const ratio = spread(ratiosByRound(wallsOf(name), wallsOf(bareNode)));
    const time = spread(wallsOf(name));
    return {
      cells: [name, ratioText(ratio.median), quartilesText(ratio), timeText(time.median)],
      figure: ratio.median,
      target,
    };
  });
  const slowly = `${world.segjobs} list -q --sandbox jobs-20000-after-50ms --limit all -o table`;
  const slow = await measure(slowly, { env: world.env });
  return {
    title: 'Long tables',
    about: `Rows forced into a table, stdout into a pipe, against \`${bareNode}\`; medians of ${roundsText(rounds, 'interleaved ')}.`,
    head: ['', '× bare node', 'quartiles', 'time'],
    rows,
    notes: [
      `The first of 20,000 rows from a service that takes 50 ms for each answer is there after ${timeText(slow.firstMs)}, the last after ${timeText(slow.wallMs)}.`,
    ],
  };
}
