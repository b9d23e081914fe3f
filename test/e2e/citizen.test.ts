import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, inOwnWorld, isPosix } from '../support/binary.ts';
import { programFile, programInShell } from '../support/program.ts';
import { hasPty, startPty } from '../support/pty-session.ts';
import { screenAfter } from '../support/screen.ts';

// The built program among the tools and in the environments that a shell gives it.

let world: BinaryWorld;
let finished: string;
beforeAll(async () => {
  world = await createBinaryWorld();
  finished = (await world.segjobs(['list', '--status', 'succeeded', '-L', '1', '-o', 'ids'])).stdout.trim();
});
afterAll(() => world.close());

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

describe.runIf(isPosix)('segjobs with eight others at once (xargs -P 8)', () => {
  it('answers each of them, and asks for one token for all', () =>
    inOwnWorld(async (own) => {
      const ids = (await own.shell('segjobs list -L 8 -o ids -q')).stdout.trim().split('\n');
      await own.shell('rm -r "$XDG_CACHE_HOME"');
      own.newRequests();
      const ran = await own.shell('printf "%s\\n" $IDS | xargs -P 8 -n 1 segjobs get -o tsv', {
        env: { IDS: ids.join(' ') },
      });
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      // Each answer is one write, so that lines of several programs do not mix.
      const answered = ran.stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[1]);
      expect(answered.sort()).toEqual(ids.sort());
      expect(own.newRequests().filter((line) => line === 'POST token')).toHaveLength(1);
    }));
});

describe.runIf(isPosix).concurrent('in an empty environment (env -i)', () => {
  const bare = (line: string, more = '') =>
    world.shell(`env -i PATH="$PATH" SEGJOBS_CONFIG_DIR="$HOME/empty" ${more} ${line}`);

  it('says how to start, and what is missing', async () => {
    const [first, list] = [await bare('segjobs'), await bare('segjobs list')];
    expect(first).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^segjobs manages /),
    });
    expect(list).toMatchObject({ exitCode: 4, stdout: '' });
    expect(list.stderr).toMatch(/^error: not logged in\nhint: run: segjobs auth login/);
  });

  it('needs credentials and nothing else', async () => {
    const given = Object.entries(world.env)
      .filter(([name]) => /^AEP_|^SEGJOBS_(API|IMS)_URL$/.test(name))
      .map(([name, value]) => `${name}='${value}'`);
    const ran = await bare('segjobs list -L 2 -o ids -q', given.join(' '));
    expect(ran, ran.stderr).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^Showing 2 of .*\n$/),
    });
    expect(ran.stdout.match(new RegExp(uuid, 'g'))).toHaveLength(2);
  });
});

