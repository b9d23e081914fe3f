// Makes a string from outside safe to show: nothing in it can move a cursor, set a title or reverse a line.

/** A whole ANSI sequence: OSC up to its terminator, CSI, or a two-character escape; 7-bit and C1 forms. */
const escapeSequences =
  /(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
const lineBreaks = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** C0, DEL, C1 and the explicit bidirectional controls of Unicode TR9. */
const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
const onlySafe = /^[\u0020-\u007e\u00a0-\u2027\u202f-\u2065\u206a-\uffff]*$/;

/**
 * The text as one harmless line: whole escape sequences go, tabs and line breaks become one space, any other
 * control or bidirectional character is dropped. Idempotent.
 */
export function safeText(text: string): string {
  if (onlySafe.test(text)) return text;
  return text.replace(escapeSequences, '').replace(lineBreaks, ' ').replace(controls, '');
}
