import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import {
  annotationLine,
  describeLog,
  errorAnnotation,
  isOnGitHub,
  jsonWithoutCommands,
  plainLog,
  withoutCommands,
} from '../../src/output/ci-log.ts';
import { createOutput } from '../../src/output/output.ts';
import { keeping, terminalOf } from '../support/fake-streams.ts';

/** What GitHub's runner takes for a command: white space in front goes, and what has no width is not seen. */
function isReadByGitHub(line: string): boolean {
  const seen = line.replace(/[\p{Cf}\p{DI}]/gu, '').trimStart();
  return /^::.*?::/.test(seen) || /##\[[^\]]*\]/.test(seen);
}

function isReadByAzure(line: string): boolean {
  return /##vso\[[^\]]*\]/.test(line.replace(/[\p{Cf}\p{DI}]/gu, ''));
}

const commands = [
  '::add-mask::x',
  '  ::set-env name=PATH::/tmp',
  '\u00a0\u3000::stop-commands::t',
  '\u200b::error::x',
  ':\u00ad:error::x',
  'job ##[add-mask]x',
  'job ###[group]x',
  '#\u200d#[set-env name=A]x',
  '##vso[task.setvariable variable=PATH]/tmp',
  '##v\u00adso[task.complete]x',
  '##teamcity[buildStatus]',
];

