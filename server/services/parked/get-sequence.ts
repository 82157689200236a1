import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { selectAttempts, selectSequence } from "../../store/parked/list.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { topicIdOf } from "./resolve-parked-filter.ts";

/** Rows of a sequence shown at once; their number is told beside. */
const MAX_SHOWN = 501;

/** The sequence of one key: what failed, how often, and what waits behind it. */
export const getSequence =
  ({ database }: { readonly database: Database }): Services["getSequence"] =>
  ({ consumer, topic, key }) =>
    reachable(
      (async () => {
        const setup = await requireConsumer(database.pool, consumer);
        const { consumerId } = setup;
        const topicId = topicIdOf(setup, topic, "topic");
        const sequence = await selectSequence(database.pool, { consumerId, topicId, key, limit: MAX_SHOWN });
        const [head = null, ...followers] = sequence.parked;
        const attempts =
          head === null ? [] : await selectAttempts(database.pool, { consumerId, topicId, offset: head.offset });
        return {
          consumer,
          topic,
          key,
          head,
          attempts,
          followers,
          followerCount: Math.max(0, sequence.parkedCount - 1),
          discarded: sequence.discarded,
        };
      })(),
    );
