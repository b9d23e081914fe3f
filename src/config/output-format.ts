// Which format results are printed in: by flag, variable, profile, or what stdout is.

import { usageError } from '../errors.ts';
import { type OutputFormat, outputFormats } from '../output/format.ts';
import { safeText } from '../safe-text.ts';
import { type Env, envValue, profileFault } from './connection.ts';
import { hasEnvironmentBundle } from './credentials.ts';
import { profileName } from './profile-choice.ts';
import type { StoredConfig } from './stored.ts';

export interface FormatInputs {
  readonly flag: string | undefined;
  readonly profileFlag: string | undefined;
  readonly env: Env;
  readonly config: () => Promise<StoredConfig>;
  /** Whether stdout is a terminal. */
  readonly isTty: boolean;
  /** What the command, and flags such as `--fields`, can be printed in. */
  readonly rules: readonly { readonly formats: readonly OutputFormat[]; readonly subject: string }[];
}

/**
 * The output format: `--output`, `SEGJOBS_OUTPUT`, the profile's `output`, else table on a terminal and tsv
 * elsewhere. Needs no credentials, and no home where the environment supplies them. One that the command cannot
 * print is a usage error when the flag asked for it; a preference that does not fit gives way to the default.
 */
export async function resolveOutputFormat(inputs: FormatInputs): Promise<OutputFormat> {
  const { flag, env, isTty, rules } = inputs;
  const fits = (format: OutputFormat) => rules.every(({ formats }) => formats.includes(format));
  if (flag !== undefined) {
    const format = readFormat(flag, '--output');
    const broken = rules.find(({ formats }) => !formats.includes(format));
    if (broken === undefined) return format;
    throw usageError(
      `${broken.subject} cannot be printed as ${format}`,
      `formats: ${broken.formats.join(', ')}`,
    );
  }
  const variable = envValue(env, 'SEGJOBS_OUTPUT');
  const preferred =
    variable === undefined ? await storedFormat(inputs) : readFormat(variable, 'SEGJOBS_OUTPUT');
  if (preferred !== undefined && fits(preferred)) return preferred;
  const order: readonly OutputFormat[] = isTty ? ['table', 'tsv'] : ['tsv', 'table'];
  return [...order, ...outputFormats].find(fits) ?? 'tsv';
}

async function storedFormat({ env, profileFlag, config }: FormatInputs): Promise<OutputFormat | undefined> {
  let stored: StoredConfig;
  try {
    stored = await config();
  } catch (cause) {
    // The file is only a matter of taste when the environment supplies the credentials.
    if (profileFlag === undefined && hasEnvironmentBundle(env)) return undefined;
    throw cause;
  }
  const name = profileName(stored, profileFlag, env)?.name;
  const output = name === undefined ? undefined : stored.profiles.get(name)?.output;
  if (name === undefined || output === undefined) return undefined;
  if (isOutputFormat(output)) return output;
  const profile = { name, stored: {}, path: stored.path ?? 'the configuration' };
  throw profileFault(profile, 'output', `must be one of ${outputFormats.join(', ')}`);
}

export function isOutputFormat(text: string): text is OutputFormat {
  return (outputFormats as readonly string[]).includes(text);
}

function readFormat(text: string, place: string): OutputFormat {
  if (isOutputFormat(text)) return text;
  throw usageError(`invalid ${place} "${safeText(text)}": must be one of ${outputFormats.join(', ')}`);
}
