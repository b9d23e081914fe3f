// Which process did something, and whether that very process still runs.

import { readFileSync } from 'node:fs';
import { hostTag, isProcessAlive } from './files.ts';

/** What a process leaves in a file so that others can tell whether it still runs. */
export interface ProcessMark {
  readonly pid: number;
  /** `hostTag()` of its machine. */
  readonly host: string;
  /** Tells it from a later process with the same id; absent where the system does not say. */
  readonly started?: string | undefined;
}

/** The mark of this process. */
export function ownMark(): ProcessMark {
  const started = readState(process.pid)?.started;
  return { pid: process.pid, host: hostTag(), ...(started === undefined ? {} : { started }) };
}

/**
 * `gone`: ended, also where its id belongs to another process by now, or where it is dead and only not yet reaped
 * by its parent. `unknown`: it ran on another machine. Without a start to compare, an id that is in use counts.
 */
export function livenessOf({ pid, host, started }: ProcessMark): 'running' | 'gone' | 'unknown' {
  if (host !== hostTag()) return 'unknown';
  if (!isProcessAlive(pid)) return 'gone';
  const state = readState(pid);
  if (state === undefined) return 'running';
  if (state.isDead) return 'gone';
  return started === undefined || started === state.started ? 'running' : 'gone';
}

interface ProcessState {
  readonly isDead: boolean;
  readonly started: string;
}

/** From Linux's `/proc`; `undefined` elsewhere. */
function readState(pid: number): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in parentheses and may hold any character, so fields count from the last one.
    const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTicks = rest[18];
    if (startTicks === undefined || !/^\d+$/.test(startTicks)) return undefined;
    // Ticks count from the start of the machine.
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    return { isDead: state === 'Z' || state === 'X', started: `${boot}.${startTicks}` };
  } catch {
    return undefined;
  }
}
