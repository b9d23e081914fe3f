import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeTerminal, type StreamFacts } from '../../src/output/terminal.ts';

const terminal = (facts: Partial<StreamFacts> = {}) =>
  describeTerminal({ isTty: true, columns: 80, rows: 24, env: {}, noColorFlag: false, ...facts });

describe('colour', () => {
  it.each<[string, Partial<StreamFacts>, number]>([
    ['a terminal has colour', {}, 1],
    ['a pipe has none', { isTty: false }, 0],
    ['--no-color beats everything', { noColorFlag: true, env: { FORCE_COLOR: '3' } }, 0],
    ['NO_COLOR beats FORCE_COLOR', { env: { NO_COLOR: '1', FORCE_COLOR: '3' } }, 0],
    ['NO_COLOR=0 is non-empty and counts', { env: { NO_COLOR: '0' } }, 0],
    ['an empty NO_COLOR does not count', { env: { NO_COLOR: '' } }, 1],
    ['FORCE_COLOR colours a pipe', { isTty: false, env: { FORCE_COLOR: '1' } }, 1],
    ['FORCE_COLOR names the level', { isTty: false, env: { FORCE_COLOR: '3' } }, 3],
    ['FORCE_COLOR=0 means none', { env: { FORCE_COLOR: '0' } }, 0],
    ['an empty FORCE_COLOR does not count', { isTty: false, env: { FORCE_COLOR: '' } }, 0],
    ['FORCE_COLOR beats TERM=dumb', { env: { FORCE_COLOR: 'true', TERM: 'dumb' } }, 1],
    ['TERM=dumb has none', { env: { TERM: 'dumb' } }, 0],
    ['TERM tells of 256 colours', { env: { TERM: 'xterm-256color' } }, 2],
    ['COLORTERM tells of true colour', { env: { TERM: 'xterm-256color', COLORTERM: 'truecolor' } }, 3],
  ])('%s', (_, facts, level) => {
    expect(terminal(facts).colorLevel).toBe(level);
  });

  it('paints by meaning, and not at all where there is no colour', () => {
    expect(terminal().paint.good('SUCCEEDED')).toBe('\u001b[32mSUCCEEDED\u001b[39m');
    expect(terminal().paint.bad('FAILED')).toBe('\u001b[31mFAILED\u001b[39m');
    expect(terminal({ isTty: false }).paint.good('SUCCEEDED')).toBe('SUCCEEDED');
  });

  it('law: without colour no meaning changes a text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { paint } = terminal({ noColorFlag: true });
        for (const meaning of Object.values(paint)) expect(meaning(text)).toBe(text);
      }),
    );
  });
});

describe('size', () => {
  it.each<[string, Partial<StreamFacts>, number]>([
    ['the stream tells it', { columns: 132 }, 132],
    ['a pipe has none', { isTty: false, columns: undefined }, 0],
    ['a terminal may tell 0', { columns: 0 }, 0],
    ['COLUMNS wins', { env: { COLUMNS: '100' } }, 100],
    ['COLUMNS that is no width is ignored', { env: { COLUMNS: '-1' } }, 80],
  ])('columns: %s', (_, facts, columns) => {
    expect(terminal(facts).columns).toBe(columns);
  });
});

describe('animation', () => {
  it.each<[string, Partial<StreamFacts>, boolean]>([
    ['a terminal can', {}, true],
    ['a pipe cannot', { isTty: false }, false],
    ['a terminal of 0 columns cannot', { columns: 0 }, false],
    ['a terminal of 0 columns cannot, whatever COLUMNS says', { columns: 0, env: { COLUMNS: '80' } }, false],
    ['a terminal of unknown width cannot', { columns: undefined }, false],
    ['TERM=dumb cannot', { env: { TERM: 'dumb' } }, false],
    ['CI cannot', { env: { CI: 'true' } }, false],
    ['CI=false can', { env: { CI: 'false' } }, true],
    ['colour has nothing to do with it', { noColorFlag: true }, true],
  ])('%s', (_, facts, can) => {
    expect(terminal(facts).canAnimate).toBe(can);
  });
});
