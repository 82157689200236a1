import { expect, it } from "vitest";
import type { TopicReader } from "../topics/log.ts";
import { ConsumerReaders } from "./consumer-readers.ts";

it("a reader that opens after the consumer was closed is given back, and nobody listens to it", async () => {
  let [open, listening] = [0, 0];
  let letOpen = () => {};
  const opening = new Promise<void>((resolve) => {
    letOpen = resolve;
  });
  const readers = new ConsumerReaders(
    {
      async open({ id, name }) {
        if (id === 2) await opening;
        open += 1;
        return {
          topicId: id,
          topic: name,
          onAppend() {
            listening += 1;
            return () => {
              listening -= 1;
            };
          },
          release() {
            open -= 1;
          },
        } as Partial<TopicReader> as TopicReader;
      },
    },
    () => undefined,
  );
  const topic = (topicId: number) => ({ topicId, topic: `t${topicId}`, filter: {}, liveOnly: [] });
  await readers.follow([topic(1)]);
  expect([open, listening]).toEqual([1, 1]);
  const following = readers.follow([topic(1), topic(2)]);
  readers.release();
  letOpen();
  await following;
  expect([open, listening]).toEqual([0, 0]);
});
