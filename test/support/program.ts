// The program that the tests run as a process: the built one, or a standalone one that SEGJOBS_TEST_PROGRAM names.

import { resolve } from 'node:path';

const standalone = process.env['SEGJOBS_TEST_PROGRAM'] ?? '';

/** Whether the tests run a standalone program, which is one file and takes no flags of Node. */
export const isStandalone = standalone !== '';

/** The program's file: `bin/segjobs.js`, or the standalone one. */
export const programFile = isStandalone
  ? resolve(standalone)
  : resolve(import.meta.dirname, '../../bin/segjobs.js');

/** How the program is started: Node and the file, or the file alone. */
export const programWords: readonly [string, ...string[]] = isStandalone
  ? [programFile]
  : [process.execPath, programFile];

/** The same for a line of a POSIX shell. */
export const programInShell = programWords.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');

/** The program with arguments, and with flags of Node itself; a standalone one gets those by its environment. */
export function programCall(
  argv: readonly string[],
  nodeFlags: readonly string[] = [],
): {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly env: Record<string, string>;
} {
  const [command, ...words] = programWords;
  if (!isStandalone) return { command, parameters: [...nodeFlags, ...words, ...argv], env: {} };
  const flags = nodeFlags.join(' ');
  return {
    command,
    parameters: argv,
    env: nodeFlags.length === 0 ? {} : { NODE_OPTIONS: flags, BUN_OPTIONS: flags },
  };
}
