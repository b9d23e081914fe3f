// Runs the steps of a pipeline as its CI system would: its shell, its variables, what a step hands to the next.

import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { runIn } from './emulator-shell.ts';

export interface Step {
  readonly name: string;
  /** The script as it stands in the pipeline; `undefined` for a step that uses somebody else's action. */
  readonly script: string | undefined;
  /** How the system starts a shell with a file of it. */
  readonly shell: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, unknown>> | undefined;
  /** GitHub's `if`. */
  readonly condition?: string | undefined;
  readonly id?: string | undefined;
}

export interface StepResult {
  readonly name: string;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Json = Record<string, unknown>;

/** The fences of a Markdown page in one language. */
export function fences(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
}

/** YAML 1.2, strictly: a duplicate key or a warning throws. */
export function readYaml(text: string): Json {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJS() as Json;
}

/** A step that uses the project's own action is what action.yml makes of it, with further inputs where given. */
export function gitHubSteps(workflow: Json, job: string, inputs: Json = {}): readonly Step[] {
  const { steps } = (workflow['jobs'] as Record<string, { steps: readonly Json[] }>)[job] ?? { steps: [] };
  return steps.map((step) => {
    const isOurs = String(step['uses']).startsWith('OWNER/segjobs/action@');
    return {
      name: isOurs ? 'Set up segjobs' : String(step['name'] ?? step['uses']),
      script: isOurs ? ownAction.script : (step['run'] as string | undefined),
      shell: ['bash', '-e'],
      env: isOurs
        ? ownAction.env({ ...(step['with'] as Json), ...inputs })
        : (step['env'] as Json | undefined),
      condition: step['if'] as string | undefined,
      id: step['id'] as string | undefined,
    };
  });
}

const actionDirectory = resolve(import.meta.dirname, '../../action');
const [actionStep] = (
  readYaml(readFileSync(join(actionDirectory, 'action.yml'), 'utf8'))['runs'] as {
    readonly steps: readonly { readonly run: string; readonly env: Readonly<Record<string, string>> }[];
  }
).steps;

/** The one step of the project's action. */
export const ownAction = {
  script: actionStep?.run ?? '',
  /** Its variables, for the inputs that are given. */
  env: (inputs: Json): Json => ({
    GITHUB_ACTION_PATH: actionDirectory,
    ...Object.fromEntries(
      Object.entries(actionStep?.env ?? {}).map(([name, text]) => {
        const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text)?.[1] ?? text;
        return [name, String(inputs[input] ?? '')];
      }),
    ),
  }),
};

/** GitLab's runner joins the lines of a job into one script. */
export function gitLabStep(pipeline: Json, job: string): Step {
  const { script } = pipeline[job] as { readonly script: readonly string[] };
  return { name: job, script: `set -eo pipefail\n${script.join('\n')}`, shell: ['bash'] };
}

/** The shell scripts of a stage of a declarative pipeline. */
export function jenkinsSteps(pipeline: string, stage: string): readonly Step[] {
  const [, body = ''] = pipeline.split(`stage('${stage}')`);
  const [ofStage = ''] = body.split(/\bstage\('/);
  return [
    ...ofStage.matchAll(/\bsh[ (](?:returnStatus: true, script: )?(?:'''([\s\S]*?)'''|'([^']*)')/g),
  ].map(([, long, short = '']) => ({ name: stage, script: long ?? short, shell: ['sh', '-xe'] }));
}

export function azureSteps(pipeline: Json, job: string): readonly Step[] {
  const jobs = pipeline['jobs'] as readonly { job: string; steps: readonly Json[] }[];
  const { steps = [] } = jobs.find((candidate) => candidate.job === job) ?? {};
  return steps.map((step) => ({
    name: String(step['displayName']),
    script: String(step['bash']),
    shell: ['bash', '--noprofile', '--norc'],
    env: step['env'] as Json | undefined,
  }));
}

export interface Run {
  readonly steps: readonly Step[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What `vars.NAME`, `secrets.NAME` and `$(NAME)` stand for. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
}

/**
 * Runs the steps one after the other and returns what each did; after one that failed only those that say
 * `always()`. A step's variables may name `${{ steps.ID.outputs.NAME }}` or `$(NAME)`; what it hands on is read from
 * the files of `GITHUB_OUTPUT`, `GITHUB_ENV` and `GITHUB_PATH`, and from `##vso[task.setvariable …]`.
 */
export async function runSteps({ steps, env, cwd, secrets = {} }: Run): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const outputs = new Map<string, string>();
  let variables = { ...env };
  const resolved = (text: unknown): string =>
    String(text)
      .replace(/\$\{\{ (steps\.\S+) \}\}/g, (_, path: string) => outputs.get(path) ?? '')
      .replace(/\$\{\{ (?:vars|secrets)\.(\w+) \}\}/g, (_, name: string) => secrets[name] ?? '')
      .replace(/\$\((\w+)\)/g, (_, name: string) => outputs.get(name) ?? secrets[name] ?? '');
  let hasFailed = false;
  for (const [index, { name, script, shell, env: own = {}, condition, id }] of steps.entries()) {
    if (script === undefined || (condition !== 'always()' && hasFailed)) continue;
    const comparison = /^(\S+) == '(.*)'$/.exec(condition ?? '');
    if (comparison !== null && outputs.get(comparison[1] ?? '') !== comparison[2]) continue;
    const file = (kind: string, text = '') => {
      const path = join(cwd, `.step-${index}.${kind}`);
      writeFileSync(path, text);
      return path;
    };
    const files = {
      GITHUB_OUTPUT: file('output'),
      GITHUB_ENV: file('env'),
      GITHUB_PATH: file('path'),
    };
    const ownVariables = Object.fromEntries(
      Object.entries(own).map(([key, value]) => [key, resolved(value)]),
    );
    const [program, ...flags] = shell;
    const ended = await runIn(program, [...flags, file('sh', script)], {
      cwd,
      env: { ...variables, ...files, ...ownVariables },
    });
    results.push({ name, ...ended });
    hasFailed ||= ended.exitCode !== 0;
    for (const [key, value] of valuesIn(files.GITHUB_OUTPUT))
      outputs.set(`steps.${id}.outputs.${key}`, value);
    variables = { ...variables, ...Object.fromEntries(valuesIn(files.GITHUB_ENV)) };
    for (const path of readFileSync(files.GITHUB_PATH, 'utf8').split('\n').filter(Boolean)) {
      variables['PATH'] = `${path}${delimiter}${variables['PATH']}`;
    }
    const commands = ended.stdout.matchAll(/^##vso\[task\.setvariable variable=(\w+)\](.*)$/gm);
    for (const [, key = '', value = ''] of commands) outputs.set(key, value);
  }
  return results;
}

/** `name=value` lines, and `name<<MARK`, lines, `MARK`. */
export function valuesIn(path: string): readonly (readonly [name: string, value: string])[] {
  const forms = /^([\w-]+)(?:=(.*)|<<(\S+)\n([\s\S]*?)\n\3)$/gm;
  return [...readFileSync(path, 'utf8').matchAll(forms)].map(
    ([, name = '', short, , long = '']) => [name, short ?? long] as const,
  );
}
