import { search } from '@aws-lambda-powertools/jmespath';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { compileQuery } from '../../src/output/query.ts';
import { foundText } from '../../src/output/query-text.ts';
import { createWorld, type World } from '../support/world.ts';

/** What an expression finds in a document, as it is printed. */
function found(expression: string, json: string): string {
  return compileQuery(expression)
    .collect({ head: json, tail: () => '' })
    .find();
}

function refusalOf(run: () => unknown): { message: string; hint: string | undefined; exitCode: number } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SegjobsError)) throw error;
    return { message: error.message, hint: error.hint, exitCode: error.exitCode };
  }
  throw new Error('nothing was refused');
}

describe('an expression', () => {
  it.each([
    ['a.b[1]', '{"a":{"b":[1,{"c":null}]}}', '{"c":null}'],
    ['children[?status==`"FAILED"`].id', '{"children":[{"id":"x","status":"FAILED"},{"id":"y"}]}', '["x"]'],
    ["children[?status=='FAILED'] | length(@)", '{"children":[{"status":"FAILED"}]}', '1'],
    ['children[].{id: id, p: metrics.p}', '{"children":[{"id":"x"}]}', '[{"id":"x","p":null}]'],
    ['nothing', '{}', 'null'],
    ['@', ' { "a" : [ ] } ', '{"a":[]}'],
    ['"a b"."é"', '{"a b":{"é":"ü"}}', '"ü"'],
    ['keys(@)', '{"b":1,"a":2}', '["b","a"]'],
    ['a || b', '{"a":0,"b":1}', '0'],
    ['constructor', '{}', 'null'],
    ['toString.name', '{}', 'null'],
    ['__proto__', '{}', 'null'],
    ['[0:2]', '[1,2,3]', '[1,2]'],
    ['&a', '{}', 'null'],
  ])('%s of %s is %s', (expression, json, expected) => {
    expect(found(expression, json)).toBe(expected);
  });

  it.each([
    ['children[?status=', 'cannot read "=" at character 16', 'compare with =='],
    ['a[', 'it ends too early, at character 3', undefined],
    ['a..b', 'unexpected "." at character 3', undefined],
    ['a]', 'unexpected "]" at character 2', undefined],
    ['$a', 'cannot read "$" at character 1', undefined],
    ["a[?b=='x]", `nothing closes ' at character 7`, undefined],
    ['a."b', 'nothing closes " at character 3', undefined],
    ['a."\\x"', 'a quoted name is no JSON string at character 3', undefined],
    ['', 'it is empty', undefined],
    [' ', 'it is empty', undefined],
    ['a[].sortby(@, &b)', 'unknown function "sortby" at character 5', 'did you mean: sort_by'],
    ['powertools_base64_gzip(@)', 'unknown function "powertools_base64_gzip" at character 1', undefined],
    ['a[0:1:0]', 'invalid slice, step cannot be 0', undefined],
    ['a | sum()', 'expected at least 1 argument for function sum(), received 0, at character 5', undefined],
  ])('%s is refused before anything is searched', (expression, message, hint) => {
    const refusal = refusalOf(() => compileQuery(expression));
    expect(refusal.message).toBe(`invalid --query: ${message}`);
    expect(refusal.exitCode).toBe(2);
    expect(refusal.hint).toBe(hint ?? 'JMESPath, as in aws and az: https://jmespath.org/specification.html');
  });

  it('of absurd depth is refused, not a crash', () => {
    expect(refusalOf(() => compileQuery(`${'!'.repeat(100_000)}a`)).message).toBe(
      'invalid --query: it is too deep, or what it finds is too much',
    );
  });

  it('names the function whose argument turns out to be of the wrong type, and where it stands', () => {
    expect(refusalOf(() => found("[?a!='sum('] | sum([].a)", '[{"a":"x"}]')).message).toBe(
      'invalid --query: invalid argument type for function sum(), expected "number" but found "string", at character 16',
    );
  });

  it('law: ends in a result or a usage error, whatever it is', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'a',
        '.',
        '[',
        ']',
        '[?',
        '*',
        '@',
        '&',
        '`1`',
        "'",
        '"',
        '==',
        '|',
        '(',
        ')',
        '{',
        '}',
        ':',
        ',',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          JSON.parse(found(words.join(''), '{"a":[1,{"a":"x"}],"b":null}'));
        } catch (error) {
          expect(error).toBeInstanceOf(SegjobsError);
          expect((error as SegjobsError).message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
    );
  });
});

