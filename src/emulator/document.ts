// Jobs and definitions as they go over the wire: the documented fields, in the order of the published samples.

import type { Definition, Definitions } from './definitions.ts';
import { cancelledAt, isFinal, type Job, type JobStatus, statusAt } from './life.ts';
import { countersAt } from './metrics.ts';
import { hashOf, requestIdOf, uuidOf } from './random.ts';
import type { Sandbox } from './sandboxes.ts';

/** The definitions a job evaluates; with `*` all that can be. */
function definitionsOf(job: Job, definitions: Definitions): readonly Definition[] {
  return job.segmentIds[0] === '*' ? definitions.evaluable : job.segmentIds.map(definitions.findOrInvent);
}

function sandboxOf({ id, name, type, isDefault }: Sandbox): object {
  return { sandboxId: id, sandboxName: name, type, default: isDefault };
}

function segmentOf({ id, expression, format, mergePolicy }: Definition): object {
  return {
    segmentId: id,
    segment: {
      id,
      expression: { type: 'PQL', format, value: expression },
      mergePolicyId: mergePolicy.id,
      mergePolicy: { id: mergePolicy.id, version: mergePolicy.version },
    },
  };
}

function span(startTimeInMs: number, endTimeInMs: number): object {
  return { startTimeInMs, endTimeInMs, totalTimeInMs: endTimeInMs - startTimeInMs };
}

/** `totalTime` and `profileSegmentationTime` are always there (Adobe's OpenAPI requires them), empty until known. */
function metricsOf(job: Job, status: JobStatus, at: number, definitions: readonly Definition[]): object {
  if (at < job.processingAt || (status === 'CANCELLED' && (cancelledAt(job) ?? 0) < job.processingAt)) {
    return { totalTime: {}, profileSegmentationTime: {} };
  }
  if (!isFinal(status)) {
    return {
      totalTime: { startTimeInMs: job.processingAt },
      profileSegmentationTime: at < job.segmentationAt ? {} : { startTimeInMs: job.segmentationAt },
    };
  }
  if (job.isSparse) {
    return { totalTime: { startTimeInMs: job.processingAt }, profileSegmentationTime: {} };
  }
  if (status !== 'SUCCEEDED') {
    const endedAt = status === 'CANCELLED' ? (cancelledAt(job) ?? job.endAt) : job.endAt;
    return { totalTime: span(job.processingAt, endedAt), profileSegmentationTime: {} };
  }
  return {
    totalTime: span(job.processingAt, job.endAt),
    profileSegmentationTime: span(job.segmentationAt, job.endAt),
    ...countersAt(definitions, job.endAt),
  };
}

const platformErrors = [
  {
    code: '8.0000018E7',
    msg: 'com.microsoft.azure.documentdb.DocumentClientException: Message: {"Errors":["Request rate is large"]}',
    callStack:
      'com.microsoft.azure.documentdb.DocumentClientException: Message: {"Errors":["Request rate is large"]}\n\tat com.adobe.aep.unifiedprofile.segmentation.SegmentWriter.flush(SegmentWriter.scala:214)\n\tat com.adobe.aep.unifiedprofile.segmentation.SegmentationJob.run(SegmentationJob.scala:97)',
  },
  {
    code: '0100000003',
    msg: 'Compute cluster lost: executor 14 exited with code 137 (out of memory)',
    callStack:
      'org.apache.spark.SparkException: Job aborted due to stage failure: ExecutorLostFailure (executor 14 exited)\n\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2258)\n\tat com.adobe.aep.unifiedprofile.segmentation.SegmentationJob.run(SegmentationJob.scala:97)',
  },
] as const;

function errorsOf(job: Job, definitions: readonly Definition[]): readonly object[] {
  const broken = definitions.find((definition) => definition.isBroken);
  if (job.failure !== 'definition' || broken === undefined) {
    return [platformErrors[hashOf('error', job.id) % 2 === 0 ? 0 : 1]];
  }
  const [field] = broken.expression.split(' ');
  return [
    {
      code: '0100000101',
      msg: `Unable to evaluate segment ${broken.id}: field ${field} does not exist in schema _xdm.context.profile`,
      callStack: `com.adobe.aep.unifiedprofile.pql.PqlException: unknown field ${field}\n\tat com.adobe.aep.unifiedprofile.pql.TypeChecker.resolve(TypeChecker.scala:482)\n\tat com.adobe.aep.unifiedprofile.segmentation.SegmentationJob.plan(SegmentationJob.scala:61)`,
    },
  ];
}

/**
 * The document of a job at a moment of service time (unix ms).
 * `updateTime` has whole seconds, as in every sample; so right after the create it may lie before `creationTime`.
 */
export function jobDocument(job: Job, at: number, orgId: string, known: Definitions): object {
  const { id, sandbox } = job;
  const { status, since } = statusAt(job, at);
  const definitions = definitionsOf(job, known);
  const href = `/segment/jobs/${encodeURIComponent(id)}`;
  const updateEpoch = Math.floor(since / 1000);
  return {
    id,
    imsOrgId: orgId,
    sandbox: sandboxOf(sandbox),
    profileInstanceId: 'ups',
    source: job.source,
    status,
    batchId: uuidOf('batch', id),
    computeJobId: 8_000 + job.number,
    computeGatewayJobId: uuidOf('gateway', id),
    segments: job.segmentIds[0] === '*' ? [{ segmentId: '*' }] : definitions.map(segmentOf),
    ...(status === 'FAILED' ? { errors: errorsOf(job, definitions) } : {}),
    metrics: metricsOf(job, status, at, definitions),
    requestId:
      job.requestId ??
      (job.source === 'scheduler' ? `${sandbox.scheduleId}-${job.createdAt - 262}` : requestIdOf(id)),
    schema: { name: '_xdm.context.profile' },
    ...(job.source === 'scheduler'
      ? { properties: { scheduleId: sandbox.scheduleId, runId: uuidOf('run', id) } }
      : {}),
    _links: {
      cancel: { href, method: 'DELETE' },
      checkStatus: { href, method: 'GET' },
    },
    updateTime: updateEpoch * 1000,
    creationTime: job.createdAt,
    updateEpoch,
  };
}

/** The document of a segment definition, for those who look for an id to evaluate. */
export function definitionDocument(definition: Definition, sandbox: Sandbox, imsOrgId: string): object {
  const { id, name, description, format, expression, mergePolicy } = definition;
  return {
    id,
    schema: { name: '_xdm.context.profile' },
    profileInstanceId: 'ups',
    imsOrgId,
    sandbox: sandboxOf(sandbox),
    name,
    description,
    expression: { type: 'PQL', format, value: expression },
    mergePolicyId: mergePolicy.id,
    evaluationInfo: {
      batch: { enabled: true },
      continuous: { enabled: false },
      synchronous: { enabled: false },
    },
    dataGovernancePolicy: { excludeOptOut: true },
    creationTime: 1_579_292_094_000,
    updateEpoch: 1_579_292_094,
    updateTime: 1_579_292_094_000,
  };
}
