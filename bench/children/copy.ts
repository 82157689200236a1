import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { serve } from "../harness/child.ts";
import { EVENT_TYPE, eventData, eventKey } from "../load/events.ts";

const ATTRIBUTES = `{"source":"/"}`;
const CHUNK_ROWS = 500;

/** Rows of `event` in COPY's text form, rendered before the clock starts, as the publishers' requests are. */
function renderRows(topicId: number, rows: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let first = 1; first <= rows; first += CHUNK_ROWS) {
    let text = "";
    for (let offset = first; offset < first + CHUNK_ROWS && offset <= rows; offset++) {
      const id = `0198c0de-${String(topicId).padStart(4, "0")}-7000-8000-${String(offset).padStart(12, "0")}`;
      text += `${topicId}\t${offset}\t2026-11-20 21:00:00+00\t${id}\t${EVENT_TYPE}\t${eventKey(offset)}\t${eventData(offset)}\t\\N\t${ATTRIBUTES}\n`;
    }
    chunks.push(Buffer.from(text));
  }
  return chunks;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export type Copy = typeof methods;
const methods = serve({
  /** COPY … FROM STDIN, one statement, one commit; answers rows per second. */
  copyIn: ({ url, topicId, rows }: { url: string; topicId: number; rows: number }) => {
    const chunks = renderRows(topicId, rows);
    return withClient(url, async (client) => {
      const startedAt = performance.now();
      await pipeline(Readable.from(chunks, { objectMode: false }), client.query(copyFrom("COPY event FROM STDIN")));
      return (rows * 1000) / (performance.now() - startedAt);
    });
  },

  /** COPY (SELECT …) TO STDOUT of a topic in offset order, its bytes counted and dropped; answers rows per second. */
  copyOut: ({ url, topic }: { url: string; topic: string }) =>
    withClient(url, async (client) => {
      const { rows } = await client.query<{ id: number; head: number }>(
        `SELECT id, head::int FROM topic JOIN topic_head ON topic_id = id WHERE name = $1`,
        [topic],
      );
      const found = rows[0];
      if (found === undefined) throw new Error(`no topic ${topic}`);
      const startedAt = performance.now();
      const stream = client.query(
        copyTo(
          `COPY (SELECT "offset", recorded_at, id, type, key, data, attributes FROM event
                 WHERE topic_id = ${found.id} ORDER BY "offset") TO STDOUT`,
        ),
      );
      let bytes = 0;
      for await (const chunk of stream) bytes += (chunk as Buffer).length;
      if (bytes < found.head * 256) throw new Error(`only ${bytes} bytes came`);
      return (found.head * 1000) / (performance.now() - startedAt);
    }),

  /** A prepared insert of one row at a time into the same table, each its own commit: the milliseconds each took. */
  insertSingly: ({ url, topicId, count }: { url: string; topicId: number; count: number }) =>
    withClient(url, async (client) => {
      const latencies = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const values = [topicId, i + 1, `bench-${topicId}-${i}`, EVENT_TYPE, eventKey(i), eventData(i), ATTRIBUTES];
        const sentAt = performance.now();
        await client.query({
          name: "insert_event",
          text: `INSERT INTO event (topic_id, "offset", recorded_at, id, type, key, data, attributes)
                 VALUES ($1, $2, now(), $3, $4, $5, $6, $7)`,
          values,
        });
        latencies[i] = performance.now() - sentAt;
      }
      return latencies;
    }),
});
