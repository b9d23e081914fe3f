import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPosix } from '../support/binary.ts';
import { startCommand } from '../support/processes.ts';
import { programCall } from '../support/program.ts';
import { programDirectory } from '../support/transcript.ts';

// The built program as its own service: the recipes that need no account.

const hasJq = spawnSync('jq', ['--version']).status === 0;
if (!hasJq && process.env['CI'] === 'true') throw new Error('these tests need jq');

describe.runIf(isPosix)('segjobs emulator exec', () => {
  let program: ReturnType<typeof programDirectory>;
  let home: string;
  let temporary: string;
  beforeAll(() => {
    program = programDirectory();
    home = mkdtempSync(join(tmpdir(), 'segjobs-exec-'));
    temporary = join(home, 'tmp');
    mkdirSync(temporary);
  });
  afterAll(() => {
    program.remove();
    rmSync(home, { recursive: true, force: true });
  });

  const start = (argv: readonly string[], env: Record<string, string> = {}) => {
    const { command, parameters } = programCall(['emulator', 'exec', ...argv]);
    return startCommand(command, parameters, {
      env: { HOME: home, TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1', ...env },
    });
  };
  const exec = (...argv: readonly string[]) => start(argv).ended;

  it.runIf(hasJq)('runs the recipe: create two segments in one job, watch it, read its status', async () => {
    const recipe =
      'id=$(segjobs create SEG1 SEG2 -o ids) && segjobs watch "$id" --interval 1s -o json | jq -r ".results[].status"';
    const { exitCode, stdout, stderr } = await exec('--speed', '6000', '--', 'sh', '-c', recipe);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stdout: 'SUCCEEDED\n' });
    expect(stderr).toMatch(/^Created job \S+ \(2 segments\) in sandbox "prod"\./);
    expect(stderr).toMatch(/SUCCEEDED after \d+m \d\ds$/m);
  });

  it('runs the other recipes: cancel what is active, also when nothing is; lists for other tools', async () => {
    const script = `
      segjobs create SEG -q -o ids >/dev/null
      for turn in 1 2; do
        segjobs list --status active --limit all -o ids -q | segjobs cancel -f - --yes -q | cut -f1
        echo "code $?"
      done
      segjobs list --limit all -o ndjson | head -1 | grep -c '^{"id"'
      segjobs list -L 2 -q 2>/dev/null | cut -f2 | grep -Ec '^[0-9a-f-]{36}$'
      NO_COLOR=1 segjobs list -L 1 -q -o table 2>/dev/null | head -1 | cut -c1-6`;
    const { exitCode, stdout } = await exec('--', 'bash', '-o', 'pipefail', '-c', script);
    expect(exitCode).toBe(0);
    expect(stdout).toBe('requested\ncode 0\ncode 0\n1\n2\nSTATUS\n');
  });

  it('starts the program itself, without a shell', async () => {
    const { exitCode, stdout } = await exec('--', 'segjobs', 'list', '-L', '3', '-o', 'ids', '-q');
    expect([exitCode, stdout.split('\n').length]).toEqual([0, 4]);
  });

  it.each([
    ['exit 0', 0],
    ['exit 42', 42],
    ['segjobs get nobody', 5],
    ['kill -KILL $$', 137],
  ])("`%s` makes it end with the command's own code, %i", async (script, code) => {
    expect((await exec('--', 'sh', '-c', script)).exitCode).toBe(code);
  });

  it('answers as a shell does where there is nothing to run, and hints at a missing --', async () => {
    const [missing, directory, dashes] = await Promise.all([
      exec('--', 'no-such-command'),
      exec('--', home),
      exec('sh', '-c', 'segjobs list'),
    ]);
    expect([missing.exitCode, directory.exitCode, dashes.exitCode]).toEqual([127, 126, 2]);
    expect(missing.stderr).toMatch(/^error: cannot run "no-such-command": it was not found\n/);
    expect(dashes.stderr).toMatch(/^error: segjobs emulator exec needs -- before the command\nhint: /);
  });

  it("keeps the user's own settings out of reach, and leaves no directory behind", async () => {
    const users = {
      AEP_CLIENT_SECRET: 'of the user',
      AEP_ACCESS_TOKEN: 'of the user',
      AEP_SANDBOX_NAME: 'of-the-user',
      AEP_SCOPES: 'of the user',
      SEGJOBS_PROFILE: 'of the user',
      SEGJOBS_OUTPUT: 'json',
      SEGJOBS_CONFIG_DIR: '/of/the/user',
    };
    const script =
      'env; segjobs config set output ids && segjobs list -L 1 && segjobs create SEG && echo "dir $SEGJOBS_CONFIG_DIR"';
    const ran = await start(['--', 'sh', '-c', script], users).ended;
    expect({ exitCode: ran.exitCode, stderr: ran.stderr }).toMatchObject({ exitCode: 0 });
    expect(ran.stdout).not.toMatch(/of.the.user/);
    expect(ran.stdout).toMatch(new RegExp(`^dir ${temporary}/`, 'm'));
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(home)).toEqual(['tmp']);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    '%s reaches the command, whose code it passes on; nothing is left behind',
    async (signal, code) => {
      const script = 'id=$(segjobs create SEG -q -o ids); exec segjobs watch "$id"';
      const started = start(['--', 'sh', '-c', script]);
      await started.until('stderr', /NEW|QUEUED|PROCESSING/);
      started.child.kill(signal);
      const { exitCode, stderr } = await started.ended;
      expect(exitCode).toBe(code);
      expect(stderr).toContain('Stopped watching.');
      expect(readdirSync(temporary)).toEqual([]);
    },
  );
});

describe.runIf(isPosix)('segjobs emulator start', () => {
  it('prints lines for a shell, serves until SIGTERM, keeps its jobs in a file, and ends with 0', async () => {
    const home = mkdtempSync(join(tmpdir(), 'segjobs-start-'));
    const program = programDirectory();
    const script = `
      : > "$HOME/log"
      segjobs emulator start --data "$HOME/jobs.json" --now 2026-03-10T09:00Z > "$HOME/env" 2> "$HOME/log" & pid=$!
      until grep -q Ctrl-C "$HOME/log"; do sleep 0.02; done
      . "$HOME/env"
      $FIRST
      kill $pid; wait $pid; echo "code $?"`;
    const play = (first: string) =>
      startCommand('bash', ['-c', script.replace('$FIRST', first)], {
        env: { HOME: home, PATH: `${program.path}:${process.env['PATH'] ?? ''}` },
      }).ended;
    try {
      const created = await play('segjobs create SEG -o ids');
      const [, id = ''] = /^(\S+)\ncode 0\n$/.exec(created.stdout) ?? [];
      expect({ id, stderr: created.stderr }).toMatchObject({ id: expect.stringMatching(/^[\w-]{36}$/) });
      expect((await play(`segjobs get ${id} -o ids`)).stdout).toBe(`${id}\ncode 0\n`);
    } finally {
      program.remove();
      rmSync(home, { recursive: true, force: true });
    }
  });
});
