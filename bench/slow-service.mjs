// A service that takes its time for every answer: what asking for several pages at once gives.

import { interleave } from './measure.mjs';
import { spread } from './statistics.mjs';
import { pageSize } from './streams.mjs';
import { quartilesText, ratioText, roundsText, timeText } from './tables.mjs';
import { targets } from './targets.mjs';

export async function measureSlowService(world, { pages, delayMs, rounds, tell }) {
  const sandbox = `jobs-${pages * pageSize}-after-${delayMs}ms`;
  const line = `${world.segjobs} list --sandbox ${sandbox} --limit all -o ndjson > /dev/null`;
  const contestants = [
    { name: '4 at once, as it comes', line, atOnce: 4 },
    {
      name: '8 at once',
      line,
      env: { SEGJOBS_PARALLEL: '8' },
      atOnce: 8,
      target: targets.eightAtOnce,
    },
  ];
  const samples = await interleave(contestants, { rounds, warmUps: 0, env: world.env, tell });
  const rows = contestants.map(({ name, atOnce, target }) => {
    const idealMs = (pages / atOnce) * delayMs;
    const ratio = spread(samples.get(name).map(({ wallMs }) => wallMs / idealMs));
    return {
      cells: [
        name,
        ratioText(ratio.median),
        quartilesText(ratio),
        timeText(ratio.median * idealMs),
        timeText(idealMs),
      ],
      figure: ratio.median,
      target,
    };
  });
  return {
    title: 'A slow service',
    about: `${pages} pages from a service that takes ${delayMs} ms for each answer, as ndjson, start-up included; the ideal is pages ÷ requests at once × ${delayMs} ms; medians of ${roundsText(rounds)}.`,
    head: ['requests', '× ideal', 'quartiles', 'time', 'ideal'],
    rows,
  };
}
