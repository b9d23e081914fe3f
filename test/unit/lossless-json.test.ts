import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compactJson,
  createJsonIndenter,
  elementsOf,
  indentJson,
  locateJsonError,
  memberOf,
  membersOf,
  quoteJson,
} from '../../src/lossless-json.ts';

/** A JSON text with any spelling of its numbers, escapes, duplicate keys, and white space between all tokens. */
const space = fc.constantFrom('', '', ' ', '\n', '\t', '\r\n  ');
const numberText = fc.oneof(
  fc.constantFrom('12345678901234567890', '1.0', '1e5', '-0', '0.10', '1E+400', '-1.50e-3'),
  fc.integer().map(String),
);
const stringText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    '"\\u0041"',
    '"a\\\\"',
    '"\\"[,]{:}"',
    '"\\\\\\""',
    '"\u007f\u009b\u202e\u2028"',
    '"__proto__"',
  ),
);
const jsonText = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    numberText,
    stringText,
    fc.constantFrom('true', 'false', 'null'),
    fc
      .tuple(space, fc.array(fc.tuple(space, tie('value'), space).map((parts) => parts.join(''))))
      .map(([inside, items]) => `[${items.length === 0 ? inside : items.join(',')}]`),
    fc
      .tuple(
        space,
        fc.array(
          fc
            .tuple(space, stringText, space, space, tie('value'), space)
            .map(([a, key, b, c, value, d]) => `${a}${key}${b}:${c}${value}${d}`),
        ),
      )
      .map(([inside, items]) => `{${items.length === 0 ? inside : items.join(',')}}`),
  ),
})).value;
const paddedJson = fc.tuple(space, jsonText, space).map((parts) => parts.join(''));

