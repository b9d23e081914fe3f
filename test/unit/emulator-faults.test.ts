import { describe, expect, it } from 'vitest';
import { parseFault } from '../../src/emulator/fault-grammar.ts';
import { createFaultBook, faultHelp } from '../../src/emulator/faults.ts';

describe('a fault spec', () => {
  it('names an operation, what is answered, how it is delivered, and when', () => {
    expect(
      parseFault('create:status=503,after,times=2,skip=1,every=3,percent=50,delay=1.5s,cut=20,chunked'),
    ).toEqual({
      spec: 'create:status=503,after,times=2,skip=1,every=3,percent=50,delay=1.5s,cut=20,chunked',
      operation: 'create',
      times: 2,
      skip: 1,
      every: 3,
      percent: 50,
      isAfter: true,
      delayMs: 1500,
      staleMs: 0,
      isRevoke: false,
      retryAfter: undefined,
      contentType: undefined,
      substitute: { status: 503, content: undefined, location: undefined },
      delivery: { kind: 'cut', bytes: 20, framing: 'chunked', isReset: false },
    });
  });

  it('takes values with commas in quotes', () => {
    const body = '{"a":"b, \\\\c"}';
    const quoted = `"${body.replace(/["\\]/g, '\\$&')}"`;
    expect(parseFault(`get:body=${quoted},times=1`)).toMatchObject({
      times: 1,
      substitute: { content: { text: body } },
    });
    expect(parseFault('any:status=429,retry-after="Wed, 21 Oct 2026 07:28:00 GMT"').retryAfter).toEqual({
      text: 'Wed, 21 Oct 2026 07:28:00 GMT',
    });
  });

  it.each([
    ['get:reset', { kind: 'reset' }],
    ['get:close', { kind: 'close' }],
    ['get:hang', { kind: 'hang' }],
    ['get:stall', { kind: 'stall' }],
    ['get:garbage', { kind: 'garbage' }],
    ['get:gzip-cut', { kind: 'gzip-cut' }],
    ['list:cut=0', { kind: 'cut', bytes: 0, framing: 'whole', isReset: false }],
    ['list:cut=2kb,reset', { kind: 'cut', bytes: 2048, framing: 'whole', isReset: true }],
    ['list:cut=9,framed', { kind: 'cut', bytes: 9, framing: 'framed', isReset: false }],
    ['list:length=5', { kind: 'length', bytes: 5 }],
    ['list:dribble', { kind: 'slices', bytes: 1, pauseMs: 200 }],
    ['list:dribble=5ms', { kind: 'slices', bytes: 1, pauseMs: 5 }],
    ['list:rate=2000', { kind: 'slices', bytes: 100, pauseMs: 50 }],
    ['list:rate=4', { kind: 'slices', bytes: 1, pauseMs: 250 }],
    ['list:slices=7', { kind: 'slices', bytes: 7, pauseMs: 0 }],
    ['list:flood=200mb', { kind: 'flood', bytes: 209_715_200, isGzip: false }],
    ['list:flood=1kb,gzip', { kind: 'flood', bytes: 1024, isGzip: true }],
  ])('%s is a delivery', (spec, delivery) => {
    expect(parseFault(spec).delivery).toEqual(delivery);
  });

  it.each([
    ['any:revoke', { isRevoke: true }],
    ['get:stale=30s', { staleMs: 30_000 }],
    ['list:type=text/plain', { contentType: 'text/plain' }],
    ['list:retry-after=soon', { retryAfter: { text: 'soon' } }],
    ['list:retry-after=date+2s', { retryAfter: { dateInMs: 2000 } }],
    ['list:redirect=http://127.0.0.1:1/', { substitute: { location: 'http://127.0.0.1:1/' } }],
    ['list:html', { substitute: { content: 'html' } }],
    ['list:empty', { substitute: { content: 'empty' } }],
    ['list:not-json', { substitute: { content: 'not-json' } }],
    ['list:body=""', { substitute: { content: { text: '' } } }],
    ['sandboxes:delay=20ms', { delayMs: 20 }],
  ])('%s is understood', (spec, expected) => {
    expect(parseFault(spec)).toMatchObject(expected);
  });

  it.each([
    ['', 'it must begin with one of list, create'],
    ['status=503', 'it must begin with one of'],
    ['lists:status=503', 'it must begin with one of'],
    ['list:', 'it says nothing to do'],
    ['list:times=2', 'it says when, but not what'],
    ['list:after', 'it says when, but not what'],
    ['list:statsu=503', 'there is no statsu'],
    ['list:status', 'status needs a value'],
    ['list:status=', 'status needs a value'],
    ['list:status=99', 'status must be a whole number from 200 to 599'],
    ['list:status=5e2', 'status must be a whole number'],
    ['list:status=503,status=500', 'status is given twice'],
    ['list:reset=1', 'reset takes no value'],
    ['list:reset,close', 'two deliveries at once: reset, close'],
    ['list:cut=5,hang', 'two deliveries at once'],
    ['list:html,empty', 'only one of html, empty, not-json, body'],
    ['list:html,body=x', 'only one of html'],
    ['list:chunked,html', 'chunked and framed go with cut=N'],
    ['list:gzip,html', 'gzip goes with flood=SIZE'],
    ['list:delay=2', 'delay must be a duration such as 500ms'],
    ['list:delay=-2s', 'delay must be a duration'],
    ['list:cut=many', 'cut must be a size'],
    ['list:status=503,times=0', 'times must be a whole number from 1'],
    ['list:status=503,percent=101', 'percent must be a whole number from 0 to 100'],
    ['list:status=503,', 'nothing follows the last comma'],
    ['list:status=503,,times=1', 'cannot read ",times=1"'],
    ['list:body="x', 'cannot read'],
    ['list:retry-after=date+x', 'retry-after must be a duration'],
  ])('%j is refused: %s', (spec, message) => {
    expect(() => parseFault(spec)).toThrow(
      expect.objectContaining({ name: 'FaultError', message: expect.stringContaining(message) }),
    );
  });

  it('has every item explained in the help', () => {
    const items =
      'status retry-after redirect html empty not-json body type stale revoke delay reset close hang stall cut chunked framed length gzip-cut dribble rate slices flood gzip garbage after times skip every percent';
    for (const item of items.split(' '))
      expect(faultHelp).toMatch(new RegExp(`(^|[^a-z-])${item}([^a-z-]|$)`));
  });
});

