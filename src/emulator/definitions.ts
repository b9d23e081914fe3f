// The segment definitions the emulator knows, and the one it makes up for any other id.

import { fractionOf, hashOf, uuidOf } from './random.ts';
import type { MergePolicy, Sandbox } from './sandboxes.ts';

export interface Definition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly format: 'pql/text' | 'pql/json';
  readonly expression: string;
  readonly mergePolicy: MergePolicy;
  /** Part of all profiles that qualifies, 0 to 1. */
  readonly share: number;
  /** What evaluating it alone takes, in ms, before the noise of a single run. */
  readonly durationMs: number;
  /** Its expression names a field that is not in the schema: every job with it fails. */
  readonly isBroken: boolean;
}

/** A comparison as the service writes it in `pql/json`. */
function comparison(fnName: string, path: string, literal: string | number): string {
  const field = path
    .split('.')
    .reduce<unknown>((object, fieldName) => ({ nodeType: 'fieldLookup', fieldName, object }), {
      nodeType: 'parameterReference',
      position: 1,
    });
  const literalType = typeof literal === 'number' ? 'Integer' : 'String';
  return JSON.stringify({
    nodeType: 'fnApply',
    fnName,
    params: [field, { nodeType: 'literal', literalType, value: literal }],
  });
}

type Seed = readonly [key: string, name: string, description: string, expression: string, share: number];

const seeds: readonly Seed[] = [
  [
    'us-work-address',
    'Works in the US',
    'Work address in the United States',
    'workAddress.country = "US"',
    0.214,
  ],
  [
    'de-home',
    'Lives in Germany',
    'Home address in Germany',
    comparison('=', 'homeAddress.countryCode', 'DE'),
    0.087,
  ],
  [
    'cart-7d',
    'Abandoned cart, 7 days',
    'Put something into the cart in the last 7 days and did not order',
    'CHAIN(xEvent, timestamp, [A: WHAT(eventType = "commerce.productListAdds") WHEN(<= 7 days before now)]) and not CHAIN(xEvent, timestamp, [B: WHAT(eventType = "commerce.purchases") WHEN(<= 7 days before now)])',
    0.031,
  ],
  [
    'buyers-30d',
    'Ordered in the last 30 days',
    'At least one order in the last 30 days',
    'CHAIN(xEvent, timestamp, [A: WHAT(eventType = "commerce.purchases") WHEN(<= 30 days before now)])',
    0.118,
  ],
  [
    'gold',
    'Loyalty: gold and above',
    'Gold or platinum loyalty tier',
    'loyalty.tier in ["gold", "platinum"]',
    0.046,
  ],
  [
    'points',
    'Loyalty: 10,000 points',
    'Holds at least 10,000 points',
    comparison('>=', 'loyalty.points', 10_000),
    0.022,
  ],
  [
    'newsletter',
    'Newsletter opt-in',
    'May be mailed',
    'optInOut.`_channels`.`email` = "in" and personalEmail.address.isNotNull()',
    0.402,
  ],
  [
    'dormant-90d',
    'Dormant, 90 days',
    'No event in the last 90 days',
    'not CHAIN(xEvent, timestamp, [A: WHAT() WHEN(<= 90 days before now)])',
    0.273,
  ],
  [
    'students',
    'Students',
    'Signed up with a student account',
    comparison('=', 'person.occupation', 'student'),
    0.064,
  ],
  [
    'high-value',
    'High lifetime value',
    'Lifetime value above 2,500',
    'profileMetrics.lifetimeValue > 2500 and person.status != "employee"',
    0.009,
  ],
  [
    'birthday',
    'Birthday this month',
    'Born in the current month',
    'person.birthDate.getMonth() = now.getMonth()',
    0.081,
  ],
  [
    'app-users',
    'Mobile app users',
    'Started the app in the last 14 days',
    'CHAIN(xEvent, timestamp, [A: WHAT(application.launches.value > 0) WHEN(<= 14 days before now)])',
    0.156,
  ],
  [
    'churn-risk',
    'At risk of churning',
    'Churn score of 0.7 or more',
    comparison('>=', 'propensity.churn.percent', 70),
    0.038,
  ],
];

/** The one that cannot be evaluated; the field left the schema when a field group was removed. */
const brokenSeed: Seed = [
  'broken',
  'Legacy CRM score (broken)',
  'Refers to a field that is no longer in the union schema',
  '_emulator.crmScoreV1.value >= 80',
  0,
];

/** 8 to 12 minutes: what one definition takes (a demo must not last longer). */
function soloDurationMs(id: string): number {
  return 480_000 + Math.round(fractionOf('duration', id) * 240) * 1000;
}

function definitionOf([key, name, description, expression, share]: Seed, sandbox: Sandbox): Definition {
  const id = uuidOf('definition', sandbox.name, key);
  return {
    id,
    name,
    description,
    format: expression.startsWith('{') ? 'pql/json' : 'pql/text',
    expression,
    mergePolicy: sandbox.mergePolicies[hashOf('policy', key) % 3 === 0 ? 1 : 0],
    share,
    durationMs: soloDurationMs(id),
    isBroken: key === brokenSeed[0],
  };
}

export interface Definitions {
  /** All of them, the broken one last. */
  readonly all: readonly Definition[];
  /** Those a nightly evaluation takes: all but the broken one. */
  readonly evaluable: readonly Definition[];
  find(id: string): Definition | undefined;
  /**
   * The definition with that id, or one made up from it. The real service would refuse an id it does not know; this
   * one accepts it, so that `segjobs create SEG1 SEG2` of an example works as written and always gives the same sizes.
   */
  findOrInvent(id: string): Definition;
}

/** The definitions of one sandbox; a development sandbox has half of them. */
export function createDefinitions(sandbox: Sandbox): Definitions {
  const kept = sandbox.type === 'production' ? seeds : seeds.slice(0, 6);
  const evaluable = kept.map((seed) => definitionOf(seed, sandbox));
  const all = [...evaluable, definitionOf(brokenSeed, sandbox)];
  const byId = new Map(all.map((definition) => [definition.id, definition]));
  return {
    all,
    evaluable,
    find: (id) => byId.get(id),
    findOrInvent(id) {
      const known = byId.get(id);
      if (known !== undefined) return known;
      return {
        id,
        name: id,
        description: 'Made up by the emulator for an id it does not know',
        format: 'pql/text',
        expression: `segmentMembership("${id.replace(/["\\]/g, '\\$&')}") or workAddress.country = "US"`,
        mergePolicy: sandbox.mergePolicies[0],
        share: 0.005 + 0.2 * fractionOf('share', sandbox.name, id),
        durationMs: soloDurationMs(id),
        isBroken: false,
      };
    },
  };
}