describe('a function', () => {
  it.each([
    ['sort(@)', '[10,9,1]', '[1,9,10]'],
    ['sort(@)', '["b","B","a"]', '["B","a","b"]'],
    ['[sort(@), @]', '[2,1]', '[[1,2],[2,1]]'],
    ['[reverse(@), @]', '[2,1]', '[[1,2],[2,1]]'],
    ['map(&a, @)', '[{"a":0},{"a":""},{"a":false},{}]', '[0,"",false,null]'],
    ['not_null(a, b)', '{"a":null,"b":0}', '0'],
    ['avg(@)', '[]', 'null'],
    ['max(@)', '[]', 'null'],
    ['max(@)', '["a","b"]', '"b"'],
    ['contains(@, `{"a":1}`)', '[{"a":1}]', 'true'],
    ['contains(@, `2`)', '[1,2]', 'true'],
    ["contains(@, 'b')", '"abc"', 'true'],
    ['to_string(@)', '{"a":[1,"x"]}', '"{\\"a\\":[1,\\"x\\"]}"'],
    ['[length(@), reverse(@)]', '"a😀b"', '[3,"b😀a"]'],
    ['[].to_number(@)', '["-1.5e1","","0x10"," 1","1."]', '[-15]'],
    ['merge(@, `{"__proto__":1}`)', '{"a":2}', '{"a":2,"__proto__":1}'],
    ['sort_by(@, &a)[].b', '[{"a":2,"b":"y"},{"a":1,"b":"x"}]', '["x","y"]'],
  ])('%s of %s is %s', (expression, json, expected) => {
    expect(found(expression, json)).toBe(expected);
  });

  it('takes as many numbers as there are', () => {
    const many = JSON.stringify(Array.from({ length: 300_000 }, (_, index) => index));
    expect(found('[max(@), min(@), sum(@)]', many)).toBe('[299999,0,44999850000]');
  });

  it('is what the library makes of it for everything else', () => {
    const data = { a: [3, 1, 2], b: { x: 'y' }, c: 'text' };
    for (const expression of [
      'length(a)',
      'sum(a)',
      'values(b)',
      "join('-', keys(b))",
      "ends_with(c, 'xt')",
    ]) {
      expect(found(expression, JSON.stringify(data))).toBe(JSON.stringify(search(expression, data)));
    }
  });
});

