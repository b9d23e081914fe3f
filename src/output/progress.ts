// A wait that is shown while it lasts: a spinner where one can be drawn, nothing elsewhere.

import { safeText } from '../safe-text.ts';
import type { Spinner, SpinnerStream } from './spinner.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  update(text: string): void;
  /** Always called, also on failure; the line is wiped. */
  stop(): void;
}

/** Most answers come sooner: they load no spinner and flicker nothing. */
const delayMs = 150;

/** Without a `place` nothing is ever shown. */
export function createProgress(
  text: string,
  place: { readonly stream: SpinnerStream; readonly terminal: Terminal } | undefined,
): Progress {
  if (place === undefined) return { update: () => undefined, stop: () => undefined };
  let shown = safeText(text);
  let isStopped = false;
  let spinner: Spinner | undefined;
  const show = async () => {
    const { startSpinner } = await import('./spinner.ts');
    if (!isStopped) spinner = startSpinner(place.stream, place.terminal, shown);
  };
  const timer = setTimeout(() => void show(), delayMs);
  timer.unref();
  return {
    update: (next) => {
      shown = safeText(next);
      spinner?.update(shown);
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      spinner?.stop();
      spinner = undefined;
    },
  };
}
