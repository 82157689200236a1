import fc from "fast-check";
import { expect, it } from "vitest";
import { allows } from "./api-key-scope.ts";
import { DomainError } from "./errors.ts";
import { requireReadable } from "./readable-topics.ts";

const topics = fc.array(fc.constantFrom("pay.orders", "pay.refunds", "hr.people", "pay", "hr"), { maxLength: 5 });
const scopes = fc.array(
  fc.record({
    action: fc.constantFrom("read", "consume", "operate", "publish"),
    pattern: fc.constantFrom("*", "pay.*", "hr.*", "pay.orders", "pay*", "nothing"),
  }),
  { maxLength: 4 },
);

it("passes exactly when every topic may be read, whatever else is allowed", () => {
  fc.assert(
    fc.property(topics, scopes, (names, granted) => {
      const mayRead = (name: string) => allows(granted, "read", name);
      const refused = names.find((it) => !mayRead(it));
      const ask = () => requireReadable((action, name) => allows(granted, action, name), names);
      if (refused === undefined) expect(ask).not.toThrow();
      else {
        expect(ask).toThrow(DomainError);
        expect(ask).toThrow(`"${refused}"`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
