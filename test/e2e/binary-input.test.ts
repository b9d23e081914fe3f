import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// What the built program is given: ids, files, flags, names and directories, good and hostile.

let world: BinaryWorld;
let known: readonly string[];
beforeAll(async () => {
  world = await createBinaryWorld();
  const { stdout } = await world.segjobs(['list', '--status', 'succeeded', '-L', '60', '-o', 'ids']);
  known = stdout.trim().split('\n');
});
afterAll(() => world.close());
beforeEach(() => void world.newRequests());

const commandsWithIds = [
  ['get'],
  ['bulk-get'],
  ['cancel', '--yes'],
  ['watch', '--timeout', '0'],
  ['create'],
] as const;

describe('an id', () => {
  async function expectRefused(commands: readonly (readonly string[])[], id: string, why: string) {
    const ends = await Promise.all(commands.map((argv) => world.run([...argv, '--', id])));
    for (const { exitCode, stdout, stderr } of ends) {
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toContain(why);
      expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
    expect(world.newRequests()).toEqual([]);
  }

  it.each([
    ['', 'blank'],
    ['..', 'is not a'],
    ['a\nb', 'control characters'],
  ])('%j is exit 2 for every command, and nothing is asked for [faults 92, 94]', (id, why) =>
    expectRefused(commandsWithIds, id, why),
  );

  it.each([
    ['  ', 'blank'],
    ['.', 'is not a'],
    ['\u001b[2Ja', 'control characters'],
    ['a\u009b2J', 'control characters'],
  ])('%j is exit 2 too', (id, why) => expectRefused([['cancel', '--yes']], id, why));

  it('with / ? # % é and a leading dash is one percent-encoded path segment [fault 93]', async () => {
    const id = '-a/../b?c=d#e%2F é;x';
    const [got, cancelled] = await Promise.all([
      world.run(['get', '--json', '--', id]),
      world.run(['get', '-q', '--', '../jobs']),
    ]);
    expect([got.exitCode, cancelled.exitCode]).toEqual([5, 5]);
    expect(got.stderr).toContain(id);
    const asked = world.emulator.requests.slice(-2).map(({ method, path }) => `${method} ${path}`);
    expect(asked.sort()).toEqual([
      'GET /data/core/ups/segment/jobs/-a%2F..%2Fb%3Fc%3Dd%23e%252F%20%C3%A9%3Bx',
      'GET /data/core/ups/segment/jobs/..%2Fjobs',
    ]);
  });

  it.runIf(isPosix)('that is no valid UTF-8 is refused or sent as one segment, never a crash', async () => {
    const { exitCode, stderr } = await world.shell(`segjobs get $'a\\xffb'`);
    expect([2, 5]).toContain(exitCode);
    expect(stderr).toMatch(/^error: /);
  });
});

describe('a file of ids', () => {
  /** 10,000 lines with CRLF, comments and blank lines: 2,500 ids four times over, known ones among them. */
  const manyIds = () =>
    [...known, ...Array.from({ length: 2500 - known.length }, (_, index) => `nobody-${index}`)].sort();
  const manyLines = () => {
    const ids = manyIds();
    return `\uFEFF# ids\r\n\r\n${[...ids, ...ids.toReversed(), ...ids, ...ids].map((id) => `${id}  # one`).join('\r\n')}\r\n`;
  };

  it('of 10,000 lines for bulk-get: each asked once, 100 a request, answered in their order [faults 81, 84]', async () => {
    const file = world.file('many.txt', manyLines());
    const { exitCode, stdout, stderr } = await world.run(['bulk-get', '-f', file, '-o', 'ids']);
    expect(exitCode).toBe(12);
    expect(stdout.trim().split('\n')).toEqual(manyIds().filter((id) => known.includes(id)));
    expect(stderr.match(/^Not found: nobody-\d+$/gm)).toHaveLength(2500 - known.length);
    const bodies = world.emulator.requests
      .filter(({ operation }) => operation === 'bulk-get')
      .slice(-25)
      .map(({ body }) => JSON.parse(body).ids.map(({ id }: { id: string }) => id));
    expect(bodies.map((ids) => ids.length)).toEqual(Array.from({ length: 25 }, () => 100));
    expect(bodies.flat().sort()).toEqual(manyIds());
    expect(world.newRequests().filter((line) => line === 'POST bulk-get')).toHaveLength(25);
  });

  it('of 10,000 lines for watch --timeout 0: each looked at once', async () => {
    const file = world.file('many.txt', manyLines());
    const { exitCode, stdout } = await world.run(['watch', '-f', file, '--timeout', '0', '--json']);
    const { counts, results } = JSON.parse(stdout);
    expect([exitCode, counts.total, counts.notFound]).toEqual([12, 2500, 2500 - known.length]);
    expect(Object.keys(results)).toEqual(manyIds());
    expect(world.newRequests().filter((line) => line === 'POST bulk-get')).toHaveLength(25);
  });

  it.each([
    ['lines after a byte order mark', '\uFEFFA\nB\n'],
    ['a JSON array of strings', '["A", "B", "A"]'],
    ['a JSON array of objects after a byte order mark', '\uFEFF [{"segmentId":"A"},{"segmentId":"B"}]'],
    ['old Mac line breaks and no last one', 'A\rB'],
  ])('may hold %s', async (_, content) => {
    const { exitCode, stdout } = await world.run([
      'create',
      '-f',
      world.file('segments', content),
      '--dry-run',
      '--json',
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).body).toEqual([{ segmentId: 'A' }, { segmentId: 'B' }]);
  });

  it.runIf(isPosix)('may be a process substitution, a pipe by name, or stdin', async () => {
    const [one = '', two = ''] = known;
    const ran = await world.shell(
      `segjobs bulk-get -f <(printf '%s\\n' ${two} ${one}) -o ids; printf '["${one}"]' | segjobs bulk-get -f - -o ids;
       segjobs list --status succeeded -L 2 -o ids -q | segjobs bulk-get -f /dev/stdin -o ids`,
    );
    expect(ran.stdout).toBe(`${two}\n${one}\n${one}\n${one}\n${two}\n`);
  });

  it.each([
    ['missing', 'missing.txt', /cannot read .*missing\.txt: no such file/],
    ['a directory', 'dir', /cannot read .*dir: .*directory/],
    ['broken JSON', 'broken.json', /broken\.json.*not valid JSON/],
    ['JSON of something else', 'numbers.json', /numbers\.json, item 1 is not a/],
    ['binary', 'binary', /binary, line 1: .*control characters/],
    ['with a bad id', 'bad.txt', /bad\.txt, line 3: .*is not a/],
  ])('%s is exit 2, naming it, and nothing is asked for', async (_, name, message) => {
    mkdirSync(join(world.home, 'dir'), { recursive: true });
    world.file('broken.json', '["A",');
    world.file('numbers.json', '[1]');
    world.file('binary', Buffer.from([0x41, 0, 1, 2, 0x42]));
    world.file('bad.txt', 'A\r\n\r\n..\r\n');
    // The first is tried with every command; what is in a file matters to none of them.
    const commands = name === 'missing.txt' ? commandsWithIds.slice(1) : [['bulk-get'], ['create']];
    const ends = await Promise.all(
      commands.map((argv) => world.run([...argv, '-f', join(world.home, name)])),
    );
    for (const { exitCode, stdout, stderr } of ends) {
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr.split('\n')[0]).toMatch(message);
    }
    expect(world.newRequests()).toEqual([]);
  });

  it('that is empty is exit 2, and nothing to do for cancel', async () => {
    const file = world.file('empty.txt', '\r\n# nothing\r\n');
    const commands = [['bulk-get'], ['watch'], ['create'], ['cancel', '--yes']];
    const ends = await Promise.all(commands.map((argv) => world.run([...argv, '-f', file])));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 0]);
    expect(ends[3]).toMatchObject({ stdout: '', stderr: 'Nothing to cancel.\n' });
    expect(world.newRequests()).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('that cannot be read is exit 2, even for root', async () => {
    // A process's own memory can be opened, and not read at its beginning.
    const { exitCode, stderr } = await world.run(['bulk-get', '-f', '/proc/self/mem']);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: cannot read \/proc\/self\/mem: \S+/),
    ]);
  });

  it('beside ids on the command line is exit 2', async () => {
    const file = world.file('one.txt', 'A\n');
    const commands = [['bulk-get'], ['watch'], ['create'], ['cancel', '--yes']];
    const ends = await Promise.all(commands.map((argv) => world.run([...argv, 'B', '-f', file])));
    for (const { exitCode, stderr } of ends) {
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^error: give .*ids as arguments or with --file, not both$/m);
    }
    expect(world.newRequests()).toEqual([]);
  });
});

