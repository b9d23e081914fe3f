// Numbers that no double can hold: each gets a double that stands for it while a library computes, and its text back.

/** `-0.00123e2` → sign, the digits without zeros around them, and the power of ten: 0.<digits> × 10^exponent. */
interface Decimal {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly exponent: bigint;
}

function decimalOf(text: string): Decimal {
  const [, minus, whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = `${whole}${fraction}`;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  const digits = all.slice(leading).replace(/0+$/, '');
  if (digits === '') return { isNegative: false, digits, exponent: 0n };
  return { isNegative: minus === '-', digits, exponent: BigInt(power) + BigInt(whole.length - leading) };
}

function keyOf({ isNegative, digits, exponent }: Decimal): string {
  return `${isNegative ? '-' : ''}${digits}e${exponent}`;
}

/** Negative where `a` is the smaller one. */
function compare(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '' || a.isNegative !== b.isNegative) return rank(a) - rank(b);
  const sign = a.isNegative ? -1 : 1;
  if (a.exponent !== b.exponent) return a.exponent < b.exponent ? -sign : sign;
  return a.digits === b.digits ? 0 : a.digits < b.digits ? -sign : sign;
}

function rank({ isNegative, digits }: Decimal): number {
  return digits === '' ? 0 : isNegative ? -1 : 1;
}

/** Whether the double comes out as the same number as the text it was read from, however that is spelled. */
export function isHeld(text: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  if (text.length < 16 && !/[.eE]/.test(text)) return true;
  return keyOf(decimalOf(text)) === keyOf(decimalOf(String(value)));
}

export interface NumberBook {
  /** Gives each of these numbers a double that nothing in `taken` is. In the order of the numbers, as far as there is room. */
  assign(texts: readonly string[], taken: ReadonlySet<number>): void;
  /** The double of a number; where none was assigned, the closest one. */
  standInFor(text: string): number;
  /** JSON of a double: the text of the number it stands for, else its own digits; `null` where JSON has none. */
  textOf(value: number): string;
}

export function createNumberBook(): NumberBook {
  const texts = new Map<number, string>();
  const standIns = new Map<string, number>();

  function assign(added: readonly string[], taken: ReadonlySet<number>): void {
    const numbers = [...new Map(added.map((text) => [keyOf(decimalOf(text)), text])).values()]
      .map((text) => ({ text, exact: decimalOf(text), closest: closestTo(text) }))
      .sort((a, b) => compare(a.exact, b.exact));
    const place = (
      { text, exact }: (typeof numbers)[number],
      from: number,
      step: (value: number) => number,
    ) => {
      let value = from;
      while (taken.has(value) || texts.has(value)) value = step(value);
      standIns.set(keyOf(exact), value);
      texts.set(value, text);
      return value;
    };
    const isBeyondAll = ({ closest }: (typeof numbers)[number]) => closest === Number.MAX_VALUE;
    let last = Number.NEGATIVE_INFINITY;
    for (const number of numbers.filter((each) => !isBeyondAll(each))) {
      const isAbove = compare(number.exact, decimalOf(String(number.closest))) > 0;
      const beside = isAbove ? nextUp(number.closest) : nextDown(number.closest);
      last = place(number, Math.max(beside, nextUp(last)), nextUp);
    }
    let first = Number.MAX_VALUE;
    for (const number of numbers.filter(isBeyondAll).reverse())
      first = nextDown(place(number, first, nextDown));
  }

  return {
    assign,
    standInFor: (text) => standIns.get(keyOf(decimalOf(text))) ?? Number(text),
    textOf: (value) => texts.get(value) ?? (JSON.stringify(value) as string),
  };
}

/** The double that the number is read as; the largest one for what is beyond all. */
function closestTo(text: string): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, Number(text)));
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The next larger double; from minus infinity the smallest one. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  double[0] = value;
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? 1n : -1n);
  return double[0];
}

function nextDown(value: number): number {
  return -nextUp(-value);
}
