// What a finished job counted: audience sizes that drift from run to run, split by status and by namespace.

import type { Definition } from './definitions.ts';
import { fractionOf } from './random.ts';
import { namespaceShares } from './sandboxes.ts';

const dayMs = 86_400_000;

/** Profiles of one merge policy at a time (unix ms): grows by about a percent a month. */
function profilesAt(definition: Definition, at: number): number {
  const { id, profiles } = definition.mergePolicy;
  const day = at / dayMs;
  return Math.round(
    profiles * (1 + 0.0004 * (day % 90) + 0.0006 * fractionOf('profiles', id, Math.floor(day * 8))),
  );
}

/** Profiles that qualify at a time: a slow wave, a weekly one, and the noise of the moment. */
function audienceAt(definition: Definition, at: number): number {
  const day = at / dayMs;
  const phase = 2 * Math.PI * fractionOf('phase', definition.id);
  const drift = 1 + 0.05 * Math.sin(day / 11 + phase) + 0.012 * Math.sin((2 * Math.PI * day) / 7 + phase);
  const noise = 1 + 0.008 * (fractionOf('audience', definition.id, Math.floor(day * 24)) - 0.5);
  return Math.round(definition.mergePolicy.profiles * definition.share * drift * noise);
}

export interface Counters {
  readonly totalProfiles: number;
  readonly segmentedProfileCounter: Record<string, number>;
  readonly segmentedProfileByNamespaceCounter: Record<string, Record<string, number>>;
  readonly segmentedProfileByStatusCounter: Record<string, Record<string, number>>;
  readonly totalProfilesByMergePolicy: Record<string, number>;
}

/**
 * The counters of a job that ended at `at` (unix ms). For each definition `realized` (new) and `existing` make up the
 * count, and `existing` and `exited` the count of the day before.
 */
export function countersAt(definitions: readonly Definition[], at: number): Counters {
  const rows = definitions.map((definition) => {
    const count = audienceAt(definition, at);
    const before = audienceAt(definition, at - dayMs);
    const churn = 0.015 + 0.04 * fractionOf('churn', definition.id, Math.floor(at / dayMs));
    const existing = Math.min(count, Math.round(before * (1 - churn)));
    const namespaces = namespaceShares.map(([name, share]) => {
      const skew = 0.85 + 0.3 * fractionOf('namespace', definition.id, name);
      return [name, Math.round(count * Math.min(1, share * skew))] as const;
    });
    return {
      id: definition.id,
      count,
      statuses: { exited: before - existing, existing, realized: count - existing },
      namespaces: Object.fromEntries(namespaces),
      policy: [definition.mergePolicy.id, profilesAt(definition, at)] as const,
    };
  });
  return {
    totalProfiles: rows.reduce((most, { policy }) => Math.max(most, policy[1]), 0),
    // `fromEntries` and not assignment: an id may be `__proto__`.
    segmentedProfileCounter: Object.fromEntries(rows.map(({ id, count }) => [id, count])),
    segmentedProfileByNamespaceCounter: Object.fromEntries(
      rows.map(({ id, namespaces }) => [id, namespaces]),
    ),
    segmentedProfileByStatusCounter: Object.fromEntries(rows.map(({ id, statuses }) => [id, statuses])),
    totalProfilesByMergePolicy: Object.fromEntries(rows.map(({ policy }) => policy)),
  };
}
