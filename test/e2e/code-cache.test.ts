import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// The compiled code that the built program keeps in its cache directory: it may only ever make it faster.

const on = { NODE_DISABLE_COMPILE_CACHE: undefined, CI: undefined };

describe.skipIf(!isPosix)('the code cache', () => {
  let world: BinaryWorld;
  let directory: string;
  const run = (argv: readonly string[], env = {}) =>
    world.run(argv, { env: { ...on, XDG_CACHE_HOME: '', ...env } });
  const path = (env = {}) => run(['config', 'path'], env);
  const files = () => (existsSync(directory) ? readdirSync(directory) : []);

  beforeEach(async () => {
    world = await createBinaryWorld();
    directory = join(world.environment()['SEGJOBS_CONFIG_DIR'] ?? '', 'cache', 'code');
  });
  afterEach(() => world.close());

  it('is written once for each command, private, and changes nothing that is printed', async () => {
    const first = await path();
    const [file = ''] = files();
    expect(file).toMatch(/^[0-9a-f]{12}-.+-config\.bin$/);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const { mtimeMs } = statSync(join(directory, file));
    expect(await path()).toMatchObject({ exitCode: 0, stdout: first.stdout, stderr: first.stderr });
    expect(files()).toEqual([file]);
    expect(statSync(join(directory, file)).mtimeMs).toBe(mtimeMs);
    await run(['list', '-o', 'ids']);
    expect(files()).toHaveLength(2);
  });

  it('is not written after a failure, in CI, or where Node is told to keep none', async () => {
    expect((await run(['get', 'no-such-job'])).exitCode).toBe(5);
    await path({ CI: 'true' });
    await path({ NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(files()).toEqual([]);
  });

  it.each([
    ['garbage', (file: string) => writeFileSync(file, 'no code at all')],
    ['cut short', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 5000))],
    ['empty', (file: string) => writeFileSync(file, '')],
    // V8 runs such code all the same, and crashes.
    ['damaged', (file: string) => writeFileSync(file, readFileSync(file).fill(0, 4096, 200_000))],
    ['all zeros', (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size))],
    ['writable by others', (file: string) => chmodSync(file, 0o666)],
  ])('that is %s is left aside and written anew', async (_, spoil) => {
    const { stdout } = await path();
    const [name = ''] = files();
    const file = join(directory, name);
    spoil(file);
    expect(await path()).toMatchObject({ exitCode: 0, stdout, stderr: '' });
    expect(statSync(file).size).toBeGreaterThan(50_000);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not written by a long list, whose flags of V8 are its own', async () => {
    expect((await run(['list', '--limit', 'all', '-o', 'ids'])).exitCode).toBe(0);
    expect(files()).toEqual([]);
    await run(['list', '-o', 'ids']);
    const [file = ''] = files();
    const { mtimeMs } = statSync(join(directory, file));
    await run(['list', '--limit', 'all', '-o', 'ids']);
    expect(statSync(join(directory, file)).mtimeMs).toBe(mtimeMs);
  });

  it('of another build goes when a new one is written', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, '0123456789ab-11.3-x64-list.bin'), 'old');
    await path();
    expect(files()).toEqual([expect.stringMatching(/-config\.bin$/)]);
  });

  it('that cannot be written is done without', async () => {
    mkdirSync(join(directory, '..'), { recursive: true });
    writeFileSync(directory, 'a file in its place');
    expect(await path()).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