describe('when a fault strikes', () => {
  const struck = (specs: readonly string[], requests: number, seed = 1) => {
    const book = createFaultBook(seed);
    for (const spec of specs) book.add(parseFault(spec));
    return Array.from({ length: requests }, () => book.take('get')?.substitute?.status ?? 0);
  };

  it('is always, for its operation and no other', () => {
    expect(struck(['get:status=500'], 3)).toEqual([500, 500, 500]);
    expect(struck(['any:status=500'], 2)).toEqual([500, 500]);
    expect(struck(['list:status=500'], 2)).toEqual([0, 0]);
  });

  it('is so many times, after some, every nth', () => {
    expect(struck(['get:status=500,times=2'], 4)).toEqual([500, 500, 0, 0]);
    expect(struck(['get:status=500,skip=1,times=1'], 4)).toEqual([0, 500, 0, 0]);
    expect(struck(['get:status=500,every=3'], 7)).toEqual([500, 0, 0, 500, 0, 0, 500]);
  });

  it('goes by the first fault that is due; each counts all requests', () => {
    expect(struck(['get:status=500,times=1', 'get:status=404,skip=1,times=1', 'get:status=503'], 4)).toEqual([
      500, 404, 503, 503,
    ]);
  });

  it('goes by a seeded chance with percent', () => {
    const half = struck(['get:status=500,percent=50'], 400);
    expect(half).toEqual(struck(['get:status=500,percent=50'], 400));
    expect(half).not.toEqual(struck(['get:status=500,percent=50'], 400, 2));
    expect(half.filter((status) => status === 500).length).toBeGreaterThan(150);
    expect(half.filter((status) => status === 0).length).toBeGreaterThan(150);
    expect(struck(['get:status=500,percent=0'], 3)).toEqual([0, 0, 0]);
  });

  it('is never again once the book is cleared', () => {
    const book = createFaultBook(1);
    book.add(parseFault('any:reset'));
    book.clear();
    expect(book.take('list')).toBeUndefined();
  });
});
