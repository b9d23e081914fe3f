// How the outcome of a cancel looks, job by job.

import type { SegjobsError } from '../errors.ts';
import type { SegmentJob } from '../jobs/job.ts';
import { quoteJson } from '../lossless-json.ts';
import type { DocumentFrame, RecordView } from './output.ts';

/**
 * What happened to one job: `requested` (a DELETE was accepted; the service cancels later), `planned` (a dry run
 * would send one), `already` (CANCELLING or CANCELLED before), `finished` (SUCCEEDED or FAILED: nothing was sent;
 * or the service said so in answer to the DELETE: see `error`), `missing`, or `failed` (see `error`).
 */
export interface CancelRow {
  readonly id: string;
  readonly outcome: 'requested' | 'planned' | 'already' | 'finished' | 'missing' | 'failed';
  /** The last status known. */
  readonly status?: string | undefined;
  readonly job?: SegmentJob | undefined;
  readonly error?: SegjobsError | undefined;
}

export const cancelView: RecordView<CancelRow> = {
  columns: [
    {
      name: 'outcome',
      title: 'OUTCOME',
      cell: ({ outcome }) => outcome,
      paint: (text, { outcome }, { paint }) => {
        if (outcome === 'missing' || outcome === 'failed' || outcome === 'finished') return paint.bad(text);
        return outcome === 'requested' ? paint.good(text) : paint.muted(text);
      },
    },
    { name: 'id', title: 'ID', cell: ({ id }) => id },
    { name: 'status', title: 'STATUS', cell: ({ status }) => status ?? '' },
  ],
  id: ({ id }) => id,
  json: ({ outcome, status, error }) =>
    quoteJson({
      outcome,
      status: status ?? null,
      ...(error === undefined
        ? {}
        : { error: { code: error.code, message: error.message, requestId: error.requestId ?? null } }),
    }),
};

/** `{"schemaVersion":1,"results":{id:{"outcome","status","error"?}}}` */
export const cancelFrame: DocumentFrame<CancelRow> = {
  head: '{"schemaVersion":1,"results":{',
  key: ({ id }) => id,
  tail: () => '}}',
};
