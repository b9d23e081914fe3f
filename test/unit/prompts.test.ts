import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrompts } from '../../src/output/prompts.ts';
import { bundleProgram } from '../support/processes.ts';
import { hasPty, startPty } from '../support/pty-session.ts';

describe('without a terminal', () => {
  const streams = (stdinTty: boolean, stderrTty: boolean) => ({
    stdin: Object.assign(new PassThrough(), { isTTY: stdinTty }),
    stderr: Object.assign(new PassThrough(), { isTTY: stderrTty }),
    signal: new AbortController().signal,
  });

  it.each([
    ['stdin is a pipe', { ...streams(false, true), noInput: false }, /no terminal/],
    ['stderr is a file', { ...streams(true, false), noInput: false }, /no terminal/],
    ['--no-input was given', { ...streams(true, true), noInput: true }, /--no-input was given/],
  ])('nothing can be asked when %s, and the error names the way out [fault 106]', async (_, facts, why) => {
    const prompts = createPrompts(facts);
    expect(prompts.canAsk).toBe(false);
    for (const kind of ['confirm', 'text', 'secret'] as const) {
      await expect(prompts[kind]('Really?', 'add --yes')).rejects.toMatchObject({
        code: 'WOULD_PROMPT',
        exitCode: 2,
        message: expect.stringMatching(why),
        hint: 'add --yes',
      });
    }
  });
});

/** Asks the question of argument 1 kind, then prints what came of it on stdout and whether echo is on. */
const asker = `
import { createPrompts } from './output/prompts.ts';
const controller = new AbortController();
console.log('pid=' + process.pid);
process.on('SIGTERM', () => controller.abort(new Error('terminated')));
const prompts = createPrompts({ stdin: process.stdin, stderr: process.stderr, noInput: false, signal: controller.signal });
const kind = process.argv[2] as 'confirm' | 'text' | 'secret';
prompts[kind]('Well?', 'hint').then(
  (answer) => console.log('ANSWER=' + JSON.stringify(answer).length + ':' + (kind === 'secret' ? '' : JSON.stringify(answer))),
  (error) => { console.log('FAILED=' + (error.code ?? error.message)); process.exitCode = 130; },
);
`;

describe.runIf(hasPty)('on a terminal', () => {
  let directory: string;
  let program: string;

  beforeAll(async () => {
    directory = fs.mkdtempSync(join(tmpdir(), 'segjobs-prompts-'));
    program = join(directory, 'asker.cjs');
    await bundleProgram(asker, program);
  });
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

  const ask = (kind: string, env: Record<string, string> = {}) =>
    startPty(
      `"${process.execPath}" "${program}" ${kind}; code=$?; stty -a | grep -ow -- '-*echo'; exit $code`,
      env,
    );

  it.each([
    ['confirm', 'y\r', 'true'],
    ['confirm', 'YES\r', 'true'],
    ['confirm', '\r', 'false'],
    ['confirm', 'yup\r', 'false'],
    ['confirm', 'n\r', 'false'],
    ['confirm', '\x04', 'false'],
    ['text', '  some words \r', '"some words"'],
    ['text', 'wrogn\x7f\x7fng\r', '"wrong"'],
    ['text', '\r', '""'],
  ])('%s answered with %j is %s', async (kind, keys, answer) => {
    const session = ask(kind);
    await session.until(/Well\?/);
    session.type(keys);
    expect(await session.exitCode).toBe(0);
    expect(session.screen()).toContain(`:${answer}`);
    expect(session.screen()).toMatch(/^echo\r?$/m);
  });

  it.each(['xterm', 'dumb'])(
    'a secret is not shown while it is typed, and echo is back afterwards [fault 107] (TERM=%s)',
    async (TERM) => {
      const session = ask('secret', { TERM });
      await session.until(/Well\?/);
      const typed = ['abc', 'defgh'].join('');
      session.type(`${typed}X\x7f\r`);
      expect(await session.exitCode).toBe(0);
      // Quotes counted: eight characters arrived, none of them was drawn.
      expect(session.screen()).toContain('ANSWER=10:');
      expect(session.screen()).not.toContain('abc');
      expect(session.screen()).not.toContain('*');
      expect(session.screen()).toMatch(/^echo\r?$/m);
    },
  );

  it.each([
    ['confirm', 'xterm'],
    ['text', 'xterm'],
    ['secret', 'xterm'],
    ['secret', 'dumb'],
  ])(
    'Ctrl-C at a %s question ends with INTERRUPTED and a sane terminal [fault 107] (TERM=%s)',
    async (kind, TERM) => {
      const session = ask(kind, { TERM });
      await session.until(/Well\?/);
      session.type('half\x03');
      expect(await session.exitCode).toBe(130);
      expect(session.screen()).toContain('FAILED=INTERRUPTED');
      expect(session.screen()).toMatch(/^echo\r?$/m);
      if (kind === 'secret') expect(session.screen()).not.toContain('half');
    },
  );

  it.each(['text', 'secret'])('Ctrl-D at a %s question is no answer, and no success either', async (kind) => {
    const session = ask(kind);
    await session.until(/Well\?/);
    session.type('\x04');
    expect(await session.exitCode).toBe(130);
    expect(session.screen()).toContain('FAILED=INTERRUPTED');
  });

  it('a SIGTERM at a hidden prompt restores echo [fault 107]', async () => {
    const session = ask('secret');
    await session.until(/Well\?/);
    process.kill(Number(/pid=(\d+)/.exec(session.screen())?.[1]), 'SIGTERM');
    await session.exitCode;
    expect(session.screen()).toContain('FAILED=terminated');
    expect(session.screen()).toMatch(/^echo\r?$/m);
  });
});
