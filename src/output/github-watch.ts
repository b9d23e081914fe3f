// What a watch that has ended leaves on GitHub: annotations for what went wrong, and a table in the summary of the job.

import { exitCodeMeanings } from '../errors.ts';
import { knownStatus } from '../jobs/job.ts';
import type { WatchEventOf, WatchedJob } from '../jobs/watch-events.ts';
import type { WatchGoal } from '../jobs/watch-outcome.ts';
import { safeText } from '../safe-text.ts';
import type { Annotation } from './ci-log.ts';
import { appendSummary, inCode, inMarkdown } from './github-summary.ts';
import { errorLine, segmentCountText, shownDurationMs } from './job-words.ts';
import type { Output } from './output.ts';
import { countOf, countText, durationText } from './text.ts';
import { endText, lostText } from './watch-text.ts';
import { cutToWidth } from './width.ts';

type Ended = WatchEventOf<'watch.ended'>;

/** What is to be told, and of which command. */
export interface WatchReport {
  readonly ended: Ended;
  /** `segjobs watch`, `segjobs create`. */
  readonly subject: string;
  readonly goal: WatchGoal | undefined;
  /** Flags that a resumed watch needs too. */
  readonly resumeFlags: readonly string[];
}

/** GitHub shows ten annotations of a level for a step; the last one is for the sum of the rest. */
const mostAnnotations = 9;
/** Nobody reads more rows; the rest is in the log. */
const mostRows = 500;
/** Columns of a failed job's first error. */
const widestReason = 200;

/**
 * Annotates, and appends to the file that GitHub names in `GITHUB_STEP_SUMMARY`. Never throws: a summary that cannot
 * be written is a warning.
 */
export async function reportWatch(
  output: Output,
  report: WatchReport,
  summaryFile: string | undefined,
): Promise<void> {
  for (const annotation of watchAnnotations(report)) output.annotate(annotation);
  // A single look that found jobs on their way is one of many: a summary of each would be no summary.
  if (summaryFile === undefined || summaryFile === '' || report.ended.ending.kind === 'lookedOnce') return;
  try {
    await appendSummary(summaryFile, (room) => watchSummary(report, room));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    output.warn(`The job summary was not written: ${safeText(reason)}`);
  }
}

/** At most ten of each level: the jobs that ended badly, then how the watch itself did. */
export function watchAnnotations(report: WatchReport): readonly Annotation[] {
  const { ended, subject, resumeFlags } = report;
  const bad = ended.jobs.flatMap((job) => jobAnnotation(job, report) ?? []);
  const kept = (['error', 'warning'] as const).flatMap((level) => {
    const all = bad.filter((annotation) => annotation.level === level);
    if (all.length <= mostAnnotations) return all;
    const shown = all.slice(0, mostAnnotations - 1);
    const rest = countOf(all.length - shown.length, 'more job');
    return [...shown, { level, title: subject, message: `${rest} did not succeed; the log names each` }];
  });
  const ending = endingLevel(ended);
  const message = endText(ended, resumeFlags).trim();
  return ending === undefined
    ? kept
    : [...kept, { level: ending, title: `${subject} ended with exit code ${ended.exitCode}`, message }];
}

/** Lost contact and refusals are told as the failed command they are. */
function endingLevel({ ending: { kind } }: Ended): Annotation['level'] | undefined {
  if (kind === 'timeout' || kind === 'nothingAppeared') return 'error';
  return kind === 'stopped' ? 'warning' : undefined;
}

function jobAnnotation(
  { id, job, standing, error }: WatchedJob,
  { ended, goal }: WatchReport,
): Annotation | undefined {
  const about = (level: Annotation['level'], title: string, what: string): Annotation => {
    return { level, title, message: `${safeText(id)} ${what}` };
  };
  if (standing === 'notFound') return about('error', 'Segment job not found', 'was not found');
  if (standing === 'unreadable') return about('error', 'Segment job unreadable', lostText(error));
  if (job === undefined) return undefined;
  const durationMs = shownDurationMs(job, ended.atMs);
  const after = durationMs === undefined ? '' : ` after ${durationText(durationMs)}`;
  if (standing === 'failed') {
    const reason = reasonOf(job);
    return about('error', 'Segment job FAILED', `FAILED${after}${reason === '' ? '' : `: ${reason}`}`);
  }
  if (goal === 'cancellation') {
    const what = `SUCCEEDED${after}, before it could be cancelled`;
    return standing === 'succeeded' ? about('error', 'Segment job not cancelled', what) : undefined;
  }
  return standing === 'cancelled'
    ? about('warning', 'Segment job CANCELLED', `was CANCELLED${after}`)
    : undefined;
}

