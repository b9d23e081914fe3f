import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LiveRegion, openLiveRegion } from '../../src/output/live-region.ts';
import { Screen, type ScreenSize } from '../support/screen.ts';

interface Scene {
  readonly screen: Screen;
  readonly region: LiveRegion;
  /** Draws these lines and waits for the screen. */
  draw(...lines: readonly string[]): Promise<void>;
}

function open({ columns = 40, rows = 10 }: Partial<ScreenSize> = {}): Scene {
  const screen = new Screen({ columns, rows });
  let lines: readonly string[] = [];
  const region = openLiveRegion({
    stream: screen,
    write: (text) => void screen.write(text),
    layout: () => lines,
  });
  const draw: Scene['draw'] = async (...next) => {
    lines = next;
    region.refresh();
    await screen.settled();
  };
  return { screen, region, draw };
}

describe('a live region', () => {
  it('stands below what was there, hides the cursor, and leaves without a trace', async () => {
    const { screen, region, draw } = open();
    screen.write('$ segjobs watch\n');
    await draw('one', 'two');
    expect(screen.visible()).toEqual(['$ segjobs watch', 'one', 'two']);
    expect(screen.isCursorHidden).toBe(true);
    region.stop();
    screen.write('$ ');
    await screen.settled();
    expect(screen.visible()).toEqual(['$ segjobs watch', '$']);
    expect(screen.isCursorHidden).toBe(false);
  });

  it('writes once a frame and only what changed; nothing when nothing did', async () => {
    const { screen, draw } = open();
    await draw('⠋ first', 'second', 'third');
    await draw('⠋ first', 'second', 'third');
    expect(screen.sent).toHaveLength(1);
    await draw('⠙ first', 'second', 'third');
    await draw('⠙ first', 'second', 'THIRD');
    expect(screen.sent.slice(1)).toEqual(['\r\u001b[2A⠙\r\u001b[2B\r', '\rTHIRD\u001b[K\r\r']);
    expect(screen.visible()).toEqual(['⠙ first', 'second', 'THIRD']);
  });

  it('keeps colours whole when only a mark turns', async () => {
    const { screen, draw } = open();
    await draw('\u001b[36m⠋\u001b[39m first', '\u001b[1mone of 2\u001b[22m');
    await draw('\u001b[36m⠙\u001b[39m first', '\u001b[1mtwo of 2\u001b[22m');
    expect(screen.sent[1]).toContain('\u001b[36m⠙\u001b[39m\r');
    expect(screen.sent[1]).toContain('\u001b[1mtwo of 2\u001b[22m\u001b[K');
    expect(screen.visible()).toEqual(['⠙ first', 'two of 2']);
  });

  it('shows what is told above it, long lines whole, several with one write', async () => {
    const { screen, region, draw } = open({ columns: 20 });
    await draw('one', 'two');
    region.tell('✓ done\n');
    region.tell(`${'long '.repeat(7)}line\n`);
    await draw('one', 'two');
    expect(screen.sent).toHaveLength(2);
    expect(screen.visible()).toEqual(['✓ done', 'long long long long', 'long long long line', 'one', 'two']);
    region.tell('last words\n');
    region.stop();
    await screen.settled();
    expect(screen.visible()).toEqual(['✓ done', 'long long long long', 'long long long line', 'last words']);
  });

  it('lets what is told pass while it shows nothing', async () => {
    const { screen, region, draw } = open();
    region.tell('before\n');
    await draw('one');
    region.release();
    region.tell('released\n');
    await draw('two');
    region.resume();
    region.stop();
    region.tell('after\n');
    await screen.settled();
    expect(screen.visible()).toEqual(['before', 'released', 'after']);
  });

  it('grows at the foot of the screen and shrinks again', async () => {
    const { screen, draw } = open({ rows: 5 });
    screen.write('a\nb\nc\nd\n');
    await draw('1', '2', '3', '4');
    expect(screen.everything()).toEqual(['a', 'b', 'c', 'd', '1', '2', '3', '4']);
    await draw('1', '4');
    await draw('1', '4', '5', '6');
    expect(screen.everything()).toEqual(['a', 'b', 'c', 'd', '1', '4', '5', '6']);
  });

  it('gives the screen back while the process is stopped, and begins anew where the cursor is then', async () => {
    const { screen, region, draw } = open();
    await draw('one', 'two');
    screen.write('^Z');
    region.release();
    region.release();
    screen.write('[1]+  Stopped\n$ fg\n');
    await screen.settled();
    expect([screen.visible(), screen.isCursorHidden]).toEqual([['[1]+  Stopped', '$ fg'], false]);
    region.resume();
    await screen.settled();
    expect([screen.visible(), screen.isCursorHidden]).toEqual([
      ['[1]+  Stopped', '$ fg', 'one', 'two'],
      true,
    ]);
  });

  it('wipes an echoed ^C together with itself', async () => {
    const { screen, region, draw } = open();
    await draw('one', 'last look 3s ago');
    screen.write('^C');
    region.stop();
    screen.write('Stopped watching.\n');
    await screen.settled();
    expect(screen.visible()).toEqual(['Stopped watching.']);
  });

  it('mends itself after keys were typed into it', async () => {
    const { screen, draw } = open();
    await draw('one', 'two', 'three');
    screen.write('xyz');
    for (let frame = 0; frame < 70; frame++) await draw('one', 'two', 'three');
    expect(screen.visible()).toEqual(['one', 'two', 'three']);
    screen.write('\n');
    for (let frame = 0; frame < 70; frame++) await draw(`${frame % 10} one`, 'two', 'three');
    expect(screen.visible()).toEqual(['one', '9 one', 'two', 'three']);
  });

  it('skips frames for a terminal that is behind, and then shows the latest', async () => {
    const { screen, draw } = open();
    await draw('one');
    Object.defineProperty(screen, 'writableLength', { value: 100, configurable: true });
    await draw('two');
    await draw('three');
    expect(screen.sent).toHaveLength(1);
    Object.defineProperty(screen, 'writableLength', { value: 0 });
    await draw('four');
    expect([screen.sent.length, screen.visible()]).toEqual([2, ['four']]);
  });

  it('shows the cursor again when there is nothing to show any more', async () => {
    const { screen, draw } = open();
    await draw('one');
    await draw();
    expect([screen.visible(), screen.isCursorHidden]).toEqual([[], false]);
  });

  it('listens to the stream no longer than it lives', () => {
    const { screen, region } = open();
    expect(screen.listenerCount('resize')).toBe(1);
    region.stop();
    region.stop();
    expect(screen.listenerCount('resize')).toBe(0);
  });
});

