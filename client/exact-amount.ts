/** Whether the server can add a number digit for digit: all of its digits together stay within 2^53. */
export function isExactAmount(amount: number): boolean {
  if (!Number.isFinite(amount) || Math.abs(amount) > Number.MAX_SAFE_INTEGER) return false;
  const [digits = "", exponent = "0"] = String(Math.abs(amount)).split("e");
  return Number(digits.replace(".", "")) <= Number.MAX_SAFE_INTEGER && Number(exponent) > -30;
}

/** A sum as people write it: 0.1 + 0.2 is 0.3. Whole numbers are added as they are. */
export function addExactly(a: number, b: number): number {
  const sum = a + b;
  return Number.isInteger(a) && Number.isInteger(b) ? sum : Number(sum.toPrecision(15));
}
