import { describe, expect, it } from 'vitest';
import { matchesProperty, parseListQuery, parseProperty, QueryError } from '../../src/emulator/query.ts';

const document = {
  status: 'NEW',
  count: 7,
  isOn: true,
  nothing: null,
  a: { b: { c: 'deep' } },
  list: [
    { key: 'x', inner: { n: 1 }, names: ['p', 'q'] },
    { key: 'y==z', inner: [{ n: 2 }] },
  ],
};
const matches = (text: string) => matchesProperty(document, parseProperty(text));

describe('the property filter', () => {
  it.each([
    'status==NEW',
    'count==7',
    'isOn==true',
    'a.b.c==deep',
    'list~key==x',
    'list~key==y==z',
    'list~inner.n==1',
    'list~inner.n==2',
    'list~names==q',
  ])('matches %s', (text) => {
    expect(matches(text)).toBe(true);
  });

  it.each([
    'status==new',
    'count==07',
    'a.b==deep',
    'a.b.c.d==deep',
    'a~b==deep',
    'list.key==x',
    'list~key==p',
    'list~none==x',
    'list==x',
    'nothing==null',
    'toString==x',
    '__proto__.x==y',
  ])('does not match %s', (text) => {
    expect(matches(text)).toBe(false);
  });

  it.each([
    '',
    '==',
    'a',
    'a=b',
    'a==',
    '==b',
    '~a==b',
    'a~==b',
    'a~b~c==d',
    'a..b==c',
    '.a==b',
    'a.==b',
    'a b==c',
    '1==2',
  ])('refuses %j', (text) => {
    expect(() => parseProperty(text)).toThrow(QueryError);
  });
});

describe('the list query', () => {
  it('has defaults: newest first, no limit', () => {
    expect(parseListQuery(new URLSearchParams())).toMatchObject({
      sort: { path: 'creationTime', isDescending: true },
      limit: undefined,
      start: undefined,
      status: undefined,
      properties: [],
    });
  });

  it('takes several properties', () => {
    const query = parseListQuery(new URLSearchParams('property=a==b&property=c~d==e'));
    expect(query.properties).toMatchObject([
      { path: ['a'], key: undefined, value: 'b' },
      { path: ['c'], key: ['d'], value: 'e' },
    ]);
  });
});
