import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventRow } from "@/server/contract/events.ts";
import type { LiveRequest } from "@/server/contract/live.ts";
import { LiveConnection, type OpenLive } from "./live-connection.ts";

const AT = "2026-01-01T00:00:00.000Z";
const row = (offset: number): EventRow => ({ offset, id: "", type: "t", key: null, recordedAt: AT, json: "{}" });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream in the test's hand: every opening is kept, the last one is the present one. */
function hand() {
  const openings: { request: LiveRequest; on: Parameters<OpenLive>[1]; isClosed: boolean }[] = [];
  const open: OpenLive = (request, on) => {
    const opening = { request, on, isClosed: false };
    openings.push(opening);
    return {
      unsubscribe: () => {
        opening.isClosed = true;
      },
    };
  };
  return { openings, open, last: () => openings.at(-1) ?? expect.fail("never opened") };
}

test("it is live with the first message, and stale when none comes for fifteen seconds", () => {
  const { open, last } = hand();
  const connection = new LiveConnection(open, () => {});
  const stop = connection.start();
  expect(connection.status().state).toBe("connecting");
  last().on.message({ kind: "tick", at: AT });
  expect(connection.status().state).toBe("live");
  vi.advanceTimersByTime(17_000);
  expect(connection.status().state).toBe("stale");
  last().on.message({ kind: "tick", at: AT });
  expect(connection.status().state).toBe("live");
  stop();
});

test("a stream that ends is opened again, without the tab asking", () => {
  const { open, openings, last } = hand();
  const stop = new LiveConnection(open, () => {}).start();
  last().on.ended();
  vi.advanceTimersByTime(2_000);
  expect(openings).toHaveLength(2);
  stop();
  expect(last().isClosed).toBe(true);
});

test("the page of a consumer has it told with the rest, and takes the wish back when it is left", () => {
  const { open, openings, last } = hand();
  const connection = new LiveConnection(open, () => {});
  const stop = connection.start();
  const leave = connection.watchConsumer("billing");
  expect(last().request).toMatchObject({ topics: true, consumers: true, consumer: "billing" });
  const leaveOther = connection.watchConsumer("shipping");
  leave();
  expect(last().request.consumer).toBe("shipping");
  leaveOther();
  expect(last().request.consumer).toBeUndefined();
  expect(openings.filter((it) => !it.isClosed)).toHaveLength(1);
  stop();
});

test("a tail shares the one stream, and what a closed stream still says reaches nobody", () => {
  const { open, openings, last } = hand();
  const seen: number[] = [];
  const connection = new LiveConnection(open, () => {});
  const stop = connection.start();
  const unfollow = connection.follow({ topic: "a", after: 4 }, (events) => seen.push(...events.map((it) => it.offset)));
  expect(openings.filter((it) => !it.isClosed)).toHaveLength(1);
  expect(last().request.tail).toEqual({ topic: "a", after: 4 });
  last().on.message({ kind: "events", at: AT, topic: "a", events: [row(5)], dropped: 0 });
  const old = last();
  unfollow();
  old.on.message({ kind: "events", at: AT, topic: "a", events: [row(6)], dropped: 0 });
  expect(seen).toEqual([5]);
  expect(last().request.tail).toBeUndefined();
  stop();
});