describe('cutting', () => {
  it('gives the elements of an array as the text they had', () => {
    expect(elementsOf(' [ 12345678901234567890 , {"a": [1,\n2]},"x]\\"," , 1.0,[ ] ] ')).toEqual([
      '12345678901234567890',
      '{"a": [1,\n2]}',
      '"x]\\","',
      '1.0',
      '[ ]',
    ]);
    expect(elementsOf('[ ]')).toEqual([]);
  });

  it('gives the members of an object in order, keys decoded, duplicates included', () => {
    expect(membersOf('{"\\u0061" : 1e5, "__proto__":{"b":2}, "a":"}" }')).toEqual([
      { key: 'a', value: '1e5' },
      { key: '__proto__', value: '{"b":2}' },
      { key: 'a', value: '"}"' },
    ]);
  });

  it('finds a nested member, the last of duplicates', () => {
    const text = '{"_page":{"next":"first"},"other":[1],"_page":{"count":1,"next":"last"}}';
    expect(memberOf(text, '_page', 'next')).toBe('"last"');
    expect(memberOf(text)).toBe(text);
    expect(memberOf(text, 'other', 'next')).toBeUndefined();
    expect(memberOf(text, '_page', 'absent')).toBeUndefined();
    expect(memberOf(text, 'toString')).toBeUndefined();
  });

  it('refuses to cut what is no array or no object', () => {
    expect(() => elementsOf('{"a":1}')).toThrow(TypeError);
    expect(() => membersOf('[1]')).toThrow(TypeError);
  });

  it('law: the slices, compacted and joined, are the compact whole', () => {
    fc.assert(
      fc.property(paddedJson, (text) => {
        const first = text.trim()[0];
        if (first === '[') {
          expect(`[${elementsOf(text).map(compactJson).join(',')}]`).toBe(compactJson(text));
        } else if (first === '{') {
          const members = membersOf(text).map(({ key, value }) => [key, JSON.parse(value)]);
          expect(Object.fromEntries(members)).toEqual(JSON.parse(text));
          for (const { key } of membersOf(text)) {
            expect(JSON.parse(memberOf(text, key) ?? '')).toEqual(
              Object.getOwnPropertyDescriptor(JSON.parse(text), key)?.value,
            );
          }
        } else expect(memberOf(text, 'a')).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });
});

describe('compacting', () => {
  it('takes away white space and leaves every token as it was spelt', () => {
    expect(
      compactJson('{ "b" : 12345678901234567890,\r\n\t"a" : [ 1.0, 1e5, -0 ],\n "a" : "\\u0041 \\/ x" }\n'),
    ).toBe('{"b":12345678901234567890,"a":[1.0,1e5,-0],"a":"\\u0041 \\/ x"}');
  });

  it('escapes what a terminal may obey, in keys and values', () => {
    expect(
      compactJson('{"k\u202e": "\u007f \u0080 \u009b \u009f \u2028 \u2029 \u202a \u2066 \u2069 é \u00a0"}'),
    ).toBe('{"k\\u202e":"\\u007f \\u0080 \\u009b \\u009f \\u2028 \\u2029 \\u202a \\u2066 \\u2069 é \u00a0"}');
  });

  it('law: the value stays, a second time changes nothing, no unsafe character is left', () => {
    fc.assert(
      fc.property(paddedJson, (text) => {
        const compact = compactJson(text);
        expect(JSON.parse(compact)).toEqual(JSON.parse(text));
        expect(compactJson(compact)).toBe(compact);
        expect(compact).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 400 },
    );
  });

  it('survives any depth of nesting', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(compactJson(` ${deep}`)).toBe(deep);
    expect(elementsOf(deep)).toEqual([deep.slice(1, -1)]);
    expect(locateJsonError(deep)).toBeUndefined();
    expect(indentJson(deep).length).toBeLessThan(60_000_000);
  });
});

describe('indenting', () => {
  it('lays tokens out as JSON.stringify would, keeping the spelling of numbers', () => {
    expect(indentJson('{"id":"a","n":[1.0,12345678901234567890],"o":{},"e":[],"s":"{,:}"}')).toBe(`{
  "id": "a",
  "n": [
    1.0,
    12345678901234567890
  ],
  "o": {},
  "e": [],
  "s": "{,:}"
}`);
  });

  it('may be fed in pieces that end between any two tokens, and ends with one line break', () => {
    const indenter = createJsonIndenter();
    const pieces = ['{"children":[', '{"id":"a"}', ',', '{"id":"b"}', ']', ',"_page":{}', '}'];
    expect(pieces.map((piece) => indenter.write(piece)).join('') + indenter.end()).toBe(`{
  "children": [
    {
      "id": "a"
    },
    {
      "id": "b"
    }
  ],
  "_page": {}
}
`);
    expect(indenter.end()).toBe('');
  });

  it('law: compacting undoes it, whatever the pieces', () => {
    const tokens = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^[\]{},:"]+/gs;
    fc.assert(
      fc.property(paddedJson, fc.infiniteStream(fc.nat({ max: 3 })), (text, sizes) => {
        const compact = compactJson(text);
        const indenter = createJsonIndenter();
        let indented = '';
        const rest = [...(compact.match(tokens) ?? [])];
        while (rest.length > 0) indented += indenter.write(rest.splice(0, sizes.next().value).join(''));
        expect(indented).toBe(indentJson(compact));
        expect(compactJson(indented)).toBe(compact);
        expect(JSON.stringify(JSON.parse(indented))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 400 },
    );
  });

  it('law: looks exactly like JSON.stringify(value, null, 2)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });
});

describe('locating an error', () => {
  it.each([
    ['', 1, 1],
    ['{"a": 1,}', 1, 9],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['{\r\n  "secret": "abc\r\n}', 2, 17],
    ['{"a": "x\\q"}', 1, 9],
    ['[1, 2', 1, 6],
    ['[01]', 1, 3],
    ['[1.]', 1, 3],
    ['nul', 1, 1],
    ['{"a" 1}', 1, 6],
    ['{a: 1}', 1, 2],
    ['[}', 1, 2],
    ['[1]]', 1, 4],
    ['\ufeff{}', 1, 1],
    ['["😀" x]', 1, 6],
  ])('says where %j stops being JSON', (text, line, column) => {
    expect(locateJsonError(text)).toEqual({ line, column });
  });

  it('law: finds an error exactly where JSON.parse does', () => {
    const broken = fc
      .tuple(
        paddedJson,
        fc.nat(),
        fc.nat({ max: 3 }),
        fc.constantFrom('', ',', '"', '}', '\\', 'e', '\u0000', ':'),
      )
      .map(([text, position, removed, added]) => {
        const at = position % (text.length + 1);
        return text.slice(0, at) + added + text.slice(at + removed);
      });
    fc.assert(
      fc.property(broken, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(locateJsonError(text) === undefined).toBe(isJson);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('quoting', () => {
  it('writes any value as JSON that is safe to show', () => {
    expect(quoteJson({ a: 'x\u001b\u009b\u202e\u2028é', b: [1, null], c: undefined })).toBe(
      '{"a":"x\\u001b\\u009b\\u202e\\u2028é","b":[1,null]}',
    );
    expect(quoteJson(undefined)).toBe('null');
  });

  it('law: JSON.parse gives the text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(quoteJson(text))).toBe(text);
      }),
    );
  });
});
