import { createClient } from "redis";
import { serve } from "../harness/child.ts";

const BATCH = 1_000;
const STATE_KEYS = 1_000;

type Redis = ReturnType<typeof createClient>;
let client: Redis | null = null;
let streams = 0;

export type RedisStreams = typeof methods;
const methods = serve({
  open: async ({ port }: { port: number }) => {
    client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
  },

  fsync: async ({ policy }: { policy: "always" | "everysec" }) => {
    await client?.configSet("appendfsync", policy);
  },

  /**
   * One consumer of a group: XREADGROUP, then XACK and one HSET per entry in a transaction; answers entries per second.
   * Adding them is not counted.
   */
  run: async ({ entries }: { entries: number }) => {
    const open = client;
    if (open === null) throw new Error("open comes first");
    const stream = `bench-${++streams}`;
    const filler = "x".repeat(250);
    await open.configSet("appendfsync", (await open.configGet("appendfsync")).appendfsync ?? "everysec");
    for (let from = 0; from < entries; from += BATCH) {
      const adding = open.multi();
      for (let i = 0; i < Math.min(BATCH, entries - from); i++) adding.xAdd(stream, "*", { filler });
      await adding.execAsPipeline();
    }
    await open.xGroupCreate(stream, "bench", "0");
    let acked = 0;
    const startedAt = performance.now();
    while (acked < entries) {
      const read = await open.xReadGroup("bench", "member", [{ key: stream, id: ">" }], { COUNT: BATCH });
      const messages = (read as { messages: { id: string }[] }[] | null)?.[0]?.messages ?? [];
      if (messages.length === 0) throw new Error(`${acked} of ${entries} entries were read`);
      const settling = open.multi().xAck(
        stream,
        "bench",
        messages.map((it) => it.id),
      );
      for (let i = 0; i < messages.length; i++) {
        settling.hSet(`${stream}:state`, `key-${(acked + i) % STATE_KEYS}`, String(acked + i));
      }
      await settling.exec();
      acked += messages.length;
    }
    const rate = (entries * 1000) / (performance.now() - startedAt);
    await open.del([stream, `${stream}:state`]);
    return rate;
  },
});
