import fc from "fast-check";

/** What a member makes of a delivery. */
export type Handling = "ack" | "retry-now" | "retry-later" | "dead-letter" | "permanent" | "skip";

/** Numbers pick among what there is then, whatever its size. */
export interface Work {
  readonly member: number;
  readonly pick: number;
  readonly handling: Handling;
  readonly hasState: boolean;
  /** The instance it is sent to. */
  readonly via: number;
}

export type Aside =
  | { readonly kind: "publish"; readonly keys: readonly number[] }
  | { readonly kind: "join"; readonly instance: number }
  | { readonly kind: "leave"; readonly member: number }
  | { readonly kind: "crash"; readonly instance: number }
  /** The database refuses the transactions of an instance for a moment, and an event of a key arrives. */
  | { readonly kind: "away"; readonly instance: number; readonly key: number }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /** To the earliest, or past everything. */
  | { readonly kind: "reset" | "skip"; readonly parked: "keep" | "clear" }
  /** Whether `noise` passes from now on. */
  | { readonly kind: "filter"; readonly isWide: boolean }
  | { readonly kind: "partitions"; readonly count: number };

export type Command =
  /** Members work on several deliveries at once, while something else happens. */
  | { readonly kind: "work"; readonly works: readonly Work[]; readonly aside: Aside | null }
  | { readonly kind: "repeat"; readonly pick: number; readonly via: number }
  | { readonly kind: "stale"; readonly pick: number; readonly via: number }
  | { readonly kind: "time" }
  | { readonly kind: "redrive" }
  | { readonly kind: "discard"; readonly pick: number }
  | { readonly kind: "undo" }
  | { readonly kind: "aside"; readonly aside: Aside };

const small = fc.nat({ max: 11 });
const instance = fc.nat({ max: 1 });
const oneOf = <const T>(...values: readonly T[]) => fc.constantFrom(...values);
const weighted = <T>(...of: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<T> }[]) =>
  fc.oneof(...of);

const handling = weighted<Handling>(
  { weight: 8, arbitrary: oneOf("ack") },
  { weight: 3, arbitrary: oneOf("retry-now") },
  { weight: 1, arbitrary: oneOf("retry-later", "dead-letter", "permanent", "skip") },
);
const work: fc.Arbitrary<Work> = fc.record({
  member: small,
  pick: small,
  handling,
  hasState: fc.boolean(),
  via: instance,
});

const aside = weighted<Aside>(
  // 0: no key, 5: noise, 6 and 7: mails, with the key 1 and without one.
  {
    weight: 6,
    arbitrary: fc.record({
      kind: oneOf("publish"),
      keys: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: oneOf("join"), instance }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("leave"), member: small }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("crash"), instance }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: oneOf("away"), instance, key: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("pause") }) },
  { weight: 2, arbitrary: fc.record({ kind: oneOf("resume") }) },
  { weight: 2, arbitrary: fc.record({ kind: oneOf("reset", "reset", "skip"), parked: oneOf("keep", "clear") }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("filter"), isWide: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("partitions"), count: fc.integer({ min: 1, max: 4 }) }) },
);

export const command = weighted<Command>(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: oneOf("work"),
      works: fc.array(work, { minLength: 1, maxLength: 6 }),
      aside: fc.option<Aside, null>(aside, { nil: null, freq: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: oneOf("repeat"), pick: small, via: instance }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("stale"), pick: small, via: instance }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("time") }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("redrive") }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("discard"), pick: small }) },
  { weight: 1, arbitrary: fc.record({ kind: oneOf("undo") }) },
  { weight: 4, arbitrary: fc.record({ kind: oneOf("aside"), aside }) },
);
