import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';

// The built program as users run it, for long: many writers on one file, and writers that are killed.

let world: BinaryWorld;
beforeEach(async () => {
  world = await createBinaryWorld();
});
afterEach(() => world.close());

const directory = () => join(world.home, 'config');
const configFile = () => join(directory(), 'config.json');
const profiles = (): Record<string, unknown> =>
  fs.existsSync(configFile()) ? JSON.parse(fs.readFileSync(configFile(), 'utf8')).profiles : {};

it.runIf(isPosix)(
  'eight shells setting forty keys each lose none, and readers beside them never fail [fault 132]',
  {
    timeout: 600_000,
  },
  async () => {
    const writers = Array.from('abcdefgh', (name) =>
      world.shell(
        `for i in $(seq 40); do segjobs config set sandbox "$i" --profile "${name}$i" 2> /dev/null || exit 9; done`,
        { limitMs: 590_000 },
      ),
    );
    let isOver = false;
    const ended = Promise.all(writers).finally(() => {
      isOver = true;
    });
    const counts: number[] = [];
    while (!isOver) {
      counts.push(Object.keys(profiles()).length);
      const read = await world.run(['config', 'list', '-o', 'json']);
      expect(read).toMatchObject({ exitCode: 0 });
      JSON.parse(read.stdout);
    }
    expect((await ended).map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0));
    expect(Object.keys(profiles())).toHaveLength(320);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(fs.readdirSync(directory())).toEqual(['config.json']);
  },
);

it.runIf(isPosix)(
  'two hundred writers killed at random moments leave the old file or the new one, and the next write works [fault 133]',
  {
    timeout: 600_000,
  },
  async () => {
    for (let round = 0; round < 200; round++) {
      const before = Object.keys(profiles()).length;
      const killed = world.start(['config', 'set', 'sandbox', 'dev', '--profile', `killed${round}`]);
      const afterMs = 40 + Math.random() * 120;
      await new Promise((next) => setTimeout(next, afterMs));
      killed.child.kill('SIGKILL');
      await killed.ended;
      const between = Object.keys(profiles()).length;
      expect([before, before + 1], `killed after ${afterMs} ms`).toContain(between);
      const next = await world.run(['config', 'set', 'sandbox', 'dev', '--profile', `next${round}`]);
      expect(next, `killed after ${afterMs} ms`).toMatchObject({ exitCode: 0 });
      expect(Object.keys(profiles())).toHaveLength(between + 1);
      expect(fs.readdirSync(directory())).toEqual(['config.json']);
    }
  },
);
