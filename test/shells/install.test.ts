import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPty, startPty } from '../support/pty-session.ts';
import { createShellWorld, hasShell, type ShellWorld } from './shell-world.ts';

// What --install writes is found by each shell in its own way, with nothing of ours sourced by hand.

const bashCompletion = '/usr/share/bash-completion/bash_completion';
const hasBashCompletion = ((): boolean => {
  const isHere = existsSync(bashCompletion);
  if (!isHere && process.platform === 'linux' && process.env['CI'] === 'true')
    throw new Error('these tests need bash-completion');
  return isHere;
})();

let world: ShellWorld;

beforeAll(() => {
  world = createShellWorld();
  // Only what is installed counts.
  rmSync(join(world.home, 'scripts'), { recursive: true });
});

afterAll(() => {
  world.remove();
});

function run(shell: string, script: string): string {
  const ran = spawnSync(shell, ['-c', script], { env: world.env, cwd: world.home, encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

function install(shell: string): void {
  expect(run('sh', `segjobs completion ${shell} --install -q`)).toBe('');
}

/** Types the beginning of a command and Tab: the rest must come of itself. */
async function typeAndSee(shell: string): Promise<void> {
  const session = startPty(`cd '${world.home}' && exec ${shell}`, { ...world.env, TERM: 'dumb' });
  await session.until(/ready> /);
  session.type('segjobs wat\t#done');
  await session.until(/segjobs watch *(.|\x08)*#done/);
  session.type('\x15exit\r');
  expect(await session.exitCode).toBe(0);
}

describe('segjobs completion --install', () => {
  it.skipIf(!hasShell('bash') || !hasBashCompletion || !hasPty)(
    'is found by bash with bash-completion',
    async () => {
      install('bash');
      const startup = join(world.home, '.bashrc');
      writeFileSync(startup, `source ${bashCompletion}\nPS1='ready> '`);
      await typeAndSee(`bash --rcfile '${startup}' -i`);
    },
  );

  it.skipIf(!hasShell('fish'))('is found by fish', () => {
    install('fish');
    expect(run('fish', "complete -C 'segjobs wat'")).toBe('watch\tfollow jobs until they finish\n');
  });

  it.skipIf(!hasShell('zsh') || !hasPty)(
    'is found by zsh once the line it names stands in .zshrc',
    async () => {
      const said = spawnSync('segjobs', ['completion', 'zsh', '--install'], {
        env: world.env,
        encoding: 'utf8',
      }).stderr;
      const line = /^ {2}(fpath=.*)$/m.exec(said)?.[1] ?? '';
      writeFileSync(
        join(world.home, '.zshrc'),
        `${line}\nautoload -Uz compinit && compinit -u -d "$HOME/.zcompdump"\nPS1='ready> '`,
      );
      await typeAndSee('zsh -i');
      expect(run('sh', 'segjobs completion zsh --install 2>&1')).toContain('Start a new zsh to use it.');
    },
  );
});
