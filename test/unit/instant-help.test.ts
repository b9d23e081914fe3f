import { describe, expect, it } from 'vitest';
import { allFacts } from '../../src/command-facts.ts';
import { programTree } from '../../src/command-tree.ts';
import { helpFor } from '../../src/instant-help.ts';
import { readCommandLine } from '../../src/program.ts';

// The quick way to a page of help and the parser's must not differ.

const tree = programTree();
const look = { columns: 72, isStyled: false };
const parsed = (argv: readonly string[]) => readCommandLine(argv, { version: '1.2.3', ...look });

const commandLines = allFacts(tree).flatMap(({ path }) => [
  [...path, '--help'],
  [...path, '-h'],
  ['help', ...path],
  ['--help', ...path],
]);
const topicLines = tree.topics.map(({ name }) => ['help', name]);

describe('help without the parser', () => {
  it.each(
    [...commandLines, ...topicLines, ['--help'], ['-h']].map((argv) => [argv.join(' '), argv] as const),
  )('is what the parser shows: segjobs %s', (_, argv) => {
    expect(parsed(argv)).toEqual({ kind: 'text', text: helpFor(argv, tree, look) });
  });

  it.each([
    'help',
    'help lst',
    'help list more',
    'help exit-codes list',
    'lst --help',
    'list -o json --help',
    '--sandbox list --help',
    'create A --help',
    'list --help --help',
    'auth login extra -h',
    'emulator exec -- --help',
    'config get --help x',
  ])('leaves to the parser what is more than a command or a topic: segjobs %s', (line) => {
    expect(helpFor(line.split(' '), tree, look)).toBeUndefined();
  });
});
