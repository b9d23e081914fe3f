import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerCompletion } from '../../src/completion/candidates.ts';
import { keepRecentJobs } from '../../src/config/recent-jobs.ts';

let home: string;
const now = Date.parse('2026-03-10T09:00:00Z');
const minute = 60_000;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'segjobs-candidates-'));
  mkdirSync(join(home, '.config', 'segjobs'), { recursive: true, mode: 0o700 });
});

afterEach(() => {
  rmSync(home, { recursive: true });
});

function config(content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(home, '.config', 'segjobs', 'config.json'), text, { mode: 0o600 });
}

function jobs(orgId: string, sandbox: string, ...ids: readonly string[]): void {
  const found = ids.map(
    (id, at) =>
      [id, { id, status: 'NEW', creationTime: now - at * minute, segmentId: '*', segmentCount: 1 }] as const,
  );
  keepRecentJobs(
    {
      locations: { cacheDir: join(home, '.config', 'segjobs', 'cache') },
      userId: process.getuid?.(),
      orgId,
      sandbox,
    },
    new Map(found),
    new Set(),
  );
}

/** The rows, without descriptions. */
function ask(words: readonly string[], env: Record<string, string> = {}): readonly string[] {
  return answer(words, env)
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => row.split('\t')[0] ?? '');
}

function answer(words: readonly string[], env: Record<string, string> = {}): string {
  return answerCompletion(
    { env: { HOME: home, ...env }, platform: 'linux', homeDir: home, userId: process.getuid?.(), now },
    words,
  );
}

const profile = (sandbox?: string, orgId = 'A@AdobeOrg') => ({
  clientId: 'id',
  clientSecret: 'hush-hush',
  orgId,
  ...(sandbox === undefined ? {} : { sandbox }),
});

describe('what a shell is answered', () => {
  it('tells value and description of each candidate, with a tab between them', () => {
    config({ activeProfile: 'prod', profiles: { prod: profile('prod'), bare: profile() } });
    jobs('A@AdobeOrg', 'prod', 'one', 'two');
    expect(answer(['profiles'])).toBe('prod\tsandbox prod, active\nbare\tno sandbox\n');
    expect(answer(['sandboxes'])).toBe('prod\tof profile prod\n');
    expect(answer(['jobs'])).toBe('one\tNEW, just now, all segments\ntwo\tNEW, 1 min ago, all segments\n');
  });

  it.each([
    ['the active profile', [], {}, ['of-prod']],
    ['--profile', ['--profile', 'dev'], {}, ['of-dev']],
    ['--profile=', ['get', '--profile=dev'], {}, ['of-dev']],
    ['-p', ['-p', 'dev', 'get'], {}, ['of-dev']],
    ['-qp', ['-qp', 'dev'], {}, ['of-dev']],
    ['SEGJOBS_PROFILE', [], { SEGJOBS_PROFILE: 'dev' }, ['of-dev']],
    ['--sandbox', ['--sandbox', 'stage'], {}, ['of-stage']],
    ['AEP_SANDBOX_NAME', [], { AEP_SANDBOX_NAME: 'stage' }, ['of-stage']],
    ['--sandbox before AEP_SANDBOX_NAME', ['--sandbox=stage'], { AEP_SANDBOX_NAME: 'dev' }, ['of-stage']],
    ['--profile before AEP_SANDBOX_NAME', ['-p', 'prod'], { AEP_SANDBOX_NAME: 'stage' }, ['of-prod']],
    ['the environment', [], { AEP_ORG_ID: 'B@AdobeOrg', AEP_SANDBOX_NAME: 'prod' }, ['of-b']],
    ['the environment, no sandbox', [], { AEP_ORG_ID: 'B@AdobeOrg' }, []],
    ['--profile before the environment', ['-p', 'prod'], { AEP_ORG_ID: 'B@AdobeOrg' }, ['of-prod']],
    ['a flag behind --', ['emulator', 'exec', '--', '-p', 'dev'], {}, ['of-prod']],
    ['a profile that is none', ['-p', 'nobody'], {}, []],
  ])('is the jobs of the place that the command would work in: %s', (_, words, env, expected) => {
    config({ activeProfile: 'prod', profiles: { prod: profile('prod'), dev: profile('dev') } });
    for (const sandbox of ['prod', 'dev', 'stage']) jobs('A@AdobeOrg', sandbox, `of-${sandbox}`);
    jobs('B@AdobeOrg', 'prod', 'of-b');
    expect(ask(['jobs', ...words], env)).toEqual(expected);
  });

  it('leaves out what is on the line already', () => {
    config({ activeProfile: 'prod', profiles: { prod: profile('prod') } });
    jobs('A@AdobeOrg', 'prod', 'one', 'two');
    expect(ask(['jobs', 'watch', 'one'])).toEqual(['two']);
  });

  it('holds no secret', () => {
    config({ activeProfile: 'prod', profiles: { prod: profile('prod') } });
    for (const kind of ['profiles', 'sandboxes', 'jobs', 'segments', 'unfinished-jobs'])
      expect(answer([kind])).not.toContain('hush');
  });

  it.each([
    ['without a configuration', undefined],
    ['with a broken one', '{"profiles": '],
    ['with one of another shape', '[]'],
  ])('is nothing %s', (_, content) => {
    if (content !== undefined) config(content);
    for (const words of [['profiles'], ['sandboxes'], ['jobs'], ['nonsense'], [], ['jobs', '--profile']])
      expect(answer(words)).toBe('');
  });

  it('leaves out names that are not one visible line', () => {
    config({
      profiles: {
        good: profile(),
        'new\nline': profile(),
        '-flag': profile(),
        '\u001b[31mred': profile(),
        __proto__x: profile('\u001b]0;title\u0007dev'),
      },
    });
    expect(answer(['profiles'])).toBe('good\tno sandbox\n__proto__x\tsandbox dev\n');
    expect(answer(['sandboxes'])).toBe('');
  });
});
