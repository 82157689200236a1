import { describe, expect, it } from "vitest";
import { parseEnvironment } from "./environment.ts";

describe("the environment", () => {
  it("has a default for everything", () => {
    expect(parseEnvironment({})).toMatchObject({ PORT: 3000, HOST: "127.0.0.1", DATA_DIR: ".data", LOG_LEVEL: "info" });
  });

  it("takes an empty variable for an absent one", () => {
    expect(parseEnvironment({ PORT: "", DATABASE_URL: "" })).toMatchObject({ PORT: 3000 });
  });

  it.each([
    ["PORT", "x"],
    ["PORT", "65536"],
    ["PORT", "1.5"],
    ["DATABASE_URL", "mysql://localhost/x"],
    ["LOG_LEVEL", "loud"],
    ["MAX_EVENT_BYTES", "-1"],
    ["MILLRACE_API_KEY", "short"],
    ["METRICS_PORT", "metrics"],
  ])("names %s when it is %s", (name, value) => {
    expect(() => parseEnvironment({ [name]: value })).toThrow(
      new RegExp(`^The configuration is wrong:\\n {2}${name}: `),
    );
  });

  it.each([
    ["MILLRACE_API_KEY", "a-secret-of-my-own-0001\n"],
    ["MILLRACE_ADMIN_PASSWORD", "correct horse battery\r"],
    ["DATA_DIR", " .data"],
    ["METRICS_TOKEN", "\u00a0a-token-of-my-own-00"],
    ["HOST", " "],
  ])("refuses %s with white space at an end, and does not repeat it", (name, value) => {
    const parse = () => parseEnvironment({ [name]: value });
    expect(parse).toThrow(`The configuration is wrong:\n  ${name}: begins or ends in white space`);
    expect(parse).not.toThrow(/correct horse|my-own/);
  });

  it("lets white space within a value be, and variables of others", () => {
    const given = { MILLRACE_ADMIN_EMAIL: "ada@example.org", MILLRACE_ADMIN_PASSWORD: "correct horse", PS1: "$ " };
    expect(parseEnvironment(given).MILLRACE_ADMIN_PASSWORD).toBe("correct horse");
  });

  it("wants the metrics on another port than everything else, and takes any free one for both", () => {
    expect(() => parseEnvironment({ METRICS_PORT: "3000" })).toThrow("METRICS_PORT: must be another than PORT");
    expect(parseEnvironment({ PORT: "0", METRICS_PORT: "0" })).toMatchObject({ PORT: 0, METRICS_PORT: 0 });
    expect(parseEnvironment({ METRICS_PORT: "" }).METRICS_PORT).toBeUndefined();
  });

  it("wants the first administrator's e-mail and password together", () => {
    expect(() => parseEnvironment({ MILLRACE_ADMIN_EMAIL: "ada@example.org" })).toThrow("together");
  });
});
