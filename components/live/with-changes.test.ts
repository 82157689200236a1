import { expect, test } from "vitest";
import { withChanges } from "./with-changes.ts";

interface Row {
  readonly name: string;
  readonly value: number;
}
const nameOf = (row: Row): string => row.name;
const known = [
  { name: "a", value: 1 },
  { name: "c", value: 1 },
];

test("the whole takes the place of whatever was known", () => {
  const heard = { isWhole: true, rows: [{ name: "b", value: 2 }], removed: [] };
  expect(withChanges(known, heard, nameOf)).toEqual([{ name: "b", value: 2 }]);
  expect(withChanges(undefined, heard, nameOf)).toEqual([{ name: "b", value: 2 }]);
});

test("changes are put in by name, and what is gone is gone", () => {
  const rows = [
    { name: "b", value: 2 },
    { name: "a", value: 3 },
  ];
  expect(withChanges(known, { isWhole: false, rows, removed: ["c"] }, nameOf)).toEqual([
    { name: "a", value: 3 },
    { name: "b", value: 2 },
  ]);
});

test("changes of a list that is not known make no list", () => {
  expect(withChanges<Row>(undefined, { isWhole: false, rows: known, removed: [] }, nameOf)).toBeNull();
});
