import { expect, test } from "vitest";
import { nextPath } from "./next-path.ts";

test("after signing in one goes where one wanted to be", () => {
  expect(nextPath("/topics/orders/events?from=12")).toBe("/topics/orders/events?from=12");
  expect(nextPath(null)).toBe("/");
});

test("nobody is led to another site, or round in circles", () => {
  for (const asked of [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "///evil.example",
    "/.//evil.example",
    "javascript:alert(1)",
    "http://[",
    "/login?next=/login",
  ]) {
    expect(nextPath(asked)).toBe("/");
  }
});
