// The README's figures are those of the last measurement: each row of a table in "Speed" stands in bench/results.md.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('quotes its figures from bench/results.md', () => {
  const section = /^## Speed\n(.*?)^## /ms.exec(read('README.md'))?.[1] ?? '';
  const rows = section.split('\n').filter((line) => /^\|.*\d/.test(line));
  const measured = new Set(read('bench/results.md').split('\n'));
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter((row) => !measured.has(row))).toEqual([]);
});
