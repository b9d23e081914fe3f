// The page a person reads about one job: what became of it, what it evaluated, and how large the audiences are.

import { commonRun, type JobComparison } from '../jobs/comparison.ts';
import { isFinal, type SegmentJob } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import { runName } from './change-text.ts';
import { rangeOfRuns } from './forecast-text.ts';
import { errorLine, paintStatus, shownDurationMs } from './job-words.ts';
import { segmentsSection } from './segments-section.ts';
import type { Paint } from './terminal.ts';
import { agoText, countText, durationWords, timeText, unknown } from './text.ts';
import type { Look } from './view.ts';
import { cutToWidth, padEnd, wrapText } from './width.ts';

/** Where the width is unknown. */
const assumedWidth = 100;
const widest = 120;
const narrowest = 40;
/** What people copy (ids) is not cut below this, even where a line then breaks. */
const longestValue = 128;
const mostErrors = 10;

/** A label, what it is, and what is said beside it. */
type Fact = readonly [label: string, value: string | undefined, aside?: string | undefined];

/**
 * The page, without a final line break. A section that has nothing to say is left out. With a comparison the counts
 * have their changes beside them.
 */
export function jobPage(job: SegmentJob, look: Look, comparison?: JobComparison): string {
  const { columns } = look.terminal;
  const width = columns === 0 ? assumedWidth : Math.min(widest, Math.max(narrowest, columns));
  const sections = [
    headline(job, look),
    factLines(job, look, comparison),
    identifierLines(job, look),
    errorsSection(job, look, width),
    segmentsSection(job, look.terminal.paint, width, comparison),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n');
}

function headline(job: SegmentJob, { terminal: { paint } }: Look): string[] {
  const id = cutToWidth(safeText(job.id), longestValue);
  const status = safeText(job.status ?? '').trim() || 'status unknown';
  return [`${paint.strong(id)}  ${paintStatus(cutToWidth(status, 40), job.status, paint)}`];
}

function factLines(
  job: SegmentJob,
  { now, terminal: { paint } }: Look,
  comparison: JobComparison | undefined,
): string[] {
  const { sandbox, metrics } = job;
  const duration = durationWords(shownDurationMs(job, now));
  const segmentation = metrics?.profileSegmentationTime?.totalTimeInMs;
  const durations = [
    duration === unknown || isFinal(job) ? duration : `${duration} so far`,
    ...(segmentation === undefined || duration === unknown
      ? []
      : [`${durationWords(segmentation)} of it segmentation`]),
  ].join(', ');
  const facts: readonly Fact[] = [
    timeFact('Created', job.creationTime, now),
    timeFact(isFinal(job) ? 'Finished' : 'Updated', job.updateTime, now),
    ['Duration', durations],
    ['Usually', comparison?.usual && rangeOfRuns(comparison.usual)],
    ...(comparison === undefined ? [] : comparedFacts(comparison, now)),
    ['Profiles', countText(metrics?.totalProfiles)],
    ['Source', job.source, sourceWords.get(job.source ?? '')],
    [
      'Sandbox',
      sandbox?.sandboxName &&
        [sandbox.sandboxName, sandbox.type && `(${sandbox.type})`].filter(Boolean).join(' '),
    ],
  ];
  return factLinesOf(facts, paint);
}

/** What only matters to find the job again elsewhere. */
function identifierLines(job: SegmentJob, { terminal: { paint } }: Look): string[] {
  const facts: readonly Fact[] = [
    ['Org', job.imsOrgId],
    ['Schema', job.schema?.name],
    ['Schedule', job.properties?.scheduleId],
    ['Run', job.properties?.runId],
    ['Batch', job.batchId],
    ['Request id', job.requestId],
  ];
  return factLinesOf(facts, paint);
}

function factLinesOf(facts: readonly Fact[], paint: Paint): string[] {
  return facts.flatMap(([label, value, aside = '']) => {
    const shown = safeText(value ?? '').trim();
    if (shown === '' || shown === unknown) return [];
    const beside = aside === '' ? '' : paint.muted(`  ${aside}`);
    return `  ${paint.muted(padEnd(label, 12))}${cutToWidth(shown, longestValue)}${beside}`;
  });
}

/** `2026-03-10 09:00:13Z  6 h ago` */
function timeFact(label: string, ms: number | undefined, now: number): Fact {
  const ago = agoText(ms, now);
  return [label, timeText(ms), /^[\d-]+$/.test(ago) ? '' : ago];
}

const sourceWords: ReadonlyMap<string, string> = new Map([
  ['api', 'on demand'],
  ['scheduler', 'nightly evaluation'],
]);

/** `with f4020816-… of 2026-03-10 02:08:15Z`, and what that one took where nothing more is known. */
function comparedFacts(comparison: JobComparison, now: number): readonly Fact[] {
  const run = commonRun(comparison);
  if (run !== undefined) {
    const took = comparison.usual === undefined ? durationWords(shownDurationMs(run, now)) : undefined;
    return [
      ['Compared', `with ${runName(run)}`],
      ['It took', took],
    ];
  }
  const isAnything = comparison.segments.some(({ comparedWith }) => comparedWith !== undefined);
  return isAnything ? [['Compared', 'with the last successful job of each segment']] : [];
}

function errorsSection(job: SegmentJob, { terminal: { paint } }: Look, width: number): string[] {
  const messages = job.errors.map((error) => safeText(errorLine(error)).trim()).filter((text) => text !== '');
  if (messages.length === 0) return [];
  const lines = messages
    .slice(0, mostErrors)
    .flatMap((message) =>
      wrapText(message, width - 4, 6).map((line, index) => (index === 0 ? `  ${line}` : `    ${line}`)),
    );
  if (messages.length > mostErrors)
    lines.push(paint.muted(`  … ${messages.length - mostErrors} more (-o json)`));
  else if (job.errors.some(({ callStack }) => callStack))
    lines.push(paint.muted('  call stack: see it with -o json'));
  return [paint.strong('Errors'), '', ...lines];
}
