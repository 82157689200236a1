import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";

// A member as a process of its own, to be killed at any moment. Its effects are lines in a file of its own, each with
// the time of the machine's monotonic clock; events of one key fail until a flag file says that the cause is cured.
const [url = "", apiKey = "", consumer = "", member = "", effects = "", cure = "", poison = ""] = process.argv.slice(2);

await createClient({ url, apiKey }).consume(
  consumer,
  async ({ key, offset }) => {
    await delay(4);
    if (key === poison && !existsSync(cure)) throw new Error("the account is poisoned");
    appendFileSync(effects, `${process.hrtime.bigint()} ${key} ${offset}\n`);
  },
  { member, concurrency: 16, onError: () => undefined },
);
