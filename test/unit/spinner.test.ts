import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutput } from '../../src/output/output.ts';
import { describeTerminal } from '../../src/output/terminal.ts';

/** A terminal that shows what it is sent, as far as a spinner needs one. */
class Screen extends Writable {
  readonly isTTY = true;
  readonly columns: number;
  readonly rows = 24;
  sent = '';
  isCursorHidden = false;
  private readonly lines: string[] = [''];
  private row = 0;
  private column = 0;

  constructor(columns: number) {
    super({ decodeStrings: false });
    this.columns = columns;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.sent += chunk;
    for (const [token] of chunk.matchAll(/\u001b\[\??[\d;]*[A-Za-z]|./gsu)) this.show(token);
    done();
  }

  private show(token: string): void {
    const line = this.lines[this.row] ?? '';
    const count = Number(/\d+/.exec(token)?.[0] ?? 1);
    if (token === '\u001b[?25l') this.isCursorHidden = true;
    else if (token === '\u001b[?25h') this.isCursorHidden = false;
    else if (/^\u001b\[\d*A$/.test(token)) this.row -= count;
    else if (/^\u001b\[\d*G$/.test(token)) this.column = count - 1;
    else if (/^\u001b\[[01]?K$/.test(token)) this.lines[this.row] = line.slice(0, this.column);
    else if (token === '\u001b[2K') this.lines[this.row] = '';
    else if (token === '\n') {
      this.row += 1;
      this.column = 0;
      this.lines[this.row] ??= '';
    } else if (!token.startsWith('\u001b')) {
      this.lines[this.row] =
        line.padEnd(this.column).slice(0, this.column) + token + line.slice(this.column + 1);
      this.column += 1;
    }
  }

  cursorTo(x: number): boolean {
    return cursorTo(this, x);
  }

  moveCursor(dx: number, dy: number): boolean {
    return moveCursor(this, dx, dy);
  }

  clearLine(direction: -1 | 0 | 1): boolean {
    return clearLine(this, direction);
  }

  /** What stands on it now, frames of the spinner written as `*`. */
  visible(): string {
    return this.lines
      .join('\n')
      .replace(/[\u2800-\u28ff]/g, '*')
      .trimEnd();
  }
}

interface Setting {
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly quiet?: boolean;
  readonly isTty?: boolean;
}

function open({ columns = 40, env = {}, quiet = false, isTty = true }: Setting = {}) {
  const screen = new Screen(columns);
  const terminal = describeTerminal({ isTty, columns, rows: 24, env, noColorFlag: false });
  const output = createOutput({
    format: 'table',
    stdout: screen,
    stderr: screen,
    terminals: { stdout: terminal, stderr: terminal },
    quiet,
    now: () => 0,
  });
  return { screen, output };
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('progress on a terminal', () => {
  it('shows a spinner, follows its text, and leaves nothing behind', async () => {
    const { screen, output } = open();
    const progress = output.progress('Reading jobs');
    await pass(200);
    expect(screen.visible()).toBe('* Reading jobs');
    expect(screen.isCursorHidden).toBe(true);
    progress.update('Reading jobs: 300');
    await pass(200);
    expect(screen.visible()).toBe('* Reading jobs: 300');
    progress.stop();
    expect(screen.visible()).toBe('');
    expect(screen.isCursorHidden).toBe(false);
    const { sent } = screen;
    await pass(1000);
    expect(screen.sent).toBe(sent);
  });

  it('shows nothing at all for a short wait', async () => {
    const { screen, output } = open();
    const progress = output.progress('Reading jobs');
    await pass(100);
    progress.stop();
    await pass(1000);
    expect(screen.sent).toBe('');
  });

  it('keeps notes, warnings and data whole, above the spinner', async () => {
    const { screen, output } = open();
    const progress = output.progress('Waiting');
    await pass(200);
    output.note('The first note.');
    await pass(200);
    output.warn('A warning.');
    await output.raw('data\n');
    await pass(200);
    expect(screen.visible()).toBe('The first note.\nA warning.\ndata\n* Waiting');
    progress.stop();
    expect(screen.visible()).toBe('The first note.\nA warning.\ndata');
  });

  it('cuts a text that would take a second line', async () => {
    const { screen, output } = open({ columns: 20 });
    const progress = output.progress('Waiting for very many jobs to end');
    await pass(500);
    expect(screen.visible()).toBe('* Waiting for very…');
    progress.stop();
    expect(screen.visible()).toBe('');
  });

  it('drops what could move the cursor', async () => {
    const { screen, output } = open();
    const progress = output.progress('Job \u001b[2Ja\nb');
    await pass(200);
    expect(screen.visible()).toBe('* Job a b');
    progress.stop();
  });

  it('leaves stdin alone, so that Ctrl-C still arrives', async () => {
    const before = process.stdin.eventNames().length;
    const { output } = open();
    const progress = output.progress('Waiting');
    await pass(200);
    expect(process.stdin.eventNames()).toHaveLength(before);
    progress.stop();
  });

  it('has no colour with NO_COLOR', async () => {
    const { screen, output } = open({ env: { NO_COLOR: '1' } });
    const progress = output.progress('Waiting');
    await pass(500);
    progress.stop();
    expect(screen.sent).toContain('Waiting');
    expect(screen.sent).not.toMatch(/\u001b\[[\d;]*m/);
  });
});

describe('progress elsewhere', () => {
  it.each<[string, Setting]>([
    ['off a terminal', { isTty: false }],
    ['on 0 columns', { columns: 0 }],
    ['on 0 columns with COLUMNS set', { columns: 0, env: { COLUMNS: '80' } }],
    ['in CI', { env: { CI: '1' } }],
    ['on a dumb terminal', { env: { TERM: 'dumb' } }],
    ['with -q', { quiet: true }],
  ])('shows nothing %s', async (_, setting) => {
    const { screen, output } = open(setting);
    const progress = output.progress('Reading jobs');
    await pass(1000);
    progress.update('more');
    await pass(1000);
    progress.stop();
    expect(screen.sent).toBe('');
    expect(output.canAnimate).toBe(false);
  });
});
