// Who draws over the terminal gives it back before the process stops or leaves, however that comes about.

import { readFileSync } from 'node:fs';

/** Something that draws over lines of the terminal and hides the cursor. */
export interface ScreenHolder {
  /** Wipes what it drew and shows the cursor, at once; draws nothing until `resume`. */
  release(): void;
  /** Draws again, from wherever the cursor is now. */
  resume(): void;
}

export interface ScreenKeeper {
  /** False for a job in the background of a shell: what it drew would go over what is typed there. */
  isOurs(): boolean;
  /** From here on the holder is told when to release and resume. Returns how to end that; one holder at a time. */
  hold(holder: ScreenHolder): () => void;
  /** Has the holder release the screen. */
  release(): void;
}

/** Longer than a process that asked to be stopped runs on. */
const stoppingMs = 20;
/** A shell need not tell a job that runs in the background when it fetches it back. */
const lookAgainMs = 1000;

/** Listens to exit, SIGTSTP (Ctrl-Z) and SIGCONT (`fg`, `bg`) of the process while the screen is held. */
export function createScreenKeeper(process: NodeJS.Process): ScreenKeeper {
  let held: ScreenHolder | undefined;
  let timer: NodeJS.Timeout | undefined;

  const release = () => held?.release();
  const stop = () => {
    release();
    // Without a listener the signal does what it does to any other process: it stops.
    process.off('SIGTSTP', stop);
    process.kill(process.pid, 'SIGTSTP');
    // Where nobody could continue it (no shell above), the system does not stop it, and sends no SIGCONT.
    later(() => setImmediate(goOnUnlessTold), stoppingMs);
  };
  const goOn = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held === undefined) return;
    if (!process.listeners('SIGTSTP').includes(stop)) process.on('SIGTSTP', stop);
    if (isInForeground()) held.resume();
    else later(goOn, lookAgainMs);
  };
  /** After SIGCONT has had its turn. */
  const goOnUnlessTold = () => {
    if (timer !== undefined) goOn();
  };
  const later = (act: () => void, ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
    timer.unref();
  };

  return {
    isOurs: isInForeground,
    release,
    hold: (holder) => {
      held = holder;
      process.on('exit', release);
      process.on('SIGTSTP', stop);
      process.on('SIGCONT', goOn);
      return () => {
        held = undefined;
        clearTimeout(timer);
        process.off('exit', release);
        process.off('SIGTSTP', stop);
        process.off('SIGCONT', goOn);
      };
    },
  };
}

/** As far as the system tells (Linux does): proc(5), `pgrp` and `tpgid` of `/proc/[pid]/stat`. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return foregroundGroup === '-1' || foregroundGroup === group;
  } catch {
    return true;
  }
}
