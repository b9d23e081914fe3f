import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Standing, WatchEventOf, WatchedJob } from '../../src/jobs/watch-events.ts';
import { appendSummary, inCode, inMarkdown } from '../../src/output/github-summary.ts';
import { watchAnnotations, watchSummary } from '../../src/output/github-watch.ts';
import { bareJob, hostileText } from '../support/sample-jobs.ts';
import { createWorld, type World } from '../support/world.ts';

type Ended = WatchEventOf<'watch.ended'>;

const statusOf: Partial<Record<Standing, string>> = {
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  running: 'PROCESSING',
};

function watched(id: string, standing: Standing, more: Parameters<typeof bareJob>[1] = {}): WatchedJob {
  const status = statusOf[standing];
  return status === undefined ? { id, standing } : { id, standing, job: bareJob(id, { status, ...more }) };
}

function ended(
  jobs: readonly WatchedJob[],
  exitCode: number,
  kind: 'finished' | 'timeout' = 'finished',
): Ended {
  const count = (standing: Standing) => jobs.filter((job) => job.standing === standing).length;
  return {
    type: 'watch.ended',
    atMs: Date.UTC(2026, 2, 10, 9),
    elapsedMs: 845_000,
    ending: { kind },
    exitCode,
    jobs,
    tally: {
      runningByStatus: [],
      counts: {
        total: jobs.length,
        succeeded: count('succeeded'),
        failed: count('failed'),
        cancelled: count('cancelled'),
        running: count('running'),
        unseen: count('unseen'),
        notFound: count('notFound'),
        unreadable: count('unreadable'),
      },
    },
  };
}

const report = (end: Ended, goal?: 'cancellation') => {
  return { ended: end, subject: 'segjobs watch', goal, resumeFlags: [] } as const;
};

const mib = 1024 * 1024;

describe('the annotations of a watch', () => {
  it('are none where every job succeeded', () => {
    expect(watchAnnotations(report(ended([watched('a', 'succeeded')], 0)))).toEqual([]);
  });

  it('name each job that ended badly, with its first error', () => {
    const jobs = [
      watched('a', 'succeeded'),
      watched('b', 'failed', { errors: [{ code: '1001', msg: 'out of\nmemory' }] }),
      watched('c', 'cancelled'),
      watched('d', 'notFound'),
    ];
    expect(watchAnnotations(report(ended(jobs, 10)))).toEqual([
      { level: 'error', title: 'Segment job FAILED', message: 'b FAILED: 1001: out of memory' },
      { level: 'error', title: 'Segment job not found', message: 'd was not found' },
      { level: 'warning', title: 'Segment job CANCELLED', message: 'c was CANCELLED' },
    ]);
  });

  it('of a cancel are the other way round', () => {
    const end = ended([watched('a', 'cancelled'), watched('b', 'succeeded')], 6);
    expect(watchAnnotations(report(end, 'cancellation'))).toEqual([
      {
        level: 'error',
        title: 'Segment job not cancelled',
        message: 'b SUCCEEDED, before it could be cancelled',
      },
    ]);
  });

  it('tell that time was up, and how to go on', () => {
    expect(watchAnnotations(report(ended([watched('a', 'running')], 124, 'timeout')))).toEqual([
      {
        level: 'error',
        title: 'segjobs watch ended with exit code 124',
        message: 'Time is up after 14m 05s. 1 job is still running. Resume with: segjobs watch a',
      },
    ]);
  });

  it('are never more than the ten of a level that GitHub shows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Standing>('failed', 'cancelled', 'notFound', 'running'), { maxLength: 60 }),
        (standings) => {
          const jobs = standings.map((standing, index) => watched(`job-${index}`, standing));
          const all = watchAnnotations(report(ended(jobs, 10, 'timeout')));
          for (const level of ['error', 'warning'] as const) {
            expect(all.filter((annotation) => annotation.level === level).length).toBeLessThanOrEqual(10);
          }
          const failed = standings.filter(
            (standing) => standing === 'failed' || standing === 'notFound',
          ).length;
          if (failed > 9) {
            expect(all.some(({ message }) => message.startsWith(`${failed - 8} more jobs did not`))).toBe(
              true,
            );
          }
        },
      ),
    );
  });
});

