// The ids of a list that may have hundreds of thousands of jobs, in about ten bytes each.

import type { SegmentJob } from '../jobs/job.ts';
import { ScannedJob } from './scanned-job.ts';

/**
 * Ids are kept as 64 bits made from each, so that a list of 200,000 jobs takes 4 MB where the texts would take 20.
 * In a list that long two ids look alike once in a billion lists, and the list then counts as incomplete.
 */
export interface IdSet {
  has(job: SegmentJob): boolean;
  /** Whether it is new. */
  add(job: SegmentJob): boolean;
  readonly size: number;
}

const smallestCapacity = 256;
/** Beyond this part of the places taken, finding a free one takes too long. */
const fullest = 0.8;

export function createIdSet(): IdSet {
  /** Two numbers for each place; a place of two zeros is free. */
  let places = new Uint32Array(smallestCapacity * 2);
  let size = 0;
  /** What `hash` made of the job last looked at. */
  let high = 0;
  let low = 0;

  function hash(job: SegmentJob): void {
    if (job instanceof ScannedJob) hashBytes(job.bytes, job.idStart, job.idEnd);
    else {
      const bytes = Buffer.from(job.id);
      hashBytes(bytes, 0, bytes.length);
    }
  }

  /** MurmurHash3 (32 bits) twice over, with different constants. */
  function hashBytes(bytes: Uint8Array, start: number, end: number): void {
    let a = 0x243f6a88;
    let b = 0x85a308d3;
    for (let at = start; at < end; at += 4) {
      let word = 0;
      for (let next = at; next < at + 4 && next < end; next++) word = (word << 8) | (bytes[next] ?? 0);
      a ^= Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
      a = (Math.imul(rotated(a, 13), 5) + 0xe6546b64) | 0;
      b ^= Math.imul(rotated(Math.imul(word, 0x9e3779b1), 17), 0x85ebca77);
      b = (Math.imul(rotated(b, 15), 9) + 0x38495ab5) | 0;
    }
    high = mixed(a ^ (end - start));
    low = mixed(b ^ (end - start));
    if (high === 0 && low === 0) low = 1;
  }

  /** The place that holds what was hashed last, or the free one where it belongs. */
  function find(table: Uint32Array, first: number, second: number): number {
    const capacity = table.length / 2;
    let place = (first ^ second) & (capacity - 1);
    for (;;) {
      const found = table[place * 2];
      const beside = table[place * 2 + 1];
      if ((found === first && beside === second) || (found === 0 && beside === 0)) return place * 2;
      place = (place + 1) & (capacity - 1);
    }
  }

  function grow(): void {
    const larger = new Uint32Array(places.length * 2);
    for (let at = 0; at < places.length; at += 2) {
      const [first = 0, second = 0] = [places[at], places[at + 1]];
      if (first !== 0 || second !== 0) put(larger, find(larger, first, second), first, second);
    }
    places = larger;
  }

  return {
    has(job) {
      hash(job);
      const at = find(places, high, low);
      return places[at] !== 0 || places[at + 1] !== 0;
    },
    add(job) {
      hash(job);
      const at = find(places, high, low);
      if (places[at] !== 0 || places[at + 1] !== 0) return false;
      put(places, at, high, low);
      size += 1;
      if (size * 2 > places.length * fullest) grow();
      return true;
    },
    get size() {
      return size;
    },
  };
}

function put(table: Uint32Array, at: number, first: number, second: number): void {
  table[at] = first;
  table[at + 1] = second;
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Every bit of the outcome depends on every bit given. */
function mixed(given: number): number {
  let value = given;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
