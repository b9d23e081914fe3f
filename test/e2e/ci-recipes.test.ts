import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPosix } from '../support/binary.ts';
import {
  azureSteps,
  fences,
  gitHubSteps,
  gitLabStep,
  jenkinsSteps,
  readYaml,
  runSteps,
  type Step,
  type StepResult,
} from '../support/ci-steps.ts';
import { openEmulatorShell, packProject, runIn } from '../support/emulator-shell.ts';

// The recipes of docs/ci.md, taken from the page and run.

const page = readFileSync(resolve(import.meta.dirname, '../../docs/ci.md'), 'utf8');
const scripts = new Map(
  fences(page, 'sh').flatMap((text) => {
    const name = /^#!\/bin\/sh\n# (ci\/[\w-]+\.sh)\b/.exec(text)?.[1];
    return name === undefined ? [] : [[name, text] as const];
  }),
);
const yaml = fences(page, 'yaml').map(readYaml);
const withJob = (job: string) =>
  yaml.find(({ jobs }) => jobs !== undefined && Object.hasOwn(Object(jobs), job)) ?? {};
const gitLab = yaml.find((document) => Object.hasOwn(document, 'stages')) ?? {};
const azure = yaml.find((document) => Object.hasOwn(document, 'pool')) ?? {};
const [jenkins = ''] = fences(page, 'groovy');

const segments = '2aa1466b-6c8b-4d75-9441-cf8a68095c41\n49e34b5e-f68d-4d68-95fa-faf0edb518d6\n';

interface Place {
  /** A checked-out repository: the scripts of the page, the user's own, and a `sleep` that takes no time. */
  readonly cwd: string;
  readonly path: string;
  executable(name: string, text: string): void;
}

async function inRepository<T>(play: (place: Place) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), 'segjobs-ci-'));
  const executable = (name: string, text: string) => {
    writeFileSync(join(cwd, name), text);
    chmodSync(join(cwd, name), 0o755);
  };
  try {
    for (const directory of ['ci', 'bin', 'home']) mkdirSync(join(cwd, directory));
    for (const [name, text] of scripts) executable(name, text);
    executable('export.sh', '#!/bin/sh\necho exporting\n');
    executable('bin/sleep', '#!/bin/sh\nexit 0\n');
    writeFileSync(join(cwd, 'segments.txt'), segments);
    return await play({ cwd, path: join(cwd, 'bin'), executable });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

interface Scene {
  readonly system: keyof typeof systems;
  /** Of `emulator exec`. */
  readonly flags: readonly string[];
  readonly steps: readonly Step[];
}

const night = ['--speed', '3000', '--now', '2026-03-10T00:15Z'];
const onDemand = ['--speed', '600', '--now', '2026-03-10T09:00Z'];

/** What each system sets, and how its pipeline gets at the credentials. */
const systems = {
  /** Credentials are what the action makes of its inputs. */
  github: () => ({ GITHUB_ACTIONS: 'true' }),
  gitHubByEnvironment: (aep: Variables) => ({ GITHUB_ACTIONS: 'true', ...aep }),
  gitlab: (aep: Variables) => ({ GITLAB_CI: 'true', ...aep }),
  jenkins: ({ AEP_CLIENT_ID = '', AEP_CLIENT_SECRET = '', ...aep }: Variables) => {
    return { JENKINS_URL: 'http://127.0.0.1/', AEP_USR: AEP_CLIENT_ID, AEP_PSW: AEP_CLIENT_SECRET, ...aep };
  },
  azure: ({ AEP_CLIENT_SECRET, ...aep }: Variables) => ({ TF_BUILD: 'True', ...aep }),
} satisfies Record<string, (aep: Variables) => Variables>;

type Variables = Record<string, string>;

/** Plays a pipeline; returns what its steps did, the summary they left on GitHub, and a file that one wrote. */
async function play({ system, flags, steps }: Scene) {
  return inRepository(async ({ cwd, path }) => {
    const emulator = await openEmulatorShell(flags, join(cwd, 'home'));
    try {
      const entries = Object.entries(emulator.env);
      const aep = Object.fromEntries(entries.filter(([name]) => name.startsWith('AEP_')));
      const rest = Object.fromEntries(entries.filter(([name]) => !name.startsWith('AEP_')));
      const temporary = join(cwd, 'temporary');
      mkdirSync(temporary);
      const env: Variables = {
        ...rest,
        PATH: `${path}${delimiter}${rest['PATH']}`,
        CI: 'true',
        GITHUB_STEP_SUMMARY: join(cwd, 'summary.md'),
        RUNNER_TEMP: temporary,
        ...systems[system](aep),
      };
      const results = await runSteps({ steps, env, cwd, secrets: aep });
      const read = (name: string) =>
        existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), 'utf8') : '';
      return {
        results,
        summary: read('summary.md'),
        audiences: read('audiences.json'),
        secret: aep['AEP_CLIENT_SECRET'] ?? '',
      };
    } finally {
      await emulator.close();
    }
  });
}

