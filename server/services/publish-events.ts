import type { Appender } from "../engine/appender.ts";
import type { TopicDirectory } from "../engine/topic-directory.ts";
import type { Services } from "./services.ts";

export interface PublishEventsDeps {
  readonly topics: TopicDirectory;
  readonly appender: Appender;
}

export function publishEvents({ topics, appender }: PublishEventsDeps): Services["publishEvents"] {
  return async ({ topic, events, expect }) => {
    const { id } = topics.findNow(topic) ?? (await topics.find(topic));
    return appender.append(id, { events, expect });
  };
}
