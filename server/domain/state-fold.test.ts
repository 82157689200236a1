import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decidingEntries,
  foldState,
  type RequestedChange,
  type StateChangeText,
  type StateStand,
  type StateWrite,
} from "./state-fold.ts";

const change = (more: Partial<StateChangeText>): StateChangeText => ({
  set: [],
  delete: [],
  expect: [],
  increment: [],
  ...more,
});
const of = (request: string, more: Partial<StateChangeText>, index = 0): RequestedChange<string> => ({
  request,
  index,
  change: change(more),
});
const NOTHING = new Map<string, never>();

test("the last change of a key wins; each one counts, and a deletion starts the version anew", () => {
  const { writes } = foldState(
    [
      of("a", {
        set: [
          ["b", "1"],
          ["a", "1"],
        ],
      }),
      of("b", { set: [["b", "2"]], delete: ["a"] }),
      of("c", { set: [["c", "1"]], delete: ["c"] }),
    ],
    NOTHING,
  );
  expect(writes).toEqual([
    { key: "a", value: null, writes: 0, isAfresh: true },
    { key: "b", value: "2", writes: 2, isAfresh: false },
    { key: "c", value: "1", writes: 1, isAfresh: true },
  ]);
});

test("an expectation is held against what the changes before it made of the entry", () => {
  const stored = new Map([["n", { value: "1", version: 7 }]]);
  const { writes, conflicts } = foldState(
    [
      of("a", { expect: [["n", 7]], set: [["n", "2"]] }),
      of("b", { expect: [["n", 7]], set: [["n", "3"]] }),
      of("c", { expect: [["n", 8]], delete: ["n"] }),
      of("d", { expect: [["n", 0]], set: [["n", "4"]] }),
      of("e", { expect: [["n", 1]], set: [["n", "5"]] }),
      of("f", { expect: [["new", 0]], set: [["new", "1"]] }),
    ],
    stored,
  );
  expect(writes).toEqual([
    { key: "n", value: "5", writes: 2, isAfresh: true },
    { key: "new", value: "1", writes: 1, isAfresh: false },
  ]);
  const conflict = { index: 0, entry: "n", expected: 7, actual: 8, reason: "version" };
  expect([...conflicts]).toEqual([["b", [conflict]]]);
});

test("a request in conflict leaves nothing behind, whichever of its settlements is at fault, and names all its conflicts", () => {
  const { writes, conflicts } = foldState(
    [
      of("a", { set: [["x", "1"]] }),
      of("b", { set: [["x", "2"]], increment: [["n", "5"]] }, 0),
      of("b", { expect: [["x", 9]] }, 1),
      of("b", { expect: [["n", 0]] }, 2),
      of("c", { expect: [["x", 1]], increment: [["n", "1"]] }),
    ],
    NOTHING,
  );
  expect(writes).toEqual([
    { key: "n", value: "1", writes: 1, isAfresh: false },
    { key: "x", value: "1", writes: 1, isAfresh: false },
  ]);
  expect(conflicts.get("b")).toEqual([
    { index: 1, entry: "x", expected: 9, actual: 2, reason: "version" },
    { index: 2, entry: "n", expected: 0, actual: 1, reason: "version" },
  ]);
});

test("an increment adds to what is there, to nothing as to 0, and to no other value", () => {
  const stored = new Map([
    ["price", { value: "1.10", version: 2 }],
    ["word", { value: '"1"', version: 3 }],
    ["full", { value: "9007199254740991", version: 4 }],
  ]);
  const { writes, conflicts } = foldState(
    [
      of("a", {
        increment: [
          ["price", "0.2"],
          ["new", "-3"],
        ],
      }),
      of("b", { increment: [["word", "1"]] }),
      of("c", { increment: [["full", "1"]] }),
      of("d", { delete: ["full"] }),
      of("e", { increment: [["full", "1"]] }),
    ],
    stored,
  );
  expect(writes).toEqual([
    { key: "full", value: "1", writes: 1, isAfresh: true },
    { key: "new", value: "-3", writes: 1, isAfresh: false },
    { key: "price", value: "1.30", writes: 1, isAfresh: false },
  ]);
  expect(conflicts.get("b")).toEqual([{ index: 0, entry: "word", expected: null, actual: 3, reason: "not-a-number" }]);
  expect(conflicts.get("c")).toEqual([{ index: 0, entry: "full", expected: null, actual: 4, reason: "beyond-exact" }]);
});

test("what has to be known beforehand is what is expected or incremented", () => {
  const changes = [of("a", { set: [["s", "1"]], delete: ["d"], expect: [["e", 0]], increment: [["a", "1"]] })];
  expect(decidingEntries(changes)).toEqual(["a", "e"]);
});

test("whatever is set, deleted, expected and incremented: the outcome is that of the requests one after another", () => {
  const key = fc.constantFrom("a", "b", "c");
  const one = fc.record({
    set: fc.array(fc.tuple(key, fc.constantFrom("1", "2", '"x"')), { maxLength: 2 }),
    delete: fc.array(key, { maxLength: 1 }),
    expect: fc.array(fc.tuple(key, fc.nat(3)), { maxLength: 2 }),
    increment: fc.array(fc.tuple(key, fc.constantFrom("1", "-2")), { maxLength: 1 }),
  });
  const stand = fc.record({ value: fc.constantFrom("5", '"x"'), version: fc.integer({ min: 1, max: 3 }) });
  const requests = fc.array(fc.array(one, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
  fc.assert(
    fc.property(requests, fc.dictionary(key, stand), (all, dictionary) => {
      const stored = new Map(Object.entries(dictionary));
      const changes = all.flatMap((request, r) => request.map((it, index) => ({ request: r, index, change: it })));
      const { writes, conflicts } = foldState(changes, stored);
      const byOne = oneByOne(all, stored);
      expect([...conflicts.keys()]).toEqual(byOne.refused);
      expect(written(stored, writes)).toEqual(byOne.state);
    }),
  );
});

/** What `writeState` makes of the stored entries. */
function written(stored: ReadonlyMap<string, StateStand>, writes: readonly StateWrite[]): Map<string, StateStand> {
  const state = new Map(stored);
  for (const { key, value, writes: count, isAfresh } of writes) {
    const version = (isAfresh ? 0 : (stored.get(key)?.version ?? 0)) + count;
    if (value === null) state.delete(key);
    else state.set(key, { value, version });
  }
  return state;
}

function oneByOne(requests: readonly (readonly StateChangeText[])[], stored: ReadonlyMap<string, StateStand>) {
  let state = new Map(stored);
  const refused: number[] = [];
  for (const [r, changes] of requests.entries()) {
    const next = new Map(state);
    const versionOf = (key: string) => next.get(key)?.version ?? 0;
    let isRefused = false;
    for (const it of changes) {
      if (it.expect.some(([key, version]) => versionOf(key) !== version)) isRefused = true;
      for (const key of it.delete) next.delete(key);
      for (const [key, value] of it.set) next.set(key, { value, version: versionOf(key) + 1 });
      for (const [key, amount] of it.increment) {
        const before = JSON.parse(next.get(key)?.value ?? "0") as unknown;
        if (typeof before !== "number") isRefused = true;
        else next.set(key, { value: String(before + Number(amount)), version: versionOf(key) + 1 });
      }
    }
    if (isRefused) refused.push(r);
    else state = next;
  }
  return { state, refused };
}
