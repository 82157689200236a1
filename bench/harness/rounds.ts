import { stderr } from "node:process";

/** One thing that is measured in every round; answers one number. */
export interface Contender {
  readonly name: string;
  readonly measure: (round: number) => Promise<number>;
}

/**
 * Measures every contender once per round, in an order that turns by one each round, so that neither drift of the
 * machine nor a neighbour's aftermath falls on the same one each time. Answers each contender's values, round by round.
 */
export async function interleave(rounds: number, contenders: readonly Contender[]): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round) % contenders.length];
      if (contender === undefined) continue;
      const value = await contender.measure(round);
      values.get(contender.name)?.push(value);
      stderr.write(`  round ${round + 1}/${rounds}  ${contender.name}: ${value.toPrecision(4)}\n`);
    }
  }
  return values;
}
