// A poll whose answer is the same as last time is not read again; any other one is.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBulkMemory } from '../../src/api/bulk-memory.ts';
import type { DecodedBulk } from '../../src/api/wire.ts';

const ids = ['job-1', 'job-2'];
const readingOf = (text: string): DecodedBulk => ({
  jobs: new Map(),
  errors: new Map([['text', { message: text }]]),
});

/** Takes answers to polls for the same ids; tells which of them were read. */
function watching() {
  const memory = createBulkMemory();
  const read: string[] = [];
  return {
    read,
    poll(text: string, asked: readonly string[] = ids): string | undefined {
      memory.begin(1);
      const chunk = memory.chunk(0, asked);
      const bytes = chunk.borrow(Buffer.byteLength(text));
      bytes.write(text);
      const decode = () => {
        read.push(text);
        return readingOf(text);
      };
      return chunk.decode(bytes, decode).errors.get('text')?.message;
    },
  };
}

test('the same answer is read once, and what was read of it is given again', () => {
  const { poll, read } = watching();
  expect([poll('{"a":1}'), poll('{"a":1}'), poll('{"a":2}'), poll('{"a":2}')]).toEqual([
    '{"a":1}',
    '{"a":1}',
    '{"a":2}',
    '{"a":2}',
  ]);
  expect(read).toEqual(['{"a":1}', '{"a":2}']);
});

test('an answer to other ids is read, whatever it is', () => {
  const { poll, read } = watching();
  poll('{}');
  poll('{}', ['job-1']);
  poll('{}', ['job-1', 'job-3']);
  expect(read).toEqual(['{}', '{}', '{}']);
});

test('whatever changes is read: any byte, two that change places, one more or one less', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      fc.nat(),
      fc.constantFrom('change', 'swap', 'remove', 'insert'),
      (text, where, how) => {
        const { poll } = watching();
        const at = where % text.length;
        const character = text[at] ?? '';
        const other = {
          change: `${text.slice(0, at)}${character === '0' ? '1' : '0'}${text.slice(at + 1)}`,
          swap: text.slice(at) + text.slice(0, at),
          remove: text.slice(0, at) + text.slice(at + 1),
          insert: `${text.slice(0, at)}0${text.slice(at)}`,
        }[how];
        expect([poll(text), poll(other), poll(text)]).toEqual([text, other, text]);
      },
    ),
    { numRuns: 500 },
  );
});

test('a request of a chunk is the documented one', () => {
  expect(createBulkMemory().chunk(0, ['a"b', 'c']).body).toBe('{"ids":[{"id":"a\\"b"},{"id":"c"}]}');
});
