import { randomUUID } from "node:crypto";
import pg from "pg";
import { serve } from "../harness/child.ts";
import { EVENT_TYPE, eventData } from "../load/events.ts";
import { writeLoop } from "../load/write-loop.ts";

const STREAMS = 10_000;

let clients: pg.Client[] = [];

export type MessageDb = typeof methods;
const methods = serve({
  /** Opens so many connections. Streams spread over `categories`: write_message locks the category of its stream. */
  open: async ({ url, connections }: { url: string; connections: number }) => {
    await Promise.all(clients.map((client) => client.end()));
    clients = Array.from(
      { length: connections },
      () => new pg.Client({ connectionString: url, options: "-c search_path=message_store,public" }),
    );
    await Promise.all(clients.map((client) => client.connect()));
  },

  /** Writes through the prepared write_message on every connection; answers writes per second. */
  write: ({ categories, warmUpMs, windowMs }: { categories: number; warmUpMs: number; windowMs: number }) => {
    let next = Math.floor(Math.random() * STREAMS);
    const data = Array.from({ length: 1_000 }, (_, i) => eventData(i));
    const writers = clients.map((client) => () => {
      const n = next++;
      return client.query({
        name: "write_message",
        text: "SELECT message_store.write_message($1, $2, $3, $4)",
        values: [randomUUID(), `account${n % categories}-${n % STREAMS}`, EVENT_TYPE, data[n % data.length]],
      });
    });
    return writeLoop(writers, { warmUpMs, windowMs });
  },
});
