const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;
const MAX_EXPONENT = 30;

/** A decimal number: `digits` · 10^−`decimals`. */
interface Decimal {
  readonly digits: bigint;
  readonly decimals: number;
}

/**
 * The sum of two JSON numbers as JSON text, digit for digit: 0.1 + 0.2 is 0.3, and 1.10 + 1 is 2.10. Null: one of them is
 * no number, or all of the digits together are beyond 2^53, so that a reader could not tell the sum from its neighbours.
 */
export function exactSum(a: string, b: string): string | null {
  const left = decimalOf(a);
  const right = decimalOf(b);
  if (left === null || right === null) return null;
  const decimals = Math.max(left.decimals, right.decimals);
  const digits = scaled(left, decimals) + scaled(right, decimals);
  return isExact(digits) ? textOf({ digits, decimals }) : null;
}

/** Whether JSON text is a number at all. */
export function isJsonNumber(json: string): boolean {
  return /^-?\d/.test(json);
}

function decimalOf(text: string): Decimal | null {
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  const exponent = Number(exponentText);
  if (whole.length + fraction.length > MAX_EXPONENT || Math.abs(exponent) > MAX_EXPONENT) return null;
  const decimals = fraction.length - exponent;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  return decimals >= 0 ? { digits, decimals } : { digits: digits * 10n ** BigInt(-decimals), decimals: 0 };
}

function scaled({ digits, decimals }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - decimals);
}

function isExact(digits: bigint): boolean {
  return digits <= BigInt(Number.MAX_SAFE_INTEGER) && digits >= BigInt(Number.MIN_SAFE_INTEGER);
}

function textOf({ digits, decimals }: Decimal): string {
  const sign = digits < 0n ? "-" : "";
  const text = String(digits < 0n ? -digits : digits).padStart(decimals + 1, "0");
  if (decimals === 0) return sign + text;
  return `${sign}${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}
