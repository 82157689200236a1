import { expect, test } from "vitest";
import { interleave } from "./rounds.ts";

test("every contender is measured once per round, and each round begins with another one", async () => {
  const order: string[] = [];
  const contender = (name: string) => ({
    name,
    measure: async (round: number) => {
      order.push(`${round}${name}`);
      return round;
    },
  });
  const values = await interleave(3, [contender("a"), contender("b")]);
  expect(order).toEqual(["0a", "0b", "1b", "1a", "2a", "2b"]);
  expect(values).toEqual(
    new Map([
      ["a", [0, 1, 2]],
      ["b", [0, 1, 2]],
    ]),
  );
});