describe('numbers that no double can hold', () => {
  const big =
    '[9007199254740992,9007199254740993,9007199254740994,1e400,-1E-400,0.1000000000000000000001,1.0]';

  it('come out as they went in: whole, in parts, and alone', () => {
    expect(found('@', big)).toBe(big);
    expect(found('{x: [1], y: @}', big)).toBe(`{"x":9007199254740993,"y":${big}}`);
    expect(found('[1]', big)).toBe('9007199254740993');
    expect(found('[*].{n: @}', '[9007199254740993]')).toBe('[{"n":9007199254740993}]');
    expect(found('[:]', big)).toBe(big.replace('1.0]', '1]'));
    expect(found('to_string([3])', big)).toBe('"1e400"');
  });

  it('are numbers to functions and comparisons', () => {
    expect(found('type([1])', big)).toBe('"number"');
    expect(found('[?@ > `9007199254740992` && @ < `1e300`]', '[9007199254740993,9007199254740991]')).toBe(
      '[9007199254740993]',
    );
    expect(found('sort(@)', '[9007199254740995,3,9007199254740993]')).toBe(
      '[3,9007199254740993,9007199254740995]',
    );
    expect(found('max(@)', '[9007199254740993,1e400]')).toBe('1e400');
  });

  it('are equal to themselves alone, in the result and in the expression', () => {
    expect(found('[?@ == `9007199254740993`]', big)).toBe('[9007199254740993]');
    expect(found('[?@ == `9007199254740992`]', big)).toBe('[9007199254740992]');
    expect(found("[?@ == `9007199254740993` && '`9007199254740993`' != 'x`']", big)).toBe(
      '[9007199254740993]',
    );
  });

  it('law: whatever is selected keeps the text it had', () => {
    const digits = fc.stringMatching(/^-?[1-9]\d{0,30}(\.\d{1,25})?([eE][+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(fc.array(digits, { minLength: 1, maxLength: 8 }), (texts) => {
        const document = `{"list":[${texts.map((text) => `{"n":${text}}`).join(',')}]}`;
        expect(found('list', document)).toBe(`[${texts.map((text) => `{"n":${text}}`).join(',')}]`);
        const alone = JSON.parse(`[${found('list[].n', document).slice(1, -1).replace(/[^,]+/g, '"$&"')}]`);
        for (const [index, text] of texts.entries()) {
          if (alone[index] !== text) expect(String(Number(text))).toBe(String(Number(alone[index])));
        }
      }),
    );
  });

  it('law: distinct ones stay in their order', () => {
    const integer = fc.bigInt({ min: 2n ** 60n, max: 2n ** 60n + 3000n });
    fc.assert(
      fc.property(fc.uniqueArray(integer, { maxLength: 6 }), (numbers) => {
        const spread = numbers.map((number) => number * 1_000_003n);
        const sorted = [...spread].sort((a, b) => (a < b ? -1 : 1));
        expect(found('sort(@)', `[${spread.join(',')}]`)).toBe(`[${sorted.join(',')}]`);
      }),
    );
  });
});

describe('hostile documents', () => {
  it('have keys like any other', () => {
    const json = '{"__proto__":{"a":1},"constructor":2,"x":{"__proto__":3}}';
    expect(found('[__proto__.a, constructor, x.__proto__, x.toString]', json)).toBe('[1,2,3,null]');
    expect(found('@', json)).toBe(json);
    expect(found('*', json)).toBe('[{"a":1},2,{"__proto__":3}]');
  });

  it('keep keys that are numbers or repeated where they stand', () => {
    const json = '{"x":{"10":1,"2":2,"2":3}}';
    expect(found('x', json)).toBe('{"10":1,"2":2,"2":3}');
    expect(found('x."2"', json)).toBe('3');
    const big = '90071992547409931';
    expect(found('[].a', `[{"a":${big},"a":"x"},{"a":${big},"a":5},{"a":5,"a":${big}}]`)).toBe(
      `["x",5,${big}]`,
    );
    expect(found('a.b', `{"a":${big},"a":{"b":${big}}}`)).toBe(big);
  });

  it('show nothing that a terminal obeys', () => {
    expect(found('[a, keys(@)]', '{"a":"\u009b31m\u202e"}')).toBe('["\\u009b31m\\u202e",["a"]]');
    expect(found('@', '{"\u0085":1.0}')).toBe('{"\\u0085":1.0}');
  });

  it('of absurd depth are refused, not a crash', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(refusalOf(() => found('@', deep)).message).toBe(
      '--query cannot look into this result: more than 500 levels of JSON',
    );
  });

  it('law: a document of any JSON comes out of @ as it went in', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(JSON.parse(found('@', json))).toEqual(JSON.parse(json));
      }),
    );
  });
});

