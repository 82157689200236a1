import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { formatMatching } from "../display/format-count.ts";

/** What the lag consists of: where a filter leaves some of it out, how many of its events the consumer will be given. */
export function lagNote(description: Pick<ConsumerDescription, "topics"> | undefined): string {
  const topics = description?.topics ?? [];
  if (topics.every((it) => it.matching === undefined || it.lag === 0)) return "events not settled";
  let count = 0;
  let isExact = true;
  for (const { lag, matching } of topics) {
    count += matching?.count ?? lag;
    isExact &&= matching?.isExact ?? true;
  }
  return `${formatMatching({ count, isExact })} pass the filter`;
}
