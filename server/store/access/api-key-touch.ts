import type { Queryable } from "../database.ts";

/** Notes when keys were last used; never turns a time back, whatever instance is slower. */
export async function touchApiKeys(
  db: Queryable,
  uses: readonly { readonly id: string; readonly atMs: number }[],
): Promise<void> {
  await db.query(
    `UPDATE api_key SET last_used_at = used.at
       FROM (SELECT id, to_timestamp(at_ms / 1000.0) AS at FROM unnest($1::uuid[], $2::float8[]) AS u (id, at_ms)) used
      WHERE api_key.id = used.id AND (api_key.last_used_at IS NULL OR api_key.last_used_at < used.at)`,
    [uses.map((it) => it.id), uses.map((it) => it.atMs)],
  );
}
