// How a failure reads on stderr: two or three lines for people, one line of JSON for programs.

import type { SegjobsError } from '../errors.ts';
import { quoteJson } from '../lossless-json.ts';
import { safeText } from '../safe-text.ts';
import type { OutputFormat } from './format.ts';
import type { Paint } from './terminal.ts';

export interface ErrorLook {
  readonly format: OutputFormat;
  readonly paint: Paint;
  /** Shown where given: only under `--debug`. */
  readonly stack?: string | undefined;
}

/**
 * The text to print, with its last line break. For `json` and `ndjson` the last line is
 * `{"schemaVersion":1,"error":{code,exitCode,message,hint,httpStatus,requestId,retryable,details}}`: always all eight
 * members, `null` where there is nothing to say; `details.retryAfterSeconds` where the service named a time.
 */
export function errorText(error: SegjobsError, { format, paint, stack }: ErrorLook): string {
  const trace =
    stack === undefined
      ? ''
      : stack
          .split('\n')
          .map((line) => `${paint.muted(safeText(line))}\n`)
          .join('');
  if (format === 'json' || format === 'ndjson') return `${trace}${errorJson(error)}\n`;
  const lines = [`${paint.bad('error:')} ${safeText(error.message)}`];
  if (error.hint !== undefined) lines.push(`${paint.strong('hint:')} ${safeText(error.hint)}`);
  const facts = [
    ...(error.httpStatus === undefined ? [] : [`HTTP ${error.httpStatus}`]),
    ...(error.requestId === undefined ? [] : [`request id ${safeText(error.requestId)}`]),
  ];
  if (facts.length > 0) lines.push(paint.muted(`(${facts.join(', ')})`));
  return `${lines.join('\n')}\n${trace}`;
}

function errorJson(error: SegjobsError): string {
  const { retryAfterSeconds } = error;
  const details = retryAfterSeconds === undefined ? error.details : { ...error.details, retryAfterSeconds };
  return quoteJson({
    schemaVersion: 1,
    error: {
      code: error.code,
      exitCode: error.exitCode,
      message: safeText(error.message),
      hint: error.hint === undefined ? null : safeText(error.hint),
      httpStatus: error.httpStatus ?? null,
      requestId: error.requestId ?? null,
      retryable: error.isRetryable,
      details: details ?? null,
    },
  });
}
