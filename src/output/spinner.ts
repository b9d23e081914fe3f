// One line on stderr that turns while something is waited for, and leaves no trace.

import ora, { spinners } from 'ora';
import { inAscii } from './ascii.ts';
import type { Terminal } from './terminal.ts';
import { cutToWidth } from './width.ts';

export interface Spinner {
  update(text: string): void;
  /** Wipes the line and shows the cursor again. */
  stop(): void;
}

export interface SpinnerStream extends NodeJS.WritableStream {
  readonly columns?: number | undefined;
}

/**
 * Call only where `terminal.canAnimate`: on 0 columns ora draws for ever.
 * What else is written to the stream, a whole line at a time, appears above the spinner: ora sees to that.
 */
export function startSpinner(stream: SpinnerStream, terminal: Terminal, text: string): Spinner {
  const { frames, interval } = spinners.dots;
  const shown = (marks: string) => (terminal.isAscii ? inAscii(marks) : marks);
  const fitted = (full: string) =>
    shown(cutToWidth(full, Math.max(1, (stream.columns || terminal.columns) - 3)));
  const spinner = ora({
    stream,
    text: fitted(text),
    // Its own colours follow another stream, and not NO_COLOR.
    color: false,
    spinner: { frames: frames.map((frame) => terminal.paint.busy(shown(frame))), interval },
    isEnabled: true,
    // Otherwise it takes over stdin and Ctrl-C is lost.
    discardStdin: false,
  });
  spinner.start();
  return {
    update: (next) => {
      spinner.text = fitted(next);
    },
    stop: () => {
      spinner.stop();
    },
  };
}
