// How long short commands take from their start to their end, against a bare node.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { interleave, measure } from './measure.mjs';
import { ratiosByRound, spread } from './statistics.mjs';
import { quartilesText, ratioText, timeText } from './tables.mjs';
import { targets } from './targets.mjs';
import { quoted, whichCommand } from './world.mjs';

/** Other versions have sections of their own in the results. */
const oldestMajor = 20;
export const bareNode = 'node -e 0';

/** What is measured by the guard too: the commands that people wait for most often. */
export function mainContestants({ node, segjobs }) {
  return [
    { name: bareNode, line: `${node} -e 0` },
    { name: 'segjobs --version', line: `${segjobs} --version`, target: targets.version },
    { name: 'segjobs --help', line: `${segjobs} --help`, target: targets.help },
    { name: 'segjobs list, 20 jobs as a table', line: `${segjobs} list -o table`, target: targets.list },
  ];
}

/** The other commands of the program; what cannot be measured here is left out and told in `notes`. */
async function otherContestants({ segjobs, env, https }, notes) {
  const contestants = [];
  await measure(`${segjobs} list -o table`, { env });
  const id = (await measure(`${segjobs} list -L 1 -o ids`, { env, keepsText: true })).text.trim();

  const completion = `${segjobs} __complete jobs`;
  const completed = await measure(completion, { env, keepsText: true }).catch(() => undefined);
  if (completed?.text.includes(id)) {
    contestants.push({
      name: 'segjobs, completion of a job id',
      line: completion,
      target: targets.completion,
    });
  } else notes.push('Completion of a job id: this build has none.');

  contestants.push(
    { name: 'segjobs get', line: `${segjobs} get ${id} -o table` },
    { name: 'segjobs config get', line: `${segjobs} config get sandbox` },
  );

  if (https === undefined) notes.push('Over https: there is no openssl command to make a certificate.');
  else {
    contestants.push({
      name: 'segjobs list, 20 jobs over https',
      line: `${segjobs} list -o table`,
      env: { SEGJOBS_API_URL: https, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
      target: targets.listOverHttps,
    });
    notes.push(
      'Over https: the certificate is made for the measurement and not verified; node loads its root store all the same.',
    );
  }
  return contestants;
}

/** The program for people without node, where it has been built. */
function standaloneContestants(notes) {
  const program = fileURLToPath(new URL('../build/standalone/segjobs', import.meta.url));
  if (!existsSync(program)) {
    notes.push('The standalone program: not built (npm run build:standalone).');
    return [];
  }
  const segjobs = quoted(program);
  return [
    {
      name: 'standalone segjobs --version',
      line: `${segjobs} --version`,
      target: targets.standaloneVersion,
    },
    { name: 'standalone segjobs list, 20 jobs as a table', line: `${segjobs} list -o table` },
  ];
}

/** What people would use instead, where it is installed. */
async function rivals({ http, env }, notes) {
  const contestants = [];
  if (whichCommand('curl') && whichCommand('jq')) {
    const columns = whichCommand('column') ? ' | column -t' : '';
    const url = `${http}/data/core/ups/segment/jobs?limit=20`;
    const program = '.children[] | [.status, .id, (.segments | length), .creationTime, .source] | @tsv';
    contestants.push({
      name: `curl | jq${columns}, 20 jobs`,
      line: `curl -s -H 'x-sandbox-name: jobs-20' '${url}' | jq -r '${program}'${columns}`,
    });
  } else notes.push('curl | jq: not installed.');
  for (const name of ['gh', 'aio', 'aws']) {
    const line = `'${whichCommand(name)}' --version`;
    const works = await measure(line, { env }).catch(() => undefined);
    if (works) contestants.push({ name: `${name} --version`, line });
    else notes.push(`${name}: not installed.`);
  }
  return contestants;
}

export async function measureStartUp(world, { rounds, runs, tell }) {
  const notes = [];
  const contestants = [
    ...mainContestants(world),
    ...(await otherContestants(world, notes)),
    ...standaloneContestants(notes),
    ...(await rivals(world, notes)),
  ];
  const samples = await interleave(contestants, { rounds, runs, env: world.env, tell });
  const bare = samples.get(bareNode);
  const rows = contestants.map(({ name, target }) => {
    const own = samples.get(name);
    const ratio = (of) => spread(ratiosByRound(own.map(of), bare.map(of)));
    const wall = ratio(({ wallMs }) => wallMs);
    const cpu = ratio(({ cpuMs }) => cpuMs);
    const time = spread(own.map(({ wallMs }) => wallMs));
    return {
      cells: [
        name,
        ratioText(wall.median),
        quartilesText(wall),
        ratioText(cpu.median),
        timeText(time.median),
      ],
      figure: wall.median,
      target,
    };
  });
  const { node } = process.versions;
  return {
    title: Number.parseInt(node, 10) === oldestMajor ? 'Start-up' : `Start-up, Node ${node}`,
    about: `Whole processes with a profile in the config file and a cached token, against \`${bareNode}\`; medians of ${rounds} interleaved rounds of ${runs} runs each, stdout into a pipe.`,
    head: ['', '× bare node', 'quartiles', 'CPU ×', 'time'],
    rows,
    notes,
  };
}
