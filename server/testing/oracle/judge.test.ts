import { describe, expect, it } from "vitest";
import type { Account } from "../../contract/account.ts";
import type { Entry, Sighting, Told } from "./entries.ts";
import { judge } from "./judge.ts";
import type { Observation, ObservedConsumer } from "./observe.ts";
import type { InvariantName } from "./verdict.ts";

const event = (offset: number, id: string, key = "k"): Sighting => ({
  topic: "t",
  offset,
  id,
  key,
  hash: `hash of ${id}`,
});
const intent = (id: string): Entry => ({ kind: "intent", topic: "t", id, key: "k", hash: `hash of ${id}` });
const acked = (id: string, offset: number): Entry => ({ kind: "answer", topic: "t", id, outcome: "acked", offset });
const handled = (offset: number): Entry => ({ kind: "handled", consumer: "c", topic: "t", offset, key: "k" });
const received = (offset: number, epoch: number): Entry => ({
  ...{ kind: "received", consumer: "c", partition: 0, epoch },
  ...event(offset, `e${offset}`),
});
const settling = (offset: number, epoch: number): readonly Entry[] => {
  const request = `${offset}/${epoch}`;
  return [
    { kind: "settling", consumer: "c", request, places: [{ topic: "t", partition: 0, epoch, offset }] },
    { kind: "settled", consumer: "c", request, status: 200 },
  ];
};

const none = { count: 0, ranges: [] };
const account: Account = {
  ...{ consumer: "c", topic: "t", head: 3, settled: { count: 3 }, total: 3, skipped: [] },
  ...{ filtered: none, inFlight: none, retrying: none, dead: none, blocked: none, discarded: none },
  ...{ beforeStart: none, pending: none, expired: none },
};
const consumer: ObservedConsumer = {
  ...{ consumer: "c", topic: "t", position: 3, account, parked: [] },
  state: [
    { key: "count/k", value: 3, version: 3 },
    { key: "last/k", value: 3, version: 3 },
  ],
};
const log = [event(1, "e1"), event(2, "e2"), event(3, "e3")];

/** By whom, and what, in the order of time. */
type Line = readonly [by: string, ...entries: Entry[]];
const good: readonly Line[] = [
  ["producer", intent("e1"), acked("e1", 1), intent("e2"), acked("e2", 2)],
  ["producer", intent("e3"), { kind: "answer", topic: "t", id: "e3", outcome: "unknown", status: null }],
  ["producer", intent("e4"), { kind: "answer", topic: "t", id: "e4", outcome: "refused", status: 429 }],
  ["follower", { kind: "followed", topic: "t", after: 0 }],
  ["follower", ...log.map((it): Entry => ({ kind: "read", ...it }))],
  ["a", received(1, 1), handled(1), ...settling(1, 1), received(2, 1), handled(2), ...settling(2, 1)],
  ["watcher", { kind: "positioned", consumer: "c", topic: "t", position: 2 }],
  ["b", received(3, 2), handled(3), ...settling(3, 2)],
];

function told(lines: readonly Line[]): Told[] {
  const all = lines.flatMap(([by, ...entries]) => entries.map((entry) => ({ ...entry, by })));
  return all.map((entry, index) => ({ ...entry, at: index, index }));
}

function observed(
  parts: { readonly events?: Sighting[]; readonly consumer?: Partial<ObservedConsumer> } = {},
): Observation {
  const events = parts.events ?? log;
  return {
    topics: [{ topic: "t", firstAvailable: 1, head: events.at(-1)?.offset ?? 0, events }],
    consumers: [{ ...consumer, ...parts.consumer }],
  };
}

const violated = (lines: readonly Line[], observation = observed()): InvariantName[] =>
  judge(told(lines), observation).flatMap((it) => (it.violated > 0 ? [it.invariant] : []));

type Case = readonly [breaks: InvariantName, by: string, lines: readonly Line[], observation?: Observation];

describe("the oracle", () => {
  it("has nothing against a good run, and has looked at every invariant", () => {
    expect(judge(told(good), observed()).filter((it) => it.checked === 0 || it.violated > 0)).toEqual([]);
  });

  const broken: readonly Case[] = [
    ["I1", "an acknowledged event that is not there", [...good, ["p", intent("lost"), acked("lost", 9)]]],
    ["I1", "two offsets for one id", [...good, ["producer", intent("e1"), acked("e1", 2)]]],
    ["I2", "a gap", good.slice(0, 3), observed({ events: [event(1, "e1"), event(2, "e2"), event(4, "e3")] })],
    ["I3", "an unknown event that stands twice", good, observed({ events: [...log, event(4, "e3")] })],
    ["I3", "a refused event that stands there", good, observed({ events: [...log, event(4, "e4")] })],
    ["I4", "an offset that was another event once", [...good, ["f", { kind: "read", ...event(2, "other") }]]],
    [
      "I5",
      "an event that overtook an earlier one of its key",
      [["p", intent("e2"), acked("e2", 2), intent("e1"), acked("e1", 1)]],
    ],
    [
      "I6",
      "a position that went back",
      [
        ...good,
        ["w", ...[3, 1].map((position): Entry => ({ kind: "positioned", consumer: "c", topic: "t", position }))],
      ],
    ],
    ["I6", "an event that was passed and handled by nobody", good.slice(0, -1)],
    ["I6", "an account that does not add up", good, observed({ consumer: { account: { ...account, total: 2 } } })],
    [
      "I7",
      "an event that was counted twice",
      good,
      observed({ consumer: { state: [{ key: "count/k", value: 4, version: 4 }, ...consumer.state.slice(1)] } }),
    ],
    ["I8", "a settlement under an epoch that is over", [...good, ["a", ...settling(3, 1)]]],
    ["I8", "one epoch with two members", [...good, ["a", received(3, 2)]]],
    ["I9", "an event that was handled before an earlier one of its key", [["a", handled(2), handled(1), handled(3)]]],
    [
      "I9",
      "an event that was handled behind a dead one",
      good,
      observed({ consumer: { parked: [{ topic: "t", offset: 2, key: "k", state: "dead" }] } }),
    ],
    [
      "I10",
      "an offset that a follower was not given",
      [["f", { kind: "followed", topic: "t", after: 0 }, { kind: "read", ...event(2, "e2") }]],
    ],
    ["I10", "an offset that a follower was given twice", [...good, ["follower", { kind: "read", ...event(3, "e3") }]]],
  ];
  it.each(broken.map((it): [InvariantName, string, Case] => [it[0], it[1], it]))("%s finds %s", (invariant, _, it) => {
    expect(violated(it[2], it[3])).toContain(invariant);
  });

  it("takes a gap that retention made, a position that an operator moved, and a repeat of what was committed", () => {
    const lines: readonly Line[] = [
      ...good,
      ["f", { kind: "followed", topic: "t", after: 0 }, { kind: "gap", topic: "t", firstAvailable: 3 }],
      ["f", { kind: "read", ...event(3, "e3") }],
      ["a", ...settling(2, 1)],
    ];
    expect(violated(lines)).toEqual([]);
    const moved: Entry = { kind: "moved", consumer: "c" };
    const back: Entry = { kind: "positioned", consumer: "c", topic: "t", position: 0 };
    expect(violated([...lines, ["operator", moved], ["watcher", back]])).toEqual([]);
  });
});
