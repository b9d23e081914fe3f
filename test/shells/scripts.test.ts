import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { treeFacts } from '../../src/command-facts.ts';
import { programTree } from '../../src/command-tree.ts';
import { completionFiles } from '../../src/completion/scripts.ts';
import { committedScript, hasShell } from './shell-world.ts';

// The scripts as texts: fresh, readable for their shells, and safe whatever a declaration says.

const files = completionFiles(programTree());

const shellOf: Readonly<Record<string, string>> = {
  'segjobs.bash': 'bash',
  _segjobs: 'zsh',
  'segjobs.fish': 'fish',
};

/** What the script's shell finds wrong with its grammar; nothing where that shell is not here. */
function faultsOf(name: string, text: string): string {
  const shell = shellOf[name];
  if (shell === undefined || !hasShell(shell)) return '';
  const directory = mkdtempSync(join(tmpdir(), 'segjobs-script-'));
  try {
    writeFileSync(join(directory, name), text);
    return spawnSync(shell, ['-n', join(directory, name)], { encoding: 'utf8' }).stderr;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('the completion scripts', () => {
  it('are in completions/ as the command tree makes them; else run: node scripts/generate-completions.mjs', () => {
    expect(readdirSync(resolve(import.meta.dirname, '../../completions')).sort()).toEqual(
      [...files.keys()].sort(),
    );
    for (const [name, text] of files) expect(committedScript(name), name).toBe(text);
  });

  it.each(Object.keys(shellOf))('%s can be read by its shell', (name) => {
    expect(faultsOf(name, files.get(name) ?? '')).toBe('');
  });

  it('bash: holds nothing that bash 3.2 does not know', () => {
    const text = files.get('segjobs.bash') ?? '';
    expect(text).not.toMatch(/mapfile|readarray|local -n|declare -A|\$\{\w+(,,|\^\^)\}|&>>|\|&|;;&/);
  });

  it('quote summaries with quotes, brackets, colons and dollars', () => {
    const odd = `it's "50%": [$HOME] \`date\` \\ ‘x’`;
    const tree = treeFacts({
      commands: [
        { name: 'list', summary: odd, flags: { x: { usage: '--x <path>', summary: odd, kind: 'value' } } },
      ],
      globalFlags: [],
      topics: [],
      exitCodes: {},
    });
    for (const [name, text] of completionFiles(tree)) expect(faultsOf(name, text), name).toBe('');
    expect(completionFiles(tree).get('segjobs.fish')).toContain(`'it\\'s "50%": [$HOME] \`date\` \\\\ ‘x’'`);
    expect(completionFiles(tree).get('segjobs.ps1')).toContain(`'it''s "50%": [$HOME] \`date\` \\ ‘‘x’’'`);
  });

  it('refuse a choice that a shell would not read as one plain word', () => {
    const flags = { x: { usage: '--x <x>', summary: 'x', kind: 'value' as const, choices: ['a b'] } };
    const tree = treeFacts({
      commands: [{ name: 'list', summary: 'x', flags }],
      globalFlags: [],
      topics: [],
      exitCodes: {},
    });
    expect(() => completionFiles(tree)).toThrow('"a b"');
  });
});
