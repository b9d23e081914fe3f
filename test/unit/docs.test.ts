import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentFiles } from '../../scripts/docs/files.ts';
import { manPages } from '../../scripts/docs/man-page.ts';
import { referencePage } from '../../scripts/docs/reference.ts';
import { allFacts, type TreeFacts } from '../../src/command-facts.ts';
import { programTree } from '../../src/command-tree.ts';

const root = resolve(import.meta.dirname, '../..');
const packageJson = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
const files = documentFiles(packageJson);

function missesTool(tool: string): boolean {
  const isMissing = spawnSync(tool, ['--version']).error !== undefined;
  if (isMissing && process.env['CI'] === 'true') throw new Error(`these tests need ${tool}`);
  return isMissing;
}

/** What a person reads, without typographic hyphens and spaces. */
function shownText(page: string, columns: number): string {
  const { stdout } = spawnSync('mandoc', ['-T', 'utf8', '-O', `width=${columns}`], {
    input: page,
    encoding: 'utf8',
  });
  // Bold and underlined letters are struck twice.
  return stdout.replaceAll(/.\u0008/gu, '');
}

describe('the files that are made from the commands', () => {
  it.each([...files])('%s is up to date; else: npm run docs', (path, text) => {
    expect(readFileSync(resolve(root, path), 'utf8')).toBe(text);
  });

  it('are all the manual pages there are, and npm installs each', () => {
    const names = [...files.keys()].filter((path) => path.startsWith('man/'));
    expect(readdirSync(resolve(root, 'man')).map((name) => `man/${name}`)).toEqual([...names].sort());
    expect(packageJson.man).toEqual(names.map((name) => `./${name}`));
    expect(packageJson.files).toContain('man');
  });
});

describe('a manual page', () => {
  const pages = manPages(programTree(), { version: '1.2.3' });

  it.skipIf(missesTool('mandoc'))('is without fault to a linter', () => {
    for (const [name, page] of pages) {
      const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'all'], { input: page, encoding: 'utf8' });
      const told = stdout
        .split('\n')
        // It has no date, so that it changes only with what it says; a name and its summary stand on one line.
        .filter((line) => line !== '' && !/missing date|longer than 80 bytes: segjobs\\-/.test(line));
      expect(told, name).toEqual([]);
    }
  });

  it.skipIf(missesTool('mandoc'))('shows flags, examples and exit codes as they are typed', () => {
    for (const { path, flags, examples, exitCodes, summary } of allFacts(programTree())) {
      const shown = shownText(pages.get(`${['segjobs', ...path].join('-')}.1`) ?? '', 200);
      expect(shown).toContain(`${['segjobs', ...path].join('-')} - ${summary}`);
      for (const { long, short = long } of flags) {
        expect(shown).toContain(long);
        expect(shown).toContain(short);
      }
      for (const { command } of examples) expect(shown).toContain(`\n           ${command}\n`);
      for (const code of exitCodes) expect(shown).toMatch(new RegExp(`^ {7}${code} `, 'm'));
    }
  });

  it.skipIf(missesTool('mandoc'))(
    'shows whatever a text holds, and takes none of it for an instruction',
    () => {
      const told = `.SH 'x' "y" \\fBz\\fR \`a\` ~ ^ -- … 表`;
      const tree: TreeFacts = {
        globalFlags: [],
        topics: [],
        exitCodes: { 0: told },
        commands: [
          {
            name: 'odd',
            path: ['odd'],
            summary: 'odd',
            description: `${told}\n${told}`,
            flags: [],
            formats: [],
            examples: [{ command: told, explains: told }],
            exitCodes: [0, 10],
            isTool: false,
          },
        ],
      };
      const page = manPages(tree, { version: '1' }).get('segjobs-odd.1') ?? '';
      expect(page.match(/^\.SH/gm)).toHaveLength(6);
      expect(shownText(page, 100).split(told)).toHaveLength(6);
    },
  );

  it.skipIf(missesTool('mandoc'))(
    'of the program leads to every other one, and holds what holds for all',
    () => {
      const shown = shownText(pages.get('segjobs.1') ?? '', 78);
      const others = [...pages.keys()].filter((name) => name !== 'segjobs.1');
      for (const name of others) expect(shown).toContain(`${name.replace('.1', '')}(1)`);
      for (const heading of ['ENVIRONMENT', 'EXIT STATUS', 'OUTPUT'])
        expect(shown).toContain(`\n${heading}\n`);
      for (const variable of ['AEP_CLIENT_ID', 'SEGJOBS_OUTPUT', 'NO_COLOR'])
        expect(shown).toContain(variable);
    },
  );
});

describe('the reference', () => {
  const reference = referencePage(programTree());

  it('links to a heading that is there', () => {
    const anchors = [...reference.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll('`', '').replaceAll(' ', '-'),
    );
    const links = [...reference.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(20);
    expect(anchors).toEqual(expect.arrayContaining(links));
  });

  it('has every flag, in rows of two cells', () => {
    for (const { flags } of allFacts(programTree())) {
      for (const { usage } of flags) expect(reference).toContain(`| \`${usage.replaceAll('|', '\\|')}\` |`);
    }
    for (const row of reference.match(/^\|.*$/gm) ?? []) expect(row.split(/(?<!\\)\|/)).toHaveLength(4);
  });
});
