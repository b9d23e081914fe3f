import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryWorld, createBinaryWorld } from '../support/binary.ts';
import { hasPty, type PtySession, startPty } from '../support/pty-session.ts';
import { type Screen, type ScreenSize, screenAfter } from '../support/screen.ts';

// The live view of a watch on a real terminal, as the built program draws it: what stands on the screen, and how the
// terminal is left on every way out.

let world: BinaryWorld;
beforeAll(async () => {
  world = await createBinaryWorld();
  // A token of its own would be one more request to wait for.
  await world.run(['list', '-L', '1']);
});
afterAll(() => world.close());

const usual: ScreenSize = { columns: 80, rows: 24 };
const turning = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;
/** What wipes the region as a whole, which happens when the size has changed. */
const wipe = /\r\u001b\[J(?:\u001b\[1A\u001b\[K)+/;

/** Runs a line, then tells what is left of the terminal: `code 0`, and `sane` when keys are echoed and lines edited. */
function start(line: string, size = usual, from = world): PtySession {
  const checked = `trap : INT; ${line}; echo "code $?"; stty -a | tr ';' '\\n' | grep -Eqw -- '-echo|-icanon|-isig|-icrnl|-opost' || echo sane`;
  return startPty(checked, from.environment(), size);
}

/** An interactive shell with job control. */
function startShell(): PtySession {
  return startPty('bash --norc --noprofile -i', world.environment({ PS1: '> ' }));
}

/** Starts a watch as a process that tells its id first. */
const watchOf = (id: string) => `sh -c 'echo pid $$; exec segjobs watch ${id}'`;
const pidOn = (session: PtySession) => Number(/pid (\d+)/.exec(session.screen())?.[1]);

/** Resolves when the region has been drawn. */
const drawn = (session: PtySession) => session.until(/next look in/);

async function endOf(session: PtySession, size = usual): Promise<{ screen: Screen; text: string }> {
  await session.exitCode;
  const screen = await screenAfter(session.screen(), size);
  return { screen, text: `${screen.everything().join('\n')}\n` };
}

describe.runIf(hasPty).concurrent('the live view on a real terminal', () => {
  it.each([
    { columns: 100, rows: 30 },
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10 },
  ])('of $columns x $rows shows the jobs, and leaves what ended and the final table', async (size) => {
    // Its clock is moved, which would end the jobs of the other tests.
    const own = await createBinaryWorld();
    const ids = [await own.activeJob(), await own.activeJob()];
    const session = start(`segjobs watch ${ids.join(' ')} --interval 1s`, size, own);
    await session.until(size.columns > 60 ? /1\dm–1\dm/ : /next look in/);
    const before = await screenAfter(session.screen(), size);
    const facts = size.columns > 60 ? ' +1 +\\d+s  1\\dm–1\\dm .*13' : ' +\\d+s$';
    const shownId = (id: string) => (size.columns > 60 ? id : `${id.slice(0, 15)}…`);
    const heading =
      size.rows > 12 ? [expect.stringMatching(/^ {2}STATUS +ID +(SEGMENTS|SEGS) +ELAPSED {2}LEFT/)] : [];
    expect([before.visible(), before.isCursorHidden]).toEqual([
      [
        ...heading,
        ...ids.map((id) =>
          expect.stringMatching(new RegExp(`^[•⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] (NEW|QUEUED|PROCESSING) +${shownId(id)}${facts}`)),
        ),
        ...(heading.length > 0 ? [''] : []),
        expect.stringMatching(/^0 of 2 finished · 2 \w+ · \d+s$/),
        expect.stringMatching(/^last look \d+s ago · (next look in 1s|looking…)$/),
      ],
      true,
    ]);
    own.emulator.advance(24 * 3_600_000);
    const { screen, text } = await endOf(session, size);
    await own.close();
    expect(text).not.toMatch(turning);
    expect(text).not.toContain('next look');
    for (const id of ids) expect(text).toMatch(new RegExp(`^✓ ${id}\\s+\\w+ → SUCCEEDED after `, 'm'));
    // A card for each job where a table has no room.
    expect(text).toMatch(/^2 of 2 finished · .*\n(STATUS |[\w-]{36}\n {2}SUCCEEDED)/m);
    expect(text).toMatch(/code 0\nsane\n$/);
    expect(screen.isCursorHidden).toBe(false);
  });

  it.each([
    ['Ctrl-C', 130],
    ['SIGINT twice within 100 ms', 130],
    ['Ctrl-C and another one later', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends it with %i, the cursor back and the terminal sane [fault 104]', async (how, code) => {
    const id = await world.activeJob();
    const session = start(watchOf(id));
    await drawn(session);
    expect((await screenAfter(session.screen(), usual)).isCursorHidden).toBe(true);
    if (how === 'SIGTERM' || how === 'SIGHUP') process.kill(pidOn(session), how);
    else if (how.startsWith('SIGINT')) {
      const pid = pidOn(session);
      process.kill(pid, 'SIGINT');
      if (isRunning(pid)) process.kill(pid, 'SIGINT');
    } else session.type('\x03');
    if (how.endsWith('later')) {
      await sleep(120);
      session.type('\x03');
    }
    const { screen, text } = await endOf(session);
    expect(screen.isCursorHidden).toBe(false);
    expect(text).not.toMatch(turning);
    expect(text).not.toContain('last look');
    expect(text.replaceAll('\n', '')).toContain(
      `Stopped watching. 1 job is still running. Resume with: segjobs watch ${id}STATUS`,
    );
    expect(text).toMatch(new RegExp(`code ${code}\n(\\^C)?sane\n$`));
  });

  it('Ctrl-C under npm, which passes the signal on once more, leaves the whole final table', async () => {
    const id = await world.activeJob();
    const manifest = { name: 'pipeline', scripts: { follow: `segjobs watch ${id}` } };
    writeFileSync(join(world.home, 'package.json'), JSON.stringify(manifest));
    const session = start('(cd "$HOME" && npm run --silent follow)');
    await drawn(session);
    session.type('\x03');
    const { screen, text } = await endOf(session);
    expect(text.match(/Stopped watching/g)).toHaveLength(1);
    expect(text).toMatch(new RegExp(`^(NEW|QUEUED|PROCESSING) +${id} .*$`, 'm'));
    expect(text).not.toMatch(turning);
    expect(text).toMatch(/code 130\nsane\n$/);
    expect(screen.isCursorHidden).toBe(false);
  });

  it('Ctrl-Z stops it with the screen tidied up, and fg draws it again', async () => {
    const id = await world.activeJob();
    const session = startShell();
    session.type(`clear; segjobs watch ${id}\r`);
    await drawn(session);
    session.type('\x1a');
    await session.until(/Stopped .*segjobs watch.*\r\n.*> $/);
    const stopped = await screenAfter(session.screen(), usual);
    expect(stopped.isCursorHidden).toBe(false);
    expect(stopped.visible()).toEqual([
      '',
      expect.stringMatching(/^\[1\]\+ {2}Stopped .*segjobs watch/),
      '>',
    ]);
    const sent = session.screen().length;
    await sleep(300);
    expect(session.screen().length).toBe(sent);
    session.type('fg\r');
    await session.until(/> fg[\s\S]*next look in/);
    const again = await screenAfter(session.screen(), usual);
    expect(again.isCursorHidden).toBe(true);
    expect(again.visible().slice(2, 5)).toEqual([
      '> fg',
      `segjobs watch ${id}`,
      expect.stringMatching(/^ {2}STATUS +ID /),
    ]);
    session.type('\x03');
    await session.until(/Stopped watching/);
    session.type('exit\r');
    const { screen, text } = await endOf(session);
    expect(screen.isCursorHidden).toBe(false);
    expect(text).not.toMatch(turning);
  });

  it('keeps off the screen in the background, and comes back with fg', async () => {
    const id = await world.activeJob();
    const session = startShell();
    session.type(`segjobs watch ${id}\r`);
    await drawn(session);
    session.type('\x1a');
    await session.until(/Stopped .*segjobs watch/);
    session.type('bg\r');
    await session.until(/segjobs watch [\w-]+ &/);
    const sent = session.screen().length;
    await sleep(500);
    expect(session.screen().slice(sent)).toMatch(/^(\r|\n|\u001b\[\?2004[hl]|> )*$/);
    session.type('fg\r');
    await session.until(/> (\u001b\[\?2004[hl]|\r)*fg[\s\S]*next look in/);
    session.type('\x03');
    await session.until(/Stopped watching/);
    session.type('exit\r');
    expect((await endOf(session)).screen.isCursorHidden).toBe(false);
  });

  it('in the background from the start it prints a line for each change', async () => {
    const id = await world.activeJob();
    const session = startShell();
    session.type(`segjobs watch ${id} &\r`);
    await session.until(new RegExp(`Z {2}${id} {2}(NEW|QUEUED|PROCESSING)`));
    session.type('kill %1; wait; exit\r');
    const { text } = await endOf(session);
    expect(text).not.toContain('next look');
    expect(text).toContain('Stopped watching.');
  });

  it.each([
    { columns: 40, rows: 10 },
    { columns: 20, rows: 24 },
    { columns: 130, rows: 40 },
  ])(
    'a terminal that becomes $columns x $rows while it draws is drawn anew, without remains',
    async (size) => {
      const id = await world.activeJob();
      const session = start(`tty; segjobs watch ${id}`);
      await drawn(session);
      const [tty = ''] = /\/dev\/\S+/.exec(session.screen()) ?? [];
      spawnSync('stty', ['-F', tty, 'cols', String(size.columns), 'rows', String(size.rows)]);
      await session.until(wipe);
      await sleep(300);
      const sent = session.screen();
      const at = wipe.exec(sent)?.index ?? 0;
      const screen = await screenAfter(sent.slice(0, at), usual);
      await screen.resize(size);
      screen.write(sent.slice(at));
      await screen.settled();
      const [first, ...rest] = screen.everything();
      expect(first).toBe(tty);
      expect(rest.filter((line) => line.includes(id.slice(0, 10)))).toHaveLength(1);
      expect(rest.filter((line) => line.includes('last look'))).toHaveLength(1);
      expect(rest.at(-1)).toMatch(/^(last look \d+s ago · )?(next look in|looking)/);
      session.type('\x03');
      await session.exitCode;
    },
  );

  it('a terminal that is closed ends it, at once and for good', async () => {
    const id = await world.activeJob();
    const session = start(watchOf(id));
    await drawn(session);
    const pid = pidOn(session);
    session.close();
    const limit = performance.now() + 3000;
    while (isRunning(pid) && performance.now() < limit) await sleep(20);
    expect(isRunning(pid)).toBe(false);
  });

  it('typing into it does no lasting harm', async () => {
    const id = await world.activeJob();
    const session = start(`segjobs watch ${id}`);
    await drawn(session);
    session.type('abc');
    await session.until(/abc/);
    await sleep(1300);
    expect((await screenAfter(session.screen(), usual)).visible().join('\n')).not.toContain('abc');
    session.type('\x03');
    const { screen } = await endOf(session);
    expect(screen.isCursorHidden).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
