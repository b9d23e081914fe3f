import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensurePrivateDir,
  FileProblem,
  hostTag,
  readRegular,
  removeFile,
  writeFileAtomic,
} from '../../src/files.ts';

const userId = process.getuid?.();
const isPosix = userId !== undefined;
const isRoot = userId === 0;
const nobody = 65_534;

let home: string;
let umask: number;

beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'segjobs-files-'));
  umask = process.umask();
});

afterEach(() => {
  process.umask(umask);
  fs.rmSync(home, { recursive: true, force: true });
});

const modeOf = (path: string) => (fs.statSync(path).mode & 0o777).toString(8);

describe('writing a file', () => {
  it('replaces the old content and leaves nothing else behind', () => {
    const path = join(home, 'a.json');
    writeFileAtomic(path, 'old', { userId });
    writeFileAtomic(path, 'new', { userId });
    expect(fs.readFileSync(path, 'utf8')).toBe('new');
    expect(fs.readdirSync(home)).toEqual(['a.json']);
  });

  it.runIf(isPosix).each(['000', '022', '077', '777'])(
    'makes files 0600 and directories 0700 under umask %s [fault 130]',
    (mask) => {
      process.umask(Number.parseInt(mask, 8));
      const directory = join(home, 'deep', 'segjobs');
      ensurePrivateDir(directory);
      writeFileAtomic(join(directory, 'a.json'), 'x', { userId });
      process.umask(umask);
      expect([modeOf(join(home, 'deep')), modeOf(directory), modeOf(join(directory, 'a.json'))]).toEqual([
        '700',
        '700',
        '600',
      ]);
    },
  );

  it.runIf(isPosix)('makes an open file private', () => {
    const path = join(home, 'a.json');
    fs.writeFileSync(path, 'old', { mode: 0o644 });
    writeFileAtomic(path, 'new', { userId });
    expect(modeOf(path)).toBe('600');
  });

  it.runIf(isPosix)("keeps the user's own link and replaces what it points to [fault 134]", () => {
    fs.mkdirSync(join(home, 'dotfiles'));
    const target = join(home, 'dotfiles', 'config.json');
    fs.writeFileSync(target, 'old');
    const link = join(home, 'config.json');
    fs.symlinkSync(join('dotfiles', 'config.json'), link);
    writeFileAtomic(link, 'new', { userId });
    expect(fs.readlinkSync(link)).toBe(join('dotfiles', 'config.json'));
    expect(fs.readFileSync(target, 'utf8')).toBe('new');
  });

  it.runIf(isPosix)('makes the file that a dangling link points to', () => {
    const link = join(home, 'config.json');
    fs.symlinkSync('later.json', link);
    writeFileAtomic(link, 'new', { userId });
    expect(fs.readFileSync(join(home, 'later.json'), 'utf8')).toBe('new');
  });

  it('does not replace a directory, and names the path', () => {
    const path = join(home, 'a.json');
    fs.mkdirSync(path);
    expect(() => writeFileAtomic(path, 'x', { userId })).toThrow(
      expect.objectContaining({ code: 'LOCAL_IO', message: `cannot write ${path}: not a regular file` }),
    );
  });

  it('says in words why a directory that is missing cannot be written to', () => {
    const path = join(home, 'missing', 'a.json');
    expect(() => writeFileAtomic(path, 'x', { userId })).toThrow('no such file or directory');
  });

  it.runIf(isPosix)('sweeps away what a killed writer left, and nothing of a living one', () => {
    const path = join(home, 'a.json');
    writeFileAtomic(path, 'x', { userId });
    const living = litterOf(path, process.pid);
    const killed = litterOf(path, 2 ** 22 + 1);
    writeFileAtomic(path, 'y', { userId });
    expect(fs.existsSync(killed)).toBe(false);
    expect(fs.existsSync(living)).toBe(true);
  });
});

/** Leaves a temporary file as a writer with that process id would have named it. */
function litterOf(path: string, pid: number): string {
  const litter = join(dirname(path), `.${basename(path)}.${hostTag()}.${pid}.abc.tmp`);
  fs.writeFileSync(litter, 'half');
  return litter;
}

describe('reading a file the tool keeps', () => {
  const read = (name: string) => readRegular(join(home, name), { maxBytes: 10, userId });
  const problem = (reason: string) => expect.objectContaining({ constructor: FileProblem, reason });

  it('gives nothing for one that is not there', () => {
    expect(read('missing')).toBeUndefined();
    expect(read(join('missing', 'too'))).toBeUndefined();
  });

  it('refuses one byte too many', () => {
    fs.writeFileSync(join(home, 'ten'), '0123456789');
    fs.writeFileSync(join(home, 'eleven'), '0123456789x');
    expect(read('ten')?.bytes.toString()).toBe('0123456789');
    expect(() => read('eleven')).toThrow(problem('too large'));
  });

  it('refuses a directory', () => {
    fs.mkdirSync(join(home, 'a'));
    expect(() => read('a')).toThrow(problem('not a regular file'));
  });

  it.runIf(isPosix)('refuses a device, without reading it', () => {
    fs.symlinkSync('/dev/zero', join(home, 'a'));
    expect(() => read('a')).toThrow(problem('not a regular file'));
  });

  it.runIf(isPosix)('refuses a loop of links', () => {
    fs.symlinkSync('b', join(home, 'a'));
    fs.symlinkSync('a', join(home, 'b'));
    expect(() => read('a')).toThrow(problem('a loop of links'));
  });

  it.runIf(isRoot)('refuses what belongs to another user, and a link another user planted', () => {
    fs.writeFileSync(join(home, 'file'), 'x');
    fs.symlinkSync('file', join(home, 'link'));
    fs.lchownSync(join(home, 'link'), nobody, nobody);
    expect(() => read('link')).toThrow(problem('a link owned by another user'));
    fs.chownSync(join(home, 'file'), nobody, nobody);
    expect(() => read('file')).toThrow(problem('owned by another user'));
  });

  it.runIf(isPosix)('says when others can read it', () => {
    fs.writeFileSync(join(home, 'a'), 'x', { mode: 0o640 });
    expect(read('a')?.isOpenToOthers).toBe(true);
    fs.chmodSync(join(home, 'a'), 0o600);
    expect(read('a')?.isOpenToOthers).toBe(false);
  });
});

describe('removing a file', () => {
  it('says whether there was one', () => {
    fs.writeFileSync(join(home, 'a'), 'x');
    expect([removeFile(join(home, 'a')), removeFile(join(home, 'a'))]).toEqual([true, false]);
  });
});
