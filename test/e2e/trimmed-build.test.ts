import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';

// The build leaves out what segjobs never uses of its libraries. The same command lines in this process use them whole:
// what is printed and written must not differ, least of all where the missing parts were made for it.

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
  for (const name of ['früh🌙夜間', 'e\u0301te\u0301👩‍👩‍👧한국어', 'plain'])
    await world.segjobs(['create', name, '-o', 'ids']);
});
afterAll(() => world.close());

describe('the trimmed build', () => {
  it.each([
    ['names with emoji, wide and combining characters in a table', { FORCE_COLOR: '0' }],
    ['sixteen colours', { FORCE_COLOR: '1' }],
    ['256 colours', { FORCE_COLOR: '2' }],
    ['true colours', { FORCE_COLOR: '3' }],
  ])('prints %s as the whole libraries do', async (_, env) => {
    const argv = [
      'list',
      '-L',
      '3',
      '-o',
      'table',
      '--fields',
      'status,segments.0.segmentId,source,snapshot.name',
    ];
    const built = await world.run(argv, { env: { ...env, COLUMNS: '90' } });
    const whole = await world.segjobs(argv, { env: { ...env, COLUMNS: '90' } });
    expect(built.stdout).toContain('夜間');
    expect(built).toMatchObject(whole);
  });

  it('writes the configuration as the whole conf does', async () => {
    const [built, whole] = ['built', 'whole'].map((name) => join(world.env['HOME'] ?? '', name)) as [
      string,
      string,
    ];
    for (const [key, value] of [
      ['sandbox', 'prod'],
      ['orgId', 'ABC@AdobeOrg'],
      ['scopes', 'openid,session'],
    ] as const) {
      await world.run(['config', 'set', key, value], { env: { SEGJOBS_CONFIG_DIR: built } });
      await world.segjobs(['config', 'set', key, value], { env: { SEGJOBS_CONFIG_DIR: whole } });
    }
    const [ofBuilt, ofWhole] = [built, whole].map((directory) =>
      readFileSync(join(directory, 'config.json'), 'utf8'),
    );
    expect(ofBuilt).toContain('openid');
    expect(ofBuilt).toBe(ofWhole);
  });

  it('reads names that a library would keep for itself', async () => {
    const env = { SEGJOBS_CONFIG_DIR: join(world.env['HOME'] ?? '', 'odd') };
    await world.run(['config', 'set', 'sandbox', 'prod', '--profile', 'a.b'], { env });
    expect((await world.run(['config', 'get', 'sandbox', '--profile', 'a.b'], { env })).stdout).toBe(
      'prod\n',
    );
  });
});
