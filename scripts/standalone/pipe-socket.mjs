// Stands in for node:net where a file named by the user is a pipe: Bun's own `new Socket({ fd })` ends at once, empty.
import { Readable } from 'node:stream';

/** Reads a pipe that was opened without blocking; destroying it gives up the read that waits. */
export class Socket extends Readable {
  #reader;

  constructor({ fd }) {
    super();
    this.#reader = Bun.file(fd).stream().getReader();
  }

  _read() {
    this.#reader.read().then(
      ({ done, value }) => this.push(done ? null : Buffer.from(value)),
      (error) => this.destroy(error),
    );
  }

  _destroy(error, closed) {
    this.#reader.cancel().then(
      () => closed(error),
      () => closed(error),
    );
  }
}
