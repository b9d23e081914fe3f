// Finds the jobs in a page of JSON without parsing it. AssemblyScript: `node scripts/build-page-scanner.mjs` compiles
// it to the WebAssembly in src/api/page-scanner-code.ts. It checks the whole grammar, so that a page which passes is
// JSON, and finds nothing it may be wrong about: what is unusual is refused, and then read by JSON.parse.
//
// Memory: what is open at each level of nesting, where things were found, and from `inputAt` on the text. Positions
// are handed out as distances from `inputAt`. Position 0 as a result means "refused": no text begins there.

const openAt: usize = 0;
const deepest: u32 = 1024;
const factsAt: usize = 1024;
const jobsAt: usize = 2048;
const mostJobs: u32 = 1024;
const inputAt: usize = 32768;

const quote: u32 = 0x22;
const comma: u32 = 0x2c;
const colon: u32 = 0x3a;
const backslash: u32 = 0x5c;
const openBracket: u32 = 0x5b;
const closeBracket: u32 = 0x5d;
const openBrace: u32 = 0x7b;
const closeBrace: u32 = 0x7d;

/** What `scanPage` found beside the jobs: four positions and a flag, each 4 bytes from `factsAt` on. */
const pageFact: usize = factsAt;
const linksFact: usize = factsAt + 8;
const spaceFact: usize = factsAt + 16;

let sawSpace: bool = false;

export function input(): usize {
  return inputAt;
}
export function facts(): usize {
  return factsAt;
}
export function jobs(): usize {
  return jobsAt;
}

