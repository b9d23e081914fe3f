// The main job, as a person would do it, against the emulator. Run by `npm run demo` inside `segjobs emulator exec`,
// which put a `segjobs` for this very checkout on the PATH.
import { spawnSync } from 'node:child_process';

const dim =
  process.stdout.isTTY && !process.env.NO_COLOR ? (text) => `\u001b[2m${text}\u001b[22m` : (text) => text;
const bold =
  process.stdout.isTTY && !process.env.NO_COLOR ? (text) => `\u001b[1m${text}\u001b[22m` : (text) => text;
const isWindows = process.platform === 'win32';

function say(text) {
  console.log(`\n${dim(`# ${text}`)}`);
}

/** Runs one command as typed; returns what it printed when `keep` is set. The demo ends where a step fails. */
function type(args, { keep = false, expect = 0 } = {}) {
  console.log(`${bold(`$ segjobs ${args.join(' ')}`)}`);
  const { status, stdout } = spawnSync('segjobs', args, {
    stdio: ['ignore', keep ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
    shell: isWindows,
  });
  if (keep) process.stdout.write(stdout);
  if (status !== expect) {
    console.error(`the demo stopped: exit code ${status} where ${expect} was expected`);
    process.exit(1);
  }
  return keep ? stdout.trim() : '';
}

// Definitions that the emulator's history has evaluated before: "Works in the US" and "Abandoned cart, 7 days".
const latest = spawnSync(
  'segjobs',
  ['list', '--source', 'api', '--status', 'succeeded', '-o', 'ndjson', '-L', '100'],
  {
    encoding: 'utf8',
    shell: isWindows,
  },
);
const seen = latest.stdout
  .trim()
  .split('\n')
  .flatMap((line) => JSON.parse(line).segments.map(({ segmentId }) => segmentId));
const [first, second, third] = [...new Set(seen)].filter((id) => id !== '*');

say('What ran lately in this sandbox');
type(['list', '--limit', '8', '-o', 'table']);

say('Evaluate two segments in one job: one run of the two a day');
const id = type(['create', first, second, '-o', 'ids'], { keep: true });

say('Wait for it, as a pipeline step would (the emulator’s clock runs 60 times as fast)');
type(['watch', id, '--interval', '1s', '-o', 'table']);

say('How large did the audiences become?');
type(['get', id, '-o', 'table']);

say('A second thought: start another one, and cancel it');
const other = type(['create', third ?? first, '-o', 'ids'], { keep: true });
type(['cancel', other, '--watch', '--interval', '1s', '-o', 'table']);

say('Both, with one request');
type(['bulk-get', id, other, '-o', 'table']);

console.log(`\n${dim('# The same commands work against AEP: see Install and Log in in README.md')}`);