describe('what a query finds, as text', () => {
  it.each([
    ['"x"', 'x\n'],
    ['"a\\tb\\nc\\\\d\\u001b[31m"', 'a\\tb\\nc\\\\d\n'],
    ['""', '\n'],
    ['9007199254740993', '9007199254740993\n'],
    ['1.0', '1.0\n'],
    ['true', 'true\n'],
    ['null', '\n'],
    ['[]', ''],
    ['["a",null,1e400,false]', 'a\n\n1e400\nfalse\n'],
    ['[["a",1],["b",null,"c"],[]]', 'a\t1\nb\t\tc\n\n'],
    ['[{"b":"x","a":1},{"b":null,"a":2}]', 'x\t1\n\t2\n'],
    ['{"b":"x","a":1}', 'x\t1\n'],
    ['[{"a":[1,"x"],"b":{"c":{}}}]', '[1,"x"]\t{"c":{}}\n'],
    ['[["a\\tb"],[["a\\tb"]]]', 'a\\tb\n["a\\\\tb"]\n'],
    ['[["a,]",{"[":"}"}],"{"]', 'a,]\t{"[":"}"}\n{\n'],
    ['{"2":2,"2":3,"__proto__":4}', '3\t4\n'],
  ])('of %s is %j', (json, expected) => {
    expect(foundText(json)).toBe(expected);
  });

  it('law: has a line for each element of a list, and a tab between its values', () => {
    const rows = fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }));
    fc.assert(
      fc.property(rows, (list) => {
        const lines = foundText(JSON.stringify(list)).split('\n').slice(0, -1);
        expect(lines.map((line) => line.split('\t').length)).toEqual(list.map((row) => row.length));
      }),
    );
  });
});

