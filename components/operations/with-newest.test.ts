import { expect, test } from "vitest";
import type { Operation } from "@/server/contract/operations.ts";
import { withNewest } from "./with-newest.ts";

const operation = (id: string, createdAt: string, done: number) => ({ id, createdAt, done }) as Operation;

test("what is heard of an operation takes the place of what was known, and new ones come first", () => {
  const known = [operation("b", "2026-01-02", 1), operation("a", "2026-01-01", 9)];
  const heard = [operation("c", "2026-01-03", 0), operation("b", "2026-01-02", 5)];
  expect(withNewest(known, heard).map((it) => [it.id, it.done])).toEqual([
    ["c", 0],
    ["b", 5],
    ["a", 9],
  ]);
  expect(withNewest(known, [])).toEqual(known);
});
