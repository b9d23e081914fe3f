// What a create knows of the quota before it is sent: an estimate for a person, a question before the last run, a guard.

import type { SegmentJobsClient } from '../api/client.ts';
import { restated } from '../api/service-errors.ts';
import { storedQuotaTerms } from '../config/quota-terms.ts';
import type { Context } from '../context.ts';
import { SegjobsError } from '../errors.ts';
import { countRuns, type QuotaEstimate, runsLeft, usedUp } from '../jobs/quota.ts';
import type { QuotaLimits, QuotaTerms, YearStart } from '../jobs/quota-terms.ts';
import { isoSeconds, useText } from '../output/quota-view.ts';

/** An estimate is no reason to wait: a service that takes longer is not asked any further. */
const patienceMs = 3000;
/** Small where each job carries thousands of segments; a page holds a day's runs many times over. */
const glancePageSize = 20;
const guardPageSize = 100;
/** An unanswered question holds the turn of all creates of these segments, which after 15 minutes counts as given up. */
const answerLimitMs = 10 * 60_000;

export interface QuotaFlags {
  readonly guardQuota: boolean;
  readonly limits: QuotaLimits | undefined;
  readonly yearStart: YearStart | undefined;
}

/**
 * To be awaited right before a create is sent. With `--guard-quota` it counts, and throws `CONFLICT` when the limit
 * is reached, or the failure itself when it cannot count. Without, a person at a terminal is told how many runs of the
 * day are used, where one quick request tells, and asked before the last one; "no" is a `CONFLICT`. A script without
 * the flag sends nothing more than before.
 */
export async function heedQuota(
  context: Context,
  client: Pick<SegmentJobsClient, 'pages' | 'serviceNow'>,
  flags: QuotaFlags,
): Promise<void> {
  const [output, { sandbox = '', profile }] = await Promise.all([context.output(), context.settings()]);
  const { stdout, stderr } = output.terminals;
  // A captured stdout is a script's, even where somebody watches it run.
  const isPerson = stdout.isTty && stderr.isTty && !context.globals.quiet;
  if (!flags.guardQuota && !isPerson) return;
  const terms = async (): Promise<QuotaTerms> => {
    const stored = await storedQuotaTerms(profile, context.config);
    return { limits: { ...stored.limits, ...flags.limits }, yearStart: flags.yearStart ?? stored.yearStart };
  };
  const estimate = flags.guardQuota
    ? await countOrRefuse(client, await terms())
    : await glance(context, client, terms);
  if (estimate === undefined) return;
  if (flags.guardQuota) refuseUsedUp(estimate, sandbox);
  if (!isPerson) return;
  output.note(`${useText(estimate.today, 'day', sandbox)}.`);
  if (estimate.thisYear !== undefined) output.note(`${useText(estimate.thisYear, 'year', sandbox)}.`);
  await confirmLast(context, estimate);
}

/** A guard that cannot count lets nothing through: it fails with what went wrong. */
async function countOrRefuse(
  client: Pick<SegmentJobsClient, 'pages' | 'serviceNow'>,
  terms: QuotaTerms,
): Promise<QuotaEstimate> {
  const unguarded = 'the runs could not be counted for --guard-quota, so nothing was sent';
  let estimate: QuotaEstimate;
  try {
    const { pages, serviceNow: now } = client;
    estimate = await countRuns({ pages, now, pageSize: guardPageSize }, terms);
  } catch (cause) {
    const isSignal = cause instanceof SegjobsError && cause.exitCode > 128;
    if (isSignal || !(cause instanceof SegjobsError)) throw cause;
    throw restated(cause, `${unguarded}: ${cause.message}`);
  }
  if (estimate.isWhole || usedUp(estimate) !== undefined) return estimate;
  throw new SegjobsError('BAD_ANSWER', `${unguarded}: the list of jobs was incomplete`, {
    hint: 'try again; segjobs quota shows what can be counted',
  });
}

function refuseUsedUp(estimate: QuotaEstimate, sandbox: string): void {
  const span = usedUp(estimate);
  const use = span === 'year' ? estimate.thisYear : estimate.today;
  if (span === undefined || use === undefined) return;
  const { used, limit, endMs } = use;
  throw new SegjobsError('CONFLICT', `--guard-quota: ${useText(use, span, sandbox)}; nothing was sent`, {
    hint: `the next ${span === 'year' ? 'contract year' : 'day'} begins at ${isoSeconds(endMs)}; segjobs quota shows the count`,
    details: { span, used, limit, endsAt: isoSeconds(endMs) },
  });
}

/** One request at most, and nothing at all where it fails or takes long: no estimate is worth a create. */
async function glance(
  context: Context,
  client: Pick<SegmentJobsClient, 'pages' | 'serviceNow'>,
  terms: () => Promise<QuotaTerms>,
): Promise<QuotaEstimate | undefined> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  const signal = AbortSignal.any([context.signal, patience.signal]);
  const { serviceNow: now } = client;
  const pages: SegmentJobsClient['pages'] = (query) => client.pages(query, { signal, hasOwnBudget: true });
  try {
    const { limits } = await terms();
    const reading = { pages, now, pageSize: glancePageSize, mostPages: 1 };
    const estimate = await countRuns(reading, { limits, yearStart: undefined });
    return estimate.isWhole || runsLeft(estimate.today) === 0 ? estimate : undefined;
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function confirmLast(context: Context, { today }: QuotaEstimate): Promise<void> {
  const left = runsLeft(today);
  const prompts = await context.prompts();
  if (left > 1 || !prompts.canAsk) return;
  const { clock } = context;
  const askedAt = clock.monotonicMs();
  const question =
    left === 1 ? 'This is the last run of the day. Start it?' : 'Start another one all the same?';
  const isWanted = await prompts.confirm(question, 'add --no-input');
  if (!isWanted) throw new SegjobsError('CONFLICT', 'nothing was created: you said no');
  if (clock.monotonicMs() - askedAt > answerLimitMs) {
    throw new SegjobsError('CONFLICT', 'nothing was created: the answer came after more than ten minutes', {
      hint: 'run the command again',
    });
  }
}
