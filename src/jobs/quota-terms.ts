// What Adobe allows of runs on demand: so many a day, so many a contract year, and when both begin. Pure.

const msPerDay = 86_400_000;

/** Adobe's documented limits of on-demand evaluations, per sandbox. */
export const documentedLimits = { day: 2, yearInProduction: 50, yearInDevelopment: 100 } as const;

/** As a profile keeps them; what is missing is as documented. */
export interface QuotaLimits {
  readonly day?: number | undefined;
  readonly year?: number | undefined;
}

/** The day on which a contract year begins; 29 February is 1 March in a year that has none. */
export interface YearStart {
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

export interface QuotaTerms {
  readonly limits: QuotaLimits;
  /** `undefined`: not known, and the year cannot be counted. */
  readonly yearStart: YearStart | undefined;
}

/** From `startMs` on, until `endMs`, unix ms. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** `YYYY-MM-DD` or `MM-DD`; `undefined` where the text is no such day. The year is only looked at for the leap day. */
export function parseYearStart(text: string): YearStart | undefined {
  const [, year = '2024', month = '', day = ''] = /^(?:(\d{4})-)?(\d{2})-(\d{2})$/.exec(text) ?? [];
  // 2024 is a leap year: 02-29 without a year is a day that exists.
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const isDay = !Number.isNaN(date.getTime()) && date.toISOString().slice(5, 10) === `${month}-${day}`;
  return isDay ? { month: Number(month), day: Number(day) } : undefined;
}

/** `day=2,year=50`, or one of the two; `undefined` where the text is no such list. */
export function parseLimits(text: string): QuotaLimits | undefined {
  const limits = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name, count] = /^\s*(day|year)\s*=\s*(\d{1,9})\s*$/.exec(part) ?? [];
    if (name === undefined || count === undefined || limits.has(name)) return undefined;
    limits.set(name, Number(count));
  }
  const day = limits.get('day');
  const year = limits.get('year');
  return { ...(day === undefined ? {} : { day }), ...(year === undefined ? {} : { year }) };
}

/** The UTC day that an instant is in. */
export function dayAround(nowMs: number): Span {
  const startMs = Math.floor(nowMs / msPerDay) * msPerDay;
  return { startMs, endMs: startMs + msPerDay };
}

/** The contract year that an instant is in: from the last anniversary, 00:00 UTC, to the next. */
export function contractYearAround(nowMs: number, { month, day }: YearStart): Span {
  const startIn = (year: number) => Date.UTC(year, month - 1, day);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const first = startIn(thisYear) <= nowMs ? thisYear : thisYear - 1;
  return { startMs: startIn(first), endMs: startIn(first + 1) };
}

/** Runs allowed a year in a sandbox of that type; one whose type is not known is held to the smaller number. */
export function yearLimit({ year }: QuotaLimits, sandboxType: string | undefined): number {
  if (year !== undefined) return year;
  const isDevelopment = sandboxType?.toLowerCase() === 'development';
  return isDevelopment ? documentedLimits.yearInDevelopment : documentedLimits.yearInProduction;
}

/** Runs allowed a day in one sandbox. */
export function dayLimit({ day }: QuotaLimits): number {
  return day ?? documentedLimits.day;
}
