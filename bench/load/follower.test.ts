import { expect, test } from "vitest";
import { cloudEvent, EVENT_BYTES, eventData, topicFrame } from "./events.ts";
import { frameCounter } from "./follower.ts";

test("frames are counted once each, wherever a read cuts them", () => {
  const bytes = Buffer.from([1, 2, 3].map((offset) => topicFrame(offset, 600)).join(""));
  for (const size of [1, 5, 12, 13, 14, 100, 599, 600, 601, 5_000]) {
    const counter = frameCounter();
    for (let at = 0; at < bytes.length; at += size) counter.take(bytes.subarray(at, at + size));
    expect(counter.frames).toBe(3);
  }
});

test("an event carries exactly 256 bytes of data, and it is JSON", () => {
  expect(Buffer.byteLength(eventData(123_456_789))).toBe(EVENT_BYTES);
  expect(JSON.parse(eventData(7)).seq).toBe("000000007");
  expect(JSON.parse(cloudEvent(7)).sequence).toBe("7");
});

test("the ceiling's frame has exactly the bytes that were asked for", () => {
  for (const bytes of [480, 520, 600]) expect(Buffer.byteLength(topicFrame(1_000_001, bytes))).toBe(bytes);
});
