// Recorded start-up ratios: what is kept of a measurement, and when a later one is worse.

/** How much slower than recorded a command may be: 15 %. */
export const tolerance = 0.15;

/**
 * One finding for each command measured, `{ name, ratio, recorded, isSlower }`. A command that the baseline does not
 * know, or the other way round, throws: a guard that silently compares nothing guards nothing.
 */
export function compareToBaseline(recordedRatios, measured) {
  const unknown = [...measured.keys()].filter((name) => !Object.hasOwn(recordedRatios, name));
  const gone = Object.keys(recordedRatios).filter((name) => !measured.has(name));
  if (unknown.length + gone.length > 0) {
    throw new Error(
      `baseline.json is about other commands (${[...unknown, ...gone].join('; ')}): record it again`,
    );
  }
  return [...measured].map(([name, ratio]) => {
    const recorded = recordedRatios[name];
    return { name, ratio, recorded, isSlower: ratio > recorded * (1 + tolerance) };
  });
}

/** The baseline with the ratios of this major version of node renewed, to two decimals. */
export function renewBaseline(baseline, major, measured) {
  const ratios = [...measured].map(([name, ratio]) => [name, Math.round(ratio * 100) / 100]);
  return { ...baseline, [major]: Object.fromEntries(ratios) };
}