describe('the summary of a watch', () => {
  it('is a table of the jobs and a list of their errors', () => {
    const jobs = [
      watched('a-1', 'succeeded', {
        segments: [{ segmentId: 's' }, { segmentId: 't' }],
        metrics: { totalProfiles: 13_166_213, totalTime: { totalTimeInMs: 830_000 } },
      }),
      watched('b', 'failed', { errors: [{ msg: 'no such | field_x' }] }),
      watched('c', 'notFound'),
    ];
    expect(watchSummary(report(ended(jobs, 10)), mib)).toBe(
      `### ❌ segjobs watch

2 of 3 finished · 1 failed · 1 not found · 14m 05s

Exit code 10: a watched job FAILED

| Job | Status | Duration | Profiles | Segments |
| --- | --- | ---: | ---: | ---: |
| <code>a-1</code> | ✅ SUCCEEDED | 13m 50s | 13,166,213 | 2 |
| <code>b</code> | ❌ FAILED | - | - | 0 |
| <code>c</code> | ❓ not found |  |  |  |

- <code>b</code> no such &#124; field&#95;x
`,
    );
  });

  it('holds of outside text only letters, digits and what means nothing to Markdown', () => {
    const nasty = `<img src=x onerror=alert(1)> [a](http://e.example) | @octocat #1 :tada: \`x\` **b** www.e.example\n# h`;
    for (const text of [nasty, hostileText, '- item', '1. item', '    code']) {
      const shown = inMarkdown(text).replace(/&#\d+;/g, 'X');
      expect(shown).not.toMatch(/[<>|`*_[\]()#@&\\\n]|^[- ]|^\d+\.|[.:]\S/);
    }
    expect(inCode('a|b')).toBe('<code>a&#124;b</code>');
    expect(inMarkdown('Time is up. Resume with: x')).toBe('Time is up. Resume with: x');
  });

  it('keeps to the room it has, the jobs that ended badly first, and says how many are left out', () => {
    const jobs = [
      ...Array.from({ length: 700 }, (_, index) => watched(`good-${index}`, 'succeeded')),
      watched('bad', 'failed', { errors: [{ msg: 'why' }] }),
    ];
    const whole = watchSummary(report(ended(jobs, 10)), mib) ?? '';
    expect(whole).toContain('<code>bad</code>');
    expect(whole).toContain('… 201 more jobs\n');
    for (const room of [0, 100, 400, 1000, 5000, 20_000]) {
      const text = watchSummary(report(ended(jobs, 10)), room);
      if (text === undefined) expect(room).toBeLessThan(500);
      else expect(Buffer.byteLength(text)).toBeLessThanOrEqual(room);
    }
  });
});

describe('the summary file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'segjobs-summary-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is added to, with what earlier commands left of its mebibyte', async () => {
    const path = join(directory, 'summary.md');
    await appendSummary(path, (room) => `${room}\n`);
    await appendSummary(path, (room) => `${room}\n`);
    expect(readFileSync(path, 'utf8')).toBe('1048576\n\n1048567\n');
    truncateSync(path, mib);
    await expect(appendSummary(path, (room) => (room < 0 ? undefined : 'x'))).rejects.toThrow('it is full');
  });
});

describe('a watch on GitHub', () => {
  let world: World;
  let directory: string;
  let summary: string;
  beforeEach(async () => {
    world = await createWorld();
    directory = mkdtempSync(join(tmpdir(), 'segjobs-github-'));
    summary = join(directory, 'summary.md');
    writeFileSync(summary, '');
  });
  afterEach(async () => {
    await world.close();
    rmSync(directory, { recursive: true });
  });
  const github = () => ({ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary });

  it.each(['table', 'tsv', 'json', 'ndjson', 'ids'])(
    'leaves a summary, and nothing of it on stdout, with -o %s',
    async (format) => {
      const plain = await world.segjobs(['create', 'SEG1', '-o', 'ids', '-q']);
      const id = plain.stdout.trim();
      const ran = await world.segjobs(['watch', id, '-o', format], { env: github() });
      expect(ran.exitCode).toBe(0);
      expect(ran.stdout).not.toContain('###');
      expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/^::/m);
      expect(readFileSync(summary, 'utf8')).toMatch(
        new RegExp(
          `^### ✅ segjobs watch\\n\\n1 of 1 finished · [^\\n]+\\n\\n.*\\n.*\\n\\| <code>${id}</code> \\| ✅ SUCCEEDED \\|`,
        ),
      );
    },
  );

  it('annotates on stderr in every format, before the error of the JSON ones', async () => {
    for (const format of ['tsv', 'ndjson', 'json']) {
      const ran = await world.segjobs(['watch', 'nope', '-o', format, '--timeout', '2m'], { env: github() });
      expect(ran.exitCode).toBe(5);
      expect(ran.stderr).toMatch(/^::error title=Segment job not found::nope was not found$/m);
      expect(ran.stdout).not.toContain('::error');
    }
  });

  it('names the command that was given in a create that is watched', async () => {
    const ran = await world.segjobs(['create', 'SEG1', '--watch', '--timeout', '1m', '-q'], {
      env: github(),
    });
    expect(ran.exitCode).toBe(124);
    expect(ran.stderr).toContain('::error title=segjobs create ended with exit code 124::Time is up after ');
    expect(readFileSync(summary, 'utf8')).toContain('### ❌ segjobs create\n');
  });

  it('writes and annotates nothing with SEGJOBS_GITHUB=0, nor elsewhere', async () => {
    for (const env of [{ ...github(), SEGJOBS_GITHUB: '0' }, { GITHUB_STEP_SUMMARY: summary }]) {
      const ran = await world.segjobs(['watch', 'nope', '--timeout', '2m'], { env });
      expect(ran.exitCode).toBe(5);
      expect(ran.stderr).not.toMatch(/^::/m);
      expect(readFileSync(summary, 'utf8')).toBe('');
    }
  });

  it('keeps its exit code where the summary cannot be written', async () => {
    mkdirSync(join(directory, 'is-a-directory'));
    const id = (await world.segjobs(['create', 'SEG1', '-o', 'ids', '-q'])).stdout.trim();
    for (const path of [join(directory, 'is-a-directory'), join(directory, 'no', 'such', 'file')]) {
      const ran = await world.segjobs(['watch', id], { env: { ...github(), GITHUB_STEP_SUMMARY: path } });
      expect(ran.exitCode).toBe(0);
      expect(ran.stderr).toMatch(/^The job summary was not written: E[A-Z]+: /m);
    }
  });

  it('leaves no summary of a single look that found the job on its way', async () => {
    const id = (await world.segjobs(['create', 'SEG1', '-o', 'ids', '-q'])).stdout.trim();
    const ran = await world.segjobs(['watch', id, '--timeout', '0'], { env: github() });
    expect(ran.exitCode).toBe(8);
    expect(ran.stderr).not.toMatch(/^::/m);
    expect(readFileSync(summary, 'utf8')).toBe('');
  });

  it.each(['table', 'tsv', 'json', 'ndjson', 'ids'])(
    'lists the same jobs to the letter with -o %s',
    async (format) => {
      const argv = ['list', '--limit', 'all', '-o', format];
      const here = await world.segjobs(argv, { env: github() });
      const elsewhere = await world.segjobs(argv);
      expect(here.stdout.length).toBeGreaterThan(1000);
      expect(here.stdout === elsewhere.stdout).toBe(true);
    },
  );

  it('annotates a failed command of any kind, usage errors included', async () => {
    const unknown = await world.segjobs(['lsit'], { env: github() });
    expect(unknown.stderr.split('\n')[0]).toBe(
      '::error title=segjobs ended with exit code 2::unknown command "segjobs lsit"%0Adid you mean: segjobs list',
    );
    const missing = await world.segjobs(['get', 'nope'], { env: github() });
    expect(missing.stderr).toMatch(
      /^::error title=segjobs get ended with exit code 5::job nope was not found /,
    );
  });
});
