// Lines of a help page: paragraphs, rows in two columns, and shell commands broken where a shell allows it.

export interface Row {
  readonly left: string;
  readonly right: string;
}

const indentColumns = 2;
const gapColumns = 2;
/** A left text longer than this stands on a line of its own: it would push the others' right texts away. */
const mostLeftColumns = 30;
/** The right column is at least so wide; where that leaves no room beside it, it goes below the left text. */
const leastRightColumns = 28;

/** Breaks at spaces so that no line passes `width`; a longer word stands alone. `hang` indents all lines but the first. */
export function paragraph(
  text: string,
  {
    width,
    indent = 0,
    hang = 0,
  }: { readonly width: number; readonly indent?: number; readonly hang?: number },
): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = width - indent - (lines.length === 0 ? 0 : hang);
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each, index) => `${' '.repeat(indent + (index === 0 ? 0 : hang))}${each}`).join('\n');
}

/** Two columns. Where most left texts leave no room beside them, each right text stands below its left one. */
export function columnRows(rows: readonly Row[], width: number): string {
  const mostLeft = Math.min(mostLeftColumns, width - leastRightColumns - indentColumns - gapColumns);
  const fitting = rows.map(({ left }) => left.length).filter((length) => length <= mostLeft);
  const isStacked = fitting.length * 2 < rows.length;
  const longest = Math.max(0, ...fitting);
  const column = isStacked ? indentColumns + 6 : indentColumns + longest + gapColumns;
  return rows
    .flatMap(({ left, right }) => {
      const beside = paragraph(right, { width, indent: column });
      const isAlone = isStacked || left.length > longest;
      const head = ' '.repeat(indentColumns) + left;
      return isAlone ? [head, beside] : [`${head.padEnd(column)}${beside.slice(column)}`];
    })
    .join('\n');
}

/**
 * A shell command on as many lines as it needs, each but the last ended by a backslash, so that it can be pasted. One
 * that needs more than one begins a line with each pipe and `&&`.
 */
export function breakCommand(command: string, width: number): string[] {
  if (command.length <= width) return [command];
  const lines: string[] = [];
  let line = '';
  const pieces = unbreakable(command);
  for (const [index, piece] of pieces.entries()) {
    const backslashColumns = index === pieces.length - 1 ? 0 : 2;
    const room = width - backslashColumns - (lines.length === 0 ? 0 : 4);
    const isNewCommand = /^(\|\|?|&&) /.test(piece);
    if (line !== '' && (isNewCommand || line.length + 1 + piece.length > room)) {
      lines.push(line);
      line = piece;
    } else line = line === '' ? piece : `${line} ${piece}`;
  }
  lines.push(line);
  return lines.map(
    (each, index) => `${index === 0 ? '' : '    '}${each}${index === lines.length - 1 ? '' : ' \\'}`,
  );
}

/** Pieces between which a command may be broken: a flag with its value, an operator with the word behind it. */
function unbreakable(command: string): string[] {
  const words = command.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const pieces: string[] = [];
  let before = '';
  for (const word of words) {
    const isFlagOrOperator = /^(-.+|[|&<>]+)$/.test(word);
    const isValue = /^--?[A-Za-z][\w-]*$/.test(before) && !isFlagOrOperator;
    const isBehindOperator = /^(\||&&|\|\||<|>|--)$/.test(before);
    pieces.push(isValue || isBehindOperator ? `${pieces.pop() ?? ''} ${word}` : word);
    before = word;
  }
  return pieces;
}
