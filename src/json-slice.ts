// A value of JSON where it lies among the bytes of an answer, so that it can be printed without having been read.

/**
 * The bytes from `start` up to `end` are valid JSON in UTF-8, without white space between the tokens and without
 * characters that a terminal may obey. A byte stands before it and one behind it, which hold only what separates
 * values: whoever prints the slice may overwrite both, and nobody else reads them.
 */
export interface JsonSlice {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
