// Reads fault specs; the grammar stands at the top of `faults.ts`.

import { type Delivery, type Fault, FaultError } from './faults.ts';
import { operations } from './gateway.ts';

const itemPattern = /^([a-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,"]*)))?(?:,|$)/;

/** Splits `a=1,b="x,y",c` into names and values. */
function readItems(text: string, refuse: (why: string) => never): ReadonlyMap<string, string | undefined> {
  const items = new Map<string, string | undefined>();
  let rest = text;
  while (rest !== '') {
    const match = itemPattern.exec(rest);
    const name = match?.[1];
    if (match === null || name === undefined) return refuse(`cannot read ${JSON.stringify(rest)}`);
    if (items.has(name)) refuse(`${name} is given twice`);
    items.set(name, match[2]?.replace(/\\(.)/g, '$1') ?? match[3]);
    if (match[0].endsWith(',') && match[0].length === rest.length) refuse('nothing follows the last comma');
    rest = rest.slice(match[0].length);
  }
  if (items.size === 0) refuse('it says nothing to do');
  return items;
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const unitBytes = { '': 1, b: 1, kb: 1024, mb: 1024 * 1024 } as const;

const bareItems = [
  'html',
  'empty',
  'not-json',
  'revoke',
  'reset',
  'close',
  'hang',
  'stall',
  'garbage',
  'gzip-cut',
];
const bareModifiers = ['after', 'chunked', 'framed', 'gzip'];

/** Reads one fault. Throws a `FaultError`. */
export function parseFault(spec: string): Fault {
  const refuse = (why: string): never => {
    throw new FaultError(`Fault ${JSON.stringify(spec)}: ${why}`);
  };
  const colon = spec.indexOf(':');
  const operation = [...operations, 'any' as const].find(
    (name) => name === spec.slice(0, Math.max(0, colon)).trim(),
  );
  if (operation === undefined) {
    return refuse(`it must begin with one of ${operations.join(', ')}, any and a colon`);
  }
  const items = readItems(spec.slice(colon + 1).trim(), refuse);
  const left = new Set(items.keys());
  const text = (name: string) => {
    left.delete(name);
    const value = items.get(name);
    if (items.has(name) && (value === undefined || (value === '' && name !== 'body')))
      refuse(`${name} needs a value`);
    return value;
  };
  const has = (name: string) => {
    left.delete(name);
    if (items.get(name) !== undefined) refuse(`${name} takes no value`);
    return items.has(name);
  };
  const numberOf = (name: string, low: number, high: number) => {
    const value = text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    return number >= low && number <= high
      ? number
      : refuse(`${name} must be a whole number from ${low} to ${high}`);
  };
  const durationOf = (name: string, value: string) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? [];
    if (amount === undefined) return refuse(`${name} must be a duration such as 500ms, 2s, 5m`);
    return Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
  };
  const duration = (name: string) => {
    const value = text(name);
    return value === undefined ? undefined : durationOf(name, value);
  };
  const sizeOf = (name: string) => {
    const value = text(name);
    if (value === undefined) return undefined;
    const [, amount, unit = ''] = /^(\d{1,12})(b|kb|mb)?$/.exec(value) ?? [];
    if (amount === undefined) return refuse(`${name} must be a size such as 120, 20kb, 200mb`);
    return Number(amount) * unitBytes[unit as keyof typeof unitBytes];
  };

  const flags = new Set([...bareItems, ...bareModifiers].filter(has));
  const status = numberOf('status', 200, 599);
  const location = text('redirect');
  const body = text('body');
  const contents = (['html', 'empty', 'not-json'] as const).filter((name) => flags.has(name));
  if (contents.length + (body === undefined ? 0 : 1) > 1) refuse('only one of html, empty, not-json, body');
  const content = body === undefined ? contents[0] : { text: body };
  const hasSubstitute = status !== undefined || location !== undefined || content !== undefined;

  const deliveries: Delivery[] = [];
  const cut = sizeOf('cut');
  for (const kind of ['reset', 'close', 'hang', 'stall', 'garbage', 'gzip-cut'] as const) {
    if (flags.has(kind) && !(kind === 'reset' && cut !== undefined)) deliveries.push({ kind });
  }
  if (cut !== undefined) {
    const framing = flags.has('chunked') ? 'chunked' : flags.has('framed') ? 'framed' : 'whole';
    deliveries.push({ kind: 'cut', bytes: cut, framing, isReset: flags.has('reset') });
  } else if (flags.has('chunked') || flags.has('framed')) {
    refuse('chunked and framed go with cut=N');
  }
  const length = sizeOf('length');
  if (length !== undefined) deliveries.push({ kind: 'length', bytes: length });
  const flood = sizeOf('flood');
  if (flood !== undefined) deliveries.push({ kind: 'flood', bytes: flood, isGzip: flags.has('gzip') });
  else if (flags.has('gzip')) refuse('gzip goes with flood=SIZE');
  if (items.has('dribble')) {
    const pause = items.get('dribble');
    left.delete('dribble');
    deliveries.push({
      kind: 'slices',
      bytes: 1,
      pauseMs: pause === undefined ? 200 : durationOf('dribble', pause),
    });
  }
  const rate = numberOf('rate', 1, 1_000_000_000);
  if (rate !== undefined)
    deliveries.push({
      kind: 'slices',
      bytes: Math.max(1, Math.ceil(rate / 20)),
      pauseMs: rate < 20 ? 1000 / rate : 50,
    });
  const slices = numberOf('slices', 1, 1_000_000_000);
  if (slices !== undefined) deliveries.push({ kind: 'slices', bytes: slices, pauseMs: 0 });
  if (deliveries.length > 1)
    refuse(`it asks for two deliveries at once: ${deliveries.map(({ kind }) => kind).join(', ')}`);

  const retryText = text('retry-after');
  const ahead = /^date\+(.+)$/.exec(retryText ?? '')?.[1];
  const fault: Fault = {
    spec,
    operation,
    times: numberOf('times', 1, 1_000_000) ?? Number.POSITIVE_INFINITY,
    skip: numberOf('skip', 0, 1_000_000) ?? 0,
    every: numberOf('every', 1, 1_000_000) ?? 1,
    percent: numberOf('percent', 0, 100) ?? 100,
    isAfter: flags.has('after'),
    delayMs: duration('delay') ?? 0,
    staleMs: duration('stale') ?? 0,
    isRevoke: flags.has('revoke'),
    retryAfter:
      retryText === undefined
        ? undefined
        : ahead === undefined
          ? { text: retryText }
          : { dateInMs: durationOf('retry-after', ahead) },
    contentType: text('type'),
    substitute: hasSubstitute ? { status, content, location } : undefined,
    delivery: deliveries[0],
  };
  const [unknown] = left;
  if (unknown !== undefined) refuse(`there is no ${unknown}`);
  const isSomething =
    hasSubstitute ||
    fault.delivery ||
    fault.delayMs > 0 ||
    fault.staleMs > 0 ||
    fault.isRevoke ||
    fault.retryAfter ||
    fault.contentType;
  if (!isSomething) refuse('it says when, but not what');
  return fault;
}