/** Texts in which commands are likely, from one line break to the next. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...commands,
        '::',
        ':',
        '#',
        '##',
        '[',
        ']',
        '\n',
        ' ',
        '\u200b',
        '\ufeff',
        'vso',
        'a',
        '"',
        '\\',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').replaceAll('\r', ''));

describe('text that goes to a log which reads commands', () => {
  it.each(commands)('%j is no command any more', (text) => {
    for (const line of [text, `${text} and more`]) {
      expect(isReadByGitHub(withoutCommands(line))).toBe(false);
      expect(isReadByAzure(withoutCommands(line))).toBe(false);
    }
    expect(isReadByGitHub(text) || isReadByAzure(text) || text.includes('teamcity')).toBe(true);
  });

  it('is broken by one space, where a person sees it', () => {
    expect(withoutCommands('::set-env name=A::b\n ok\n  ::error::x ##[group]y')).toBe(
      ': :set-env name=A::b\n ok\n  : :error::x # #[group]y',
    );
    expect(withoutCommands('PATH::x, C++::y, # heading, ## [a]')).toBe('PATH::x, C++::y, # heading, ## [a]');
  });

  it('holds no command in any line, whatever it was made of; and a second pass changes nothing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const guarded = withoutCommands(text);
        for (const line of guarded.split('\n')) {
          expect(isReadByGitHub(line), line).toBe(false);
          expect(isReadByAzure(line), line).toBe(false);
        }
        expect(withoutCommands(guarded)).toBe(guarded);
      }),
    );
  });

  it('stays the same JSON, and holds no command', () => {
    fc.assert(
      fc.property(fc.dictionary(texts, texts), (value) => {
        const json = JSON.stringify(value);
        const guarded = jsonWithoutCommands(json);
        expect(JSON.parse(guarded)).toEqual(JSON.parse(json));
        expect(isReadByGitHub(guarded)).toBe(false);
        expect(isReadByAzure(guarded)).toBe(false);
      }),
    );
  });

  it('takes time in proportion to its length', () => {
    const long = ['\n'.repeat(200_000), ' '.repeat(200_000), '#'.repeat(200_000), `##${'a'.repeat(200_000)}`];
    const began = performance.now();
    for (const text of long) withoutCommands(`${text}::`);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('whether the log is read', () => {
  it('is told by the variables of GitHub Actions, Azure Pipelines and TeamCity', () => {
    for (const env of [{ GITHUB_ACTIONS: 'true' }, { TF_BUILD: 'True' }, { TEAMCITY_VERSION: '2026.1' }]) {
      expect(describeLog(env, 'segjobs get').text('::error::x')).toBe(': :error::x');
    }
    for (const env of [{}, { CI: 'true' }, { GITLAB_CI: 'true' }, { GITHUB_ACTIONS: 'false' }]) {
      expect(describeLog(env, 'segjobs get')).toBe(plainLog);
    }
  });

  it('does not follow SEGJOBS_GITHUB=0, which turns annotations off', () => {
    const env = { GITHUB_ACTIONS: 'true', SEGJOBS_GITHUB: '0' };
    expect(describeLog(env, '').text('::error::x')).toBe(': :error::x');
    expect(describeLog(env, '').annotates).toBe(false);
    expect(isOnGitHub(env)).toBe(false);
    expect(isOnGitHub({ GITHUB_ACTIONS: 'true' })).toBe(true);
    expect(isOnGitHub({ SEGJOBS_GITHUB: '1' })).toBe(false);
  });
});

describe('an annotation', () => {
  it('is one workflow command, escaped as the runner reads it', () => {
    expect(
      annotationLine({ level: 'error', title: 'a: b, c 5%', message: '100% of it\nsecond: line, here' }),
    ).toBe('::error title=a%3A b%2C c 5%25::100%25 of it%0Asecond: line, here\n');
  });

  it('is one line whatever is in it, and what is in it ends no command and begins none', () => {
    fc.assert(
      fc.property(texts, texts, (title, message) => {
        const line = annotationLine({ level: 'warning', title, message });
        expect(line.slice(0, -1)).not.toMatch(/[\r\n]/);
        const [, shownTitle = '', data = ''] = /^::warning title=([^:,]*)::(.*)\n$/u.exec(line) ?? [];
        expect(line).toBe(`::warning title=${shownTitle}::${data}\n`);
        expect(/##\[/.test(line)).toBe(false);
      }),
    );
  });

  it('of a failed command names the command, the exit code, the way out and the request', () => {
    const error = new SegjobsError('NOT_FOUND', 'job x was not found', {
      hint: 'check the id',
      httpStatus: 404,
      requestId: 'r-1',
    });
    expect(errorAnnotation(error, 'segjobs get')).toEqual({
      level: 'error',
      title: 'segjobs get ended with exit code 5',
      message: 'job x was not found\ncheck the id\n(HTTP 404, request id r-1)',
    });
    const stopped = new SegjobsError('TERMINATED', 'stopped by SIGTERM');
    expect(errorAnnotation(stopped, 'segjobs list').level).toBe('warning');
  });
});

describe('what the program prints on GitHub', () => {
  const printed = (format: 'tsv' | 'json', env: Record<string, string> = { GITHUB_ACTIONS: 'true' }) => {
    const [stdout, stderr] = [keeping(), keeping()];
    const output = createOutput({
      format,
      stdout: stdout.stream,
      stderr: stderr.stream,
      terminals: { stdout: terminalOf(0), stderr: terminalOf(0) },
      quiet: false,
      now: () => 0,
      log: describeLog(env, 'segjobs get'),
    });
    return { output, stdout: stdout.text, stderr: stderr.text };
  };

  it('begins no line with a command that somebody else wrote, on neither stream', async () => {
    const { output, stdout, stderr } = printed('tsv');
    await output.value('::set-env name=PATH::/tmp');
    await output.facts({ '::add-path::': 'x' });
    await output.raw('::debug::x\n');
    output.note('::add-mask::a');
    output.warn('one\n ::stop-commands::t');
    output.debug('##[group]x');
    output.error(new SegjobsError('REFUSED', 'no: ##[endgroup]'), '::error::stack');
    const foreign = [...stdout().split('\n'), ...stderr().split('\n')].filter((line) => isReadByGitHub(line));
    expect(foreign).toEqual(['::error title=segjobs get ended with exit code 3::no: # #[endgroup]']);
  });

  it('keeps the JSON of an error its last line, and the same', () => {
    const { output, stderr } = printed('json');
    output.error(new SegjobsError('REFUSED', 'no ##[x]'));
    const lines = stderr().trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^::error title=/);
    expect(JSON.parse(lines[1] ?? '').error.message).toBe('no ##[x]');
  });

  it('is the same text as anywhere where no log is read', async () => {
    const { output, stdout, stderr } = printed('tsv', {});
    await output.value('::set-env name=PATH::/tmp');
    output.error(new SegjobsError('REFUSED', 'no: ##[endgroup]'));
    expect(stdout()).toBe('::set-env name=PATH::/tmp\n');
    expect(stderr()).toBe('error: no: ##[endgroup]\n');
  });
});
