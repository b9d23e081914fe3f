// What this program draws, in ASCII: for a terminal whose locale says that it can show nothing else.

import type { Sink } from './sink.ts';

/** As wide as what they stand for: nothing that has been laid out moves. */
const substitutes = new Map<string, string>();
for (const [marks, letters] of [
  ['▁▂▃▄▅▆▇█', '__..--=#'],
  ['▏▎▍▌▋▊▉░', '---####.'],
  ['⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏', '|/-\\|/-\\|/'],
  ['…·•–→✓✗', '~|*->+x'],
] as const) {
  for (const [at, mark] of [...marks].entries()) substitutes.set(mark, letters[at] ?? '?');
}
const drawn = new RegExp(`[${[...substitutes.keys()].join('')}]`, 'gu');

/**
 * The text with each of our marks (ellipses, bars, charts, arrows, the frames of a spinner) as one character of ASCII.
 * What the service said stays as it came: a name is data.
 */
export function inAscii(text: string): string {
  return text.replace(drawn, (mark) => substitutes.get(mark) ?? mark);
}

/** A sink whose texts are written `inAscii`. */
export function asciiSink(sink: Sink): Sink {
  return {
    write: (chunk) => sink.write(typeof chunk === 'string' ? inAscii(chunk) : chunk),
    tell: (text) => sink.tell(inAscii(text)),
  };
}
