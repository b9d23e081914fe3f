import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { helpTopics } from '../../src/commands/help-topics.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { exitCodeMeanings } from '../../src/errors.ts';
import { playSteps, programDirectory, readStage, readTranscript, steady } from '../support/transcript.ts';
import { worldStart } from '../support/world.ts';

// Sessions as a user sees them, played against the emulator. UPDATE_TRANSCRIPTS=1 writes down what they print now.

const here = import.meta.dirname;
const names = readdirSync(here).filter((name) => name.endsWith('.txt'));
const isUpdating = process.env['UPDATE_TRANSCRIPTS'] === '1';
const canRun = process.platform !== 'win32';

describe.skipIf(!canRun)('transcripts', () => {
  let program: ReturnType<typeof programDirectory>;
  beforeAll(() => {
    program = programDirectory();
  });
  afterAll(() => program.remove());

  it.each(names)('%s happens as it is written', { timeout: 60_000 }, async (name) => {
    const file = join(here, name);
    const text = readFileSync(file, 'utf8');
    const steps = readTranscript(text);
    const stage = readStage(text);
    const emulator = await startEmulator({
      startAt: stage.startAt ?? worldStart,
      // Written down at the speed that the README advises, played faster.
      speed: stage.speed ?? (isUpdating ? 60 : 600),
      nightlyJobs: true,
    });
    const home = mkdtempSync(join(tmpdir(), 'segjobs-transcript-'));
    try {
      const outputs = await playSteps(
        steps.map(({ command }) => command),
        {
          path: program.path,
          cwd: home,
          env: {
            HOME: home,
            // The width and the colours are left to the unit tests.
            SEGJOBS_OUTPUT: stage.output,
            SEGJOBS_API_URL: emulator.url,
            SEGJOBS_IMS_URL: emulator.url,
            AEP_CLIENT_ID: emulator.credentials.clientId,
            AEP_CLIENT_SECRET: emulator.credentials.clientSecret,
            AEP_ORG_ID: emulator.credentials.orgId,
            AEP_SANDBOX_NAME: 'prod',
          },
        },
      );
      if (isUpdating) {
        writeFileSync(file, rewrite(text, outputs));
        return;
      }
      for (const [index, step] of steps.entries()) {
        expect(steady(outputs[index] ?? ''), `$ ${step.command}`).toBe(steady(step.expected));
      }
      expect(outputs).toHaveLength(steps.length);
    } finally {
      await emulator.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe('the README', () => {
  const readme = readFileSync(resolve(here, '../../README.md'), 'utf8');
  const played = names.map((name) => readFileSync(join(here, name), 'utf8'));

  it('shows only sessions that are played here', () => {
    const sessions = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map(([, session = '']) =>
      session.trim(),
    );
    expect(sessions.length).toBeGreaterThan(5);
    for (const session of sessions) {
      expect(
        played.some((text) => text.includes(session)),
        session,
      ).toBe(true);
    }
  });

  it('has a row for each of the exit codes and variables of the help', () => {
    const rows = readme.replace(/ +/g, ' ');
    for (const [code, meaning] of Object.entries(exitCodeMeanings)) {
      expect(rows).toContain(`| ${code} | ${meaning} |`);
    }
    const environment = JSON.stringify(helpTopics.find(({ name }) => name === 'environment'));
    const variables = [...environment.matchAll(/\b(?:AEP|SEGJOBS)_[A-Z_]+\b/g)].map(([name]) => name);
    expect(variables.length).toBeGreaterThan(10);
    for (const variable of variables) expect(readme).toContain(`\`${variable}\``);
  });
});

function rewrite(text: string, outputs: readonly string[]): string {
  const lines: string[] = [];
  let step = -1;
  let isCommand = false;
  for (const line of text.split('\n')) {
    const starts = line.startsWith('$ ');
    if (starts || (isCommand && line.startsWith('> '))) {
      if (starts) {
        if (isCommand) lines.push(...printed(outputs[step]));
        if (step >= 0 && lines.at(-1) !== '' && !lines.at(-1)?.startsWith('#')) lines.push('');
        step += 1;
      }
      isCommand = true;
      lines.push(line);
      continue;
    }
    if (isCommand) lines.push(...printed(outputs[step]));
    isCommand = false;
    if (line.startsWith('#! ')) lines.push(line);
    if (line.startsWith('# ')) {
      if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
      lines.push(line);
    }
  }
  if (isCommand) lines.push(...printed(outputs[step]));
  return `${lines.join('\n').replace(/\n+$/, '')}\n`;
}

function printed(output: string | undefined): string[] {
  return output === undefined || output === '' ? [] : output.split('\n');
}
