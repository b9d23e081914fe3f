import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCommand } from '../support/processes.ts';
import { programFile } from '../support/program.ts';

// What only the standalone program must show; npm run test:standalone plays test/e2e against it as well.

describe('the standalone program', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'segjobs-standalone-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** With no Node in PATH. */
  const run = (file: string, argv: readonly string[], env: Record<string, string> = {}) =>
    startCommand(file, argv, { env: { PATH: '/usr/bin:/bin', HOME: directory, ...env }, cwd: directory })
      .ended;

  it('tells the version, also where stdout is closed or full', async () => {
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
    for (const flag of ['--version', '-V']) {
      expect(await run(programFile, [flag])).toMatchObject({
        exitCode: 0,
        stdout: `${version}\n`,
        stderr: '',
      });
    }
    const full = await run('sh', ['-c', `'${programFile}' --version > /dev/full`]);
    expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no space left on device') });
    expect(await run('sh', ['-c', `'${programFile}' --version >&-`])).toMatchObject({ exitCode: 0 });
  });

  it('starts itself from wherever it lies, without Node', async () => {
    const place = join(directory, "it's a place");
    mkdirSync(place);
    const file = join(place, 'renamed');
    try {
      linkSync(programFile, file);
    } catch {
      copyFileSync(programFile, file);
    }
    const env = { PATH: '/bin' };
    const itself = await run(
      file,
      ['emulator', 'exec', '--', 'segjobs', 'list', '-L', '1', '-o', 'ids'],
      env,
    );
    expect(itself).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\S{36}\n$/) });
    const shell = await run(file, ['emulator', 'exec', '--', 'sh', '-c', 'segjobs list -L 1 -o ids'], env);
    expect(shell).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\S{36}\n$/) });
  });

  it('reads no settings of its maker in the working directory', async () => {
    writeFileSync(join(directory, '.env'), 'SEGJOBS_OUTPUT=nonsense\n');
    writeFileSync(join(directory, 'bunfig.toml'), 'preload = ["./preload.js"]\n');
    writeFileSync(join(directory, 'preload.js'), 'console.log("preloaded");\n');
    writeFileSync(
      join(directory, 'package.json'),
      '{ "name": "segjobs", "version": "99.0.0", "type": "module" }',
    );
    writeFileSync(join(directory, 'tsconfig.json'), 'not JSON');
    const { exitCode, stdout } = await run(programFile, ['config', 'path']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `${join(directory, '.config/segjobs/config.json')}\n`,
    });
  });
});
