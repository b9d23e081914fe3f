// Plays a transcript: lines that start with `$ ` are run in a shell, what follows is what they must print.

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isStandalone, programFile } from './program.ts';

export interface Step {
  /** What a person types; continuation lines (`> `) are joined as the shell would. */
  readonly command: string;
  readonly expected: string;
}

/** The world of a transcript, where its first line says `#! now=2026-03-10T01:50Z speed=480 output=tsv` or some of it. */
export interface Stage {
  /** When the emulator's clock starts, unix ms. */
  readonly startAt: number | undefined;
  /** Service seconds per real second. */
  readonly speed: number | undefined;
  /** `SEGJOBS_OUTPUT`: what a person at a terminal sees, unless told. */
  readonly output: string;
}

export function readStage(text: string): Stage {
  const [first = ''] = text.split('\n');
  const words = first.startsWith('#! ') ? first.slice(3).trim().split(/\s+/) : [];
  const facts = new Map(words.map((word) => [word.split('=')[0] ?? '', word.split('=')[1] ?? ''] as const));
  const unknown = [...facts.keys()].find((key) => !['now', 'speed', 'output'].includes(key));
  const startAt = facts.has('now') ? Date.parse(facts.get('now') ?? '') : undefined;
  const speed = facts.has('speed') ? Number(facts.get('speed')) : undefined;
  if (unknown !== undefined || Number.isNaN(startAt) || Number.isNaN(speed)) {
    throw new Error(`a transcript begins with ${first}`);
  }
  return { startAt, speed, output: facts.get('output') ?? 'table' };
}

/** A blank line ends a step's output only where a new `$ ` or `# ` line follows it. */
export function readTranscript(text: string): Step[] {
  const steps: { command: string[]; expected: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#! ')) continue;
    if (line.startsWith('$ ')) steps.push({ command: [line.slice(2)], expected: [] });
    else if (line.startsWith('# ')) steps.at(-1)?.expected.push('');
    else if (line.startsWith('> ') && steps.at(-1)?.expected.length === 0)
      steps.at(-1)?.command.push(line.slice(2));
    else steps.at(-1)?.expected.push(line);
  }
  return steps.map(({ command, expected }) => ({
    command: command.join('\n'),
    expected: expected.join('\n').replace(/\n+$/, ''),
  }));
}

/** A directory with a `segjobs` for the built program, to stand first in PATH. */
export function programDirectory(): { readonly path: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'segjobs-bin-'));
  if (process.platform === 'win32') {
    writeFileSync(join(dir, 'segjobs.cmd'), `@${isStandalone ? '' : 'node '}"${programFile}" %*\r\n`);
  } else {
    chmodSync(programFile, 0o755);
    symlinkSync(programFile, join(dir, 'segjobs'));
  }
  return { path: dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/**
 * Runs the steps one after the other in one `sh`, in a bare environment, and returns what each printed: stdout and
 * stderr as a terminal would mix them, without the final line break.
 */
export function playSteps(
  commands: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly path: string; readonly cwd: string },
): Promise<readonly string[]> {
  const mark = '\u001e';
  const script = ['exec 2>&1', ...commands.flatMap((command) => [`printf '\\036'`, command])].join('\n');
  return new Promise((done, fail) => {
    const child = spawn('sh', ['-c', script], {
      cwd: options.cwd,
      env: {
        NODE_DISABLE_COMPILE_CACHE: '1',
        ...options.env,
        PATH: `${options.path}${delimiter}${process.env['PATH'] ?? ''}`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', fail);
    child.on('close', () => {
      const [, ...outputs] = Buffer.concat(chunks).toString('utf8').split(mark);
      done(outputs.map((output) => output.replace(/\n+$/, '')));
    });
  });
}

/**
 * The same text with everything replaced that differs from run to run: times, durations, ports, request ids,
 * counts and their changes (an audience drifts with the time), and the padding and bars that follow from them; and without the states
 * that a job passed through, because how many of them a watch sees is a matter of luck. Ids of jobs stay.
 */
export function steady(text: string): string {
  const passing = '(?:NEW|QUEUED|PROCESSING|CANCELLING)';
  return text
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z/g, '<time>')
    .replace(/(request id |Request id +|"requestId":")[\w-]+/gi, '$1<id>')
    .replace(/just now|(?:in )?(?:\d+ (?:days?|h|min|s)\b ?)+(?:ago\b)?/g, '<duration> ')
    .replace(/(?<![\w-])<?(\d+[dhms] ?)+\b(?!-)/g, '<duration> ')
    .replace(/no change|(?<![\w-])[+-][\d,]+( \([+-]<?[\d,.]+%\))?(?=\s|$)/gm, '<change>')
    .replace(/<?\b\d+(\.\d)?%/g, '<share>')
    .replace(/(as|shorter than|longer than) usual/g, '<usual>')
    .replace(/\b\d{1,3}(,\d{3})+\b|(?<![\w-])\d{4,}\b(?!-)/g, '<count>')
    .replace(/[▏▎▍▌▋▊▉█]+/g, '<bar>')
    .replace(/127\.0\.0\.1:\S+?(?=\/)/g, '127.0.0.1:<port>')
    .replace(/[ \t]+/g, ' ')
    .replace(/ $/gm, '')
    .replace(new RegExp(`^<time> \\S+ ${passing}( → ${passing})?\n`, 'gm'), '')
    .replace(new RegExp(`${passing} → `, 'g'), '');
}
