import type { ParkedFacets } from "../../contract/parked.ts";
import type { Queryable } from "../database.ts";
import { parkedFilterSql, parkedFilterValues, type StoredParkedFilter } from "./filter.ts";

type Facets = Pick<ParkedFacets, "states" | "topics" | "types" | "keys">;

/** As much as an operator can read at a glance; for more they search. */
const MAX_VALUES = 20;

interface Row {
  facet: "state" | "topic" | "type" | "key";
  value: string;
  count: number;
}

/** One pass over what passes the filter; without a state discarded events are left out. Most events first. */
export async function selectParkedFacets(
  db: Queryable,
  { consumerId, filter }: { readonly consumerId: number; readonly filter: StoredParkedFilter },
): Promise<Facets> {
  const { rows } = await db.query<Row>({
    name: "select_parked_facets",
    text: `
      WITH counted AS (
        SELECT CASE WHEN grouping(p.state) = 0 THEN 'state' WHEN grouping(p.topic_id) = 0 THEN 'topic'
            WHEN grouping(p.type) = 0 THEN 'type' ELSE 'key' END AS facet,
          p.state, p.topic_id, p.type, p.key, count(*) AS count
        FROM parked_event p
        WHERE p.consumer_id = $1 AND ($7::text IS NULL AND p.state <> 'discarded' OR p.state = $7)
          AND ${parkedFilterSql("p", 2)}
        GROUP BY GROUPING SETS ((p.state), (p.topic_id), (p.type), (p.key))
      ), ranked AS (
        SELECT c.facet, coalesce(c.state, t.name, c.type, c.key) AS value, c.count,
          row_number() OVER (PARTITION BY c.facet ORDER BY c.count DESC, c.topic_id, c.type, c.key) AS rank
        FROM counted c LEFT JOIN topic t ON t.id = c.topic_id
        WHERE c.facet <> 'key' OR c.key IS NOT NULL
      )
      SELECT facet, value, count FROM ranked WHERE rank <= ${MAX_VALUES} ORDER BY facet, rank`,
    values: [consumerId, ...parkedFilterValues(filter), filter.state],
  });
  const of = (facet: Row["facet"]) =>
    rows.filter((it) => it.facet === facet).map(({ value, count }) => ({ value, count }));
  const inState = (state: string) => rows.find((it) => it.facet === "state" && it.value === state)?.count ?? 0;
  return {
    states: {
      retrying: inState("retrying"),
      dead: inState("dead"),
      blocked: inState("blocked"),
      discarded: inState("discarded"),
    },
    topics: of("topic"),
    types: of("type"),
    keys: of("key"),
  };
}
