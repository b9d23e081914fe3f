// Segment jobs as the service tells them, about 2.3 kB each; the same index always gives the same job.

const newestMs = Date.UTC(2026, 2, 10, 9);
const minuteMs = 60_000;
const statuses = ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'SUCCEEDED', 'CANCELLED', 'SUCCEEDED'];
const namespaces = ['ECID', 'Email', 'CRMID', 'Phone', 'Loyalty'];

/** The mean size of a job. */
export const jobBytes = 2302;

/** A UUID made of two numbers. */
export function uuidOf(kind, index) {
  const hex = (seed) => (Math.imul(seed + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  const [a, b, c] = [hex(index), hex(index * 7 + kind), hex(index ^ (kind * 0x10001))];
  const last = `${kind.toString(16).padStart(2, '0')}${c.slice(4)}${index.toString(16).padStart(6, '0')}`;
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${last}`;
}

export function jobIdOf(index) {
  return uuidOf(1, index);
}

/** The job at that place of a list, newest first. Give a status to keep it from being a finished one. */
export function createJob(index, status = statuses[index % statuses.length]) {
  const creationTime = newestMs - index * 11 * minuteMs;
  const tookMs = (8 + ((index * 37) % 30)) * minuteMs;
  const segmentIds = Array.from({ length: 1 + (index % 2) }, (_, at) => uuidOf(2, (index + at) % 50));
  const perSegment = (count) => Object.fromEntries(segmentIds.map((id, at) => [id, count(index + at)]));
  return {
    id: jobIdOf(index),
    imsOrgId: '0123456789ABCDEF01234567@AdobeOrg',
    sandbox: {
      sandboxId: '28e74200-e3de-11e9-8f5d-7f27416c5f0d',
      sandboxName: 'prod',
      type: 'production',
      default: true,
    },
    profileInstanceId: 'ups',
    source: index % 5 === 0 ? 'api' : 'scheduler',
    status,
    batchId: uuidOf(3, index),
    computeJobId: 8811 + index,
    computeGatewayJobId: uuidOf(4, index),
    segments: segmentIds.map((segmentId, at) => ({
      segmentId,
      segment: {
        id: segmentId,
        version: 1,
        expression: {
          type: 'PQL',
          format: 'pql/text',
          value: `workAddress.country = "US" and loyalty.tier in ["gold", "platinum"] and visits.count > ${at}`,
        },
        mergePolicyId: uuidOf(5, 1),
        mergePolicy: { id: uuidOf(5, 1), version: 1 },
      },
    })),
    metrics: {
      totalTime: {
        startTimeInMs: creationTime,
        endTimeInMs: creationTime + tookMs,
        totalTimeInMs: tookMs,
      },
      profileSegmentationTime: {
        startTimeInMs: creationTime + minuteMs,
        endTimeInMs: creationTime + tookMs,
        totalTimeInMs: tookMs - minuteMs,
      },
      totalProfiles: 13_146_432 + index,
      totalProfilesByMergePolicy: { [uuidOf(5, 1)]: 13_146_432 + index },
      segmentedProfileCounter: perSegment((at) => 224_028 + at),
      segmentedProfileByNamespaceCounter: perSegment((at) =>
        Object.fromEntries(namespaces.map((name, place) => [name, 183_322 + at - place * 1000])),
      ),
      segmentedProfileByStatusCounter: perSegment((at) => ({
        realized: 6348 + at,
        existing: 217_680,
        exited: 5992,
      })),
    },
    requestId: uuidOf(6, index),
    schema: { name: '_xdm.context.profile' },
    properties: { scheduleId: uuidOf(7, 1), runId: uuidOf(8, index) },
    _links: {
      cancel: { href: `/segment/jobs/${jobIdOf(index)}`, method: 'DELETE' },
      checkStatus: { href: `/segment/jobs/${jobIdOf(index)}`, method: 'GET' },
    },
    updateTime: creationTime + tookMs,
    updateEpoch: Math.floor((creationTime + tookMs) / 1000),
    creationTime,
  };
}
