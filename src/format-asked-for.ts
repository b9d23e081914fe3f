// The output format that a command line asks for, found without a parser.

/**
 * The format that a command line asks for, read without a parser: errors in the command line itself must
 * already be printed in it.
 */
export function formatAskedFor(argv: readonly string[]): string | undefined {
  let format: string | undefined;
  for (const [index, word] of argv.entries()) {
    if (word === '--') break;
    if (word === '--json') format = 'json';
    else if (word === '--output') format = argv[index + 1];
    else if (word.startsWith('--output=')) format = word.slice('--output='.length);
    else format = formatInCluster(word, argv[index + 1]) ?? format;
  }
  return format;
}

/** `-o json`, `-ojson`, and behind the short switches that take no value: `-qo json`. */
function formatInCluster(word: string, next: string | undefined): string | undefined {
  const value = /^-[qhVnwy]*o(.*)$/s.exec(word)?.[1];
  return value === '' ? next : value;
}
