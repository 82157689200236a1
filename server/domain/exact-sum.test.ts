import fc from "fast-check";
import { expect, test } from "vitest";
import { exactSum, isJsonNumber } from "./exact-sum.ts";

test("decimals are added digit for digit, and keep as many of them as were written", () => {
  expect(exactSum("0.1", "0.2")).toBe("0.3");
  expect(exactSum("1.10", "1")).toBe("2.10");
  expect(exactSum("-0.05", "0.04")).toBe("-0.01");
  expect(exactSum("1.5", "-1.5")).toBe("0.0");
  expect(exactSum("12e2", "1e-7")).toBe("1200.0000001");
});

test("whole numbers are exact up to 2^53, and refused beyond", () => {
  expect(exactSum("9007199254740990", "1")).toBe("9007199254740991");
  expect(exactSum("9007199254740991", "1")).toBeNull();
  expect(exactSum("-9007199254740991", "-1")).toBeNull();
  expect(exactSum("9007199254740991", "0.5")).toBeNull();
  expect(exactSum("1e300", "1")).toBeNull();
  expect(exactSum("1e999", "1")).toBeNull();
});

test("what is no number has no sum", () => {
  for (const json of ['"1"', "null", "true", "[1]", '{"a":1}']) {
    expect(exactSum(json, "1")).toBeNull();
    expect(isJsonNumber(json)).toBe(false);
  }
  expect(isJsonNumber("-1.5e3")).toBe(true);
});

test("any two amounts in cents add up like their whole numbers", () => {
  const cents = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
  fc.assert(
    fc.property(cents, cents, (a, b) => {
      const sum = exactSum(String(a / 100), String(b / 100));
      expect(Number(sum)).toBe((a + b) / 100);
    }),
  );
});
