// Where the program starts: answers at once what needs no command, and hands everything else to main.ts.
// Nothing here may cost a millisecond that bare node does not.

import { fstatSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { loadScript } from './code-cache.ts';
import { locate } from './config/locations.ts';
import { helpLook } from './help-look.ts';

declare const SEGJOBS_VERSION: string;
/** Changes with every change of main.cjs. */
declare const SEGJOBS_BUILD: string;

/** Runs the command line of this process and sets its exit code; the streams drain afterwards. */
export function start(process: NodeJS.Process): void {
  const argv = process.argv.slice(2);
  if (isAnswered(process, argv)) return;
  const { exports, keep } = loadScript(join(__dirname, 'main.cjs'), cacheFile(process, argv[0] ?? ''), {
    require,
    userId: process.getuid?.(),
  });
  const { main, canKeepCode } = exports as typeof import('./main.ts');
  void main(process).then((code) => {
    process.exitCode = code;
    if (code === 0 && canKeepCode()) keep();
  });
}

/** Answers the version, pages of help and what a shell asks for completion. False, with nothing written, where it takes more than that. */
function isAnswered(process: NodeJS.Process, argv: readonly string[]): boolean {
  try {
    const text = instantText(process, argv);
    return text !== undefined && isWritten(process, text);
  } catch {
    // Whatever it was, main.ts meets it too, and can tell it.
    return false;
  }
}

function instantText(process: NodeJS.Process, argv: readonly string[]): string | undefined {
  const [first] = argv;
  if (argv.length === 1 && (first === '--version' || first === '-V')) return `${SEGJOBS_VERSION}\n`;
  if (first === '__complete') {
    const { answerCompletion } = require('./complete.cjs') as typeof import('./completion/candidates.ts');
    const { env, platform } = process;
    const facts = { env, platform, homeDir: undefined, userId: process.getuid?.(), now: Date.now() };
    return answerCompletion(facts, argv.slice(1));
  }
  if (first !== 'help' && !argv.includes('--help') && !argv.includes('-h')) return undefined;
  const { instantHelp } = require('./help.cjs') as typeof import('./instant-help.ts');
  // To ask for process.stdout is to load what a terminal or a pipe needs: a tenth of a start.
  const stdout = fstatSync(1).isCharacterDevice() ? process.stdout : {};
  return instantHelp(argv, helpLook(process.env, stdout, false));
}

/** False when nothing was written: the reader has gone, the disk is full, or a pipe cannot take it yet. */
function isWritten(process: NodeJS.Process, text: string): boolean {
  const bytes = Buffer.from(text);
  const written = bytes.length === 0 ? 0 : writeSync(1, bytes);
  if (written < bytes.length) process.stdout.on('error', () => undefined).write(bytes.subarray(written));
  return true;
}

/** Each command has a file of its own: it holds the functions that this command had called. */
function cacheFile(process: NodeJS.Process, command: string): string | undefined {
  const { env, platform, versions, arch } = process;
  if (env['NODE_DISABLE_COMPILE_CACHE'] || env['CI']) return undefined;
  try {
    const { cacheDir } = locate({ env, platform, homeDir: undefined });
    const name = /^[a-z][a-z-]{1,19}$/.test(command) ? command : 'other';
    return cacheDir && join(cacheDir, 'code', `${SEGJOBS_BUILD}-${versions.v8}-${arch}-${name}.bin`);
  } catch {
    return undefined;
  }
}
