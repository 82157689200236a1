import { expect, it } from "vitest";
import { deliveryCare } from "./delivery-care.ts";

it("makes the last delivery alone, and none after it", () => {
  expect([0, 1, 2, 3, 4].map((lost) => deliveryCare(lost, 3))).toEqual([
    "together",
    "together",
    "alone",
    "never",
    "never",
  ]);
});

it("never takes one lost connection for the event's fault", () => {
  expect([0, 1, 2].map((lost) => deliveryCare(lost, 1))).toEqual(["together", "alone", "never"]);
});
