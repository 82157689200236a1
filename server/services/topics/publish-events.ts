import type { Appender } from "../../engine/topics/appender.ts";
import { type TopicDirectory, withTopic } from "../../engine/topics/directory.ts";
import type { Services } from "../services.ts";

export interface PublishEventsDeps {
  readonly topics: TopicDirectory;
  readonly appender: Appender;
}

export function publishEvents({ topics, appender }: PublishEventsDeps): Services["publishEvents"] {
  return ({ topic, events, expect }) => withTopic(topics, topic, ({ id }) => appender.append(id, { events, expect }));
}