describe('--query', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it('searches the document that would have been printed, merged over all pages', async () => {
    const all = await world.segjobs(['list', '--limit', 'all', '-o', 'json']);
    const { children } = JSON.parse(all.stdout);
    expect(children.length).toBeGreaterThan(100);
    const { stdout, stderr, exitCode } = await world.segjobs([
      'list',
      '--limit',
      'all',
      '--query',
      '[length(children), _page.totalCount]',
    ]);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: `[${children.length},${children.length}]\n`,
      stderr: '',
      exitCode: 0,
    });
  });

  it('prints the elements of a list line by line with ndjson, and any other value as one line', async () => {
    const ids = await world.segjobs(['list', '--limit', '2', '-q', '-o', 'ids']);
    const [first = '', second = ''] = ids.stdout.split('\n');
    const lines = await world.segjobs(['list', '--limit', '2', '-o', 'ndjson', '--query', 'children[].id']);
    expect(lines.stdout).toBe(`"${first}"\n"${second}"\n`);
    const one = await world.segjobs(['get', first, '-o', 'ndjson', '--query', 'sandbox.sandboxName']);
    expect(one.stdout).toBe('"prod"\n');
    const bulk = await world.segjobs(['bulk-get', second, first, '--query', 'keys(results)']);
    expect(bulk.stdout).toBe(`["${second}","${first}"]\n`);
  });

  it('prints bare text with tsv, of every command, on a terminal as in a pipe', async () => {
    const list = ['list', '--status', 'succeeded'];
    const ids = await world.segjobs([...list, '--limit', '2', '-q', '-o', 'ids']);
    const [first = '', second = ''] = ids.stdout.split('\n');
    const text = async (...argv: readonly string[]) => {
      const piped = await world.segjobs([...argv, '-o', 'tsv']);
      const shown = await world.segjobs([...argv, '-o', 'tsv'], { isTty: true });
      expect([piped.exitCode, shown.exitCode, shown.stdout]).toEqual([0, 0, piped.stdout]);
      return piped.stdout;
    };
    expect(await text(...list, '--limit', '1', '--query', 'children[0].id')).toBe(`${first}\n`);
    expect(await text(...list, '--limit', '2', '--query', 'children[].id')).toBe(`${first}\n${second}\n`);
    expect(await text(...list, '--limit', '1', '--query', 'children[].{s: status, id: id}')).toBe(
      `SUCCEEDED\t${first}\n`,
    );
    expect(await text('get', first, '--query', 'nothing')).toBe('\n');
    expect(await text('get', first, '--compare', '--query', 'schemaVersion')).toBe('1\n');
    expect(await text('bulk-get', first, '--query', 'results.*.status')).toBe('SUCCEEDED\n');
    expect(await text('watch', first, '--query', 'counts.succeeded')).toBe('1\n');
    expect(await text('stats', '--query', 'schemaVersion')).toBe('1\n');
    expect(await text('quota', '--query', 'isEstimate')).toBe('true\n');
    expect(await text('auth', 'status', '--query', 'sandbox')).toBe('prod\n');
    expect(await text('config', 'path', '--query', '@')).toBe(
      `${(await world.segjobs(['config', 'path'])).stdout}`,
    );
  });

  it('prints JSON where only the environment prefers tsv, and tells errors as text with tsv', async () => {
    const env = { SEGJOBS_OUTPUT: 'tsv' };
    const preferred = await world.segjobs(['auth', 'status', '--query', 'sandbox'], { env });
    expect(preferred.stdout).toBe('"prod"\n');
    const failed = await world.segjobs(['get', 'no-such-job', '--query', 'id', '-o', 'tsv']);
    expect(failed).toMatchObject({ exitCode: 5, stdout: '' });
    expect(failed.stderr).toMatch(/^error: /);
  });

  it('is indented on a terminal, as all JSON is', async () => {
    const { stdout } = await world.segjobs(['list', '--limit', '1', '--query', '{a: `[1]`}'], {
      isTty: true,
    });
    expect(stdout).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });

  it('searches our own documents, too', async () => {
    const ids = await world.segjobs(['list', '--status', 'succeeded', '--limit', '1', '-q', '-o', 'ids']);
    const watched = await world.segjobs([
      'watch',
      ids.stdout.trim(),
      '--query',
      '[exitCode, results.*.status]',
    ]);
    expect(watched.stdout).toBe('[0,["SUCCEEDED"]]\n');
    const status = await world.segjobs(['auth', 'status', '--query', 'sandbox']);
    expect(status.stdout).toBe('"prod"\n');
  });

  it('that cannot be read is exit 2 before anything is sent', async () => {
    const before = world.emulator.requests.length;
    const { stdout, stderr, exitCode } = await world.segjobs(['create', 'S', '--query', 'id[', '-o', 'json']);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(JSON.parse(stderr).error.message).toBe('invalid --query: it ends too early, at character 4');
    expect(world.emulator.requests.length).toBe(before);
  });

  it.each([
    [['list', '--query', 'x', '-o', 'ids'], '--query cannot be printed as ids', 'formats: json, ndjson, tsv'],
    [['auth', 'status', '--query', 'x', '-o', 'table'], '--query cannot be printed as table', undefined],
    [['list', '--query', 'x', '--fields', 'id'], '--fields and --query cannot be used together', undefined],
    [
      ['list', '--query', 'x', '--fields', 'id', '-o', 'tsv'],
      '--fields and --query cannot be used together',
      undefined,
    ],
    [
      ['watch', 'a', '--query', 'x', '-o', 'ndjson'],
      'a watch with --query cannot be printed as ndjson',
      'formats: json, tsv',
    ],
    [
      ['create', 's', '--watch', '--query', 'x', '-o', 'ndjson'],
      'a watch with --query cannot be printed as ndjson',
      'formats: json',
    ],
    [
      ['emulator', 'start', '--query', 'x'],
      'segjobs emulator start prints no JSON for --query to search',
      undefined,
    ],
  ])('is refused where there is nothing to search: %j', async (argv, message, hint) => {
    const { stdout, stderr, exitCode } = await world.segjobs(argv);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    if (message !== undefined) expect(stderr).toContain(message);
    if (hint !== undefined) expect(stderr).toContain(hint);
  });

  it('that does not fit the job just created says which job there is now', async () => {
    const { stdout, stderr, exitCode } = await world.segjobs(['create', 'S', '-q', '--query', 'sum(id)']);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).toMatch(/^Job \S+ exists, but could not be printed\.\n/);
  });

  it('prints nothing and claims nothing printed when it does not fit the result', async () => {
    const { stdout, stderr, exitCode } = await world.segjobs([
      'list',
      '--limit',
      '3',
      '--query',
      'sum(children[].id)',
    ]);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr).not.toContain('printed');
  });
});
