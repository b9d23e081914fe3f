import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstRunText } from '../../src/config/first-run.ts';
import { readCommandLine } from '../../src/program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'segjobs-first-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const configFile = () => join(dir, 'config.json');
const text = (env: Record<string, string> = {}) =>
  firstRunText({ env: { SEGJOBS_CONFIG_DIR: dir, ...env }, platform: process.platform, homeDir: undefined });

describe('the first run', () => {
  it('tells in three lines, which fit 60 columns, what this is and how to start', () => {
    const lines = text()?.split('\n') ?? [];
    expect(lines).toHaveLength(4);
    expect(lines.every((line) => line.length <= 60)).toBe(true);
    for (const command of ['segjobs emulator exec -- segjobs list', 'segjobs auth login', 'segjobs help'])
      expect(text()).toContain(command);
  });

  it.each([
    ['a file without a profile', '{"version":1,"profiles":{}}'],
    ['an empty object', '{}'],
  ])('is also with %s', (_, content) => {
    writeFileSync(configFile(), content, { mode: 0o600 });
    expect(text()).toMatch(/^segjobs manages /);
  });

  it.each([
    ['a profile', '{"version":1,"profiles":{"a":{"sandbox":"dev"}}}'],
    ['a broken file, which was somebody’s', '{"version":1,'],
  ])('is over with %s', (_, content) => {
    writeFileSync(configFile(), content, { mode: 0o600 });
    expect(text()).toBeUndefined();
  });

  it('is over where the file is no file', () => {
    mkdirSync(configFile());
    expect(text()).toBeUndefined();
  });

  it.each(['AEP_CLIENT_ID', 'AEP_ACCESS_TOKEN', 'AEP_ORG_ID'])(
    'is over with %s in the environment',
    (name) => {
      expect(text({ [name]: 'x' })).toBeUndefined();
    },
  );

  it.runIf(process.platform !== 'win32')('changes no mode: there would be nobody to tell', () => {
    writeFileSync(configFile(), '{"version":1,"profiles":{"a":{}}}');
    chmodSync(configFile(), 0o644);
    expect(text()).toBeUndefined();
    expect(statSync(configFile()).mode & 0o777).toBe(0o644);
  });
});

describe('segjobs without a command', () => {
  const facts = { version: '1.2.3', columns: 80, firstRun: () => 'welcome\n' };

  it.each([[[]], [['-q']], [['--json']]])('shows the first run with %j', (argv) => {
    expect(readCommandLine(argv, facts)).toEqual({ kind: 'text', text: 'welcome\n' });
  });

  it.each([[['--help']], [['-h']], [['help']]])('shows help with %j, whoever asks', (argv) => {
    expect(readCommandLine(argv, facts)).toMatchObject({
      text: expect.stringContaining('list segment jobs'),
    });
  });

  it('shows help once it is set up', () => {
    const request = readCommandLine([], { ...facts, firstRun: () => undefined });
    expect(request).toMatchObject({ text: expect.stringContaining('list segment jobs') });
  });
});
