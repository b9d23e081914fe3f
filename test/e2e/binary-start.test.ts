import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import { startCommand } from '../support/processes.ts';

// What the built program loads before it does anything: a readable bundle keeps the name of each module it holds, as
// the name of the function that runs it, and V8 counts which of them ran.

let world: BinaryWorld;
let program: string;
beforeAll(async () => {
  world = await createBinaryWorld();
  const directory = join(world.env['HOME'] ?? '', 'readable');
  const build = join(import.meta.dirname, '../../scripts/build.mjs');
  execFileSync(process.execPath, [build, '--readable', '--outdir', join(directory, 'dist')]);
  mkdirSync(join(directory, 'bin'));
  program = join(directory, 'bin', 'segjobs.js');
  copyFileSync(join(import.meta.dirname, '../../bin/segjobs.js'), program);
});
afterAll(() => world.close());

interface Loaded {
  readonly stdout: string;
  /** `main.cjs`. */
  readonly files: readonly string[];
  /** Packages of others: `commander`. */
  readonly packages: readonly string[];
  /** Rooms of ours: `src/api`. */
  readonly rooms: readonly string[];
}

async function load(argv: readonly string[]): Promise<Loaded> {
  const directory = mkdtempSync(join(tmpdir(), 'segjobs-coverage-'));
  try {
    const { stdout } = await startCommand(process.execPath, [program, ...argv], {
      env: { ...world.environment(), NODE_V8_COVERAGE: directory },
    }).ended;
    const [file = ''] = readdirSync(directory);
    const scripts: readonly {
      url: string;
      functions: readonly { functionName: string; ranges: readonly { count: number }[] }[];
    }[] = JSON.parse(readFileSync(join(directory, file), 'utf8')).result;
    const files = scripts.filter(({ url }) => /[\\/]dist[\\/][\w-]+\.cjs$/.test(url));
    const ran = files.flatMap(({ functions }) =>
      functions.flatMap(({ functionName, ranges }) => ((ranges[0]?.count ?? 0) > 0 ? [functionName] : [])),
    );
    const named = (pattern: RegExp) =>
      [...new Set(ran.flatMap((name) => pattern.exec(name)?.[1] ?? []))].sort();
    return {
      stdout,
      files: files.map(({ url }) => basename(url)).sort(),
      packages: named(/(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//),
      rooms: named(/^(src\/\w+)\/[\w-]+\.ts$/),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('the built program', () => {
  it.each([
    ['--version', ['segjobs.cjs']],
    ['-V', ['segjobs.cjs']],
    ['--help', ['help.cjs', 'segjobs.cjs']],
    ['list --help', ['help.cjs', 'segjobs.cjs']],
    ['help exit-codes', ['help.cjs', 'segjobs.cjs']],
  ])('loads neither parser nor commands to print a text: segjobs %s', async (line, expected) => {
    const { stdout, packages, files } = await load(line.split(' '));
    expect(stdout).not.toBe('');
    expect(files).toEqual(expected);
    expect(packages).toEqual([]);
  });

  it.each(['list --sandbox prod --help', '--version --json', ''])(
    'loads no costly library where the parser is needed for a text: segjobs %s',
    async (line) => {
      const { stdout, files, packages, rooms } = await load(line.split(' ').filter((word) => word !== ''));
      expect(stdout).not.toBe('');
      expect(files).toContain('main.cjs');
      expect(packages).toContain('commander');
      for (const costly of ['ajv', 'chalk', 'cli-table3', 'conf', 'node-fetch', 'ora']) {
        expect(packages).not.toContain(costly);
      }
      expect(rooms).not.toContain('src/api');
    },
  );

  it.each(['tsv', 'json', 'ndjson', 'ids'])(
    'loads no table, spinner, or writer of configuration for a list as %s',
    async (format) => {
      const { packages, rooms } = await load(['list', '-L', '2', '-o', format]);
      expect(packages).toContain('node-fetch');
      for (const costly of ['conf', 'ajv', 'ora', 'cli-table3']) expect(packages).not.toContain(costly);
      expect(rooms).toContain('src/api');
      expect(rooms).not.toContain('src/emulator');
    },
  );

  it('loads no network for a usage error', async () => {
    const { packages, rooms } = await load(['create', '-o', 'json']);
    expect(packages).toContain('commander');
    expect(packages).not.toContain('node-fetch');
    expect(rooms).not.toContain('src/emulator');
  });
});
