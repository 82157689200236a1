import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** Any number; both ends of the race must only agree on it. */
const OWNER_LOCK = 7_145_511_284;
const RETAKE_MS = 500;

/** The claim that this process, and no other server, runs the cluster. */
export interface Ownership {
  release(): Promise<void>;
}

/**
 * Takes the cluster as one's own, or answers null when another server has it: two would stop it under each other. A
 * lock of a session and no file, because it ends with its process however that ends. When the session breaks, as it
 * does with the cluster, it is taken again as soon as the cluster is back.
 */
export async function takeOwnership(url: string): Promise<Ownership | null> {
  const aborter = new AbortController();
  let client: pg.Client | null = null;

  async function take(): Promise<boolean> {
    const session = new pg.Client({ connectionString: url, keepAlive: true, application_name: "millrace owner" });
    session.on("error", () => undefined);
    await session.connect();
    const { rows } = await session.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [OWNER_LOCK]);
    if (rows[0]?.taken !== true || aborter.signal.aborted) {
      await session.end().catch(() => undefined);
      return false;
    }
    client = session;
    session.once("end", () => void retake());
    return true;
  }

  async function retake(): Promise<void> {
    while (!aborter.signal.aborted) {
      await delay(RETAKE_MS, undefined, { ref: false });
      if (await take().catch(() => false)) return;
    }
  }

  if (!(await take())) return null;
  return {
    async release() {
      aborter.abort();
      await client?.end().catch(() => undefined);
    },
  };
}
