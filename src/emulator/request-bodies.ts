// What the bodies of create and bulk-get must look like, and how the service refuses those that do not.

import { Refusal, serviceCodes, serviceError } from './errors.ts';
import type { ServiceCall } from './operations.ts';

const maxBulkIds = 100;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Ends the request with an error document of the service's. */
export function refuse(call: ServiceCall, status: number, code: string, message: string): never {
  throw new Refusal(serviceError(status, code, message, call.requestId));
}

function malformed(call: ServiceCall, what: string): never {
  const message = `There is a problem extracting the user JSON, field(s) missing or invalid. Correct and try again. ${what}`;
  return refuse(call, 400, serviceCodes.malformedBody, message);
}

function readJson(call: ServiceCall): unknown {
  if (!/^application\/json\s*(;|$)/i.test(call.contentType)) {
    refuse(call, 415, serviceCodes.mediaType, 'Content-Type must be application/json.');
  }
  try {
    return JSON.parse(call.body);
  } catch {
    return malformed(call, 'The body is not valid JSON.');
  }
}

export function notFound(call: ServiceCall, ids: readonly string[]): never {
  return refuse(call, 404, serviceCodes.notFound, `The entity ${ids.join(',')} is not found.`);
}

/** The segment ids of a create: a JSON array of `{"segmentId"}`, or the object form that stands for all of them. */
export function readSegmentIds(call: ServiceCall): readonly string[] {
  const body = readJson(call);
  const isObjectForm = isRecord(body);
  if (isObjectForm && !(isRecord(body['schema']) && body['schema']['name'] === '_xdm.context.profile')) {
    malformed(call, 'No usable value for schema.name.');
  }
  const list = isObjectForm ? body['segments'] : body;
  if (!Array.isArray(list) || list.length === 0) return malformed(call, 'At least one segmentId is needed.');
  const ids = list.map((entry) => {
    const id = isRecord(entry) ? entry['segmentId'] : undefined;
    return typeof id === 'string' && id.trim() !== ''
      ? id
      : malformed(call, 'No usable value for segmentId.');
  });
  if (ids.includes('*') && !(isObjectForm && ids.length === 1)) {
    malformed(call, 'segmentId "*" stands alone, in the form with schema and segments.');
  }
  return [...new Set(ids)];
}

/** The ids of a bulk-get, each once: 1 to 100 of them, as the sister endpoint allows. */
export function readBulkIds(call: ServiceCall): readonly string[] {
  const body = readJson(call);
  const list = isRecord(body) ? body['ids'] : undefined;
  if (!Array.isArray(list)) return malformed(call, 'No usable value for ids.');
  if (list.length === 0 || list.length > maxBulkIds) {
    const message = `The number of requested IDs is invalid. Cannot be 0 or exceed ${maxBulkIds}.`;
    return refuse(call, 400, serviceCodes.idCount, message);
  }
  const ids = list.map((entry) => {
    const id = isRecord(entry) ? entry['id'] : undefined;
    return typeof id === 'string' && id !== '' ? id : malformed(call, 'No usable value for id.');
  });
  return [...new Set(ids)];
}
