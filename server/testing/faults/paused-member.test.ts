import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import type { ConsumerDescription } from "../../contract/consumers.ts";
import type { Delivery } from "../../contract/settlements.ts";
import { ask } from "../publish-load.ts";
import { type ServerProcess, startServerProcess } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Line {
  readonly delivery?: Delivery;
  readonly status?: number;
  readonly body?: { readonly code?: string };
}

interface MemberProcess {
  readonly child: ChildProcess;
  /** Acknowledges everything it was handed. */
  acknowledge(): void;
  /** The next line that has this member. */
  next<Name extends keyof Line>(name: Name): Promise<NonNullable<Line[Name]>>;
  nextLine(name: keyof Line): Promise<Line>;
}

function startMember(server: ServerProcess, member: string): MemberProcess {
  const args = [
    "--import",
    "tsx",
    "server/testing/faults/member-process.ts",
    server.url,
    server.apiKey,
    "slow",
    member,
  ];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  cleanUps.push(async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (name: keyof Line): Promise<Line> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${member} ended before it printed ${name}`);
      const line = JSON.parse(value) as Line;
      if (line[name] !== undefined) return line;
    }
  };
  return {
    child,
    acknowledge: () => child.stdin.write("\n"),
    nextLine,
    async next(name) {
      return (await nextLine(name))[name] as never;
    },
  };
}

it("a member that is stopped past its time cannot settle after another took over", async () => {
  const db = await testDatabase();
  cleanUps.push(() => db.drop());
  const server = await startServerProcess({ DATABASE_URL: db.url });
  cleanUps.push(() => server.stop());
  const put = (path: string, body: object) => ask(server, path, { method: "PUT", body: JSON.stringify(body) });
  await put("/v1/topics/orders", {});
  await put("/v1/consumers/slow", { topics: [{ topic: "orders" }], ackTimeoutMs: 500 });
  await ask(server, "/v1/topics/orders/events", { method: "POST", body: JSON.stringify({ type: "t", key: "k" }) });

  const first = startMember(server, "first");
  const handed = await first.next("delivery");
  first.child.kill("SIGSTOP");
  const second = startMember(server, "second");
  const again = await second.next("delivery");
  expect([again.offset, again.epoch > handed.epoch]).toEqual([handed.offset, true]);

  first.child.kill("SIGCONT");
  first.acknowledge();
  const refused = await first.nextLine("status");
  expect([refused.status, refused.body?.code]).toEqual([409, "stale-epoch"]);
  const retrying = async () => {
    const answer = await ask(server, "/v1/consumers/slow");
    return ((await answer.json()) as ConsumerDescription).parked.retrying;
  };
  expect(await retrying()).toBe(1);

  second.acknowledge();
  expect((await second.nextLine("status")).status).toBe(200);
  expect(await retrying()).toBe(0);
}, 60_000);
