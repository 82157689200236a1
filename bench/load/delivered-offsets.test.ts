import { expect, test } from "vitest";
import { DeliveredOffsets } from "./delivered-offsets.ts";

const frame = (offset: number) =>
  `id: s.${offset}\ndata: {"delivery":{"topic":"t","partition":0,"offset":${offset},"epoch":7,"attempt":1,` +
  `"replay":false,"redelivered":false},"event":{"specversion":"1.0","id":"1","data":{"filler":"xxxxxxxx"}}}\n\n`;

test.each([1, 7, 60, 200, 100_000])("every offset is found once, in order, in pieces of %i bytes", (size) => {
  const offsets = [1, 2, 10, 99_999, 100_000, 3];
  const text = Buffer.from(offsets.map(frame).join(""));
  const delivered = new DeliveredOffsets();
  for (let at = 0; at < text.length; at += size) delivered.read(text.subarray(at, at + size));
  expect(delivered.take(2)).toEqual([1, 2]);
  expect(delivered.take(100)).toEqual([10, 99_999, 100_000, 3]);
  expect(delivered.epoch).toBe(7);
});
