// How an answer leaves the emulator: whole as a rule, and broken in every way a fault can ask for.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip, gzipSync } from 'node:zlib';
import type { Answer } from './errors.ts';
import type { Delivery } from './faults.ts';

/**
 * Ends the connection with a TCP reset and nothing before it. Node's `resetAndDestroy` says goodbye first (it shuts the
 * writing side down), and then the other side sees a polite end; the flag is what that function sets.
 */
function resetConnection(response: ServerResponse): void {
  const socket: (Socket & { resetAndClosing?: boolean }) | null = response.socket;
  if (socket === null) return;
  socket.resetAndClosing = true;
  socket.destroy();
}

/** Sends the bytes, then ends the connection: politely, or with a reset. */
function writeAndLeave(response: ServerResponse, bytes: Buffer, isReset: boolean): void {
  // Node's `end` would add the missing chunk or complain; the socket knows nothing of HTTP.
  const leave = () => (isReset ? resetConnection(response) : response.socket?.destroy());
  response.flushHeaders();
  if (bytes.length === 0) response.socket?.write('', leave);
  else response.write(bytes, leave);
}

/** Node drops the body of a 204; older documents show one, and it then stands before the next answer. */
function writeAfter(response: ServerResponse, body: Buffer): void {
  response.flushHeaders();
  if (body.length > 0) response.socket?.write(body);
  response.end();
}

/** `{"children":[ … ` with white space up to `bytes`: valid so far, and never at its end. */
async function flood(
  response: ServerResponse,
  answer: Answer,
  bytes: number,
  isGzip: boolean,
): Promise<void> {
  const filler = Buffer.alloc(64 * 1024, ' ');
  const headers = { ...answer.headers, ...(isGzip ? { 'content-encoding': 'gzip' } : {}) };
  response.writeHead(answer.status, headers);
  const sink = isGzip ? createGzip() : response;
  if (sink !== response) sink.pipe(response);
  sink.write('{"_page":{"totalCount":1,"pageSize":1},"children":[');
  for (let sent = 0; sent < bytes && !response.destroyed; sent += filler.length) {
    if (sink.write(filler)) continue;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        sink.off('drain', goOn);
        response.off('close', goOn);
        resolve();
      };
      sink.once('drain', goOn);
      response.once('close', goOn);
    });
  }
  sink.end(']}');
}

async function inSlices(
  response: ServerResponse,
  body: Buffer,
  bytes: number,
  pauseMs: number,
): Promise<void> {
  response.flushHeaders();
  for (let start = 0; start < body.length && !response.destroyed; start += bytes) {
    response.write(body.subarray(start, start + bytes));
    // Without a turn of the loop between them the slices would leave as one packet.
    await (pauseMs > 0 ? sleep(pauseMs) : new Promise(setImmediate));
  }
  response.end();
}

/** Sends the answer; resolves when there is nothing more to do (which for a hanging one is at once). */
export async function deliver(response: ServerResponse, answer: Answer, how?: Delivery): Promise<void> {
  const { status, headers } = answer;
  const body = Buffer.from(answer.body);
  // 204 has no body and no length (RFC 9110 §8.6), unless a fault says so.
  const hasBody = status !== 204 || body.length > 0;
  const whole = hasBody ? { ...headers, 'content-length': String(body.length) } : headers;
  switch (how?.kind) {
    case undefined:
      response.writeHead(status, whole);
      if (status === 204) writeAfter(response, body);
      else response.end(body);
      return;
    case 'reset':
      resetConnection(response);
      return;
    case 'close':
      response.socket?.destroy();
      return;
    case 'garbage':
      response.socket?.end('\x16\x03\x01\x02\x00\x01\x00 this is not HTTP \x1b[31m\r\n\r\n');
      return;
    case 'hang':
      return;
    case 'stall':
      response.writeHead(status, whole);
      response.write(body.subarray(0, 1));
      return;
    case 'cut': {
      const part = body.subarray(0, how.bytes);
      if (how.framing === 'framed') {
        response.writeHead(status, { ...headers, 'content-length': String(part.length) }).end(part);
        return;
      }
      response.writeHead(status, how.framing === 'chunked' ? headers : whole);
      writeAndLeave(response, part, how.isReset);
      return;
    }
    case 'length':
      response
        .writeHead(status, { ...headers, 'content-length': String(how.bytes), connection: 'close' })
        .end(body);
      return;
    case 'gzip-cut': {
      const packed = gzipSync(body);
      const part = packed.subarray(0, Math.ceil(packed.length / 2));
      const cut = { ...headers, 'content-encoding': 'gzip', 'content-length': String(part.length) };
      response.writeHead(status, cut).end(part);
      return;
    }
    case 'flood':
      await flood(response, answer, how.bytes, how.isGzip);
      return;
    case 'slices':
      response.writeHead(status, whole);
      await inSlices(response, body, how.bytes, how.pauseMs);
      return;
  }
}
