// What this program draws, in ASCII: for a terminal whose locale says that it can show nothing else.

/** As wide as what they stand for: nothing that has been laid out moves. */
const substitutes = new Map<string, string>();
for (const [marks, letters] of [
  ['▁▂▃▄▅▆▇█', '__..--=#'],
  ['▏▎▍▌▋▊▉░', '---####.'],
  ['⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏', '|/-\\|/-\\|/'],
  ['…·•–→✓✗', '~,*->+x'],
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

/** The stream, with every text that is written to it `inAscii`. Everything else about it is the stream's own. */
export function asciiStream<S extends NodeJS.WritableStream>(stream: S): S {
  const write = (chunk: string | Uint8Array, ...rest: never[]) =>
    stream.write(typeof chunk === 'string' ? inAscii(chunk) : (chunk as never), ...rest);
  return Object.create(stream, { write: { value: write, writable: true, configurable: true } }) as S;
}
