// How many columns a text takes on a terminal, and how to cut, pad and wrap it by that measure.

import { eastAsianWidth } from 'get-east-asian-width';

/** One column per UTF-16 unit: ASCII, Latin, Greek, Cyrillic, and the marks and bars that this tool draws itself. */
const narrow = /^[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027\u2500-\u25a1]*$/;
/** Made when first needed: Unicode's classes cost a millisecond to read, and most output is ASCII. */
let classes: ReturnType<typeof unicodeClasses> | undefined;

function unicodeClasses() {
  return {
    invisible:
      /[\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}\p{Surrogate}]/u,
    emoji: /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3)/u,
    pictograph: /\p{Extended_Pictographic}/u,
    wideMark: /[\p{Spacing_Mark}\uff00-\uffef]/u,
  };
}

const colours = /\u001b\[[0-9;]*m/g;

/** Made when first needed: it costs several milliseconds, and most output is ASCII. */
let segmenter: Intl.Segmenter | undefined;

function clustersOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function clusterWidth(cluster: string): number {
  classes ??= unicodeClasses();
  const { invisible, emoji, pictograph, wideMark } = classes;
  let width = 0;
  let isBase = true;
  for (const character of cluster) {
    if (invisible.test(character)) continue;
    if (isBase && emoji.test(cluster)) return 2;
    const isJoined = !isBase && pictograph.test(character) && cluster.includes('\u200d');
    if (isJoined) return 2;
    // In one cluster only the base takes room, and marks that stand beside it (Devanagari, halfwidth kana).
    if (isBase || wideMark.test(character)) {
      width += eastAsianWidth(character.codePointAt(0) ?? 0);
    }
    isBase = false;
  }
  return width;
}

/** The columns that one line of text takes; colours count nothing. Ambiguous characters are narrow. */
export function visibleWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  const plain = text.replace(colours, '');
  if (narrow.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of clustersOf(plain)) width += clusterWidth(segment);
  return width;
}

/** The text in at most `width` columns: cut with `…` where it is longer. Never cuts within a character. */
export function cutToWidth(text: string, width: number): string {
  if (text.length <= width && narrow.test(text)) return text;
  if (width <= 0) return '';
  // No cluster is counted twice however long the text is: 10 kB cost what 200 characters do.
  let kept = '';
  let used = 0;
  for (const { segment } of clustersOf(text.slice(0, width * 40 + 40))) {
    const next = used + clusterWidth(segment);
    if (next > width) return `${cutBack(kept, width - 1)}…`;
    kept += segment;
    used = next;
  }
  return kept.length === text.length ? text : `${cutBack(kept, width - 1)}…`;
}

function cutBack(text: string, width: number): string {
  if (narrow.test(text)) return text.slice(0, width);
  let kept = '';
  let used = 0;
  for (const { segment } of clustersOf(text)) {
    used += clusterWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}

/** Filled with spaces on the right; a longer text stays as it is. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleWidth(text)));
}

/** Filled with spaces on the left; a longer text stays as it is. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - visibleWidth(text))) + text;
}

/**
 * The text in lines of at most `width` columns, broken at spaces, and within a word only where it is longer than a
 * line. More than `mostLines` lines are cut with `…`.
 */
export function wrapText(text: string, width: number, mostLines: number): string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(' ').filter((word) => word !== '');
  while (words.length > 0 && lines.length < mostLines) {
    const word = words.shift() ?? '';
    const joined = line === '' ? word : `${line} ${word}`;
    if (visibleWidth(joined) <= width) line = joined;
    else if (line !== '') {
      lines.push(line);
      line = '';
      words.unshift(word);
    } else {
      const head = cutBack(word, width) || [...word].slice(0, 1).join('');
      lines.push(head);
      if (head.length < word.length) words.unshift(word.slice(head.length));
    }
  }
  if (line !== '' && lines.length < mostLines) {
    lines.push(line);
    line = '';
  }
  if (line === '' && words.length === 0) return lines;
  const last = lines.pop() ?? '';
  lines.push(visibleWidth(last) < width ? `${last}…` : `${cutBack(last, width - 1)}…`);
  return lines;
}
