import type { Database } from "../../store/database.ts";
import { selectPositionChanges } from "../../store/positions/change-table.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";

/** Newest first, at most 200. */
export const listPositionChanges =
  ({ database }: { readonly database: Database }): Services["listPositionChanges"] =>
  async ({ consumer }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    return selectPositionChanges(database.prisma, consumerId);
  };