describe('a live region on a terminal that changes its size', () => {
  /** Lines as a layout makes them: off the last column, and fewer than rows. */
  function laidOut({ columns, rows }: ScreenSize, count: number): string[] {
    return Array.from({ length: Math.max(1, Math.min(count, rows - 2)) }, (_, index) =>
      `${index} ${'abcdefghi '.repeat(12)}`.slice(0, Math.max(1, columns - 1 - (index % 3) * 7)).trimEnd(),
    );
  }

  function openLaidOut(size: ScreenSize, count: number): { screen: Screen; region: LiveRegion } {
    const screen = new Screen(size);
    const region = openLiveRegion({
      stream: screen,
      write: (text) => void screen.write(text),
      layout: (now) => laidOut(now, count),
    });
    return { screen, region };
  }

  it('leaves nothing of its wrapped lines, and everything above it, when the terminal gets narrower', async () => {
    const { screen, region } = openLaidOut({ columns: 100, rows: 30 }, 6);
    screen.write('$ segjobs watch\n✓ done\n');
    region.refresh();
    await screen.resize({ columns: 40, rows: 30 });
    expect(screen.everything()).toEqual([
      '$ segjobs watch',
      '✓ done',
      ...laidOut({ columns: 40, rows: 30 }, 6),
    ]);
    await screen.resize({ columns: 20, rows: 30 });
    expect(screen.everything()).toEqual([
      '$ segjobs watch',
      '✓ done',
      ...laidOut({ columns: 20, rows: 30 }, 6),
    ]);
    await screen.resize({ columns: 80, rows: 24 });
    expect(screen.everything()).toEqual([
      '$ segjobs watch',
      '✓ done',
      ...laidOut({ columns: 80, rows: 24 }, 6),
    ]);
  });

  it('any number of times, with frames between: the screen ends as if it had always been that wide', async () => {
    const sizes = fc.array(
      fc.record({ columns: fc.integer({ min: 30, max: 120 }), frames: fc.nat({ max: 2 }) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 6 }), async (steps, count) => {
        const rows = 40;
        const { screen, region } = openLaidOut({ columns: 80, rows }, count);
        screen.write('above\n');
        region.refresh();
        for (const { columns, frames } of steps) {
          await screen.resize({ columns, rows });
          for (let frame = 0; frame < frames; frame++) region.refresh();
          await screen.settled();
        }
        const columns = steps.at(-1)?.columns ?? 80;
        expect(screen.everything()).toEqual(['above', ...laidOut({ columns, rows }, count)]);
        region.stop();
        await screen.settled();
        expect([screen.everything(), screen.isCursorHidden]).toEqual([['above'], false]);
      }),
      { numRuns: 40 },
    );
  });

  it('on a screen that gets too low for it shows what fits, and nothing twice', async () => {
    const { screen, region } = openLaidOut({ columns: 80, rows: 24 }, 20);
    region.refresh();
    await screen.resize({ columns: 40, rows: 10 });
    expect(screen.visible().slice(-8)).toEqual(laidOut({ columns: 40, rows: 10 }, 20));
    expect(new Set(screen.visible()).size).toBe(screen.visible().length);
  });
});

describe('any sequence of frames', () => {
  it('shows the last one, below all that was told', async () => {
    const line = fc.constantFrom(
      '',
      'a',
      'bb',
      '⠋ job',
      '⠙ job',
      '\u001b[36m⠙\u001b[39m job',
      'a longer line',
      '語 wide',
    );
    const step = fc.oneof(
      fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 6 }) }),
      fc.record({ told: fc.constantFrom('note', 'a long note that has to be wrapped on this screen') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { screen, region, draw } = open({ columns: 24, rows: 8 });
        const told: string[] = [];
        let last: readonly string[] = [];
        for (const each of steps) {
          if ('told' in each) {
            region.tell(`${each.told}\n`);
            told.push(each.told);
          } else {
            last = each.lines;
            await draw(...last);
          }
        }
        if (last.length > 0) await draw(...last);
        await screen.settled();
        const plain = last.map((text) => text.replace(/\u001b\[\d+m/g, ''));
        const wrapped = told.flatMap((text) => text.match(/.{1,24}/g) ?? []).map((text) => text.trimEnd());
        const expected = [...wrapped, ...plain];
        while (expected.at(-1) === '') expected.pop();
        expect(screen.everything()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});
