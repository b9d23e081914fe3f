import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, inOwnWorld, isPosix } from '../support/binary.ts';

// The built program between other programs: readers that leave, dawdle or are not there, and disks that are full.

let world: BinaryWorld;
let finished: string;
let failed: string;
beforeAll(async () => {
  world = await createBinaryWorld({ historyJobs: 800 });
  const latest = async (status: string) =>
    (await world.segjobs(['list', '--status', status, '-L', '1', '-o', 'ids'])).stdout.trim();
  finished = await latest('succeeded');
  failed = await latest('failed');
});
afterAll(() => world.close());

/** Job ids stand in the command lines as words that can be printed. */
const withIds = (line: string) => line.replace('FINISHED', finished).replace('FAILED', failed);

describe.runIf(isPosix).concurrent('in a pipe', () => {
  /** Runs the command when nobody reads its stdout any more, and tells its exit code on stderr. */
  const withoutReader = async (command: string) => {
    const script = `{ sleep 0.05; segjobs ${withIds(command)}; echo "code $?" >&2; } | :`;
    return (await world.shell(script)).stderr;
  };

  it.each(['table', 'tsv', 'json', 'ndjson', 'ids'])(
    'a list as %s ends quietly with 0 when `head -1` has what it wanted [fault 101]',
    async (format) => {
      const { exitCode, stdout, stderr } = await world.shell(
        `set -o pipefail; segjobs list --limit all -o ${format} | head -1`,
      );
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/^[^\n]+\n?$/);
    },
  );

  it.each([
    'list -L all -o table',
    'list -L all -o json',
    'get FINISHED -o json',
    'get FINISHED -o table',
    'bulk-get FINISHED FAILED -o ndjson',
    '--help',
    'config path',
  ])('segjobs %s ends quietly with 0 when nobody reads at all [fault 101]', async (command) => {
    expect(await withoutReader(command)).toBe('code 0\n');
  });

  it.each(['table', 'json', 'ids'])(
    'a create as %s finishes its work and keeps its code without a reader [fault 101]',
    async (format) => {
      const told = await withoutReader(`create SEG-${format} -o ${format}`);
      expect(told).toMatch(
        /^Created job \S+ \(1 segment\) in sandbox "prod"\. Follow it with: .*\ncode 0\n$/,
      );
      const posts = world.emulator.requests.filter(({ body }) => body.includes(`"SEG-${format}"`));
      expect(posts.map(({ method, status }) => `${method} ${status}`)).toEqual(['POST 200']);
    },
  );

  it('a create that is refused keeps its code without a reader', async () => {
    expect(await withoutReader('create SEG --sandbox forbidden')).toMatch(/^error: .*\n(.*\n)*code 4\n$/);
  });

  it.each(['tsv', 'json'])(
    'a cancel as %s finishes its work and keeps its code without a reader [fault 101]',
    async (format) => {
      const ids = await Promise.all(Array.from({ length: 6 }, () => world.activeJob()));
      expect(await withoutReader(`cancel ${ids.join(' ')} nobody --yes -o ${format}`)).toMatch(
        /\ncode 12\n$/,
      );
      const deleted = world.emulator.requests.flatMap(({ method, path }) =>
        method === 'DELETE' ? [path.split('/').at(-1)] : [],
      );
      expect(deleted).toEqual(expect.arrayContaining(ids));
      expect(await withoutReader(`cancel FINISHED -o ${format}`)).toMatch(/\ncode 6\n$/);
    },
  );

  it.each(['tsv', 'json', 'ndjson'])(
    'a watch as %s ends with 141 without a reader: 0 would claim success [fault 101]',
    async (format) => {
      const told = await withoutReader(`watch FINISHED -o ${format}`);
      expect(told).toMatch(/(^|\n)code 141\n$/);
      expect(told).not.toMatch(/error|EPIPE/);
    },
  );

  it('a watch whose reader leaves after two events ends with 141 at the next one [fault 101]', () =>
    inOwnWorld(async (own) => {
      const id = await own.activeJob();
      const running = own.startShell(
        `{ segjobs watch ${id} --interval 1s -o ndjson; echo "code $?" >&2; } | { head -2; echo left >&2; }`,
      );
      await running.until('stderr', /left/);
      // The job moves on, and the event of it finds nobody.
      own.emulator.advance(24 * 3_600_000);
      const { stdout, stderr } = await running.ended;
      const types = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).type]));
      expect(types).toEqual(['watch.started', 'job.status']);
      expect(stderr).toBe('left\ncode 141\n');
    }));

  it('more than 2 MB of JSON arrive whole at a reader that dawdles: pipe, socket or file [fault 100]', () =>
    inOwnWorld(
      async (own) => {
        // The other tests' jobs would come in between.
        const file = join(own.home, 'direct.json');
        const list = 'segjobs list --limit all --json';
        const [piped, socket] = await Promise.all([
          own.shell(`${list} | (sleep 0.3; head -c 100001; sleep 0.3; head -c 65537; sleep 0.2; cat)`),
          readSlowly(own),
          own.shell(`${list} > ${file}`),
        ]);
        const direct = readFileSync(file, 'utf8');
        const ids = (text: string) => JSON.parse(text).children.map((job: { id: string }) => job.id);
        expect(direct.length).toBeGreaterThan(2_000_000);
        expect(new Set(ids(direct)).size).toBe(own.emulator.jobCount('prod'));
        expect(ids(piped.stdout)).toEqual(ids(direct));
        expect(ids(socket.stdout)).toEqual(ids(direct));
      },
      { historyJobs: 1500 },
    ));

  /** Reads a chunk every few milliseconds, as a program that is busy does. */
  function readSlowly(own: BinaryWorld) {
    const { child, ended } = own.start(['list', '--limit', 'all', '--json']);
    child.stdout?.on('data', () => {
      child.stdout?.pause();
      setTimeout(() => child.stdout?.resume(), 10);
    });
    return ended;
  }

  it('stderr without a reader, or on a full disk, changes no exit code', async () => {
    const noReader = await world.shell(
      '{ sleep 0.05; segjobs get nobody 2>&1 >/dev/null; echo "code $?" >&3; } 3>&2 | :',
    );
    expect(noReader.stderr).toBe('code 5\n');
    const codes = await world.shell(
      withIds('segjobs list -L 1 2>/dev/full >&2; echo $?; segjobs get nobody 2>/dev/full; echo $?') +
        withIds('; segjobs watch FAILED -o ndjson 2>/dev/full >/dev/null; echo $?'),
    );
    expect(codes.stdout).toBe('1\n5\n10\n');
  });
});

