import { expect, test } from "vitest";
import { DEFAULT_PREFERENCES, parsePreferences, writePreferences } from "./preferences.ts";

test("preferences come back from the cookie as they were written", () => {
  const chosen = { theme: "dark", density: "comfortable", clock: "utc", shortcuts: "off" } as const;
  expect(parsePreferences(writePreferences(chosen))).toEqual(chosen);
});

test("a cookie that makes no sense is the default", () => {
  for (const text of [undefined, "", "x.y.z", "<script>"]) expect(parsePreferences(text)).toEqual(DEFAULT_PREFERENCES);
});
