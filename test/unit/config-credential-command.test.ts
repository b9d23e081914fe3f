import { describe, expect, it } from 'vitest';
import { type CommandWorld, runCredentialCommand } from '../../src/config/credential-command.ts';

/** Made up here, so that a search for it finds it. */
const secret = ['s', 'ecret-', 'x'.repeat(16)].join('');
const env = { PATH: process.env['PATH'] ?? '', MADE_UP: secret };
const world = (more: Partial<CommandWorld> = {}): CommandWorld => ({
  env,
  signal: new AbortController().signal,
  ...more,
});
const node = (script: string) => [process.execPath, '-e', script] as const;

describe('a credentialCommand', () => {
  it.each([
    ['one line', 'console.log(process.env.MADE_UP)', [secret]],
    ['one line without its end', 'process.stdout.write(process.env.MADE_UP)', [secret]],
    [
      'a credential file',
      'console.log(JSON.stringify({ CLIENT_ID: "i", CLIENT_SECRETS: [process.env.MADE_UP, "b"] }))',
      [secret, 'b'],
    ],
  ])('may print %s', async (_, script, secrets) => {
    expect(await runCredentialCommand(node(script), world())).toEqual(secrets);
  });

  it('gets its arguments as they are: no shell reads them', async () => {
    const argv = [process.execPath, '-e', 'console.log(process.argv[1])', '$(id) "; exit 3'];
    expect(await runCredentialCommand(argv, world())).toEqual(['$(id) "; exit 3']);
  });

  it('has nothing to read on stdin, which may be a list of ids', async () => {
    const script = 'process.stdin.on("data", () => {}).on("end", () => console.log("ended"))';
    expect(await runCredentialCommand(node(script), world())).toEqual(['ended']);
  });

  it.each([
    ['is not there', ['segjobs-no-such-program'], /was not found/],
    ['fails', node('console.log(process.env.MADE_UP); process.exit(3)'), /failed with exit code 3/],
    ['prints nothing', node(''), /printed no client secret/],
    [
      'prints JSON that is no credential',
      node('console.log(JSON.stringify({ x: process.env.MADE_UP }))'),
      /printed no client secret/,
    ],
    ['prints a megabyte', node('process.stdout.write("x".repeat(1e6))'), /printed more than a credential/],
    ['has no name', [''], /could not be started/],
    ['holds a NUL', [process.execPath, 'a\u0000b'], /could not be started/],
    [
      'is killed',
      node('process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 9999)'),
      /was ended by SIGTERM|exit code/,
    ],
  ])('that %s is exit 4, and what it printed is not told', async (_, argv, told) => {
    const error = await runCredentialCommand(argv, world()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 4, message: expect.stringMatching(told) });
    expect(JSON.stringify(error) + String(error)).not.toContain(secret);
  });

  it.each([
    ['does nothing', 'setInterval(() => {}, 1000)'],
    [
      'refuses to end',
      'process.on("SIGTERM", () => {}); console.log(process.env.MADE_UP); setInterval(() => {}, 1000)',
    ],
  ])('that %s is ended at its limit (exit 4)', async (_, script) => {
    const started = performance.now();
    const error = await runCredentialCommand(node(script), world({ limitMs: 300 })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ exitCode: 4, message: expect.stringContaining('took longer than 0.3 s') });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(String(error)).not.toContain(secret);
  });

  it('is ended when the program is told to stop', async () => {
    const controller = new AbortController();
    const running = runCredentialCommand(
      node('setInterval(() => {}, 1000)'),
      world({ signal: controller.signal }),
    );
    setTimeout(() => controller.abort(new Error('stopped')), 100);
    await expect(running).rejects.toThrow('stopped');
  });

  it('whose helper keeps the pipe open is not waited for once it has ended itself', async () => {
    const script = `
      require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 8000)'], {
        stdio: ['ignore', 'inherit', 'ignore'], detached: true,
      }).unref();
      console.log(process.env.MADE_UP);`;
    const started = performance.now();
    expect(await runCredentialCommand(node(script), world())).toEqual([secret]);
    expect(performance.now() - started).toBeLessThan(6_000);
  });
});
