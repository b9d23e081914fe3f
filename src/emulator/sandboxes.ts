// The organization the emulator plays: its sandboxes, merge policies and identity namespaces.

import { uuidOf } from './random.ts';

export interface MergePolicy {
  readonly id: string;
  readonly version: number;
  /** Profiles the policy merges to, when the history begins. */
  readonly profiles: number;
}

export interface Sandbox {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly type: 'production' | 'development';
  readonly isDefault: boolean;
  readonly mergePolicies: readonly [MergePolicy, MergePolicy];
  readonly scheduleId: string;
}

/** Identity namespaces and the share of profiles that has an identity of each. */
export const namespaceShares: readonly (readonly [name: string, share: number])[] = [
  ['ECID', 0.94],
  ['Email', 0.71],
  ['CRMID', 0.56],
  ['Phone', 0.38],
  ['Loyalty', 0.17],
];

function sandbox(
  name: string,
  title: string,
  type: Sandbox['type'],
  profiles: readonly [number, number],
): Sandbox {
  const policy = (number: 0 | 1): MergePolicy => ({
    id: uuidOf('merge policy', name, number),
    version: number + 1,
    profiles: profiles[number],
  });
  return {
    id: uuidOf('sandbox', name),
    name,
    title,
    type,
    isDefault: type === 'production',
    mergePolicies: [policy(0), policy(1)],
    scheduleId: uuidOf('schedule', name),
  };
}

export const productionSandbox = sandbox('prod', 'Prod', 'production', [13_146_432, 9_874_110]);
export const developmentSandbox = sandbox('dev', 'Development', 'development', [52_418, 39_902]);

export const sandboxes: readonly Sandbox[] = [productionSandbox, developmentSandbox];

/** The answer of `GET /data/foundation/sandbox-management/`. */
export function sandboxList(): string {
  return JSON.stringify({
    sandboxes: sandboxes.map(({ name, title, type, isDefault }) => ({
      name,
      title,
      state: 'active',
      type,
      region: 'VA7',
      isDefault,
      eTag: 2,
      createdDate: '2019-09-07 10:16:02',
      lastModifiedDate: '2019-09-07 10:16:02',
      createdBy: 'emulator@AdobeID',
      lastModifiedBy: 'emulator@AdobeID',
    })),
  });
}