const hasFullDevice = process.platform === 'linux';

describe.runIf(hasFullDevice).concurrent('on a full disk [fault 102]', () => {
  it.each([
    'list -L 3 -q -o table',
    'list -L 3 -q -o ndjson',
    'get FINISHED -o json',
    'get FINISHED -o table',
    'bulk-get FINISHED FAILED -o tsv',
    'watch FINISHED -q -o json',
    'watch FINISHED -o ndjson',
    '--help',
    'config path',
    'auth token',
    'emulator start',
  ])('segjobs %s is exit 1 and says so', async (line) => {
    const { exitCode, stderr } = await world.shell(`segjobs ${withIds(line)} > /dev/full`);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/could not write to stdout: no space left on device/),
    });
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('a create names the job on stderr all the same, and a cancel is sent all the same', async () => {
    const created = await world.shell('segjobs create SEG -o ids > /dev/full');
    expect(created.exitCode).toBe(1);
    const [, id = ''] = /^Created job (\S+) /m.exec(created.stderr) ?? [];
    const cancelled = await world.shell(`segjobs cancel ${id} > /dev/full`);
    expect(cancelled.exitCode).toBe(1);
    expect(cancelled.stderr).toContain(`Marked job ${id} for cancellation`);
    expect((await world.segjobs(['get', id, '-o', 'tsv'])).stdout).toMatch(/^CANCELL/);
  });
});

describe.runIf(isPosix).concurrent('with closed streams [fault 109]', () => {
  it.each(['>&-', '2>&-', '<&-', '<&- >&- 2>&-'])('every exit code is right with %s', async (closed) => {
    const expected = {
      'list -L 2': 0,
      'get nobody': 5,
      'watch FAILED': 10,
      'create SEG': 0,
      'create -f - </dev/null': 2,
      'cancel -f - --yes </dev/null': 0,
    };
    const lines = Object.keys(expected).map(withIds);
    const ends = await Promise.all(lines.map((line) => world.shell(`segjobs ${line} ${closed}`)));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(Object.values(expected));
  });
});

describe.runIf(isPosix).concurrent('where a question would come and nobody could answer [fault 106]', () => {
  let own: BinaryWorld;
  beforeAll(async () => {
    own = await createBinaryWorld();
  });
  afterAll(() => own.close());

  it.each([
    ['cancel A B </dev/null', '--yes'],
    ['cancel A B --no-input', '--yes'],
    ['cancel -f <(echo A)', '--yes'],
    ['cancel -f - <<< A', '--yes'],
    ['auth login --no-input --client-id a', '--org-id, --client-secret-stdin'],
  ])('segjobs %s is exit 2 at once and names %s', async (line, flags) => {
    const { exitCode, stdout, stderr } = await own.shell(`segjobs ${line}`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(flags);
    expect(own.emulator.requests).toEqual([]);
  });
});
