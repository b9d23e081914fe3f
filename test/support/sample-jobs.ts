// Segment jobs for tests of what is shown.

import type { JobMetrics, SegmentJob } from '../../src/jobs/job.ts';

/** 02:14:07 UTC on 23 November 2026. */
export const sampleTime = Date.UTC(2026, 10, 23, 2, 14, 7);
const minuteMs = 60_000;

/** A job of which only the id is certain. */
export function bareJob(id: string, more: Partial<SegmentJob> = {}): SegmentJob {
  return { id, segments: [], errors: [], json: JSON.stringify({ id }), ...more };
}

export const finishedJob: SegmentJob = bareJob('d3b4a50d-dfea-43eb-9fca-557ea53771fd', {
  status: 'SUCCEEDED',
  source: 'scheduler',
  creationTime: sampleTime,
  updateTime: sampleTime + 13 * minuteMs,
  sandbox: { sandboxName: 'prod', type: 'production' },
  requestId: '4e538382-dbd8-449e-988a-4ac639ebe72b',
  segments: [
    {
      segmentId: '7863c010-e092-41c8-ae5e-9e533186752e',
      segment: {
        expression: { type: 'PQL', format: 'pql/text', value: 'workAddress.country = "US"' },
        mergePolicy: { id: '25c548a0-ca7f-4dcd-81d5-997642f178b9', version: 1 },
      },
    },
  ],
  metrics: {
    totalTime: { totalTimeInMs: 785_000 },
    profileSegmentationTime: { totalTimeInMs: 690_000 },
    totalProfiles: 13_146_432,
    segmentedProfileCounter: new Map([['7863c010-e092-41c8-ae5e-9e533186752e', 1033]]),
    segmentedProfileByStatusCounter: new Map([
      [
        '7863c010-e092-41c8-ae5e-9e533186752e',
        new Map([
          ['exited', 20],
          ['existing', 512],
          ['realized', 501],
        ]),
      ],
    ]),
    segmentedProfileByNamespaceCounter: new Map([
      [
        '7863c010-e092-41c8-ae5e-9e533186752e',
        new Map([
          ['Email', 233],
          ['ECID', 800],
        ]),
      ],
    ]),
  },
  json: '{"id":"d3b4a50d-dfea-43eb-9fca-557ea53771fd","status":"SUCCEEDED","computeJobId":12345678901234567890,"x":1.0}',
});

/** Whole escape sequences, controls, line breaks and direction marks, in every form the service might send. */
export const hostileText =
  'a\u001b]0;title\u0007b\u001b]52;c;Y2F0\u001b\\c\u001b[2Jd\re\u009b31mf\u0085g\u202eh\u2066i\tj\nk\\l\u0000m\u007fn';

export function hostileJob(text: string = hostileText): SegmentJob {
  const counts = new Map([[text, 5]]);
  const metrics: JobMetrics = {
    totalProfiles: 5,
    totalProfilesByMergePolicy: counts,
    segmentedProfileCounter: counts,
    segmentedProfileByStatusCounter: new Map([[text, counts]]),
    segmentedProfileByNamespaceCounter: new Map([[text, counts]]),
  };
  return {
    id: text,
    status: text,
    source: text,
    imsOrgId: text,
    sandbox: { sandboxName: text, type: text },
    batchId: text,
    requestId: text,
    schema: { name: text },
    properties: { scheduleId: text, runId: text },
    segments: [
      { segmentId: text, segment: { id: text, expression: { value: text }, mergePolicy: { id: text } } },
    ],
    errors: [{ code: text, msg: text, callStack: text }],
    metrics,
    json: JSON.stringify({ id: text, status: text, [text]: text }),
  };
}
