import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';

// What the built program loads before it does anything: the bundle keeps the name of each module it holds, as the
// name of the function that runs it, and V8 counts which of them ran.

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
});
afterAll(() => world.close());

interface Loaded {
  readonly stdout: string;
  /** Packages of others: `commander`. */
  readonly packages: readonly string[];
  /** Rooms of ours: `src/api`. */
  readonly rooms: readonly string[];
}

async function load(argv: readonly string[]): Promise<Loaded> {
  const directory = mkdtempSync(join(tmpdir(), 'segjobs-coverage-'));
  try {
    const { stdout } = await world.run(argv, { env: { NODE_V8_COVERAGE: directory } });
    const [file = ''] = readdirSync(directory);
    const scripts: readonly {
      url: string;
      functions: readonly { functionName: string; ranges: readonly { count: number }[] }[];
    }[] = JSON.parse(readFileSync(join(directory, file), 'utf8')).result;
    const bundle = scripts.find(({ url }) => url.endsWith('/dist/segjobs.cjs'));
    const ran = (bundle?.functions ?? []).flatMap(({ functionName, ranges }) =>
      (ranges[0]?.count ?? 0) > 0 ? [functionName] : [],
    );
    const named = (pattern: RegExp) =>
      [...new Set(ran.flatMap((name) => pattern.exec(name)?.[1] ?? []))].sort();
    return {
      stdout,
      packages: named(/(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//),
      rooms: named(/^(src\/\w+)\/[\w-]+\.ts$/),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('the built program', () => {
  it.each(['--version', '--help', 'list --help', 'help exit-codes', ''])(
    'loads no costly library to print a text: segjobs %s',
    async (line) => {
      const { stdout, packages, rooms } = await load(line.split(' ').filter((word) => word !== ''));
      expect(stdout).not.toBe('');
      expect(packages).toContain('commander');
      for (const costly of ['ajv', 'chalk', 'cli-table3', 'conf', 'node-fetch', 'ora']) {
        expect(packages).not.toContain(costly);
      }
      expect(rooms).not.toContain('src/api');
      expect(rooms).not.toContain('src/emulator');
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
