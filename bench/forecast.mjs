// How often a job's real duration falls in the range that was forecast, over simulated years: `node bench/forecast.mjs`
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const years = 6;
const source = join(dirname(fileURLToPath(import.meta.url)), '../test/support/simulated-year.ts');
const { outputFiles } = await build({
  entryPoints: [source],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
});
const { weathers, simulateYear, measureForecasts, sumOf } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

/** `86 % of 1234, width 41 %` */
function coverageText({ forecasts, hits, widths }) {
  const percent = (part) => `${Math.round((100 * part) / Math.max(1, forecasts))} %`;
  return `${percent(hits)} of ${forecasts}, width ${percent(widths)}`;
}

const kinds = ['1 run', '2–3 runs', '4–9 runs', '10 and more', 'similar jobs'];
const everything = [];
for (const [name, weather] of Object.entries(weathers)) {
  const measured = Array.from({ length: years }, (_, index) =>
    measureForecasts(simulateYear(weather, index + 1)),
  );
  const all = measured.flatMap((byBasis) => [...byBasis.values()]);
  everything.push(...all);
  console.log(`${name.padEnd(31)} ${coverageText(sumOf(all))}`);
  for (const kind of kinds) {
    const of = measured.flatMap((byBasis) => byBasis.get(kind) ?? []);
    console.log(`    ${kind.padEnd(27)} ${coverageText(sumOf(of))}`);
  }
}
console.log(`${'in all'.padEnd(31)} ${coverageText(sumOf(everything))}`);