function codes(results: readonly StepResult[]): Record<string, number | null> {
  return Object.fromEntries(results.map(({ name, exitCode }) => [name, exitCode]));
}

function printedBy(results: readonly StepResult[], name: string): string | undefined {
  return results.find((step) => step.name === name)?.stdout;
}

describe.skipIf(!isPosix)('the recipes for CI', { timeout: 60_000 }, () => {
  let segjobsPackage = '';
  let packages = '';
  beforeAll(async () => {
    packages = mkdtempSync(join(tmpdir(), 'segjobs-package-'));
    segjobsPackage = await packProject(packages);
  });
  afterAll(() => rmSync(packages, { recursive: true }));

  it('are all found on the page', () => {
    expect([...scripts.keys()]).toEqual(['ci/wait-for-nightly.sh', 'ci/evaluate.sh']);
    expect(yaml).toHaveLength(5);
    expect(gitLab).toHaveProperty('wait-for-nightly');
    expect(azure).toHaveProperty('jobs');
    expect(jenkins).toContain('pipeline {');
  });

  it('name no action, image or runner that could be another one tomorrow', () => {
    for (const [, used = ''] of page.matchAll(/\buses: (\S+)/g)) {
      expect(used).toMatch(/^(actions\/checkout@[0-9a-f]{40}|OWNER\/segjobs\/action@COMMIT)$/);
    }
    for (const [, image = ''] of page.matchAll(/\bimage: (\S+)/g)) expect(image).toMatch(/@sha256:/);
    expect(page).not.toMatch(/-latest\b|:latest\b|@latest\b/);
  });

  it('put no expression into a script, where its value would be shell', () => {
    for (const document of yaml) {
      for (const job of Object.keys((document['jobs'] ?? {}) as object)) {
        for (const { script } of gitHubSteps(document, job)) expect(script ?? '').not.toContain('${{');
      }
    }
  });

  it.concurrent('GitHub Actions: export when the evaluation of the night is done', async () => {
    const { results, summary } = await play({
      flags: night,
      system: 'github',
      steps: gitHubSteps(withJob('export'), 'export', { path: segjobsPackage }),
    });
    expect(codes(results)).toEqual({
      'Set up segjobs': 0,
      'Wait for the evaluation of the night': 0,
      Export: 0,
      'Log out': 0,
    });
    expect(printedBy(results, 'Export')).toBe('exporting\n');
    expect(summary).toMatch(/^### ✅ segjobs watch\n[\s\S]+ ✅ SUCCEEDED \| 43m 51s \| 13,161,379 \| 13 \|/);
  });

  it.concurrent('GitHub Actions: evaluate, and hand the job to the next step', async () => {
    const { results, audiences, secret } = await play({
      flags: onDemand,
      system: 'github',
      steps: gitHubSteps(withJob('evaluate'), 'evaluate', { path: segjobsPackage }),
    });
    expect(codes(results)).toEqual({
      'Set up segjobs': 0,
      Evaluate: 0,
      'Audience sizes': 0,
      'Was an earlier job of ours still there?': 0,
      'Log out': 0,
    });
    expect(Object.keys(JSON.parse(audiences))).toEqual(segments.trim().split('\n'));
    expect(printedBy(results, 'Was an earlier job of ours still there?')).toBe('no\n');
    const log = results.map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(secret.length).toBeGreaterThan(8);
    expect(log.startsWith(`::add-mask::${secret}\n`)).toBe(true);
    const rest = log.slice(log.indexOf('\n') + 1);
    expect(rest).not.toContain(secret);
    expect(rest).not.toMatch(/^::/m);
  });

  it.concurrent('GitHub Actions: look once, go on only when it is done', async () => {
    const steps = gitHubSteps(withJob('look'), 'look', { path: segjobsPackage });
    const early = await play({ system: 'github', flags: ['--now', '2026-03-10T00:15Z'], steps });
    expect(codes(early.results)).toEqual({ 'Set up segjobs': 0, 'Look once': 0 });
    const late = await play({
      system: 'github',
      flags: ['--now', '2026-03-10T06:00Z'],
      steps,
    });
    expect(codes(late.results)).toEqual({ 'Set up segjobs': 0, 'Look once': 0, 'Go on': 0 });
  });

  it.concurrent('GitLab CI: the night, and on demand', async () => {
    const nightly = await play({
      flags: night,
      system: 'gitlab',
      steps: [gitLabStep(gitLab, 'wait-for-nightly'), gitLabStep(gitLab, 'export')],
    });
    expect(codes(nightly.results)).toEqual({ 'wait-for-nightly': 0, export: 0 });
    expect(nightly.summary).toBe('');
    const asked = await play({
      flags: onDemand,
      system: 'gitlab',
      steps: [gitLabStep(gitLab, 'evaluate')],
    });
    expect(codes(asked.results)).toEqual({ evaluate: 0 });
    expect(Object.keys(JSON.parse(asked.audiences))).toHaveLength(2);
  });

  it.concurrent('Jenkins: the night, and on demand', async () => {
    const system = 'jenkins';
    const wait = jenkinsSteps(jenkins, 'Wait for the evaluation of the night');
    const nightly = await play({
      system,
      flags: night,
      steps: [...wait, ...jenkinsSteps(jenkins, 'Export')],
    });
    expect(codes(nightly.results)).toEqual({ 'Wait for the evaluation of the night': 0, Export: 0 });
    const asked = await play({ system, flags: onDemand, steps: jenkinsSteps(jenkins, 'Evaluate') });
    expect(codes(asked.results)).toEqual({ Evaluate: 0 });
  });

  it.concurrent('Azure Pipelines: the night, and on demand', async () => {
    const system = 'azure';
    const nightly = await play({ system, flags: night, steps: azureSteps(azure, 'nightly') });
    expect(codes(nightly.results)).toEqual({ 'Wait for the evaluation of the night': 0, Export: 0 });
    const asked = await play({ system, flags: onDemand, steps: azureSteps(azure, 'evaluate') });
    expect(codes(asked.results)).toEqual({ Evaluate: 0, 'Audience sizes': 0 });
    expect(Object.keys(JSON.parse(asked.audiences))).toHaveLength(2);
  });

  it.concurrent('a job that fails ends evaluate.sh with 10, and GitHub is told why', async () => {
    const shell: Step['shell'] = ['bash', '-e'];
    const find =
      "segjobs list --status failed --limit 1 --json -q | jq -r '.children[0].segments[0].segmentId' > broken.txt";
    const { results, summary } = await play({
      flags: onDemand,
      system: 'gitHubByEnvironment',
      steps: [
        { name: 'find', script: find, shell },
        { name: 'evaluate', script: './ci/evaluate.sh broken.txt', shell },
      ],
    });
    expect(codes(results)).toEqual({ find: 0, evaluate: 10 });
    expect(results[1]?.stderr).toMatch(/^::error title=Segment job FAILED::\S+ FAILED after .+: .+$/m);
    expect(summary).toContain('### ❌ segjobs watch');
  });
});

/** Runs a script of the page with a `segjobs` that ends with the given codes; returns its end and what it called. */
async function withCodes(script: string, given: readonly number[]) {
  return inRepository(async ({ cwd, path, executable }) => {
    writeFileSync(join(cwd, 'codes'), given.map((code) => `${code}\n`).join(''));
    executable(
      'bin/segjobs',
      `#!/bin/sh
echo "$1" >> calls
code=$(head -n 1 codes); sed 1d codes > rest; mv rest codes
[ "$1" = create ] && [ "$code" = 0 ] && echo job-1
exit "\${code:-99}"
`,
    );
    const env = { PATH: `${path}${delimiter}${process.env['PATH']}`, HOME: join(cwd, 'home') };
    const words = script === 'ci/evaluate.sh' ? ['segments.txt'] : [];
    const { exitCode, stdout } = await runIn('sh', [script, ...words], { cwd, env });
    return { exitCode, stdout, calls: readFileSync(join(cwd, 'calls'), 'utf8').trim().split('\n') };
  });
}

describe.skipIf(!isPosix)('what the scripts do with an exit code', () => {
  it.each([
    { codes: [0, 0], ends: 0, calls: ['create', 'watch'] },
    { codes: [7, 0, 0], ends: 0, calls: ['create', 'create', 'watch'] },
    { codes: [9, 0, 0], ends: 0, calls: ['create', 'create', 'watch'] },
    { codes: [9, 9, 9], ends: 9, calls: ['create', 'create', 'create'] },
    { codes: [7, 7, 7], ends: 7, calls: ['create', 'create', 'create'] },
    { codes: [3], ends: 3, calls: ['create'] },
    { codes: [4], ends: 4, calls: ['create'] },
    { codes: [6], ends: 6, calls: ['create'] },
    { codes: [130], ends: 130, calls: ['create'] },
    { codes: [0, 7, 7, 0], ends: 0, calls: ['create', 'watch', 'watch', 'watch'] },
    { codes: [0, 7, 7, 7], ends: 7, calls: ['create', 'watch', 'watch', 'watch'] },
    { codes: [0, 10], ends: 10, calls: ['create', 'watch'] },
    { codes: [0, 11], ends: 11, calls: ['create', 'watch'] },
    { codes: [0, 124], ends: 124, calls: ['create', 'watch'] },
    { codes: [0, 143], ends: 143, calls: ['create', 'watch'] },
  ])('evaluate.sh: segjobs ends with $codes, it with $ends', async ({ codes: given, ends, calls }) => {
    const ran = await withCodes('ci/evaluate.sh', given);
    expect(ran.exitCode).toBe(ends);
    expect(ran.calls).toEqual(calls);
    expect(ran.stdout).toBe(calls.includes('watch') ? 'job-1\n' : '');
  });

  it.each([
    { codes: [0], ends: 0 },
    { codes: [7, 0], ends: 0 },
    { codes: [7, 7, 7], ends: 7 },
    { codes: [7, 10], ends: 10 },
    { codes: [5], ends: 5 },
    { codes: [4], ends: 4 },
    { codes: [124], ends: 124 },
  ])('wait-for-nightly.sh: segjobs ends with $codes, it with $ends', async ({ codes: given, ends }) => {
    const ran = await withCodes('ci/wait-for-nightly.sh', given);
    expect(ran.exitCode).toBe(ends);
    expect(ran.calls).toEqual(given.map(() => 'watch'));
  });
});
