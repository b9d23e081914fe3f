import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// The built program and a configuration file that is not what it should be: a clear answer, and every byte kept.

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
/** Made up here, so that a search for it in any output finds it. */
const secret = ['hush', 'hush'.repeat(4)].join('-');

let world: BinaryWorld;
let dir: string;
let path: string;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  dir = fs.mkdtempSync(join(world.home, 'odd-'));
  path = join(dir, 'config.json');
});

const profiles = (): string => {
  const { clientId, orgId, clientSecret } = world.emulator.credentials;
  const a = { clientId, orgId, clientSecret, sandbox: 'prod' };
  return JSON.stringify({ version: 1, activeProfile: 'a', profiles: { a } });
};

const bare = { AEP_CLIENT_ID: undefined, AEP_CLIENT_SECRET: undefined, AEP_ORG_ID: undefined };
const run = (line: string) => world.run(line.split(' '), { env: { ...bare, SEGJOBS_CONFIG_DIR: dir } });
/** The same in this process, for many lines at little cost. */
const runHere = (line: string) =>
  world.segjobs(line.split(' '), { env: { ...bare, SEGJOBS_CONFIG_DIR: dir }, stdin: secret });

/** Everything below a path, with kind, mode and content: what must not change. */
function picture(root: string): readonly string[] {
  return fs.readdirSync(root, { withFileTypes: true, recursive: true }).map((entry) => {
    const at = join(entry.parentPath, entry.name);
    const { mode, uid } = fs.lstatSync(at);
    const content = entry.isFile() ? fs.readFileSync(at).toString('hex') : '';
    const target = entry.isSymbolicLink() ? fs.readlinkSync(at) : '';
    return [at, mode.toString(8), uid, target, content].join(' ');
  });
}

async function inTurn<T>(lines: readonly string[], use: (line: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const line of lines) results.push(await use(line));
  return results;
}

const write = (content: string | Uint8Array) => fs.writeFileSync(path, content, { mode: 0o600 });
const elsewhere = () => {
  const target = join(dir, 'elsewhere.json');
  fs.writeFileSync(target, profiles(), { mode: 0o600 });
  return target;
};

const commands = [
  'list',
  'auth status',
  'auth logout',
  'auth login --client-id i --org-id o --client-secret-stdin',
  'config list',
  'config get sandbox',
  'config set sandbox dev',
  'config unset sandbox',
  'config use a',
  'config delete a',
];

