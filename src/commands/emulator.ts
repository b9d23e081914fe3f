// segjobs emulator: a local Segment Jobs service, in the foreground or around one command.

import type { Context } from '../context.ts';
import { exitCodes, usageError } from '../errors.ts';
import { type CommandGroup, defineCommand, valueFlag } from './command.ts';
import { emulatorExecCommand } from './emulator-exec.ts';
import { faultHelpAskedFor, serviceFlags, serviceVariables, startService } from './emulator-service.ts';

/** They would win over the variables printed below, or change what these lead to. */
const rivals = ['AEP_ACCESS_TOKEN', 'AEP_API_KEY', 'AEP_CLIENT_SECRET_FILE', 'AEP_SCOPES', 'SEGJOBS_PROFILE'];

const emulatorStartCommand = defineCommand({
  name: 'start',
  summary: 'serve the Segment Jobs API on this machine, in the foreground',
  description:
    'Prints the variables that lead to it, as lines for a shell, and serves until Ctrl-C stops it.\n' +
    'It starts with thirty days of jobs in two sandboxes, prod and dev. A job that you create there waits, runs and ends ' +
    'as a real one would. No credential of yours is needed or used.',
  flags: {
    port: valueFlag('--port <n>', 'the port on 127.0.0.1', parsePort, { shownDefault: 'a free one' }),
    ...serviceFlags,
  },
  formats: ['table', 'tsv'],
  examples: [
    {
      command: 'segjobs emulator start --speed 60 > emulator.env &',
      explains: 'in the background, sixty times as fast; to use it: . ./emulator.env',
    },
    {
      command: 'segjobs emulator start --port 4010 --data jobs.json',
      explains: 'keep its jobs for tomorrow',
    },
    {
      command: "segjobs emulator start --fault 'create:reset,after,times=1'",
      explains: 'the answer to the first create gets lost',
    },
    { command: 'segjobs emulator start --fault help', explains: 'the faults there are' },
  ],
  exitCodes: [0, 1, 2],
  run: async (context, { flags }) => {
    const output = await context.output();
    const help = await faultHelpAskedFor(flags);
    if (help !== undefined) {
      await output.raw(help);
      return exitCodes.done;
    }
    const emulator = await startService(context, flags, flags.port ?? 0);
    try {
      await output.raw(exportLines(serviceVariables(emulator, context.env), context.env));
      const places = emulator.sandboxes.map((name) => `${emulator.jobCount(name)} in ${name}`).join(', ');
      output.note(`Serving Segment Jobs on ${emulator.url}; jobs: ${places}. Ctrl-C stops it.`);
      await untilStopped(context);
    } finally {
      await emulator.close();
    }
    output.note('Stopped.');
    return exitCodes.done;
  },
});

export const emulatorCommands: CommandGroup = {
  name: 'emulator',
  summary: 'a local Segment Jobs service, for trying, developing and testing',
  description:
    'It answers as the service of Adobe does, on this machine, with made-up jobs. No account is needed, nothing leaves ' +
    'the machine, and no run is spent.',
  examples: [
    { command: 'segjobs emulator exec -- segjobs list', explains: 'what a list looks like' },
    {
      command: 'segjobs emulator exec --speed 600 -- ./nightly.sh',
      explains: 'try a pipeline script, with a fast clock',
    },
    { command: 'segjobs emulator start --fault help', explains: 'what can be made to go wrong' },
  ],
  commands: [emulatorStartCommand, emulatorExecCommand],
};

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535) throw usageError('give a port from 1 to 65535, or 0 for a free one');
  return port;
}

/** Lines for `eval` or `.` in a POSIX shell. */
function exportLines(variables: Readonly<Record<string, string>>, env: Context['env']): string {
  const inTheWay = rivals.filter((name) => env[name] !== undefined);
  const lines = Object.entries(variables).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  );
  if (inTheWay.length > 0) lines.unshift(`unset ${inTheWay.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

function untilStopped({ signal }: Context): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