describe('the command line', () => {
  it.each([
    [['lsit'], /unknown command "segjobs lsit"\nhint: did you mean: segjobs list/],
    [['config', 'sett'], /unknown command "segjobs config sett"\nhint: did you mean: segjobs config set/],
    [['list', '--satus', 'failed'], /unknown option "--satus"\nhint: did you mean: --status/],
    [
      ['list', '--status', 'done'],
      /invalid --status "done".*\nhint: .*NEW, QUEUED, PROCESSING, .*active, finished/,
    ],
    [['list', '--sort', 'name'], /invalid --sort "name".*creationTime or updateTime/],
    [['list', '--limit', '0'], /invalid --limit "0"/],
    [['list', '--limit', '-1'], /invalid --limit "-1"/],
    [['list', '-o', 'yaml'], /yaml.*\n?.*table, tsv, json, ndjson/],
    [['get'], /segjobs get needs JOB_ID/],
    [['get', 'a', 'b'], /segjobs get does not take "b"/],
    [['watch', 'a', '--interval', '10ms'], /invalid --interval "10ms"/],
  ])('segjobs %j is exit 2 before any request, and says what is right', async (argv, message) => {
    const { exitCode, stdout, stderr } = await world.run(argv);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(world.newRequests()).toEqual([]);
  });

  it.each(['../x', 'PROD', 'x'.repeat(300), 'a\nb', ''])(
    'the sandbox %j is exit 2 before any request, by flag and by variable [fault 139]',
    async (sandbox) => {
      const [byFlag, byVariable] = await Promise.all([
        world.run(['list', '--sandbox', sandbox]),
        world.run(['create', 'SEG'], { env: { AEP_SANDBOX_NAME: sandbox } }),
      ]);
      expect([byFlag.exitCode, byVariable.exitCode]).toEqual([2, 2]);
      expect(byFlag.stderr).toContain('--sandbox');
      expect(byVariable.stderr).toMatch(/AEP_SANDBOX_NAME/);
      expect(world.newRequests()).toEqual([]);
    },
  );
});

