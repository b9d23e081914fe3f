// What only this machine's files know of a word to complete: profiles, sandboxes, jobs. No parser, no network.

import { hasEnvironmentBundle } from '../config/credentials.ts';
import { type LocationFacts, locate } from '../config/locations.ts';
import { profileName } from '../config/profile-choice.ts';
import { isOfferable, type RecentJob, readRecentJobs, recentSandboxes } from '../config/recent-jobs.ts';
import { readConfig, type StoredConfig } from '../config/store.ts';
import { isFinal } from '../jobs/job.ts';
import { safeText } from '../safe-text.ts';
import type { AskedKind } from './values.ts';

export interface CandidateFacts extends LocationFacts {
  readonly userId: number | undefined;
  /** Unix milliseconds, for how long ago a job was made. */
  readonly now: number;
}

interface Candidate {
  readonly value: string;
  readonly about: string;
}

/**
 * The answer to `segjobs __complete KIND [WORD...]`: a line for each candidate, value and description with a tab
 * between them. The words are those already typed, of which only `--profile` and `--sandbox` matter, and which of the
 * candidates are among them. Never throws: whatever cannot be read has no candidates.
 */
export function answerCompletion(facts: CandidateFacts, [kind, ...words]: readonly string[]): string {
  try {
    const typed = new Set(words);
    return candidatesOf(kind as AskedKind, facts, words)
      .filter(({ value }) => isOfferable(value) && !typed.has(value))
      .map(({ value, about }) => `${value}\t${safeText(about).replaceAll('\t', ' ')}\n`)
      .join('');
  } catch {
    return '';
  }
}

function candidatesOf(
  kind: AskedKind,
  facts: CandidateFacts,
  words: readonly string[],
): readonly Candidate[] {
  switch (kind) {
    case 'profiles':
      return profiles(facts);
    case 'sandboxes':
      return sandboxes(facts, words);
    case 'segments':
      return segments(recentJobs(facts, words));
    case 'jobs':
    case 'unfinished-jobs':
      return recentJobs(facts, words)
        .filter((job) => kind === 'jobs' || !isFinal(job))
        .map((job) => ({ value: job.id, about: aboutJob(job, facts.now) }));
    default:
      return [];
  }
}

function profiles(facts: CandidateFacts): readonly Candidate[] {
  const config = readStored(facts);
  return [...config.profiles].map(([name, { sandbox }]) => {
    const about = sandbox === undefined ? 'no sandbox' : `sandbox ${sandbox}`;
    return { value: name, about: name === config.activeProfile ? `${about}, active` : about };
  });
}

function sandboxes(facts: CandidateFacts, words: readonly string[]): readonly Candidate[] {
  const found = new Map<string, string>();
  for (const [name, { sandbox }] of readStored(facts).profiles) {
    if (sandbox !== undefined && !found.has(sandbox)) found.set(sandbox, `of profile ${name}`);
  }
  for (const name of recentSandboxes(locate(facts), targetOf(facts, words).orgId)) {
    if (!found.has(name)) found.set(name, 'used lately');
  }
  return [...found].map(([value, about]) => ({ value, about }));
}

function recentJobs(facts: CandidateFacts, words: readonly string[]): readonly RecentJob[] {
  const { orgId, sandbox } = targetOf(facts, words);
  if (orgId === undefined || sandbox === undefined) return [];
  return readRecentJobs({ locations: locate(facts), userId: facts.userId, orgId, sandbox });
}

function segments(jobs: readonly RecentJob[]): readonly Candidate[] {
  const found = new Map<string, number>();
  for (const { segmentId } of jobs) {
    if (segmentId !== undefined && segmentId !== '*') found.set(segmentId, (found.get(segmentId) ?? 0) + 1);
  }
  return [...found].map(([value, count]) => ({
    value,
    about: `first segment of ${count} recent job${count === 1 ? '' : 's'}`,
  }));
}

function aboutJob({ status, creationTime, segmentId, segmentCount }: RecentJob, now: number): string {
  const more = segmentCount > 1 ? ` +${segmentCount - 1}` : '';
  const what = segmentId === '*' ? 'all segments' : segmentId && `${segmentId}${more}`;
  const when = creationTime === undefined ? undefined : agoText(now - creationTime);
  return [status ?? 'status unknown', when, what].filter((part) => part !== undefined).join(', ');
}

/** `5 min ago`; a list of candidates has no room for more. */
function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** The organization and sandbox the command line would work in, by the rules of the settings, as far as files tell. */
function targetOf(
  facts: CandidateFacts,
  words: readonly string[],
): { readonly orgId: string | undefined; readonly sandbox: string | undefined } {
  const { env } = facts;
  const flag = { profile: flagValue(words, '--profile', true), sandbox: flagValue(words, '--sandbox') };
  const isExplicit = flag.profile !== undefined;
  const fromEnv = (name: string) => (isExplicit || env[name] === '' ? undefined : env[name]);
  if (!isExplicit && hasEnvironmentBundle(env)) {
    return { orgId: fromEnv('AEP_ORG_ID'), sandbox: flag.sandbox ?? fromEnv('AEP_SANDBOX_NAME') };
  }
  const config = readStored(facts);
  const chosen = profileName(config, flag.profile, env);
  const stored = chosen === undefined ? undefined : config.profiles.get(chosen.name);
  return {
    orgId: stored?.orgId,
    sandbox: flag.sandbox ?? fromEnv('AEP_SANDBOX_NAME') ?? stored?.sandbox,
  };
}

/** The last value given: `--profile prod`, `--profile=prod`, and where `isShortP` also `-p prod`, `-pprod`, `-qp prod`. */
function flagValue(words: readonly string[], long: string, isShortP = false): string | undefined {
  let value: string | undefined;
  for (const [at, word] of words.entries()) {
    if (word === '--') break;
    // The letters of switches can stand before the one that takes a value.
    const [, attached] = (isShortP ? /^-[qnwy]*p(.*)$/.exec(word) : null) ?? [];
    if (word === long || attached === '') value = words[at + 1] ?? value;
    else if (attached !== undefined) value = attached;
    else if (word.startsWith(`${long}=`)) value = word.slice(long.length + 1);
  }
  return value;
}

function readStored(facts: CandidateFacts): StoredConfig {
  return readConfig(locate(facts), { userId: facts.userId });
}
