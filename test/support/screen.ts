// What a person sees: a terminal without a window (xterm.js) that plays what a program sends, on a screen of any size.

import { Writable } from 'node:stream';
import xterm from '@xterm/headless';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A stream for a program under test, and the screen that it draws on. Line breaks return the cursor, as a tty's do. */
export class Screen extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** One entry a write. */
  readonly sent: string[] = [];
  isCursorHidden = false;
  private readonly terminal: xterm.Terminal;

  constructor({ columns, rows }: ScreenSize) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
    this.terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 100_000,
      convertEol: true,
      allowProposedApi: true,
    });
    for (const [final, isHidden] of [
      ['h', false],
      ['l', true],
    ] as const) {
      this.terminal.parser.registerCsiHandler({ prefix: '?', final }, ([mode]) => {
        if (mode === 25) this.isCursorHidden = isHidden;
        return false;
      });
    }
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.sent.push(String(chunk));
    this.terminal.write(chunk);
    done();
  }

  /** Resolves once all that was sent is on the screen. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.terminal.write('', resolve));
  }

  /** As a window that is dragged: what is on the screen is wrapped anew, and then the program is told. */
  async resize({ columns, rows }: ScreenSize): Promise<void> {
    await this.settled();
    this.terminal.resize(columns, rows);
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
    await this.settled();
  }

  /** The screen, line by line, without blanks at the ends of lines and without empty lines at its end. */
  visible(): string[] {
    const { baseY } = this.terminal.buffer.active;
    return this.lines(baseY);
  }

  /** The screen below everything that was scrolled off. */
  everything(): string[] {
    return this.lines(0);
  }

  private lines(from: number): string[] {
    const { active } = this.terminal.buffer;
    const lines: string[] = [];
    for (let y = from; y < active.length; y++) {
      lines.push(active.getLine(y)?.translateToString().trimEnd() ?? '');
    }
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

/** The screen after all of `sent`. */
export async function screenAfter(sent: string, size: ScreenSize): Promise<Screen> {
  const screen = new Screen(size);
  screen.write(sent);
  await screen.settled();
  return screen;
}
