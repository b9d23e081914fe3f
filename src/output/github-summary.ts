// The summary of a job on GitHub: a Markdown file that each step may add to, and text from outside made harmless in it.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { safeText } from '../safe-text.ts';

/** GitHub drops the whole summary of a step beyond this. */
const mostBytes = 1024 * 1024;
/** UTF-16 units of an id, a status or a message; longer ones are cut. */
const longestText = 1000;

/**
 * Appends what `make` gives for the room that is left, in bytes; earlier commands of the step may have used some.
 * Throws what the system says, and an `Error` where there is no room left or the path is no file.
 */
export async function appendSummary(path: string, make: (room: number) => string | undefined): Promise<void> {
  // O_NONBLOCK: a FIFO that nobody reads must not hold up the end of a watch. Windows does not have it.
  const flags =
    constants.O_WRONLY |
    constants.O_APPEND |
    constants.O_CREAT |
    ((constants.O_NONBLOCK as number | undefined) ?? 0);
  const file = await open(path, flags, 0o600);
  try {
    const facts = await file.stat();
    if (!facts.isFile() && !facts.isCharacterDevice()) throw new Error(`${path} is not a file`);
    const separator = facts.size > 0 ? '\n' : '';
    const text = make(mostBytes - facts.size - separator.length);
    if (text === undefined) throw new Error('GitHub takes 1 MiB for a step, and it is full');
    await file.writeFile(separator + text);
  } finally {
    await file.close();
  }
}

/**
 * Every ASCII character that Markdown, HTML or GitHub's own extensions (links, mentions, emoji) could read. A full stop
 * or a colon before a space is none of it, unless it makes the first word a number of a list.
 */
const special = /^-|(?<=^\d{1,9})\.|[.:](?! |$)|[!-,/;-@[-`{-~]/g;

/** The text as it is, in one line: no markup, no HTML, no link. */
export function inMarkdown(text: string): string {
  const cut = safeText(text).trim().slice(0, longestText);
  return cut.replace(special, (character) => `&#${character.charCodeAt(0)};`);
}

/** The same in a fixed-width font, where GitHub looks for no mentions either. */
export function inCode(text: string): string {
  return `<code>${inMarkdown(text)}</code>`;
}
