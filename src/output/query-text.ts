// What a query finds, as plain text for shell variables and loops: no quotes, no brackets, a line for each element.

import { elementsOf, membersOf } from '../lossless-json.ts';
import { tsvValue } from './tsv.ts';

/**
 * Compact JSON as lines, each with its line break. A list has a line for each element, any other value is one line. A
 * line is a value as it is, without quotes; of a list or an object the values in their order, with tabs between them.
 * What is nested deeper stays JSON, and null is empty. Numbers are spelled as in the JSON.
 */
export function foundText(json: string): string {
  const lines = json.startsWith('[') ? elementsOf(json) : [json];
  return lines.map((line) => `${valuesOf(line).map(cellText).join('\t')}\n`).join('');
}

function valuesOf(json: string): readonly string[] {
  if (json.startsWith('[')) return elementsOf(json);
  if (!json.startsWith('{')) return [json];
  // Of a key that is there twice the last value counts.
  return [...new Map(membersOf(json).map(({ key, value }) => [key, value])).values()];
}

function cellText(json: string): string {
  if (json === 'null') return '';
  return tsvValue(json.startsWith('"') ? JSON.parse(json) : json);
}