function reasonOf({ errors: [problem] }: NonNullable<WatchedJob['job']>): string {
  return problem === undefined ? '' : cutToWidth(safeText(errorLine(problem)), widestReason);
}

/**
 * Markdown of at most `room` bytes, `undefined` where not even its head fits: how the watch ended, a table of its
 * jobs, and the first error of each that failed.
 */
export function watchSummary(report: WatchReport, room: number): string | undefined {
  const { ended, subject, resumeFlags } = report;
  const { exitCode, jobs, ending } = ended;
  const told =
    'error' in ending && ending.kind !== 'stopped' ? ending.error.message : endText(ended, resumeFlags);
  const meaning = (exitCodeMeanings as Readonly<Record<number, string>>)[exitCode];
  const code =
    exitCode === 0 ? '' : `\n\nExit code ${exitCode}${meaning === undefined ? '' : `: ${meaning}`}`;
  const head = `### ${exitCode === 0 ? '✅' : '❌'} ${subject}\n\n${inMarkdown(told.trim())}${code}\n`;
  const columns =
    jobs.length === 0
      ? ''
      : '\n| Job | Status | Duration | Profiles | Segments |\n| --- | --- | ---: | ---: | ---: |\n';
  const rows: string[] = [];
  const reasons: string[] = [];
  const bytes = (text: string) => Buffer.byteLength(text);
  let left = room - bytes(head) - bytes(columns) - 100;
  if (left < 0) return undefined;
  for (const watched of worstFirst(jobs)) {
    if (rows.length === mostRows) break;
    const row = rowOf(watched, ended.atMs);
    const reason = watched.standing === 'failed' && watched.job !== undefined ? reasonOf(watched.job) : '';
    const line = reason === '' ? '' : `- ${inCode(watched.id)} ${inMarkdown(reason)}\n`;
    left -= bytes(row) + bytes(line);
    if (left < 0) break;
    rows.push(row);
    reasons.push(line);
  }
  const hidden = jobs.length - rows.length;
  const more = hidden > 0 ? `\n… ${countOf(hidden, 'more job')}\n` : '';
  const list = reasons.join('');
  return `${head}${columns}${rows.join('')}${more}${list === '' ? '' : `\n${list}`}`;
}

/** In the order asked for; where not all fit, those that ended badly come first. */
function worstFirst(jobs: readonly WatchedJob[]): readonly WatchedJob[] {
  if (jobs.length <= mostRows) return jobs;
  const isGood = ({ standing }: WatchedJob) => standing === 'succeeded';
  return [...jobs.filter((job) => !isGood(job)), ...jobs.filter(isGood)];
}

function rowOf({ id, job, standing }: WatchedJob, atMs: number): string {
  const absent = standing === 'notFound' ? 'not found' : standing === 'unreadable' ? 'unreadable' : undefined;
  const shown = absent === undefined ? job : undefined;
  const status = absent ?? (job === undefined ? 'not seen' : (job.status ?? 'no status'));
  const cells = [
    inCode(id),
    `${markOf(standing, shown?.status)} ${inMarkdown(status)}`,
    shown === undefined ? '' : durationText(shownDurationMs(shown, atMs)),
    shown === undefined ? '' : countText(shown.metrics?.totalProfiles),
    shown === undefined ? '' : segmentCountText(shown),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function markOf(standing: WatchedJob['standing'], status: string | undefined): string {
  if (standing === 'notFound' || standing === 'unreadable') return '❓';
  switch (knownStatus(status)) {
    case 'SUCCEEDED':
      return '✅';
    case 'FAILED':
      return '❌';
    case 'CANCELLED':
      return '🚫';
    default:
      return '⏳';
  }
}
