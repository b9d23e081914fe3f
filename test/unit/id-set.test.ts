// The set of ids tells apart what a set of texts would, whichever way a job came.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIdSet } from '../../src/api/id-set.ts';
import { ScannedJob } from '../../src/api/scanned-job.ts';
import { decodeJobFields } from '../../src/api/wire-job.ts';

const parsed = (id: string) => decodeJobFields({}, id, '{}');
const scanned = (id: string) => {
  const bytes = Buffer.from(`{"id":"${id}"}`);
  return new ScannedJob(bytes, 0, bytes.length, 7, bytes.length - 2);
};

test('it knows what a set of texts knows, of parsed and of scanned jobs', () => {
  const id = fc.oneof(fc.stringMatching(/^[a-c]{1,3}$/), fc.uuid(), fc.constantFrom('é', '日本', '😀'));
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 400 }), (ids) => {
      const [set, texts] = [createIdSet(), new Set<string>()];
      for (const [text, isScanned] of ids) {
        const job = isScanned ? scanned(text) : parsed(text);
        expect(set.has(job)).toBe(texts.has(text));
        expect(set.add(job)).toBe(!texts.has(text));
        texts.add(text);
        expect(set.size).toBe(texts.size);
      }
    }),
  );
});

test.each([
  ['counted', (at: number) => `job-${at}`],
  ['counted in hexadecimal', (at: number) => `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`],
  ['counted at the front', (at: number) => `${at.toString(16).padStart(8, '0')}-5b1c-4a7e-9c0d-000000000000`],
])('it takes no two of 300,000 ids for one: %s', (_name, idOf) => {
  const set = createIdSet();
  let taken = 0;
  for (let at = 0; at < 300_000; at++) if (set.add(parsed(idOf(at)))) taken += 1;
  expect(taken).toBe(300_000);
});
