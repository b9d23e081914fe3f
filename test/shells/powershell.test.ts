import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShellWorld, hasShell, oddIds, type ShellWorld } from './shell-world.ts';

// PowerShell, asked by its own CompleteInput. `.ci/run` does not install it, so it may be missing even there.

const hasPowershell = hasShell('pwsh', false);
let world: ShellWorld;

beforeAll(() => {
  world = createShellWorld();
});

afterAll(() => {
  world.remove();
});

/** What would be inserted for each line, with its tooltip. */
function complete(lines: readonly string[]): (readonly [text: string, about: string])[][] {
  const script = [
    `. '${world.scriptPath('segjobs.ps1')}'`,
    ...lines.map((line) => {
      const quoted = line.replaceAll("'", "''");
      return `([System.Management.Automation.CommandCompletion]::CompleteInput('${quoted}', ${line.length}, $null)).CompletionMatches |
        ForEach-Object { "$($_.CompletionText)\`t$($_.ToolTip)" }; '.'`;
    }),
  ].join('\n');
  const ran = spawnSync('pwsh', ['-NoProfile', '-NonInteractive', '-Command', script], {
    env: world.env,
    cwd: world.home,
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  return ran.stdout
    .split(/^\.\r?\n/m)
    .slice(0, -1)
    .map((text) =>
      text
        .split(/\r?\n/)
        .filter((row) => row !== '')
        .map((row) => [row.split('\t')[0] ?? '', row.split('\t')[1] ?? '']),
    );
}

describe.skipIf(!hasPowershell)('completion in PowerShell', () => {
  it('completes commands, flags, values, and ids with their status', () => {
    const [command, below, flags, status, jobs] = complete([
      'segjobs wat',
      'segjobs auth log',
      'segjobs list --st',
      'segjobs list --status=pro',
      'segjobs get ',
    ]);
    expect(command).toEqual([['watch', 'follow jobs until they finish']]);
    expect(below?.map(([value]) => value)).toEqual(['login', 'logout']);
    expect(flags?.map(([value]) => value)).toEqual(['--status', '--start']);
    expect(status?.map(([value]) => value)).toEqual(['--status=PROCESSING']);
    expect(jobs?.[0]).toEqual(['job-3', 'PROCESSING, 3 min ago, seg-1 +1']);
  });

  it('quotes odd ids', () => {
    const [ids = []] = complete(['segjobs get --sandbox odd ']);
    expect(ids.map(([value]) => value.replace(/^'(.*)'$/, '$1').replaceAll("''", "'"))).toEqual([...oddIds]);
    expect(world.isHarmed()).toBe(false);
  });
});
