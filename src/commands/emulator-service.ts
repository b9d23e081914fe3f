// What both emulator commands share: the flags, starting the service, and the variables that lead to it.

import type { Context } from '../context.ts';
import { parseDuration } from '../durations.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { SegjobsError, usageError } from '../errors.ts';
import { parseWhen } from '../jobs/selection.ts';
import { safeText } from '../safe-text.ts';
import { parseText } from './arguments.ts';
import { type FlagValues, repeatedFlag, switchFlag, valueFlag } from './command.ts';

export const serviceFlags = {
  data: valueFlag('--data <file>', 'keep the jobs in this file, for the next start', parseText),
  speed: valueFlag('--speed <x>', 'how fast its clock runs: with 60, a minute takes a second', parseSpeed, {
    shownDefault: '1',
  }),
  now: valueFlag(
    '--now <time>',
    'what its clock shows at first: a date, RFC 3339, HH:MM or a duration ago',
    parseText,
    {
      shownDefault: 'the real time',
    },
  ),
  fault: repeatedFlag(
    '--fault <spec>',
    'make something go wrong, such as list:status=503,times=2; "help" explains',
    parseText,
  ),
  verbose: switchFlag('--verbose', 'tell each request on stderr'),
};

type ServiceFlags = FlagValues<typeof serviceFlags>;

function parseSpeed(text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(speed > 0 && speed <= 100_000)) throw usageError('give a number more than 0 and at most 100000');
  return speed;
}

/** The grammar of `--fault`, where it was asked for by `--fault help`. */
export async function faultHelpAskedFor(flags: ServiceFlags): Promise<string | undefined> {
  if (!flags.fault.includes('help')) return undefined;
  const { faultHelp } = await import('../emulator/emulator.ts');
  return `${faultHelp}\n`;
}

/** Starts the service. What is wrong with a flag, a file or a port is thrown as a `SegjobsError`. */
export async function startService(context: Context, flags: ServiceFlags, port: number): Promise<Emulator> {
  const { startEmulator, FaultError, DataFileError } = await import('../emulator/emulator.ts');
  const output = await context.output();
  try {
    return await startEmulator({
      port,
      speed: flags.speed ?? 1,
      dataFile: flags.data,
      startAt: flags.now === undefined ? undefined : readNow(flags.now, context.clock.now()),
      faults: flags.fault,
      nightlyJobs: true,
      onRequest: flags.verbose
        ? ({ method, path, status, requestId, fault }) => {
            const answered = status === 0 ? 'no answer' : String(status);
            output.note(
              `${method} ${path} ${answered} ${requestId}${fault === undefined ? '' : ` (fault ${fault})`}`,
            );
          }
        : undefined,
    });
  } catch (error) {
    if (error instanceof FaultError)
      throw usageError(error.message, 'see: segjobs emulator start --fault help');
    if (error instanceof DataFileError) throw new SegjobsError('LOCAL_IO', error.message, { cause: error });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      const why = code === 'EACCES' ? 'may not be used' : 'is in use';
      throw usageError(`port ${port} ${why}`, 'give another --port, or leave it out for a free one');
    }
    throw error;
  }
}

function readNow(text: string, now: number): number {
  const time = parseWhen(text, now, parseDuration);
  if (time === undefined || time < 0) {
    throw usageError(
      `invalid --now "${safeText(text)}": give a date, an RFC 3339 time, HH:MM or a duration ago`,
      'for example: --now 2026-01-31T01:55:00Z',
    );
  }
  return time;
}

/** The variables with which segjobs, and scripts around it, reach the service. */
export function serviceVariables(emulator: Emulator, env: Context['env']): Readonly<Record<string, string>> {
  const { clientId, clientSecret, orgId } = emulator.credentials;
  const excepted = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', '127.0.0.1']
    .filter((part) => part !== '')
    .join(',');
  return {
    AEP_CLIENT_ID: clientId,
    AEP_CLIENT_SECRET: clientSecret,
    AEP_ORG_ID: orgId,
    AEP_SANDBOX_NAME: emulator.sandboxes[0] ?? '',
    SEGJOBS_API_URL: emulator.url,
    SEGJOBS_IMS_URL: emulator.url,
    NO_PROXY: excepted,
    // Programs differ in which spelling they look at; where the user has the small one, both must say the same.
    ...(env['no_proxy'] === undefined ? {} : { no_proxy: excepted }),
  };
}
