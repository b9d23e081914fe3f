// Guarded creates of one sandbox take turns on one machine: what one of them sends, the next one counts.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { SegjobsError } from '../errors.ts';
import { withFileLock } from '../file-lock.ts';
import { ensurePrivateDir } from '../files.ts';

/** Longer than a create takes with its waits and looks, as for creates of the same segments. */
const turnIsOverAfterMs = 15 * 60_000;
/** A little more, so that the turn of a machine that is gone comes free. */
const turnLimitMs = turnIsOverAfterMs + 60_000;

/**
 * Runs `action` while no other guarded create of this sandbox runs on this machine; where there is no place for a
 * lock, it just runs. Throws `TIMEOUT` when another one does not come to an end.
 */
export async function inQuotaTurn<T>(context: Context, action: () => Promise<T>): Promise<T> {
  const [{ stateDir }, { apiUrl, orgId, sandbox }, output] = await Promise.all([
    context.locations(),
    context.settings(),
    context.output(),
  ]);
  if (stateDir === undefined) return action();
  const { clock, signal } = context;
  const key = createHash('sha256')
    .update(JSON.stringify([apiUrl, orgId, sandbox]))
    .digest('hex');
  const options = {
    clock,
    signal,
    waitMs: turnLimitMs,
    staleAfterMs: turnIsOverAfterMs,
    onWaiting: () => output.note('waiting for another create with --guard-quota to end'),
    lateError: () =>
      new SegjobsError(
        'TIMEOUT',
        'another create with --guard-quota has not ended in 16 minutes; nothing was sent',
        {
          hint: 'try again when it has ended',
        },
      ),
  };
  let hasTurn = false;
  try {
    ensurePrivateDir(stateDir);
    return await withFileLock(join(stateDir, `quota-${key}`), options, () => {
      hasTurn = true;
      return action();
    });
  } catch (cause) {
    const isNoPlace = cause instanceof SegjobsError && cause.code === 'LOCAL_IO';
    if (hasTurn || !isNoPlace) throw cause;
    return action();
  }
}
