// What the chunks of a poll were answered last, so that an answer that has not changed is not read again.

import { createPageBuffers } from './page-buffers.ts';
import type { DecodedBulk } from './wire.ts';

/** Belongs to one watch. Keeps what was read, and of the bytes it was read from no more than a digest. */
export interface BulkMemory {
  /** A poll of so many chunks begins: what is known beyond them is let go of. */
  begin(count: number): void;
  /** What is known of chunk `index`, begun anew where its ids are others than in the last poll. */
  chunk(index: number, ids: readonly string[]): RememberedChunk;
}

export interface RememberedChunk {
  /** The request's body. */
  readonly body: string;
  /** Memory for the answer; it is used again after `decode`. */
  readonly borrow: (length: number) => Buffer;
  /** What `decode` makes of these bytes, or made of the same bytes last time. */
  decode(bytes: Uint8Array, decode: () => DecodedBulk): DecodedBulk;
}

/** `atOnce`: how many chunks are asked for together. */
export function createBulkMemory(atOnce = 4): BulkMemory {
  const chunks: { readonly ids: readonly string[]; readonly chunk: RememberedChunk }[] = [];
  const buffers = createPageBuffers(atOnce);

  function remember(ids: readonly string[]): RememberedChunk {
    let known:
      | { readonly length: number; readonly digest: string; readonly decoded: DecodedBulk }
      | undefined;
    return {
      body: bulkBody(ids),
      borrow: buffers.borrow,
      decode(bytes, decode) {
        const digest = digestOf(bytes);
        const { length } = bytes;
        if (known === undefined || known.length !== length || known.digest !== digest) {
          known = { length, digest, decoded: decode() };
        }
        buffers.giveBack(bytes);
        return known.decoded;
      },
    };
  }

  return {
    begin(count) {
      chunks.length = Math.min(chunks.length, count);
    },
    chunk(index, ids) {
      const before = chunks[index];
      if (before !== undefined && isSame(before.ids, ids)) return before.chunk;
      const chunk = remember(ids);
      chunks[index] = { ids, chunk };
      return chunk;
    },
  };
}

/** `{"ids":[{"id":"…"}]}`: objects, not strings. */
export function bulkBody(ids: readonly string[]): string {
  return JSON.stringify({ ids: ids.map((id) => ({ id })) });
}

function isSame(before: readonly string[], ids: readonly string[]): boolean {
  return before.length === ids.length && before.every((id, at) => id === ids[at]);
}

/**
 * 64 bits in which any change of the bytes shows, but for one in 2^64: two sums over their words, each of which a
 * word enters in another way. Quick rather than safe from somebody who looks for two texts with the same one, and who
 * could as well send whatever he likes.
 */
function digestOf(bytes: Uint8Array): string {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
  let a = 0x243f6a88;
  let b = 0x85a308d3;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? 0;
    a = Math.imul(a ^ word, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0x85ebca77);
    b = (b << 13) | (b >>> 19);
  }
  for (let at = words.length * 4; at < aligned.length; at++) {
    a = Math.imul(a ^ (aligned[at] ?? 0), 0x9e3779b1);
    b = Math.imul(b + (aligned[at] ?? 0), 0x85ebca77);
  }
  return `${a >>> 0} ${b >>> 0}`;
}
