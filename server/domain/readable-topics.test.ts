import fc from "fast-check";
import { expect, it } from "vitest";
import { allows } from "./access.ts";
import { DomainError } from "./errors.ts";
import { requireReadable } from "./readable-topics.ts";

const topics = fc.array(fc.constantFrom("pay.orders", "pay.refunds", "hr.people", "pay", "hr"), { maxLength: 5 });
const scopes = fc.array(
  fc.record({
    action: fc.constantFrom("read" as const, "consume" as const, "operate" as const),
    pattern: fc.constantFrom("*", "pay.*", "hr.*", "pay.orders", "pay*", "nothing"),
  }),
  { maxLength: 4 },
);

it("passes exactly when every topic may be read, whatever else is allowed", () => {
  fc.assert(
    fc.property(topics, scopes, (names, granted) => {
      const mayRead = (name: string) => allows(granted, "read", { topic: name });
      const refused = names.find((it) => !mayRead(it));
      const ask = () => requireReadable((action, target) => allows(granted, action, target), names);
      if (refused === undefined) expect(ask).not.toThrow();
      else {
        expect(ask).toThrow(DomainError);
        expect(ask).toThrow(`"${refused}"`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
