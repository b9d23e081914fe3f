import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPosix } from '../support/binary.ts';
import { startCommand } from '../support/processes.ts';

// What `npm install --global` brings: packed as npm packs it, installed without a network, started with an empty home.

const root = resolve(import.meta.dirname, '../..');
const limitBytes = 1_000_000;
/** Whatever else turns up in the package has to be thought about first. */
const expectedFiles = [
  /^(CHANGELOG|README)\.md$/,
  /^LICENSE$/,
  /^bin\/segjobs\.js$/,
  /^completions\/[\w.]+$/,
  /^dist\/[a-z-]+\.cjs$/,
  /^dist\/THIRD-PARTY-LICENSES\.txt$/,
  /^docs\/schema\/[a-z-]+\.schema\.json$/,
  /^man\/[a-z-]+\.[17]$/,
  /^package\.json$/,
];

describe.runIf(isPosix)('the package', () => {
  let directory: string;
  let packed: {
    readonly filename: string;
    readonly unpackedSize: number;
    readonly files: readonly { readonly path: string; readonly size: number }[];
    readonly bundled: readonly string[];
  };

  /** npm with a home, a cache and a prefix of its own, and no network. */
  function npm(...argv: readonly string[]): string {
    return execFileSync('npm', [...argv, '--offline', '--no-audit', '--no-fund', '--no-update-notifier'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        HOME: join(directory, 'home'),
        npm_config_cache: join(directory, 'cache'),
        npm_config_userconfig: join(directory, 'npmrc'),
      },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'segjobs-package-'));
    for (const name of ['home', 'tarball', 'prefix']) mkdirSync(join(directory, name));
    // The build has been made: to build again would change dist/ under the other tests.
    const answer = npm(
      'pack',
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      join(directory, 'tarball'),
    );
    [packed] = JSON.parse(answer);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const manifest = () => JSON.parse(readFileSync(join(installed(), 'package.json'), 'utf8'));
  const installed = () => join(directory, 'prefix/lib/node_modules/segjobs');

  it('holds what is needed and nothing else, in less than 1 MB', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !expectedFiles.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'bin/segjobs.js', 'dist/THIRD-PARTY-LICENSES.txt']),
    );
    expect(packed.bundled).toEqual([]);
    const largest = [...packed.files]
      .sort((a, b) => b.size - a.size)
      .map(({ size, path }) => `${size} ${path}`);
    expect(packed.unpackedSize, largest.slice(0, 8).join(', ')).toBeLessThan(limitBytes);
  });

  it('names every library that is in it, with its licence', () => {
    const sizes = execFileSync(
      process.execPath,
      ['scripts/build.mjs', '--sizes', '--outdir', join(directory, 'built')],
      { cwd: root, encoding: 'utf8' },
    );
    const libraries = [...sizes.matchAll(/^ *[1-9]\d* {2}(\S+)$/gm)].flatMap(([, name = '']) =>
      name === 'segjobs' ? [] : [name],
    );
    expect(libraries).toEqual(
      expect.arrayContaining(['chalk', 'cli-table3', 'commander', 'conf', 'node-fetch', 'ora']),
    );
    const text = readFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const notices = new Map(
      text
        .split(`\n${'-'.repeat(80)}\n\n`)
        .map((notice) => notice.replace(/^segjobs contains these packages:\n\n/, ''))
        .map((notice) => [notice.slice(0, notice.indexOf(' ')), notice]),
    );
    expect([...notices.keys()].sort()).toEqual([...libraries].sort());
    for (const [name, notice] of notices) {
      expect(notice, name).toMatch(/^\S+ \d+\.\d+\.\d+\n\n[\s\S]*(permission|licen[cs]e)/i);
    }
  });

  describe('installed globally', () => {
    beforeAll(() => {
      const tarball = join(directory, 'tarball', packed.filename);
      npm('install', '--global', '--prefix', join(directory, 'prefix'), tarball);
    });

    const run = (argv: readonly string[]) => {
      const home = mkdtempSync(join(directory, 'home/'));
      const path = [join(directory, 'prefix/bin'), dirname(process.execPath), process.env['PATH']];
      const { ended } = startCommand('segjobs', argv, { env: { PATH: path.join(delimiter), HOME: home } });
      return ended.then((result) => ({ ...result, home }));
    };

    it('is one package: no dependencies, and no script that runs when it is installed', () => {
      expect(readdirSync(join(directory, 'prefix/lib/node_modules'))).toEqual(['segjobs']);
      expect(readdirSync(installed())).not.toContain('node_modules');
      const { dependencies, optionalDependencies, peerDependencies, bundleDependencies, scripts } =
        manifest();
      expect({ dependencies, optionalDependencies, peerDependencies, bundleDependencies }).toEqual({});
      const atInstall = [
        'preinstall',
        'install',
        'postinstall',
        'prepublish',
        'preprepare',
        'prepare',
        'postprepare',
      ];
      expect(Object.keys(scripts ?? {}).filter((name) => atInstall.includes(name))).toEqual([]);
    });

    it('tells its version', async () => {
      const { exitCode, stdout, stderr } = await run(['--version']);
      expect({ exitCode, stdout, stderr }).toEqual({
        exitCode: 0,
        stdout: `${manifest().version}\n`,
        stderr: '',
      });
    });

    it('lists jobs of its emulator with an empty home, and keeps nothing there but compiled code', async () => {
      const { exitCode, stdout, home } = await run([
        'emulator',
        'exec',
        '--now',
        '2026-03-10T09:00Z',
        '--',
        'segjobs',
        'list',
        '--limit',
        '2',
        '-o',
        'ids',
      ]);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^(\S{36}\n){2}$/);
      // Compiled code of its own is all that it may keep, so that it starts sooner.
      const kept = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      expect(kept.map(({ name }) => name).filter((name) => !name.endsWith('.bin'))).toEqual([]);
    });

    it('writes and reads a configuration', async () => {
      const { exitCode, home } = await run(['config', 'set', 'sandbox', 'dev']);
      expect(exitCode).toBe(0);
      const file = join(home, '.config/segjobs/config.json');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
        profiles: { default: { sandbox: 'dev' } },
      });
    });

    it('brings the manual pages that the package has', () => {
      const pages = packed.files.flatMap(({ path }) => (/^man\/(.*)$/.exec(path) ?? []).slice(1));
      const man = manifest().man ?? [];
      expect([...man].map((path: string) => path.replace(/^(\.\/)?man\//, '')).sort()).toEqual(pages.sort());
    });
  });
});
