import { randomUUID } from "node:crypto";
import { getPostgreSQLEventStore, type PostgresEventStore } from "@event-driven-io/emmett-postgresql";
import pg from "pg";
import { serve } from "../harness/child.ts";
import { EVENT_TYPE, eventData } from "../load/events.ts";
import { writeLoop } from "../load/write-loop.ts";

let store: PostgresEventStore | null = null;
let pool: pg.Pool | null = null;
let writers = 0;

export type Emmett = typeof methods;
const methods = serve({
  migrate: async ({ url }: { url: string }) => {
    const migrating = getPostgreSQLEventStore(url);
    await migrating.schema.migrate();
    await migrating.close();
  },

  /** Opens the store on a pool of so many connections; its schema is there already. */
  open: async ({ url, connections }: { url: string; connections: number }) => {
    await store?.close();
    await pool?.end();
    pool = new pg.Pool({ connectionString: url, max: connections });
    store = getPostgreSQLEventStore(url, { connectionOptions: { pool }, schema: { autoMigration: "None" } });
    writers = connections;
  },

  /** Appends one event to a stream of its own at a time on every connection; answers appends per second. */
  write: (options: { warmUpMs: number; windowMs: number }) => {
    const open = store;
    if (open === null) throw new Error("open comes first");
    const data = Array.from({ length: 1_000 }, (_, i) => JSON.parse(eventData(i)) as Record<string, unknown>);
    let next = 0;
    const append = () =>
      open.appendToStream(`account-${randomUUID()}`, [
        { type: EVENT_TYPE, data: data[next++ % data.length] as Record<string, unknown> },
      ]);
    return writeLoop(
      Array.from({ length: writers }, () => append),
      options,
    );
  },
});
