import { expect, test } from "vitest";
import type { EventRow } from "@/server/contract/events.ts";
import { type ListItem, listItems, type Marker } from "./list-items.ts";

const row = (offset: number): EventRow => ({
  offset,
  id: `e${offset}`,
  type: "t",
  key: null,
  recordedAt: "",
  json: "{}",
});
const at = (consumer: string, position: number): Marker => ({ consumer, position, lag: 0 });
const said = (items: readonly ListItem[]): (string | number)[] =>
  items.map((it) => (it.kind === "event" ? it.row.offset : it.markers.map((marker) => marker.consumer).join("+")));

const WHOLE = { isTopKnown: true, isBottomKnown: true };

test("newest first: a position stands under the next event and over the last one it covers", () => {
  const rows = [row(5), row(4), row(3)];
  expect(said(listItems(rows, [at("a", 4), at("b", 5)], { ...WHOLE, isNewestFirst: true }))).toEqual([
    "b",
    5,
    "a",
    4,
    3,
  ]);
});

test("oldest first: a position stands under the last event it covers", () => {
  const rows = [row(3), row(4), row(5)];
  expect(said(listItems(rows, [at("a", 4), at("b", 0)], { ...WHOLE, isNewestFirst: false }))).toEqual([
    "b",
    3,
    4,
    "a",
    5,
  ]);
});

test("with a filter the position lies in the gap between the rows around it", () => {
  const rows = [row(90), row(10)];
  expect(said(listItems(rows, [at("a", 50), at("b", 40)], { ...WHOLE, isNewestFirst: true }))).toEqual([90, "a+b", 10]);
});

test("a position beyond what is loaded is not drawn at the edge", () => {
  const rows = [row(20), row(19)];
  const bounds = { isNewestFirst: true, isTopKnown: false, isBottomKnown: false };
  expect(said(listItems(rows, [at("far", 3), at("ahead", 30)], bounds))).toEqual([20, 19]);
});
