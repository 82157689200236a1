import type { Database } from "../../store/database.ts";

export interface Letters {
  readonly consumer: string;
  readonly topicId: number;
}

/**
 * Parks the events 1 … `count` of `keys` keys as if each key's first had failed for good, and settles the flow past them.
 * Types are `even` and `odd`.
 */
export async function parkLetters(
  { pool }: Database,
  { consumer, topicId, count, keys }: Letters & { readonly count: number; readonly keys: number },
): Promise<void> {
  await pool.query(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max,
       error_name, error_message, fingerprint, failed_at)
     SELECT c.id, $2, o, 'k' || o % $4, 'kk' || o % $4, o % $4, CASE WHEN o % 2 = 0 THEN 'even' ELSE 'odd' END,
       CASE WHEN o <= $4 THEN 'dead' ELSE 'blocked' END, CASE WHEN o <= $4 THEN 1 ELSE 0 END, 1,
       CASE WHEN o <= $4 THEN 'Boom' END, CASE WHEN o <= $4 THEN 'it broke' END, CASE WHEN o <= $4 THEN 'f' END,
       CASE WHEN o <= $4 THEN now() END
     FROM consumer c, generate_series(1, $3::int) AS o WHERE c.name = $1`,
    [consumer, topicId, count, keys],
  );
  await pool.query(
    `UPDATE cursor SET position = $3
     FROM consumer c WHERE c.id = cursor.consumer_id AND c.name = $1 AND cursor.topic_id = $2`,
    [consumer, topicId, count],
  );
}

/** Plays the settler: everything that the operation has under way comes through, or fails again. Returns the offsets. */
export async function settleTaken(
  { pool }: Database,
  operationId: string,
  outcome: "ok" | "failed" = "ok",
): Promise<number[]> {
  const change =
    outcome === "ok"
      ? "DELETE FROM parked_event WHERE operation_id = $1"
      : `UPDATE parked_event SET state = 'dead', attempt = attempt + 1, due_at = NULL, operation_id = NULL,
           failed_at = clock_timestamp() WHERE operation_id = $1`;
  const { rows } = await pool.query<{ offset: number }>(
    `WITH settled AS (${change} RETURNING "offset"),
       counted AS (UPDATE operation SET ${outcome} = ${outcome} + (SELECT count(*) FROM settled) WHERE id = $1)
     SELECT "offset" FROM settled ORDER BY 1`,
    [operationId],
  );
  return rows.map((row) => row.offset);
}

/** From now on every event that an operation takes up is noted in the table `taken_up`. */
export async function noteTakenUp({ pool }: Database): Promise<() => Promise<number[]>> {
  await pool.query(`
    CREATE TABLE taken_up ("offset" bigint NOT NULL);
    CREATE FUNCTION note_taken_up() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO taken_up VALUES (NEW."offset"); RETURN NULL; END';
    CREATE TRIGGER note_taken_up AFTER UPDATE ON parked_event FOR EACH ROW
      WHEN (OLD.operation_id IS NULL AND NEW.operation_id IS NOT NULL) EXECUTE FUNCTION note_taken_up();`);
  return async () => {
    const { rows } = await pool.query<{ offset: number }>('SELECT "offset" FROM taken_up ORDER BY 1');
    return rows.map((row) => row.offset);
  };
}
