import { describe, expect, it } from "vitest";
import { fingerprintText } from "./error-fingerprint.ts";

const at = (place: string) => `Error: x\n    at ${place}\n    at other (b.ts:1:1)`;

describe("error fingerprint", () => {
  it("is the same for failures that differ in numbers, ids, quotes and lines only", () => {
    const first = fingerprintText({
      name: "Declined",
      message: 'order 4711 of "ann" (9b2f0c1e-1111-4222-8333-444455556666) was declined after 2.5 s',
      stack: at("charge (billing.ts:10:5)"),
    });
    const second = fingerprintText({
      name: "Declined",
      message: 'order 12 of "bob" (00000000-1111-4222-8333-aaaaaaaaaaaa) was declined after 31 s',
      stack: at("charge (billing.ts:99:1)"),
    });
    expect(first).toBe(second);
  });

  it("differs by class, by message and by place", () => {
    const base = { name: "Declined", message: "no money", stack: at("charge (a.ts:1:1)") };
    const others = [
      { ...base, name: "Timeout" },
      { ...base, message: "no answer" },
      { ...base, stack: at("refund (a.ts:1:1)") },
    ];
    for (const other of others) expect(fingerprintText(other)).not.toBe(fingerprintText(base));
  });
});