function isSpace(code: u32): bool {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Behind the text lie zeros, which are no white space. */
function skipSpace(at: usize): usize {
  if (load<u8>(at) > 0x20) return at;
  return skipSomeSpace(at);
}

function skipSomeSpace(from: usize): usize {
  let at = from;
  while (isSpace(load<u8>(at))) at++;
  if (at > from) sawSpace = true;
  return at;
}

function isDigit(code: u32): bool {
  return code - 0x30 < 10;
}

function isHex(code: u32): bool {
  return isDigit(code) || (code | 0x20) - 0x61 < 6;
}

/**
 * The position after the string that opens at `from`, or 0. Sixteen bytes at a time: only a quote, a backslash, a
 * control, DEL and the first bytes of what a terminal may obey (C1: c2 80…9f; U+2028…202e, U+2066…2069: e2 80…81) stop it.
 */
function skipString(from: usize): usize {
  let at = from + 1;
  while (true) {
    const block = v128.load(at);
    const stops = v128.or(
      v128.or(
        v128.or(i8x16.eq(block, i8x16.splat(0x22)), i8x16.eq(block, i8x16.splat(0x5c))),
        v128.or(i8x16.lt_u(block, i8x16.splat(0x20)), i8x16.eq(block, i8x16.splat(0x7f))),
      ),
      v128.or(i8x16.eq(block, i8x16.splat(<i8>0xc2)), i8x16.eq(block, i8x16.splat(<i8>0xe2))),
    );
    const mask = i8x16.bitmask(stops);
    if (mask === 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    const code: u32 = load<u8>(at);
    if (code === quote) return at + 1;
    if (code === backslash) {
      const escaped: u32 = load<u8>(at, 1);
      if (escaped === 0x75) {
        if (
          !isHex(load<u8>(at, 2)) ||
          !isHex(load<u8>(at, 3)) ||
          !isHex(load<u8>(at, 4)) ||
          !isHex(load<u8>(at, 5))
        )
          return 0;
        at += 6;
      } else {
        // " \ / b f n r t
        if (
          escaped !== quote &&
          escaped !== backslash &&
          escaped !== 0x2f &&
          escaped !== 0x62 &&
          escaped !== 0x66 &&
          escaped !== 0x6e &&
          escaped !== 0x72 &&
          escaped !== 0x74
        )
          return 0;
        at += 2;
      }
      continue;
    }
    if (code === 0xc2) {
      if (load<u8>(at, 1) < 0xa0) return 0;
      at += 2;
      continue;
    }
    if (code === 0xe2) {
      const second: u32 = load<u8>(at, 1);
      const third: u32 = load<u8>(at, 2);
      if (second === 0x80 && third >= 0xa8 && third <= 0xae) return 0;
      if (second === 0x81 && third >= 0xa6 && third <= 0xa9) return 0;
      // The bytes that follow may belong to nothing: whether the text is UTF-8 is checked elsewhere.
      at += 1;
      continue;
    }
    return 0;
  }
}

/** The position after the number at `from`, or 0. */
function skipNumber(from: usize): usize {
  let at = from;
  if (load<u8>(at) === 0x2d) at++;
  if (load<u8>(at) === 0x30) at++;
  else {
    if (!isDigit(load<u8>(at))) return 0;
    while (isDigit(load<u8>(at))) at++;
  }
  if (load<u8>(at) === 0x2e) {
    at++;
    if (!isDigit(load<u8>(at))) return 0;
    while (isDigit(load<u8>(at))) at++;
  }
  if ((load<u8>(at) | 0x20) === 0x65) {
    at++;
    const sign: u32 = load<u8>(at);
    if (sign === 0x2b || sign === 0x2d) at++;
    if (!isDigit(load<u8>(at))) return 0;
    while (isDigit(load<u8>(at))) at++;
  }
  return at;
}

/** The position of the value behind the key that opens at `at`, or 0. */
function skipKey(at: usize): usize {
  if (load<u8>(at) !== quote) return 0;
  const end = skipString(at);
  if (end === 0) return 0;
  const mark = skipSpace(end);
  return load<u8>(mark) === colon ? skipSpace(mark + 1) : 0;
}

/** The position after the value at `from`, or 0. Never calls itself: depth is a count. */
function skipValue(from: usize): usize {
  let at = from;
  let depth: u32 = 0;
  while (true) {
    const code: u32 = load<u8>(at);
    if (code === quote) {
      at = skipString(at);
      if (at === 0) return 0;
    } else if (code === openBrace) {
      at = skipSpace(at + 1);
      if (load<u8>(at) === closeBrace) at++;
      else {
        if (++depth >= deepest) return 0;
        store<u8>(openAt + depth, openBrace);
        at = skipKey(at);
        if (at === 0) return 0;
        continue;
      }
    } else if (code === openBracket) {
      at = skipSpace(at + 1);
      if (load<u8>(at) === closeBracket) at++;
      else {
        if (++depth >= deepest) return 0;
        store<u8>(openAt + depth, openBracket);
        continue;
      }
    } else if (isDigit(code) || code === 0x2d) {
      at = skipNumber(at);
      if (at === 0) return 0;
    } else if (load<u32>(at) === 0x65757274 || load<u32>(at) === 0x6c6c756e) at += 4;
    else if (code === 0x66 && load<u32>(at, 1) === 0x65736c61) at += 5;
    else return 0;
    // A value has ended: close what ends with it, or go on to the next one beside it.
    while (true) {
      if (depth === 0) return at;
      at = skipSpace(at);
      const next: u32 = load<u8>(at);
      const isObject = load<u8>(openAt + depth) === openBrace;
      if (next === comma) {
        at = skipSpace(at + 1);
        if (isObject) {
          at = skipKey(at);
          if (at === 0) return 0;
        }
        break;
      }
      if (next !== (isObject ? closeBrace : closeBracket)) return 0;
      at++;
      depth--;
    }
  }
}

/** Whether the string from `from` to `end` holds a backslash. */
function isEscaped(from: usize, end: usize): bool {
  for (let at = from; at < end; at++) if (load<u8>(at) === backslash) return true;
  return false;
}

/** The position after the job at `from`, or 0; its place and that of its id are stored at `record`. */
function skipJob(from: usize, record: usize): usize {
  if (load<u8>(from) !== openBrace) return 0;
  let at = skipSpace(from + 1);
  let isNamed = false;
  while (true) {
    if (load<u8>(at) !== quote) return 0;
    const key = at;
    at = skipString(at);
    if (at === 0) return 0;
    const keyEnd = at;
    at = skipSpace(at);
    if (load<u8>(at) !== colon) return 0;
    at = skipSpace(at + 1);
    const value = at;
    at = skipValue(value);
    if (at === 0) return 0;
    if (load<u32>(key) === 0x22646922) {
      // The key is "id": once, and a string that reads as it is written.
      if (isNamed || load<u8>(value) !== quote || at - value < 3 || isEscaped(value, at)) return 0;
      isNamed = true;
      store<u32>(record, <u32>(value + 1 - inputAt), 8);
      store<u32>(record, <u32>(at - 1 - inputAt), 12);
    } else if (isEscaped(key, keyEnd)) return 0;
    at = skipSpace(at);
    const next: u32 = load<u8>(at);
    at++;
    if (next === comma) at = skipSpace(at);
    else if (next === closeBrace) break;
    else return 0;
  }
  if (!isNamed) return 0;
  store<u32>(record, <u32>(from - inputAt));
  store<u32>(record, <u32>(at - inputAt), 4);
  return at;
}

// The bytes of a key, as numbers: the least significant comes first.
function isPageKey(key: usize, length: usize): bool {
  return length === 7 && load<u32>(key, 1) === 0x6761705f && load<u8>(key, 5) === 0x65;
}
function isLinksKey(key: usize, length: usize): bool {
  return length === 8 && load<u32>(key, 1) === 0x6e696c5f && load<u16>(key, 5) === 0x736b;
}
function isChildrenKey(key: usize, length: usize): bool {
  return length === 10 && load<u32>(key, 1) === 0x6c696863 && load<u32>(key, 5) === 0x6e657264;
}

/**
 * Scans the `length` bytes at `inputAt`, behind which there is room for 32 more. The number of jobs, or -1. For each
 * job four numbers lie from `jobsAt` on: where it begins and ends, and where the text of its id does.
 */
export function scanPage(length: u32): i32 {
  const end = inputAt + length;
  v128.store(end, i8x16.splat(0));
  v128.store(end + 16, i8x16.splat(0));
  store<u64>(pageFact, 0);
  store<u64>(linksFact, 0);
  sawSpace = false;
  let count: i32 = -1;
  if (load<u8>(inputAt) !== openBrace) return -1;
  let at = skipSpace(inputAt + 1);
  while (true) {
    if (load<u8>(at) !== quote) return -1;
    const key = at;
    at = skipString(at);
    if (at === 0) return -1;
    const keyEnd = at;
    at = skipSpace(at);
    if (load<u8>(at) !== colon) return -1;
    at = skipSpace(at + 1);
    const value = at;
    const keyLength = keyEnd - key;
    if (isChildrenKey(key, keyLength)) {
      if (count !== -1 || load<u8>(value) !== openBracket) return -1;
      count = 0;
      at = skipSpace(at + 1);
      if (load<u8>(at) === closeBracket) at++;
      else {
        while (true) {
          if (<u32>count >= mostJobs) return -1;
          at = skipJob(at, jobsAt + ((<usize>count) << 4));
          if (at === 0) return -1;
          count++;
          at = skipSpace(at);
          const next: u32 = load<u8>(at);
          at++;
          if (next === comma) at = skipSpace(at);
          else if (next === closeBracket) break;
          else return -1;
        }
      }
    } else {
      at = skipValue(value);
      if (at === 0) return -1;
      const fact = isPageKey(key, keyLength) ? pageFact : isLinksKey(key, keyLength) ? linksFact : 0;
      if (fact !== 0) {
        if (load<u32>(fact) !== 0) return -1;
        store<u32>(fact, <u32>(value - inputAt));
        store<u32>(fact, <u32>(at - inputAt), 4);
      } else if (isEscaped(key, keyEnd)) return -1;
    }
    at = skipSpace(at);
    const next: u32 = load<u8>(at);
    at++;
    if (next === comma) at = skipSpace(at);
    else if (next === closeBrace) break;
    else return -1;
  }
  store<u32>(spaceFact, sawSpace ? 1 : 0);
  while (isSpace(load<u8>(at))) at++;
  return at === end ? count : -1;
}

/** Takes the white space between the tokens out of a text that was scanned; the length that is left. */
export function compact(length: u32): u32 {
  const end = inputAt + length;
  let at: usize = inputAt;
  let to: usize = inputAt;
  while (at < end) {
    const code: u32 = load<u8>(at);
    if (code === quote) {
      const after = skipString(at);
      // It was scanned and is whole; else an end at which nothing more is read.
      if (after === 0) return 0;
      memory.copy(to, at, after - at);
      to += after - at;
      at = after;
      continue;
    }
    if (!isSpace(code)) store<u8>(to++, <u8>code);
    at++;
  }
  return <u32>(to - inputAt);
}
