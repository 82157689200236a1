import { invalidField } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { listParkedEvents } from "../../store/parked/list.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { resolveParkedFilter } from "./resolve-parked-filter.ts";

const PLACE = /^(\d{1,10})-(\d{1,16})$/;

/** Parked events of a consumer by topic and offset, a page at a time. */
export const listParked =
  ({ database }: { readonly database: Database }): Services["listParked"] =>
  ({ consumer, after, limit, ...filter }) =>
    reachable(
      (async () => {
        const setup = await requireConsumer(database.pool, consumer);
        const rows = await listParkedEvents(database.pool, {
          consumerId: setup.consumerId,
          filter: resolveParkedFilter(setup, filter),
          after: after === undefined ? null : placeOf(after),
          limit: limit + 1,
        });
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        const next = rows.length > limit && last !== undefined ? `${last.topicId}-${last.event.offset}` : null;
        return { events: page.map((it) => it.event), next };
      })(),
    );

function placeOf(after: string): { topicId: number; offset: number } {
  const [, topicId, offset] = PLACE.exec(after) ?? [];
  if (topicId === undefined) throw invalidField("after", "must be `next` of the page before");
  return { topicId: Number(topicId), offset: Number(offset) };
}
