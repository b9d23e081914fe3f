// Memory for pages that are printed and then done with: used again, because the collector takes its time with such.

/** Lends buffers; one that is never given back is left to the collector. */
export interface PageBuffers {
  /** So many bytes of any content. */
  borrow(length: number): Buffer;
  /** Nobody may look at it any more. What was not borrowed here is left alone. */
  giveBack(borrowed: Uint8Array): void;
}

/** Pages of one list differ little in length: with this much to spare one fits where another was. */
const spare = 1.25;

/** Keeps at most `most` buffers that nobody has borrowed. */
export function createPageBuffers(most: number): PageBuffers {
  const free: ArrayBufferLike[] = [];
  const lent = new WeakSet<ArrayBufferLike>();
  return {
    borrow(length) {
      const fitting = free.findIndex(({ byteLength }) => byteLength >= length);
      const [found] = fitting === -1 ? [] : free.splice(fitting, 1);
      // What is too small for this page will be for the next ones.
      if (found === undefined) free.shift();
      const buffer = found ?? new ArrayBuffer(Math.ceil(length * spare));
      lent.add(buffer);
      return Buffer.from(buffer, 0, length);
    },
    giveBack({ buffer }) {
      // Bytes that were unpacked lie elsewhere, perhaps beside others.
      if (lent.delete(buffer) && free.length < most) free.push(buffer);
    },
  };
}
