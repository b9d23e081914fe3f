import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientFor } from './support/api-client.ts';
import { type BinaryWorld, createBinaryWorld } from './support/binary.ts';
import { json, startServer } from './support/http-server.ts';

// What our libraries and Node have done to others, where no test of behaviour elsewhere would notice its return.

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

function sources(): { name: string; text: string }[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      name: name.replaceAll('\\', '/'),
      text: read(join('src', name)).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''),
    }));
}

/** The files of src in which the pattern occurs, comments apart. */
const filesWith = (pattern: RegExp) =>
  sources().flatMap(({ name, text }) => (pattern.test(text) ? [name] : []));

describe('the code', () => {
  it('is read', () => {
    expect(sources().length).toBeGreaterThan(60);
    expect(filesWith(/from 'chalk'/)).toEqual(['output/terminal.ts']);
  });

  it.each<[string, RegExp, readonly string[]]>([
    ['ora never takes stdin over, which swallows Ctrl-C', /discardStdin: (?!false)/, []],
    ['one chalk for all streams, which ignores NO_COLOR, is not used', /import (?!\{ Chalk \}).*'chalk'/, []],
    ["conf's encryption, which is none, is not used", /encryptionKey/, []],
    [
      'process.exit, which cuts pipes, is only for a second Ctrl-C and a crash',
      /process\.exit\(/,
      ['main.ts'],
    ],
    ['addCommand, which does not inherit our settings, is not used', /\.addCommand\(/, []],
    [
      'encodeURIComponent, which leaves ".." alone and throws, has its guarded places',
      /encodeURIComponent\(/,
      ['api/endpoints.ts', 'config/recent-jobs.ts', 'emulator/document.ts'],
    ],
    [
      'certificates are checked: no code of ours says otherwise',
      /rejectUnauthorized|checkServerIdentity/,
      [],
    ],
    ["Node's own fetch, which costs 100 ms, is not used", /globalThis\.fetch|(?<!import\()\bundici\b/, []],
    ['words are not compared by locale, which costs 6 ms', /\.localeCompare\(|toLocale\w+String\(/, []],
  ])('%s', (_name, pattern, files) => {
    expect(filesWith(pattern)).toEqual(files);
  });

  it('every answer is asked for without following redirects and without decompression of the library', () => {
    const [transport, ...others] = sources().filter(({ text }) => text.includes("'node-fetch'"));
    expect(others).toEqual([]);
    expect(transport?.text).toMatch(/redirect: 'manual'/);
    expect(transport?.text).toMatch(/compress: false/);
  });
});

interface Package {
  readonly engines?: { readonly node?: string };
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const packageJson = (path: string): Package => JSON.parse(read(join(path, 'package.json')));

/** Whether a range like `^18.19.0 || >=20.5` takes in a version; for the forms that `engines` has. */
function takesIn(range: string, version: readonly number[]): boolean {
  const [major = 0] = version;
  return range.split('||').some((part) => {
    const [, operator = '', text = ''] = /^\s*(>=|\^|~)?\s*v?(\d+(?:\.\d+)*)(?:\.[x*])?\s*$/.exec(part) ?? [];
    const floor = text.split('.').map(Number);
    const first = floor.findIndex((each, at) => each !== (version[at] ?? 0));
    const isReached = first === -1 || (floor[first] ?? 0) < (version[first] ?? 0);
    if (text === '') return part.trim() === '' || part.trim() === '*';
    return isReached && (operator === '>=' || floor[0] === major);
  });
}

describe('the toolchain', () => {
  const ours = packageJson('.');

  it('can tell which versions a range takes in', () => {
    const takes = (range: string) => takesIn(range, [20, 19, 0]);
    expect(
      ['>=18', '>= 20.19.0', '^20.5', '20 || >=22', '^18 || ^20.17.0 || >=22', '10.* || >= 12.*', '*'].map(
        takes,
      ),
    ).toEqual(Array(7).fill(true));
    expect(['>=22', '^22.12.0 || >=24', '>=20.20', '^18.1.0', '20.19.1'].map(takes)).toEqual(
      Array(5).fill(false),
    );
  });

  it('is for the oldest Node that the package promises', () => {
    const oldest =
      /(\d+)\.(\d+)$/
        .exec(ours.engines?.node ?? '')
        ?.slice(1)
        .map(Number) ?? [];
    expect(oldest).toHaveLength(2);
    const tooNew = Object.keys(ours.devDependencies).filter((name) => {
      const range = packageJson(join('node_modules', name)).engines?.node;
      return range !== undefined && !takesIn(range, [...oldest, 0]);
    });
    expect(tooNew).toEqual([]);
  });

  it('has exact versions, and the same one of vitest and its coverage, which else cannot be installed', () => {
    const { devDependencies } = ours;
    expect(Object.values(devDependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(devDependencies['@vitest/coverage-v8']).toBe(devDependencies['vitest']);
    expect(ours.dependencies).toBeUndefined();
  });

  it('tells TypeScript of Node', () => {
    expect(JSON.parse(read('tsconfig.json')).compilerOptions.types).toEqual(['node']);
  });
});

describe('a timer beyond 24.8 days, which Node would fire at once', () => {
  let world: BinaryWorld;
  beforeAll(async () => {
    world = await createBinaryWorld();
  });
  afterAll(() => world.close());

  it('does not end a request', async () => {
    const server = await startServer(json(200, { children: [] }));
    const client = clientFor(server.url, undefined, { httpTimeoutMs: 2 ** 40, maxRetries: 0 });
    expect((await client.listPage({ limit: 1 })).jobs).toEqual([]);
    await server.close();
  });

  it('does not make a watch ask without a pause', async () => {
    const id = await world.activeJob();
    world.newRequests();
    const watch = world.start(['watch', id, '--interval', '60d', '--timeout', '90d']);
    await watch.until('stderr', /NEW|QUEUED|PROCESSING/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    watch.child.kill('SIGINT');
    expect((await watch.ended).exitCode).toBe(130);
    expect(world.newRequests().filter((request) => request.includes('bulk-get'))).toHaveLength(1);
    expect((await watch.ended).stderr).not.toContain('TimeoutOverflowWarning');
  });
});
