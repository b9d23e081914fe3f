// Holds every exit code that a test sees against the list in the help of that command.

import { findFacts } from '../../src/command-facts.ts';
import { commandPath, programTree } from '../../src/command-tree.ts';
import { codesOfAnyCommand } from '../../src/help.ts';

/** Throws when the help of the command does not name the code it ended with. */
export function checkExitCode(argv: readonly string[], exitCode: number): void {
  const words = argv.filter((word) => !word.startsWith('-'));
  const path =
    words.map((_, index) => commandPath(words.slice(index))).find(({ length }) => length > 0) ?? [];
  const command = findFacts(programTree(), path);
  // What `emulator exec` ends with is the code of the command it ran.
  if (command === undefined || command.commands !== undefined || path.join(' ') === 'emulator exec') return;
  if ([...command.exitCodes, ...codesOfAnyCommand].includes(exitCode)) return;
  throw new Error(
    `segjobs ${path.join(' ')} --help does not name the exit code ${exitCode} of: ${argv.join(' ')}`,
  );
}
