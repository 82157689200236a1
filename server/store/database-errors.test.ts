import { describe, expect, it } from "vitest";
import { SilentConnection } from "./bounded-client.ts";
import { absenceOf, isDatabaseAway } from "./database-errors.ts";

const coded = (code: string) => Object.assign(new Error("refused"), { code });

describe("isDatabaseAway", () => {
  it.each([
    ...["08000", "08003", "08006", "08P01", "53000", "53100", "53200", "53300", "53400", "57P01", "57P02", "57P03"],
    ...["57P04", "57P05", "57014", "25P03", "25P04", "55P03", "40001", "40P01", "25006", "58030", "28000", "28P01"],
    ...["3D000", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT"],
  ])("a repeat may succeed after %s", (code) => {
    expect(isDatabaseAway(coded(code))).toBe(true);
    expect(isDatabaseAway(new Error("wrapped", { cause: coded(code) }))).toBe(true);
  });

  it.each(["23505", "22P05", "42P01", "54000", "0A000"])("%s is the fault of what was asked", (code) => {
    expect(isDatabaseAway(coded(code))).toBe(false);
  });

  it.each([
    ["53100", "full"],
    ["25006", "read-only"],
    ["55P03", "slow"],
    ["53300", "slow"],
    ["40P01", "conflict"],
    ["57P03", "unreachable"],
    ["EPIPE", "unreachable"],
    ["P2028", "slow"],
  ])("%s means that the database is %s", (code, absence) => {
    expect(absenceOf(new AggregateError([new Error("another"), coded(code)]))).toBe(absence);
  });

  it("whatever ends a session is an absence, its code apart", () => {
    const ended = (severity: string) => Object.assign(coded("XX000"), { severity });
    expect(["FATAL", "PANIC", "ERROR"].map((it) => absenceOf(ended(it)))).toEqual(["unreachable", "unreachable", null]);
  });

  it("a connection that was silent is away", () => {
    expect(isDatabaseAway(new SilentConnection("silent"))).toBe(true);
  });
});
