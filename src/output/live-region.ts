// Lines at the bottom of a terminal that are drawn over: one write a frame, only what changed, and the cursor always
// comes back. What is told meanwhile appears above them.

import type { ScreenHolder } from '../screen-keeper.ts';
import { visibleWidth } from './width.ts';

export interface LiveStream extends NodeJS.WritableStream {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface LiveRegion extends ScreenHolder {
  /** Draws what the layout gives now. Cheap when nothing changed. */
  refresh(): void;
  /** Whole lines, ending in a line break: they stand above the region from the next frame on. */
  tell(text: string): void;
  /** Wipes the region for good and shows the cursor. What was told stays. */
  stop(): void;
}

/** The lines to show on a terminal of this size; 0 where unknown. None may be as wide as the terminal. */
export type RegionLayout = (size: { readonly columns: number; readonly rows: number }) => readonly string[];

interface RegionParts {
  readonly stream: LiveStream;
  /** Writes to the stream, whatever became of it. */
  readonly write: (text: string) => void;
  readonly layout: RegionLayout;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const eraseLine = '\u001b[K';
const eraseBelow = '\u001b[J';
/** One character with its colours: the mark that turns, in front of a line that stays. */
const firstCell = /^(?:[^\u001b]|\u001b\[[\d;]*m[^\u001b]\u001b\[[\d;]*m)/u;
/** Keys typed meanwhile are echoed over the region and can move it: every so often all of it is drawn anew. */
const framesUntilWhole = 64;

/**
 * The region is empty until its first `refresh`. Between two frames the cursor, hidden, stands at the start of its
 * last line, so that an echoed `^C` is wiped with it.
 */
export function openLiveRegion({ stream, write, layout }: RegionParts): LiveRegion {
  let shown: readonly string[] = [];
  let shownAt = { columns: 0, rows: 0 };
  let told = '';
  let isCursorHidden = false;
  let isReleased = false;
  let isStopped = false;
  let framesSinceWhole = 0;

  /** How many rows of the region stand above the cursor. */
  function rowsAbove(columns: number): number {
    // A terminal that was made narrower has wrapped its lines: they count as many rows as they take now.
    const rowsOf = (line: string) => (columns > 0 ? Math.max(1, Math.ceil(visibleWidth(line) / columns)) : 1);
    return shown.slice(0, -1).reduce((rows, line) => rows + rowsOf(line), 0);
  }

  /** Row by row: a screen that is erased as a whole from its first row on is kept by tmux in its history. */
  function erased(columns: number): string {
    return `\r${eraseBelow}${`${up(1)}${eraseLine}`.repeat(rowsAbove(columns))}`;
  }

  /** Line over line, so that nothing is blank in between. */
  function overdrawn(lines: readonly string[]): string {
    return `\r${up(shown.length - 1)}${lines.join(`${eraseLine}\n`)}${eraseBelow}\r`;
  }

  /** Every line that changed, from the last one that is shown upwards and down again. */
  function changes(lines: readonly string[]): string {
    let text = '';
    let row = shown.length - 1;
    const go = (to: number) => {
      text += `\r${to < row ? up(row - to) : down(to - row)}`;
      row = to;
    };
    for (const [index, line] of lines.entries()) {
      const before = shown[index];
      if (before === line) continue;
      if (before === undefined) {
        go(index - 1);
        // Unlike a cursor movement a line break makes room at the foot of the screen.
        text += `\n${line}`;
        row = index;
        continue;
      }
      go(index);
      text += onlyTheMark(before, line) ?? `${line}${eraseLine}`;
    }
    if (lines.length < shown.length) {
      go(lines.length);
      text += eraseBelow;
    }
    if (text !== '') go(lines.length - 1);
    return text === '' ? '' : `${text}\r`;
  }

  function refresh(): void {
    if (isReleased || isStopped) return;
    // A reader that is behind gets the latest frame later, not all of them.
    if ((stream as Partial<NodeJS.WriteStream>).writableLength) return;
    const { columns = 0, rows = 0 } = stream;
    const lines = layout({ columns, rows });
    if (lines.length === 0) {
      const text = wiped();
      if (text !== '') write(text);
      return;
    }
    const isWhole = told !== '' || shown.length === 0 || columns !== shownAt.columns || rows !== shownAt.rows;
    const isDue = ++framesSinceWhole >= framesUntilWhole;
    let text: string;
    if (isWhole) text = `${erased(columns)}${told}${lines.join('\n')}\r`;
    else text = isDue ? overdrawn(lines) : changes(lines);
    if (isWhole || isDue) framesSinceWhole = 0;
    told = '';
    shown = lines;
    shownAt = { columns, rows };
    if (text === '') return;
    write(isCursorHidden ? text : `${hideCursor}${text}`);
    isCursorHidden = true;
  }

  /** Takes the region away, leaves what was told, shows the cursor. */
  function wiped(): string {
    const region = shown.length === 0 ? '' : erased(stream.columns ?? 0);
    const text = `${region}${told}${isCursorHidden ? showCursor : ''}`;
    shown = [];
    told = '';
    isCursorHidden = false;
    return text;
  }

  function release(): void {
    isReleased = true;
    const text = wiped();
    if (text !== '') write(text);
  }

  stream.on('resize', refresh);
  return {
    refresh,
    tell: (text) => {
      if (shown.length === 0) write(text);
      else told += text;
    },
    release,
    resume: () => {
      // Wherever the cursor is, the region begins anew there; a shell may have shown the cursor meanwhile.
      if (isStopped) return;
      shown = [];
      isCursorHidden = false;
      isReleased = false;
      refresh();
    },
    stop: () => {
      if (isStopped) return;
      stream.off('resize', refresh);
      release();
      isStopped = true;
    },
  };
}

/** The first character of the line, where all behind it stays as it was. */
function onlyTheMark(before: string, line: string): string | undefined {
  const [mark, markBefore] = [firstCell.exec(line)?.[0], firstCell.exec(before)?.[0]];
  if (mark === undefined || markBefore === undefined) return undefined;
  return line.slice(mark.length) === before.slice(markBefore.length) ? mark : undefined;
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}

function down(rows: number): string {
  return rows > 0 ? `\u001b[${rows}B` : '';
}
