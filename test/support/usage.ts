// What a run of the built program cost: asked of the operating system by a module loaded before it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BinaryOptions, BinaryWorld } from './binary.ts';

export interface Cost {
  /** The most memory it ever held, in MB. */
  readonly maxRssMb: number;
  readonly userCpuMs: number;
}

let runs = 0;

/** Runs a command line whose stdout may be large, and hands on each piece of it instead of keeping it. */
export async function runCosting(
  world: BinaryWorld,
  argv: readonly string[],
  options: {
    readonly heapMb?: number;
    readonly onStdout?: (piece: string) => void;
    readonly limitMs?: number;
    readonly env?: BinaryOptions['env'];
  } = {},
): Promise<{ readonly exitCode: number | null; readonly stderr: string; readonly cost: Cost }> {
  runs += 1;
  const report = join(world.home, `usage-${runs}.json`);
  const preload = world.file(
    'report-usage.cjs',
    `process.on('exit', () => require('node:fs').writeFileSync(process.env.USAGE_REPORT, JSON.stringify(process.resourceUsage())));`,
  );
  const heap = options.heapMb === undefined ? [] : [`--max-old-space-size=${options.heapMb}`];
  const { child, ended } = world.start(argv, {
    nodeFlags: [...heap, '--require', preload],
    env: { ...options.env, USAGE_REPORT: report },
    keepsStdout: options.onStdout === undefined,
    limitMs: options.limitMs,
  });
  if (options.onStdout !== undefined) child.stdout?.on('data', options.onStdout);
  const { exitCode, stderr } = await ended;
  const { maxRSS, userCPUTime } = JSON.parse(readFileSync(report, 'utf8'));
  return { exitCode, stderr, cost: { maxRssMb: maxRSS / 1024, userCpuMs: userCPUTime / 1000 } };
}

/** Cuts pieces into lines; call `line` for each whole one. */
export function linesOf(line: (text: string) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const parts = `${rest}${piece}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) line(part);
  };
}
