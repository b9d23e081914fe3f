// A flat object as aligned lines for people: each key, its value, and where that comes from.

import { safeText } from '../safe-text.ts';
import { padEnd, visibleWidth } from './width.ts';

/** A flat object of our own. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

export interface FactLook {
  /** `Client id` for `clientId`, and `sandboxFrom` beside `sandbox`. Otherwise keys stand as they are. */
  readonly inWords: boolean;
  readonly muted: (text: string) => string;
}

/** Lines with their breaks; `-` where there is no value. */
export function factLines(facts: Facts, { inWords, muted }: FactLook): string {
  const isSource = (key: string) =>
    key.endsWith('From') && Object.hasOwn(facts, key.slice(0, -'From'.length));
  const rows = Object.entries(facts)
    .filter(([key]) => !inWords || !isSource(key))
    .map(([key, value]) => ({
      label: inWords ? wordsOf(key) : safeText(key),
      text: inWords && typeof value === 'boolean' ? yesOrNo(value) : safeText(String(value ?? '')),
      source: inWords ? safeText(String(facts[`${key}From`] ?? '')) : '',
    }));
  const width = Math.max(0, ...rows.map(({ label }) => visibleWidth(label)));
  return rows
    .map(({ label, text, source }) => {
      const from = source === '' ? '' : `  ${muted(`(${source})`)}`;
      return `${muted(padEnd(label, width))}  ${text === '' ? muted('-') : text}${from}\n`;
    })
    .join('');
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** `tokenExpires` → `Token expires`, `apiUrl` → `API URL`. */
function wordsOf(key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const text = words.replace(/\b(?:api|ims|url)\b/g, (word) => word.toUpperCase());
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
