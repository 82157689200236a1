import fc from "fast-check";
import { expect, test } from "vitest";
import { keyHash, partitionOf } from "./partition-of.ts";

// Pinned: cursors in databases depend on these. A change here is a change of the storage format.
test.each([
  ["", 2872998923],
  ["a", 444641715],
  ["order-1", 2449496732],
  ["order-2", 2010665664],
  ["kunde-ä", 2232868098],
  ["客户", 1073733492],
  ["😀", 855877642],
  ["account:42", 1737860032],
])("the hash of %j stays what it is", (key, hash) => {
  expect(keyHash(key)).toBe(hash);
});

/** The same in the plainest form: FNV-1a over the bytes of UTF-8, then murmur3's last mixing. */
function reference(key: string): number {
  let hash = 0x811c9dc5n;
  for (const byte of new TextEncoder().encode(key)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  hash ^= hash >> 16n;
  hash = (hash * 0x85ebca6bn) & 0xffffffffn;
  hash ^= hash >> 13n;
  hash = (hash * 0xc2b2ae35n) & 0xffffffffn;
  return Number(hash ^ (hash >> 16n));
}

test("is FNV-1a of the key's UTF-8, finished by fmix32, for every well-formed key", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (key) => {
      if (key.isWellFormed()) expect(keyHash(key)).toBe(reference(key));
    }),
    { numRuns: 2_000 },
  );
});

test("spreads keys that differ in a digit evenly", () => {
  for (const partitions of [2, 3, 8, 16]) {
    const counts = new Array<number>(partitions).fill(0);
    const total = 10_000;
    for (let i = 0; i < total; i++) {
      const partition = partitionOf({ key: `order-${i}`, offset: 1 }, partitions);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - total / partitions)).toBeLessThan((total / partitions) * 0.15);
  }
});

test("an event without a key goes by its offset, so that keyless events are spread evenly", () => {
  expect([1, 2, 3, 4].map((offset) => partitionOf({ key: null, offset }, 3))).toEqual([1, 2, 0, 1]);
});