describe('a hostile working directory [fault 140]', () => {
  it('is not read: no .env, no configuration, no packages, no Node settings', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'segjobs-hostile-'));
    const put = (name: string, content: string) => {
      mkdirSync(join(dir, name, '..'), { recursive: true });
      writeFileSync(join(dir, name), content);
    };
    const evilSettings = {
      version: 1,
      activeProfile: 'evil',
      profiles: {
        evil: { apiUrl: 'https://evil.example', sandbox: 'evil', output: 'json', clientId: 'evil' },
      },
    };
    const evilCode = 'require("fs").writeFileSync(__dirname + "/was-run", "");';
    put(
      '.env',
      'SEGJOBS_API_URL=https://evil.example\nAEP_SANDBOX_NAME=evil\nSEGJOBS_OUTPUT=json\nNODE_OPTIONS=--require ./evil.cjs\n',
    );
    put(
      '.npmrc',
      'registry=https://evil.example\nnode-options=--require ./evil.cjs\nproxy=http://evil.example\n',
    );
    put(
      'package.json',
      JSON.stringify({ type: 'module', name: 'evil', segjobs: evilSettings, main: 'evil.cjs' }),
    );
    for (const name of [
      'segjobs.json',
      '.segjobs.json',
      '.segjobsrc',
      'config.json',
      '.config/segjobs/config.json',
    ]) {
      put(name, JSON.stringify(evilSettings));
    }
    put('evil.cjs', evilCode);
    for (const name of [
      'conf',
      'ora',
      'node-fetch',
      'cli-table3',
      'commander',
      'chalk',
      'bufferutil',
      'encoding',
    ]) {
      put(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.cjs' }));
      put(`node_modules/${name}/index.cjs`, evilCode.replace('__dirname', JSON.stringify(dir)));
    }
    try {
      const lines = [
        ['list', '-L', '2'],
        ['config', 'list'],
        ['config', 'set', 'output', 'tsv', '--profile', 'mine'],
        ['auth', 'status'],
      ];
      const [list, configList, , status] = await Promise.all(
        lines.map((argv) => world.run(argv, { cwd: dir })),
      );
      expect(list?.stdout).toMatch(/^\w+\t/);
      expect(status?.exitCode).toBe(0);
      expect([list, configList, status].map((ran) => `${ran?.stdout}${ran?.stderr}`).join('')).not.toContain(
        'evil',
      );
      expect(() => rmSync(join(dir, 'was-run'))).toThrow('ENOENT');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