describe.runIf(isPosix)('a configuration file', () => {
  it.each<[string, () => void, RegExp]>([
    ['empty', () => write(''), /config\.json:1:1: the file is empty/],
    [
      'cut short',
      () => write(`{"profiles":{"a":{"clientSecret":"${secret}`),
      /config\.json:1:\d+: not valid JSON/,
    ],
    ['of blanks', () => write(' \n\n'), /config\.json:\d+:\d+: not valid JSON/],
    ['binary', () => write(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0])), /not UTF-8/],
    ['of zeroes', () => write(Buffer.alloc(4096)), /config\.json:1:1: not valid JSON/],
    ['UTF-16, little-endian', () => write(Buffer.from(`\uFEFF{"a":"${secret}"}`, 'utf16le')), /UTF-16/],
    ['UTF-16, big-endian', () => write(Buffer.from(`\uFEFF{"a":"${secret}"}`, 'utf16le').swap16()), /UTF-16/],
    ['UTF-8 with a byte order mark', () => write(`\uFEFF${profiles()}`), /byte order mark/],
    ['a list', () => write(`["${secret}"]`), /must hold one JSON object/],
    ['two megabytes long', () => write(`{"a":"${'x'.repeat(2 ** 21)}"}`), /too large/],
    ['a directory', () => fs.mkdirSync(path), /not a regular file/],
    [
      'a directory with files in it',
      () => {
        fs.mkdirSync(path);
        fs.writeFileSync(join(path, 'kept'), 'kept');
      },
      /not a regular file/,
    ],
    ['a pipe that nobody writes to', () => spawnSync('mkfifo', ['-m', '600', path]), /not a regular file/],
    ['a link to a device', () => fs.symlinkSync('/dev/zero', path), /not a regular file/],
    ['a link to itself', () => fs.symlinkSync('config.json', path), /a loop of links/],
  ])(
    'that is %s is named by every command that needs it, and stays as it is [fault 131]',
    async (_, plant, told) => {
      plant();
      const before = picture(dir);
      const runs = [await run('list'), ...(await inTurn(commands, runHere))];
      for (const ran of runs) {
        expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
        expect(ran.stderr).toMatch(told);
        expect(ran.stderr).toContain(path);
        expect(ran.stderr).toContain('hint: correct the file, or move it away');
        expect(ran.stderr).not.toMatch(/hush|SyntaxError|\n\s+at /);
      }
      expect(picture(dir)).toEqual(before);
    },
  );

  it.runIf(isRoot).each<[string, () => void, RegExp]>([
    [
      'that belongs to somebody else',
      () => {
        write(profiles());
        fs.chownSync(path, nobody, nobody);
      },
      /owned by another user/,
    ],
    [
      'behind a link that somebody else planted',
      () => {
        fs.symlinkSync(elsewhere(), path);
        fs.lchownSync(path, nobody, nobody);
      },
      /a link owned by another user/,
    ],
    [
      "behind the user's own link to somebody else's file",
      () => {
        const target = elsewhere();
        fs.chownSync(target, nobody, nobody);
        fs.symlinkSync(target, path);
      },
      /owned by another user/,
    ],
  ])('%s is neither believed nor touched [fault 131]', async (_, plant, told) => {
    plant();
    const before = picture(dir);
    for (const ran of [await run('list'), ...(await inTurn(commands, runHere))]) {
      expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
      expect(ran.stderr).toMatch(told);
    }
    expect(picture(dir)).toEqual(before);
  });

  it('that is read-only is read, and not replaced behind the back of whoever made it so [fault 131]', async () => {
    write(profiles());
    fs.chmodSync(path, 0o400);
    expect(await run('list -L 1 -o ids')).toMatchObject({ exitCode: 0 });
    const before = picture(dir);
    const ran = await run('config set sandbox dev');
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ran.stderr).toContain(`error: cannot write ${path}: read-only\n`);
    expect(picture(dir)).toEqual(before);
  });

  it.skipIf(isRoot)('that may not be read is named [fault 131]', async () => {
    write(profiles());
    fs.chmodSync(path, 0);
    expect(await run('list')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not readable') });
  });

  it("behind the user's own links is read and written where it lies, and the links stay [fault 134]", async () => {
    const target = elsewhere();
    fs.symlinkSync('elsewhere.json', join(dir, 'middle.json'));
    fs.symlinkSync('middle.json', path);
    expect(await run('config set sandbox dev')).toMatchObject({ exitCode: 0 });
    expect([fs.readlinkSync(path), fs.readlinkSync(join(dir, 'middle.json'))]).toEqual([
      'middle.json',
      'elsewhere.json',
    ]);
    expect(JSON.parse(fs.readFileSync(target, 'utf8')).profiles.a.sandbox).toBe('dev');
    expect(fs.statSync(target).mode & 0o777).toBe(0o600);
  });

  it("behind the user's own link that leads nowhere yet is made there [fault 134]", async () => {
    fs.symlinkSync('later.json', path);
    expect(await run('config list')).toMatchObject({ exitCode: 0 });
    expect(await run('config set sandbox dev')).toMatchObject({ exitCode: 0 });
    expect(fs.readlinkSync(path)).toBe('later.json');
    expect(JSON.parse(fs.readFileSync(join(dir, 'later.json'), 'utf8')).profiles.default.sandbox).toBe('dev');
  });

  it('of a newer version is used as far as it is understood, and kept whole on writing, which is said [fault 138]', async () => {
    const newer = { ...JSON.parse(profiles()), version: 9, telepathy: { on: [true, 1.5, null] } };
    newer.profiles.a.colour = 'red';
    write(JSON.stringify(newer));
    expect(await run('list -L 1 -o ids')).toMatchObject({ exitCode: 0 });
    const ran = await run('config set sandbox dev');
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain('written by a newer segjobs (version 9)');
    newer.profiles.a.sandbox = 'dev';
    expect(JSON.parse(fs.readFileSync(path, 'utf8'))).toEqual(newer);
  });

  it('that others can read is made private with a warning, and never more writable than it was [fault 130]', async () => {
    for (const [mode, repaired] of [
      [0o644, '600'],
      [0o666, '600'],
      [0o640, '600'],
      [0o444, '400'],
    ] as const) {
      fs.rmSync(path, { force: true });
      write(profiles());
      fs.chmodSync(path, mode);
      const ran = await run('list -L 1 -o ids');
      expect(ran.exitCode).toBe(0);
      expect(ran.stderr).toMatch(/could be read by other users of this machine; it is private now$/m);
      expect((fs.statSync(path).mode & 0o777).toString(8)).toBe(repaired);
      expect((await run('list -L 1 -o ids')).stderr).not.toContain('private');
    }
  });
});

describe.runIf(isPosix)('everything the tool keeps', () => {
  it.each(['000', '022', '777'])('is for its user alone under umask %s [fault 130]', async (umask) => {
    const home = join(dir, 'home');
    fs.mkdirSync(home, { mode: 0o700 });
    const { clientId, orgId } = world.emulator.credentials;
    const script = `umask ${umask}
      export HOME=${home}; unset SEGJOBS_CONFIG_DIR XDG_CACHE_HOME XDG_STATE_HOME
      segjobs list -L 1 -o ids > /dev/null || exit 10
      segjobs create A -o ids > /dev/null || exit 11
      segjobs create A --reuse-active -o ids > /dev/null || exit 12
      segjobs config set sandbox dev > /dev/null || exit 13
      printf %s "$AEP_CLIENT_SECRET" | segjobs auth login --client-id ${clientId} --org-id ${orgId} --client-secret-stdin > /dev/null || exit 14`;
    const ran = await world.shell(script, { limitMs: 30_000 });
    expect(ran.exitCode, ran.stderr).toBe(0);
    const kept = fs.readdirSync(home, { withFileTypes: true, recursive: true });
    const modes = kept.map((entry) => {
      const { mode } = fs.lstatSync(join(entry.parentPath, entry.name));
      return `${entry.isDirectory() ? 'directory' : 'file'} ${(mode & 0o777).toString(8)}`;
    });
    expect(new Set(modes)).toEqual(new Set(['directory 700', 'file 600']));
    expect(kept.map(({ name }) => name)).toEqual(expect.arrayContaining(['config.json', 'tokens']));
  });
});
