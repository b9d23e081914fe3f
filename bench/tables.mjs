// How results are written: numbers as people read them, targets met or not, one Markdown table a group.

/** `1.08`, `12.4`, `138`: three digits are what such a measurement can tell. */
export function ratioText(ratio) {
  return ratio.toFixed(ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
}

/** `22 ms`, `1.33 s`, `13.3 s` */
export function timeText(ms) {
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
}

export function memoryText(megabytes) {
  return `${megabytes.toFixed(0)} MB`;
}

/** `1.05–1.11` of a spread's quartiles. */
export function quartilesText({ low, high }, text = ratioText) {
  return `${text(low)}–${text(high)}`;
}

/** `20,000` */
export function countText(count) {
  return count.toLocaleString('en');
}

/** `7 rounds`, `1 interleaved round` */
export function roundsText(rounds, kind = '') {
  return `${rounds} ${kind}${rounds === 1 ? 'round' : 'rounds'}`;
}

/** A Markdown table, its first column left-aligned and the others right-aligned, padded so that it reads as text too. */
export function tableText(head, rows) {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => [...cells[column]].length)));
  const pad = (cell, column) => {
    const space = ' '.repeat(widths[column] - [...cell].length);
    return column === 0 ? cell + space : space + cell;
  };
  const lineOf = (cells) => `| ${cells.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [first, ...rest] = lines;
  return [lineOf(first), `| ${rule.join(' | ')} |`, ...rest.map(lineOf)].join('\n');
}

/**
 * A group of results as a section of the results file: `{ title, about, head, rows, notes? }`. A row is
 * `{ cells, figure?, target? }`; where one has a target, two columns tell it and whether the figure, as it is shown,
 * met it. What a target says about being missed goes below the table.
 */
export function sectionText({ title, about, head, rows, notes = [] }) {
  const hasTargets = rows.some(({ target }) => target !== undefined);
  const table = rows.map((row) => (hasTargets ? [...row.cells, ...targetCells(row)] : row.cells));
  const reasons = rows.flatMap((row) =>
    isMissed(row) && row.target.whyMissed ? [`${row.cells[0]}: ${row.target.whyMissed}`] : [],
  );
  const parts = [`## ${title}`, about, tableText(hasTargets ? [...head, 'target', ''] : head, table)];
  const lines = [...reasons, ...notes].map((note) => `- ${note}`);
  if (lines.length > 0) parts.push(lines.join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function targetCells(row) {
  if (row.target === undefined) return ['', ''];
  const { atMost, unit = '' } = row.target;
  return [`≤ ${atMost}${unit}`, isMissed(row) ? '**not met**' : 'met'];
}

/** A target that could not be measured is missed too. */
function isMissed({ figure, target }) {
  return target !== undefined && !(figure !== undefined && Number(ratioText(figure)) <= target.atMost);
}

/** `{ met, all }` over the rows of groups. */
export function countTargets(groups) {
  const rows = groups.flatMap((group) => group.rows).filter(({ target }) => target !== undefined);
  return { met: rows.filter((row) => !isMissed(row)).length, all: rows.length };
}

/** The results file, or its opening alone, with these sections renewed and added; others are kept. */
export function mergeResults(earlier, sections) {
  const [opening, ...kept] = earlier.split(/^(?=## )/m);
  const titleOf = (section) => section.slice(0, section.indexOf('\n'));
  const byTitle = new Map([...kept, ...sections].map((section) => [titleOf(section), section.trimEnd()]));
  return `${[opening.trimEnd(), ...byTitle.values()].join('\n\n')}\n`;
}
