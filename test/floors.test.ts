import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

// Who may import whom. The house has floors: an import goes down, or stays in its room.

const roomFloors: readonly (readonly [room: RegExp, floor: number, name: string])[] = [
  [/^(start|main|program|command-tree|help|instant-help)\.ts$/, 4, 'program'],
  [/^commands\//, 3, 'commands'],
  [/^context\.ts$/, 2, 'context'],
  [/^completion\//, 2, 'completion'],
  [/^api\//, 1, 'api'],
  [/^config\//, 1, 'config'],
  [/^output\//, 1, 'output'],
  [/^jobs\//, 0, 'ground'],
  // Any other file that stands in src itself: errors, files, durations, lossless JSON.
  [/^[^/]+\.ts$/, 0, 'ground'],
];

/** What several commands share; the commands themselves never import each other. */
const sharedByCommands = new Set([
  'command.ts',
  'arguments.ts',
  'filters.ts',
  'following.ts',
  'profiles.ts',
  'quota-flags.ts',
]);

/** Type-only: the names of the formats belong to output, and settings and commands speak of them. */
const formatNames = 'output/format.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
  readonly isDynamic: boolean;
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(root: string): Import[] {
  return filesBelow(root).flatMap((path) => {
    const text = readFileSync(path, 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/^\s*\/\/.*$/gm, '');
    const from = relative(root, path).replaceAll('\\', '/');
    const target = (specifier: string) =>
      specifier.startsWith('.')
        ? relative(root, resolve(dirname(path), specifier)).replaceAll('\\', '/')
        : specifier;
    const fixed = [
      ...text.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]/gm),
    ];
    const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)];
    return [
      ...fixed.map(([, type, to]) => ({
        from,
        to: target(to ?? ''),
        isTypeOnly: type !== undefined,
        isDynamic: false,
      })),
      ...dynamic.map(([, to]) => ({ from, to: target(to ?? ''), isTypeOnly: false, isDynamic: true })),
    ];
  });
}

function place(path: string): { floor: number; name: string } | undefined {
  const found = roomFloors.find(([room]) => room.test(path));
  return found && { floor: found[1], name: found[2] };
}

/** One sentence per import that goes up, sideways, or to a library that has its one importer elsewhere. */
function violations(root: string): string[] {
  const imports = importsOf(root);
  const wrong = imports.flatMap(({ from, to, isTypeOnly, isDynamic }) => {
    const isInside = /^[^.].*\.ts$/.test(to) || to.startsWith('..');
    if (!isInside || to.startsWith('node:')) return [];
    const says = (why: string) => [`${from} imports ${to}: ${why}`];
    if (to.startsWith('..')) return says('it is outside src');
    if (from.startsWith('emulator/'))
      return to.startsWith('emulator/') ? [] : says('the emulator is a house of its own');
    if (to.startsWith('emulator/')) {
      if (!/^commands\/emulator[^/]*\.ts$/.test(from))
        return says('only the emulator command may load the emulator');
      return isDynamic || isTypeOnly ? [] : says('the emulator is loaded by dynamic import');
    }
    const [here, there] = [place(from), place(to)];
    if (here === undefined || there === undefined) return says('a file without a floor');
    if (to === formatNames) return here.floor >= 1 ? [] : says('the ground imports nothing above it');
    if (there.floor > here.floor) return says(`floor ${here.floor} may not reach up to floor ${there.floor}`);
    if (there.floor === here.floor && there.name !== here.name) return says('rooms of one floor stay apart');
    if (here.name === 'commands' && there.name === 'commands') {
      const [, fromFile = ''] = from.split('/');
      const [, toFile = ''] = to.split('/');
      const family = fromFile.replace(/\.ts$/, '').split('-')[0] ?? '';
      if (fromFile === 'all.ts' || sharedByCommands.has(toFile) || toFile.startsWith(`${family}-`)) return [];
      return says('commands do not import each other');
    }
    return [];
  });
  const importers = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (to.endsWith('.ts') || to.startsWith('node:')) continue;
    importers.set(to, (importers.get(to) ?? new Set()).add(from));
  }
  for (const [library, files] of importers) {
    if (files.size > 1)
      wrong.push(`${library} is imported by ${[...files].sort().join(' and ')}: one file per library`);
  }
  return wrong;
}

/** Libraries that cost milliseconds to load, which `--help` and completion must not pay. */
const costly = ['conf', 'ora', 'node-fetch', 'cli-table3'];

describe('the floors of the house', () => {
  const root = resolve(import.meta.dirname, '../src');

  it('reads the whole of src', () => {
    const imports = importsOf(root);
    expect(new Set(imports.map(({ from }) => from)).size).toBeGreaterThan(30);
    for (const library of ['commander', ...costly]) {
      expect(
        imports.some(({ to }) => to === library),
        library,
      ).toBe(true);
    }
  });

  it('has no import that goes up or across, and one importer per library', () => {
    expect(violations(root)).toEqual([]);
  });

  it('finds violations that are planted', () => {
    const planted = mkdtempSync(join(tmpdir(), 'floors-'));
    try {
      const files: Record<string, string> = {
        'main.ts': "import { x } from './commands/list.ts';\nimport 'chalk';",
        'commands/list.ts': "import { y } from './get.ts';\nimport { z } from '../program.ts';",
        'commands/get.ts':
          "import type { C } from './command.ts';\nconst e = import('../emulator/server.ts');",
        'commands/command.ts': 'export type C = 1;',
        'commands/emulator.ts': "import { s } from '../emulator/server.ts';",
        'api/client.ts': "import { t } from '../output/table.ts';\nimport {\n  c,\n} from 'chalk';",
        'output/table.ts': "export { s } from '../config/settings.ts';",
        'config/settings.ts': "import type { F } from '../output/format.ts';",
        'output/format.ts': 'export type F = 1;',
        'jobs/job.ts': "import { client } from '../api/client.ts';",
        'emulator/server.ts': "import { e } from '../errors.ts';",
        'errors.ts': '',
        'program.ts': '',
        'ui/stray.ts': "import '../../secret.ts';\nimport '../errors.ts';",
      };
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(planted, name)), { recursive: true });
        writeFileSync(join(planted, name), text);
      }
      expect(violations(planted).sort()).toEqual([
        'api/client.ts imports output/table.ts: rooms of one floor stay apart',
        'chalk is imported by api/client.ts and main.ts: one file per library',
        'commands/emulator.ts imports emulator/server.ts: the emulator is loaded by dynamic import',
        'commands/get.ts imports emulator/server.ts: only the emulator command may load the emulator',
        'commands/list.ts imports commands/get.ts: commands do not import each other',
        'commands/list.ts imports program.ts: floor 3 may not reach up to floor 4',
        'emulator/server.ts imports errors.ts: the emulator is a house of its own',
        'jobs/job.ts imports api/client.ts: floor 0 may not reach up to floor 1',
        'output/table.ts imports config/settings.ts: rooms of one floor stay apart',
        'ui/stray.ts imports ../secret.ts: it is outside src',
        'ui/stray.ts imports errors.ts: a file without a floor',
      ]);
    } finally {
      rmSync(planted, { recursive: true });
    }
  });

  it('loads costly libraries only when they are used', () => {
    const imports = importsOf(root);
    const early = new Set(['main.ts']);
    for (const file of early) {
      for (const { from, to, isTypeOnly, isDynamic } of imports) {
        if (from === file && !isTypeOnly && !isDynamic) early.add(to);
      }
    }
    expect([...early].filter((name) => costly.includes(name))).toEqual([]);
  });
});
