// Calls an emulator the way `curl` does with the headers of Adobe's guide: no code of the tool in between.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';

/** Monday, 2 March 2026, 09:00 UTC. */
export const monday = Date.UTC(2026, 2, 2, 9);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; throws where it is none. */
  readonly json: () => JsonObject;
}

// biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape
export type JsonObject = any;

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | object;
}

export interface CalledService {
  readonly emulator: Emulator;
  /** The headers every sample of the guide has. */
  readonly headers: Readonly<Record<string, string>>;
  /** A path below `/data/core/ups`; a header given as `undefined` is left out. */
  call(path: string, sent?: Sent): Promise<Told>;
  /** Any path of the origin, with only the headers given. */
  raw(path: string, sent?: Sent): Promise<Told>;
  create(...segmentIds: readonly string[]): Promise<JsonObject>;
}

const open: Emulator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((emulator) => emulator.close()));
});

/** Starts an emulator on Monday morning; it is closed after the test. */
export async function startService(options: EmulatorOptions = {}): Promise<CalledService> {
  const emulator = await startEmulator({ startAt: monday, ...options });
  open.push(emulator);
  const { accessToken, clientId, orgId } = emulator.credentials;
  const headers = {
    Authorization: `Bearer ${accessToken}`,
    'x-gw-ims-org-id': orgId,
    'x-api-key': clientId,
    'x-sandbox-name': 'prod',
  };
  const raw = async (
    path: string,
    { method = 'GET', headers: given = {}, body }: Sent = {},
  ): Promise<Told> => {
    const kept = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: kept,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  const call = (path: string, sent: Sent = {}) => {
    const json = sent.body === undefined ? {} : { 'Content-Type': 'application/json' };
    return raw(`/data/core/ups${path}`, { ...sent, headers: { ...headers, ...json, ...sent.headers } });
  };
  return {
    emulator,
    headers,
    call,
    raw,
    async create(...segmentIds) {
      const body = segmentIds.map((segmentId) => ({ segmentId }));
      const told = await call('/segment/jobs', { method: 'POST', body });
      if (told.status !== 200) throw new Error(`create: ${told.status} ${told.text}`);
      return told.json();
    },
  };
}

/** One of the guide's samples, as it stands there. */
export function sample(name: string): JsonObject {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'samples', `${name}.json`), 'utf8'));
}

/** Ids of jobs in every place of a sample or an answer where a name stands for any name. */
const idLike = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** `metrics.segmentedProfileCounter.{id}: number` … every field of a document with its JSON type. */
export function fieldsOf(value: Json, path = ''): Map<string, string> {
  const fields = new Map<string, string>();
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if (path !== '') fields.set(path, type);
  if (typeof value !== 'object' || value === null) return fields;
  for (const [key, inner] of Object.entries(value)) {
    const isName = idLike.test(key) || /ByNamespaceCounter\.\{id\}$/.test(path);
    const name = Array.isArray(value) ? '[]' : isName ? '{id}' : key;
    for (const [field, fieldType] of fieldsOf(inner, path === '' ? name : `${path}.${name}`)) {
      fields.set(field, fieldType);
    }
  }
  return fields;
}
