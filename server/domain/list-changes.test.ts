import fc from "fast-check";
import { expect, it } from "vitest";
import { changesBetween, indexByName, keepUnchanged } from "./list-changes.ts";

interface Row {
  readonly name: string;
  readonly value: number;
}

const nameOf = (row: Row): string => row.name;
const isEqual = (a: Row, b: Row): boolean => a.value === b.value;
const rows = fc.uniqueArray(fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), value: fc.nat(2) }), {
  selector: nameOf,
});

it("what changed, put upon what was, is what there is; and nothing is told twice", () => {
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      const old = indexByName(before, nameOf);
      const next = indexByName(keepUnchanged(old, after, { nameOf, isEqual }), nameOf);
      const changes = changesBetween(old, next);
      const known = new Map(old);
      for (const name of changes.removed) expect(known.delete(name)).toBe(true);
      for (const row of changes.rows) known.set(row.name, row);
      const byName = (list: readonly Row[]) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(byName([...known.values()])).toEqual(byName(after));
      for (const row of changes.rows) expect(old.get(row.name)?.value).not.toBe(row.value);
      expect(changesBetween(next, next)).toEqual({ rows: [], removed: [] });
    }),
    { seed: 1, numRuns: 300 },
  );
});
