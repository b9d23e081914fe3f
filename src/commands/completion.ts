// segjobs completion: the script that makes a shell complete segjobs, printed or put where that shell looks.

import { exitCodes, usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import { nearest } from '../suggestions.ts';
import { defineCommand, switchFlag } from './command.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

type Shell = (typeof shells)[number];

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print or install the completion script of a shell',
  description:
    'Shells: bash, zsh, fish and powershell. The script completes commands, flags, their values, and the ids of jobs ' +
    'that were shown lately, each with its status.\n' +
    'Ids, profiles and sandboxes come from files on this machine: pressing Tab sends nothing.\n' +
    '--install writes one file where the shell looks for completions, and says which. It never changes a startup ' +
    'file; where a line is needed there, it says which line.',
  operands: 'SHELL',
  usage: 'bash|zsh|fish|powershell [--install]',
  flags: {
    install: switchFlag('--install', 'put the script where the shell looks for it'),
  },
  formats: ['table', 'tsv'],
  examples: [
    { command: 'segjobs completion bash --install', explains: 'for every new shell' },
    { command: 'source <(segjobs completion bash)', explains: 'for this shell alone' },
    { command: 'segjobs completion zsh > _segjobs', explains: 'to put it somewhere yourself' },
  ],
  exitCodes: [0, 1, 2],
  isTool: true,
  run: async (context, { operands, flags }) => {
    const shell = readShell(operands[0] ?? '');
    const [output, { completionScript }] = await Promise.all([
      context.output(),
      import('../completion/scripts.ts'),
    ]);
    const script = completionScript(shell, context.tree());
    if (!flags.install) {
      await output.raw(script);
      return exitCodes.done;
    }
    const { installCompletion } = await import('../completion/install.ts');
    const { host, env } = context;
    const done = installCompletion(shell, script, {
      env,
      platform: host.platform,
      homeDir: host.homeDir,
      userId: host.userId,
    });
    for (const line of done) output.note(line);
    return exitCodes.done;
  },
});

function readShell(text: string): Shell {
  const name = text.toLowerCase() === 'pwsh' ? 'powershell' : text.toLowerCase();
  const shell = shells.find((known) => known === name);
  if (shell !== undefined) return shell;
  const near = nearest(name, shells);
  throw usageError(
    `no completion for "${safeText(text)}"; shells: ${shells.join(', ')}`,
    near === undefined ? undefined : `did you mean: segjobs completion ${near}`,
  );
}
