import type { Overview } from "../../contract/overview.ts";
import type { May } from "../../domain/access.ts";
import type { Services } from "../services.ts";

const SHOWN = 10;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, it) => total + it, 0);

/** The first view of a person, of what he may read: how much there is, who is furthest behind, what was done last. */
export function getOverview(
  deps: Pick<Services, "listTopics" | "listConsumers" | "listAudit">,
): (may: May) => Promise<Overview> {
  return async (may) => {
    const [allTopics, allConsumers, audit] = await Promise.all([
      deps.listTopics(),
      deps.listConsumers(),
      deps.listAudit({ limit: SHOWN, may }),
    ]);
    const topics = allTopics.filter((it) => may("read", { topic: it.topic }));
    const consumers = allConsumers.filter((it) => may("read", { consumer: it.consumer }));
    const behind = consumers.flatMap(({ consumer, topics: read }) =>
      read
        .filter((it) => it.lag > 0)
        .map(({ topic, position, head, lag, lagMs }) => ({ consumer, topic, position, head, lag, lagMs })),
    );
    return {
      at: new Date().toISOString(),
      counts: {
        topics: topics.length,
        events: sum(topics.map((it) => it.head)),
        bytes: sum(topics.map((it) => it.bytes)),
        consumers: consumers.length,
        members: sum(consumers.map((it) => it.members.length)),
        consumersBehind: new Set(behind.map((it) => it.consumer)).size,
      },
      behind: behind.sort((a, b) => b.lagMs - a.lagMs || b.lag - a.lag).slice(0, SHOWN),
      audit: [...audit.entries],
    };
  };
}