describe.runIf(hasPty).concurrent('on a terminal', () => {
  const played = async (line: string, env: Record<string, string> = {}, columns = 80) => {
    const session = startPty(`${line}; echo "code $?"`, world.environment(env), { columns, rows: 24 });
    await session.exitCode;
    return session.screen();
  };
  const beyondAscii = /[^\u0000-\u007f]/;

  it.each([{ LC_ALL: 'C' }, { LANG: 'POSIX' }, { LC_CTYPE: 'C', LANG: 'en_US.UTF-8' }])(
    'of the locale %j draws with ASCII what it draws',
    async (locale) => {
      const screen = await played(`segjobs get ${finished}; segjobs stats; segjobs list -L 3`, locale);
      expect(screen).not.toMatch(beyondAscii);
      expect(screen).toMatch(/existing .*#{5}/);
      expect(screen).toContain('code 0');
    },
  );

  it.each([{}, { LANG: 'C.UTF-8' }, { LANG: 'C', LC_ALL: 'en_US.UTF-8' }])(
    'of the locale %j draws bars',
    async (locale) => {
      expect(await played(`segjobs get ${finished}`, locale)).toMatch(/existing .*█{5}/);
    },
  );

  it('a spinner of the C locale turns in ASCII', () =>
    inOwnWorld(
      async (own) => {
        const session = startPty('segjobs list -L 2', own.environment({ LC_ALL: 'C' }));
        await session.exitCode;
        expect(session.screen()).not.toMatch(beyondAscii);
        expect(session.screen()).toMatch(/\u001b\[36m[|/\\-]\u001b\[39m/);
      },
      { faults: ['any:delay=500ms'] },
    ));

  it('no locale changes data: JSON there, and a table in a pipe', async () => {
    const [there, piped] = await Promise.all([
      played(`segjobs get 数据 -o json`, { LC_ALL: 'C' }),
      world.shell(`segjobs get ${finished} -o table`, { env: { LC_ALL: 'C' } }),
    ]);
    expect(there).toContain('数据');
    expect(piped.stdout).toMatch(/existing .*█{5}/);
  });

  it('names of East Asian width stand in line with others', async () => {
    const sent = await played(`segjobs watch 数据处理 ab ${finished} --timeout 0 --no-color -q`, {}, 120);
    const lines = (await screenAfter(sent, { columns: 120, rows: 24 })).everything();
    // A wide character is one character of the line, and two columns of the screen.
    const columnOf = (line: string, at: number) => line.slice(0, at).replace(/[\u2e80-\u9fff]/g, '--').length;
    const dashes = lines.flatMap((line) => {
      const found = /^not found .*?\s(-)/.exec(line);
      return found ? [columnOf(line, found[0].length)] : [];
    });
    expect(dashes).toHaveLength(2);
    expect(new Set(dashes).size).toBe(1);
  });

  it('a job that is followed has a line of its own where both do not fit', async () => {
    const screen = await played('segjobs create S1 S2 -o ids', {}, 100);
    expect(screen).toMatch(/in sandbox "prod"\.\r\nFollow it with: segjobs watch [\w-]{36}\r\n/);
  });
});

const hasWatch =
  hasPty && spawnSync('sh', ['-c', 'watch --version'], { encoding: 'utf8' }).stdout?.includes('procps');

describe.runIf(hasWatch)('under watch(1)', () => {
  it('prints rows and nothing that moves', async () => {
    const session = startPty(
      'watch -t -n 0.5 segjobs list --status succeeded -L 3 -o table -q',
      world.environment({ TERM: 'xterm' }),
      { columns: 120, rows: 24 },
    );
    await session.until(/STATUS[\s\S]*SUCCEEDED/);
    session.type('\x03');
    await session.exitCode;
    const sent = session.screen();
    const screen = await screenAfter(sent.slice(0, sent.lastIndexOf('\u001b[?1049l')), {
      columns: 120,
      rows: 24,
    });
    expect(screen.visible()[0]).toMatch(/^STATUS +ID +SEGMENTS +CREATED/);
    expect(screen.visible()).toHaveLength(5);
    expect(screen.visible()[4]).toMatch(/^Showing 3 of /);
    expect(sent).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
  });
});

/** A user of a container that has an id and nothing else. */
const stranger = 54_321;
const asStranger = `setpriv --reuid ${stranger} --regid ${stranger} --clear-groups`;
const canBeStranger =
  process.getuid?.() === 0 && spawnSync('sh', ['-c', `${asStranger} test -r '${programFile}'`]).status === 0;

describe.runIf(canBeStranger)('as a user who has no passwd entry', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'segjobs-stranger-'));
    chmodSync(home, 0o755);
    chownSync(home, stranger, stranger);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const nowhere = { SEGJOBS_CONFIG_DIR: undefined, XDG_CACHE_HOME: undefined, XDG_STATE_HOME: undefined };
  const run = (line: string, env: Record<string, string | undefined>) =>
    world.shell(`cd /; ${asStranger} ${programInShell} ${line}`, { env: { ...nowhere, ...env } });

  it('works without a home, and says that there is no place for a configuration', async () => {
    const listed = await run('list -L 1 -o ids -q', { HOME: undefined });
    expect(listed, listed.stderr).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^Showing 1 of .*\n$/),
      stdout: expect.stringMatching(uuid),
    });
    const asked = await run('config path', { HOME: undefined });
    expect(asked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(asked.stderr).toContain('hint: set SEGJOBS_CONFIG_DIR');
  });

  it.each(['/', '/root'])('works with a home that is somebody else’s (%s)', async (HOME) => {
    const created = await run('create A -o ids', { HOME });
    expect(created, created.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(uuid) });
    expect(created.stderr).toContain('This create is not remembered');
  });

  it('keeps its files in a home of its own, for itself alone', async () => {
    const ran = await run('config set sandbox dev', { HOME: home });
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    const { mode, uid } = statSync(join(home, '.config/segjobs/config.json'));
    expect([mode & 0o777, uid]).toEqual([0o600, stranger]);
  });
});
