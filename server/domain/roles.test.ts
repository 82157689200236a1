import { expect, test } from "vitest";
import { allows } from "./access.ts";
import { FIXED_ROLES, scopesOfRoles } from "./roles.ts";

const may = (name: string) =>
  (["publish", "read", "consume", "operate", "administer"] as const).filter((it) =>
    allows(scopesOfRoles([name], []), it, { topic: "t" }),
  );

test("the fixed roles", () => {
  expect(Object.fromEntries(FIXED_ROLES.map(({ name }) => [name, may(name)]))).toEqual({
    viewer: ["read"],
    operator: ["publish", "read", "operate"],
    admin: ["publish", "read", "consume", "operate", "administer"],
  });
});

test("roles add up, a role that is gone allows nothing, and an own role does not change a fixed one", () => {
  const own = [
    { name: "pay", description: "", scopes: [{ action: "operate" as const, pattern: "pay*" }] },
    { name: "viewer", description: "", scopes: [{ action: "administer" as const, pattern: "*" }] },
  ];
  expect(scopesOfRoles(["pay", "viewer", "gone"], own)).toEqual([
    { action: "operate", pattern: "pay*" },
    { action: "read", pattern: "*" },
  ]);
});
