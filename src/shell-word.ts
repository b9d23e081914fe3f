// Words of a command line that is shown to be copied: a shell must read them as they are.

import { safeText } from './safe-text.ts';

/** The word, quoted where a POSIX shell would take it for anything else; without control characters. */
export function shellWord(word: string): string {
  const safe = safeText(word);
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}
