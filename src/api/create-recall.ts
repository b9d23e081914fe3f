// What became of creates that an earlier process left behind: it has to be known before another one is sent.

import { SegjobsError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import type { CreatedJob } from './client.ts';
import type { Survey } from './create-intents.ts';
import { hopeEndsAfterMs, timeText, unknownOutcome } from './create-look.ts';
import type { CreateParts } from './create-once.ts';

/** The job of a create that was left behind, or the error that tells why another one must not be sent yet. */
export async function recall(
  parts: CreateParts,
  { leftBehind, jobIds }: Survey,
): Promise<CreatedJob | { readonly unsettled?: SegjobsError }> {
  const { intents, clock, serviceNow } = parts;
  let unsettled: SegjobsError | undefined;
  for (const intent of leftBehind) {
    const sentAt = () => intent.sentAtService ?? intent.sentAt + serviceNow() - clock.now();
    const otherJobIds = [...(intent.otherJobIds ?? []), ...jobIds];
    const sought = { requestId: intent.requestId, segmentIds: intent.segmentIds, sentAt, otherJobIds };
    const what = () =>
      `an earlier create of the same segments, sent ${timeText(sentAt())}, may have made a job`;
    const unknown = (
      found: string,
      candidates: readonly SegmentJob[],
      advice: string,
      cause?: SegjobsError,
    ) =>
      unknownOutcome(
        { sought, message: `${what()}; ${found}`, candidates, advice, cause },
        parts.options.hintFlags,
      );

    let matches: readonly SegmentJob[];
    try {
      matches =
        intent.jobId === undefined
          ? await parts.look(sought, { isRetried: true })
          : await jobIfThere(parts, intent.jobId);
    } catch (cause) {
      parts.signal.throwIfAborted();
      if (!(cause instanceof SegjobsError)) throw cause;
      const advice = 'nothing was sent now, and the same create looks again; to look yourself:';
      throw unknown(`looking for it failed: ${cause.message}`, [], advice, cause);
    }
    const [only] = matches;
    if (only !== undefined && matches.length === 1) {
      const adopted = intents.adopt(intent, only.id);
      return { job: only, origin: 'earlier', settle: () => intents.settle(adopted) };
    }
    if (matches.length > 1) {
      unsettled ??= unknown(
        `${matches.length} jobs could be it`,
        matches,
        'look; if it is none of them, create --new starts another:',
      );
    } else if (serviceNow() - sentAt() < hopeEndsAfterMs) {
      const until = timeText(sentAt() + hopeEndsAfterMs);
      unsettled ??= unknown(
        'no job of it was found so far',
        [],
        `the same create looks again, and sends after ${until}; look before you use --new, which sends at once:`,
      );
    } else {
      intents.forget(intent);
    }
  }
  return unsettled === undefined ? {} : { unsettled };
}

async function jobIfThere({ get }: CreateParts, id: string): Promise<readonly SegmentJob[]> {
  try {
    return [await get(id)];
  } catch (cause) {
    if (cause instanceof SegjobsError && cause.code === 'NOT_FOUND') return [];
    throw cause;
  }
}
