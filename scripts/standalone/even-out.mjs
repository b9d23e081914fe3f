// Evens out where Bun's process differs from Node's in what segjobs relies on.
// test/e2e is played against the standalone program and shows what is missing here: npm run test:standalone.

/** Changes the process in place, before anything has been written to its streams. */
export function evenOut(process) {
  for (const stream of [process.stdout, process.stderr]) tellWhatWaits(stream);
  // Bun lets the signal end the process even where its parent ignores it; a write past the limit must fail instead.
  if (process.platform !== 'win32') process.on('SIGXFSZ', () => undefined);
}

/** `writableLength` of a stream whose reader takes nothing is 0 in Bun; here it counts what was not written yet. */
function tellWhatWaits(stream) {
  const write = stream.write;
  let waiting = 0;
  stream.write = (chunk, encoding, done) => {
    const callback = typeof encoding === 'function' ? encoding : done;
    const { length } = chunk;
    waiting += length;
    return write.call(stream, chunk, typeof encoding === 'string' ? encoding : undefined, (error) => {
      waiting -= length;
      callback?.(error);
    });
  };
  Object.defineProperty(stream, 'writableLength', { get: () => waiting });
}
