import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allFacts } from '../../src/command-facts.ts';
import { programTree } from '../../src/command-tree.ts';
import { type BinaryWorld, createBinaryWorld, isPosix } from '../support/binary.ts';
import type { Ended } from '../support/processes.ts';
import { hasPty, startPty } from '../support/pty-session.ts';

// Every example in the help of every command, typed into a shell as it stands there, against an emulator of its own.

const examples = allFacts(programTree()).flatMap(({ path, examples: own }) =>
  own.map(({ command, exitCode = 0 }) => ({ of: path.join(' '), command, exitCode })),
);

const tools = ['jq', 'curl'].filter((tool) => spawnSync(tool, ['--version']).error === undefined);
const missing = ['jq', 'curl'].filter((tool) => !tools.includes(tool));
if (missing.length > 0 && process.env['CI'] === 'true')
  throw new Error(`these tests need ${missing.join(', ')}`);

/** What a person would put for the words in capitals. */
interface Words {
  readonly [word: string]: string;
}

describe.skipIf(!isPosix).concurrent('the examples in the help', () => {
  for (const { of, command, exitCode } of examples) {
    const needed = missing.find((tool) => new RegExp(`\\b${tool}\\b`).test(command));
    const isSkipped = needed !== undefined || (isConversation(command) && !hasPty);
    it.skipIf(isSkipped)(`of ${of}: ${command} ends with ${exitCode}`, { timeout: 40_000 }, async () => {
      const world = await createBinaryWorld();
      try {
        const words = await furnish(world, of);
        const line = Object.entries(words).reduce(
          (text, [word, value]) => text.replaceAll(new RegExp(`(?<![\\w$-])${word}(?!\\w)`, 'g'), value),
          command,
        );
        const { exitCode: actual, stderr } = await runExample(world, { of, line, exitCode });
        expect({ exitCode: actual, stderr: actual === exitCode ? '' : stderr }).toEqual({
          exitCode,
          stderr: '',
        });
      } finally {
        await world.close();
      }
    });
  }
});

/** Makes the jobs, files and profiles that examples speak of. */
async function furnish(world: BinaryWorld, of: string): Promise<Words> {
  const { clientId, clientSecret, orgId } = world.emulator.credentials;
  const [segment = '', other = ''] = world.emulator.definitionIds().evaluable;
  const isOfActiveJobs = of === 'cancel' || of === 'watch';
  const ids = isOfActiveJobs
    ? [await world.activeJob(segment), await world.activeJob(other)]
    : (
        await world.segjobs(['list', '--status', 'succeeded', '--segment', segment, '-L', '2', '-o', 'ids'])
      ).stdout.split('\n');
  const [job = '', otherJob = ''] = ids;
  const credential = JSON.stringify({ CLIENT_ID: clientId, CLIENT_SECRETS: [clientSecret], ORG_ID: orgId });
  const files = {
    'segments.txt': `${segment}\n${other}\n`,
    'jobs.txt': `${job}\n${otherJob}\n`,
    'credential.json': credential,
    'secret.txt': clientSecret,
  };
  for (const [name, text] of Object.entries(files)) world.file(join('work', name), text);
  for (const name of ['export.sh', 'nightly.sh']) {
    chmodSync(world.file(join('work', name), '#!/bin/sh\nexec segjobs list --limit 1\n'), 0o755);
  }
  for (const profile of usesProfiles(of) ? ['old', 'prod', 'default'] : []) {
    const argv = ['auth', 'login', '--from-file', '-', '--sandbox', 'prod', '--profile', profile];
    const { exitCode, stderr } = await world.segjobs(argv, { stdin: credential });
    if (exitCode !== 0) throw new Error(stderr);
  }
  if (usesProfiles(of)) await world.segjobs(['config', 'use', 'default']);
  return {
    JOB_ID: job,
    OTHER_JOB_ID: otherJob,
    SEGMENT_ID: segment,
    OTHER_SEGMENT_ID: other,
    ID: clientId,
    ORG: orgId,
    4010: String(await freePort()),
  };
}

async function runExample(
  world: BinaryWorld,
  { of, line, exitCode }: { readonly of: string; readonly line: string; readonly exitCode: number },
): Promise<Pick<Ended, 'exitCode' | 'stderr'>> {
  const env = {
    ...(usesProfiles(of)
      ? {
          AEP_CLIENT_ID: undefined,
          AEP_CLIENT_SECRET: undefined,
          AEP_ORG_ID: undefined,
          AEP_SANDBOX_NAME: undefined,
        }
      : {}),
    URL: `${world.emulator.url}/data/core/ups/segment/jobs?limit=1`,
  };
  const options = { env, cwd: join(world.home, 'work'), limitMs: 35_000 };
  if (isConversation(line)) return converse(world, world.environment(env));
  if (/^segjobs emulator start/.test(line) && !line.includes('--fault help'))
    return serveAWhile(world, line, options);
  world.newRequests();
  const { ended } = world.startShell(line, options);
  // The jobs end as soon as they have been looked at, unless it is about one that goes on.
  const looks = of === 'create' ? ['POST bulk-get'] : ['POST bulk-get', 'GET list'];
  const timer = setInterval(() => {
    if (exitCode === 8 || !/watch/.test(line) || !world.newRequests().some((one) => looks.includes(one)))
      return;
    clearInterval(timer);
    setTimeout(() => world.emulator.advance(2 * 3_600_000), 200);
  }, 20);
  return ended.finally(() => clearInterval(timer));
}

/** Whether its credentials come from profiles instead of the environment. */
function usesProfiles(of: string): boolean {
  return /^(auth|config)\b/.test(of);
}

/** Starts the emulator as shown, waits until it serves, and stops it. */
async function serveAWhile(
  world: BinaryWorld,
  line: string,
  options: Parameters<BinaryWorld['startShell']>[1],
): Promise<Ended> {
  if (line.endsWith('&')) {
    const use =
      'until grep -q SEGJOBS_IMS_URL emulator.env; do sleep 0.05; done; . ./emulator.env; segjobs list -L 1';
    return world.shell(`${line}\n${use} || exit 99; kill $!; wait $!`, options);
  }
  const { child, ended, until } = world.startShell(`exec ${line}`, options);
  await until('stdout', /export SEGJOBS_IMS_URL/);
  child.kill('SIGTERM');
  return ended;
}

/** `segjobs auth login` by itself asks, and so needs a terminal and somebody to answer. */
function isConversation(line: string): boolean {
  return line === 'segjobs auth login';
}

async function converse(
  world: BinaryWorld,
  environment: Readonly<Record<string, string>>,
): Promise<Pick<Ended, 'exitCode' | 'stderr'>> {
  const { clientId, clientSecret, orgId } = world.emulator.credentials;
  const session = startPty('segjobs auth login --profile another', environment);
  const answers: readonly (readonly [RegExp, string])[] = [
    [/Client id:/, clientId],
    [/Organization id/, orgId],
    [/Client secret/, clientSecret],
    [/Sandbox, by number/, 'dev'],
  ];
  for (const [question, answer] of answers) {
    await session.until(question);
    session.type(`${answer}\r`);
  }
  return { exitCode: await session.exitCode, stderr: session.screen() };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
