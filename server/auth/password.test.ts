import { lookup } from "node:dns/promises";
import { hashPassword as hashOfLibrary, verifyPassword as verifyOfLibrary } from "better-auth/crypto";
import { afterEach, expect, it } from "vitest";
import { createPasswords } from "./password.ts";

let passwords = createPasswords();
afterEach(async () => {
  await passwords.close();
  passwords = createPasswords();
});

it("reads what the library wrote, and writes what the library reads", async () => {
  const password = "correct horse ﬁve"; // the ligature is one letter here, two after normalising
  const hash = await passwords.hash(password);
  expect(await passwords.verify({ hash: await hashOfLibrary(password), password: "correct horse five" })).toBe(true);
  expect(await verifyOfLibrary({ hash, password })).toBe(true);
  expect(await passwords.verify({ hash, password: "wrong" })).toBe(false);
  expect(await passwords.hash(password)).not.toBe(hash);
});

it("leaves the pool of threads, which the database's handshakes need, to others", async () => {
  const order: string[] = [];
  const hashes = [1, 2, 3, 4].map(() => passwords.hash("x").then(() => order.push("password")));
  // `dns.lookup` takes a thread of libuv's pool; behind four running hashes it would come after the first of them.
  await Promise.all([1, 2, 3, 4].map(() => lookup("127.0.0.1").then(() => order.push("lookup"))));
  await Promise.all(hashes);
  expect(order.slice(0, 4)).toEqual(Array(4).fill("lookup"));
});

it("takes a bounded number at once and says when to come again", async () => {
  const narrow = createPasswords({ maxRequests: 2 });
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => narrow.admit(() => narrow.hash("x"))));
  expect(outcomes.map((it) => it.status)).toEqual(["fulfilled", "fulfilled", "rejected", "rejected", "rejected"]);
  const refused = outcomes.find((it) => it.status === "rejected");
  expect(refused?.reason).toMatchObject({ code: "queue-full", details: { retryAfterSeconds: 2 } });
  expect(await narrow.admit(() => narrow.hash("x"))).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
  await narrow.close();
});

it("a stored text that is no hash is a fault and not a match", async () => {
  await expect(passwords.verify({ hash: "nonsense", password: "nonsense" })).rejects.toThrow("<salt>:<key>");
  expect(await passwords.verify({ hash: "aa:bb", password: "x" })).toBe(false);
});

it("tells those who wait when the thread is gone, and starts another for those who come after", async () => {
  const waiting = passwords.hash("x");
  const refused = expect(waiting).rejects.toThrow("ended");
  await passwords.close();
  await refused;
  expect(await passwords.hash("x")).toContain(":");
});
