// Reads the body of an answer within limits of size and speed, and undoes its compression.

import type { Readable } from 'node:stream';

/** No documented answer comes near it; a gzip bomb and a wrong address do. */
export const largestBodyBytes = 64 * 1024 * 1024;
/** More than any error message needs. */
const largestErrorBodyBytes = 64 * 1024;
/** An error is told by its status; its text is worth this much waiting. */
const longestErrorBodyMs = 5000;
const slowestBytesPerSecond = 1000;
/** The speed is looked at this often within a window. */
const samplesPerWindow = 10;

export type BodyProblem =
  | { readonly kind: 'tooLarge' }
  /** The connection ended before the body did. */
  | { readonly kind: 'cut'; readonly cause?: unknown }
  | { readonly kind: 'tooSlow'; readonly bytes: number; readonly windowMs: number }
  /** An encoding nobody asked for, or bytes that are not what the encoding says. */
  | { readonly kind: 'undecodable'; readonly what: string };

export type Body = { readonly bytes: Buffer } | { readonly problem: BodyProblem };

export interface BodyFacts {
  readonly contentLength: string | undefined;
  readonly contentEncoding: string | undefined;
  /** Where the bytes are put, where their number is known beforehand. Default: memory of their own. */
  readonly memory?: ((length: number) => Buffer) | undefined;
}

/**
 * The whole body, in bytes that nobody else holds. Ends early when it grows beyond 64 MiB (before or after
 * decompression), or brings less than 1 kB/s over any window of `windowMs`. Whoever gets a problem must destroy the
 * connection.
 */
export async function readBody(stream: Readable, facts: BodyFacts, windowMs: number): Promise<Body> {
  const announced = announcedBytes(facts.contentLength);
  if (announced !== undefined && announced > largestBodyBytes) return { problem: { kind: 'tooLarge' } };
  const { memory = Buffer.allocUnsafeSlow } = facts;
  const raw = await collect(stream, windowMs, announced === undefined ? undefined : memory(announced));
  if ('problem' in raw) return raw;
  if (announced !== undefined && raw.bytes.length !== announced) return { problem: { kind: 'cut' } };
  return decode(raw.bytes, facts.contentEncoding, largestBodyBytes);
}

/** As much of an error's body as comes soon; `''` when it cannot be read. Never throws. */
export async function readErrorBody(stream: Readable, facts: BodyFacts, windowMs: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const isWhole = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), Math.min(longestErrorBodyMs, windowMs));
    const settle = (whole: boolean) => {
      clearTimeout(timer);
      resolve(whole);
    };
    stream.on('data', (chunk: Buffer) => {
      if (size >= largestErrorBodyBytes) return;
      chunks.push(chunk);
      size += chunk.length;
      if (size >= largestErrorBodyBytes) settle(false);
    });
    stream.once('end', () => settle(true));
    stream.once('error', () => settle(false));
    stream.once('close', () => settle(false));
  });
  const raw = Buffer.concat(chunks).subarray(0, largestErrorBodyBytes);
  if (!isWhole && (facts.contentEncoding ?? '') !== '') return '';
  const decoded = await decode(raw, facts.contentEncoding, largestBodyBytes);
  return 'problem' in decoded ? '' : asText(decoded.bytes.subarray(0, largestErrorBodyBytes));
}

/** Takes the bytes as they come, without holding the sender back: the limit is what keeps memory bounded. */
function collect(stream: Readable, windowMs: number, whole: Buffer | undefined): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const least = (slowestBytesPerSecond * windowMs) / 1000;
    /** Sizes at the last sampling moments, oldest first. */
    const samples: number[] = [0];
    const timer = setInterval(() => {
      samples.push(size);
      if (samples.length <= samplesPerWindow) return;
      const bytes = size - (samples.shift() ?? 0);
      if (bytes < least) settle({ problem: { kind: 'tooSlow', bytes, windowMs } });
    }, windowMs / samplesPerWindow);
    const settle = (raw: Body) => {
      clearInterval(timer);
      stream.removeListener('data', take);
      resolve(raw);
    };
    const take = (chunk: Buffer) => {
      const at = size;
      size += chunk.length;
      if (size > largestBodyBytes) settle({ problem: { kind: 'tooLarge' } });
      else if (whole === undefined) chunks.push(chunk);
      else chunk.copy(whole, at);
    };
    stream.on('data', take);
    stream.once('end', () => settle({ bytes: whole?.subarray(0, size) ?? Buffer.concat(chunks, size) }));
    stream.once('error', (cause) => settle({ problem: { kind: 'cut', cause } }));
    stream.once('close', () => settle({ problem: { kind: 'cut' } }));
  });
}

/**
 * Decompression is ours because node-fetch's accepts a stream that was cut (an empty 200); zlib's own default
 * does not, and `maxOutputLength` stops a bomb.
 */
async function decode(bytes: Buffer, contentEncoding: string | undefined, limit: number): Promise<Body> {
  const encoding = contentEncoding?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return { bytes };
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    return { problem: { kind: 'undecodable', what: 'it is in an encoding that was not asked for' } };
  }
  // An answer without content (204) may name an encoding and hold nothing.
  if (bytes.length === 0) return { bytes };
  const { gunzip } = await import('node:zlib');
  return new Promise((resolve) => {
    gunzip(bytes, { maxOutputLength: limit }, (error, plain) => {
      if (error === null) resolve({ bytes: plain });
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        resolve({ problem: { kind: 'tooLarge' } });
      } else
        resolve({ problem: { kind: 'undecodable', what: 'its compressed data are damaged or cut short' } });
    });
  });
}

function announcedBytes(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** UTF-8 as JSON demands; a byte order mark goes, bytes that are not UTF-8 become U+FFFD. */
export function asText(bytes: Buffer): string {
  return new TextDecoder().decode(bytes);
}
