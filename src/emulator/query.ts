// The query of the list operation: what may be asked for, and which jobs match.

/** A query the service refuses; the message goes into its error document. */
export class QueryError extends Error {}

export interface PropertyFilter {
  /** As it was sent, e.g. `segments~segmentId==workInUS`. */
  readonly text: string;
  readonly path: readonly string[];
  /** For the `array~key==value` form: the path within each element. */
  readonly key?: readonly string[] | undefined;
  readonly value: string;
}

export interface ListQuery {
  readonly status?: string | undefined;
  readonly properties: readonly PropertyFilter[];
  readonly snapshotName?: string | undefined;
  readonly sort: { readonly path: string; readonly isDescending: boolean };
  /** As sent; what it means depends on the kind of paging served. */
  readonly start?: string | undefined;
  /** Jobs a page; `undefined` is all of them. */
  readonly limit?: number | undefined;
}

const attributePath = /^[A-Za-z_][\w-]*(\.[^.~=]+)*$/;

/** Reads `path==value` or `array~key==value`. Throws a `QueryError`. */
export function parseProperty(text: string): PropertyFilter {
  const equals = text.indexOf('==');
  const left = text.slice(0, Math.max(0, equals));
  const value = text.slice(equals + 2);
  const [path = '', key, ...rest] = left.split('~');
  const isWellFormed =
    equals > 0 &&
    value !== '' &&
    rest.length === 0 &&
    attributePath.test(path) &&
    (key === undefined || attributePath.test(key));
  if (!isWellFormed) {
    throw new QueryError(
      `Invalid property filter: ${text}. Use [jsonObjectPath]==[value] or [arrayTypeAttributeName]~[objectKey]==[value].`,
    );
  }
  return { text, path: path.split('.'), key: key?.split('.'), value };
}

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= low && number <= high)) {
    throw new QueryError(
      `Invalid value for parameter ${name}: ${text}. It must be a whole number from ${low} to ${high}.`,
    );
  }
  return number;
}

/** Reads the parameters of a list request; those it does not know are ignored, as services do. Throws a `QueryError`. */
export function parseListQuery(parameters: URLSearchParams): ListQuery {
  const given = (name: string) => parameters.get(name) || undefined;
  const sort = given('sort') ?? 'creationTime:desc';
  const [, path, direction] = /^([^:]+):(asc|desc)$/i.exec(sort) ?? [];
  if (path === undefined || direction === undefined || !attributePath.test(path)) {
    throw new QueryError(`Invalid value for parameter sort: ${sort}. Use [attributeName]:[desc|asc].`);
  }
  const limit = given('limit');
  return {
    status: given('status'),
    properties: parameters.getAll('property').map(parseProperty),
    snapshotName: given('snapshot.name'),
    sort: { path, isDescending: direction.toLowerCase() === 'desc' },
    start: given('start'),
    // The sister endpoints refuse more than 100.
    limit: limit === undefined ? undefined : wholeNumber('limit', limit, 1, 100),
  };
}

/** The number in `start`, 0 where there is none. Throws a `QueryError`. */
export function parseStart(start: string | undefined): number {
  return start === undefined ? 0 : wholeNumber('start', start, 0, Number.MAX_SAFE_INTEGER);
}

/** Every value at a path; a path that leads through an array leads to all its elements. */
export function valuesAt(document: unknown, path: readonly string[]): readonly unknown[] {
  let values: readonly unknown[] = [document];
  for (const name of path) {
    values = values.flat().flatMap((value) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
      return [(value as Record<string, unknown>)[name]];
    });
  }
  return values;
}

/**
 * Whether a job document matches. `a.b==v` compares a plain value, `array~key==v` asks that one element matches; so
 * `segments.segmentId==v`, which takes an array for an object, matches nothing.
 */
export function matchesProperty(document: unknown, { path, key, value }: PropertyFilter): boolean {
  let found: unknown = document;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return false;
    found = (found as Record<string, unknown>)[name];
  }
  if (key === undefined) return typeof found !== 'object' && String(found) === value;
  if (!Array.isArray(found)) return false;
  return valuesAt(found, key)
    .flat()
    .some((candidate) => typeof candidate !== 'object' && String(candidate) === value);
}
