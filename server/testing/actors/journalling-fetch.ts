import { createParser } from "eventsource-parser";
import type { CloudEvent } from "../../contract/events.ts";
import type { Delivery, Settlement } from "../../contract/settlements.ts";
import { sightingOf } from "../oracle/entries.ts";
import type { Journal } from "../oracle/journal.ts";

interface Delivered {
  readonly delivery: Delivery;
  readonly event: CloudEvent;
}

/** A `fetch` for a member of any kind: what goes over its wire, deliveries and settlements, is written down as it passes. */
export function journallingFetch(journal: Journal, consumer: string): typeof fetch {
  let requests = 0;

  function noteReceived({ delivery, event }: Delivered): void {
    const { partition, epoch } = delivery;
    journal.note({ kind: "received", consumer, partition, epoch, ...sightingOf(event) });
  }

  async function settle(url: string, init: RequestInit): Promise<Response> {
    const { settlements } = JSON.parse(String(init.body)) as { settlements: Settlement[] };
    const request = String(requests++);
    const places = settlements
      .filter((it) => it.outcome === "ack")
      .map(({ topic = "", partition, epoch, offset = 0 }) => ({ topic, partition, epoch, offset }));
    journal.note({ kind: "settling", consumer, request, places });
    try {
      const answer = await fetch(url, init);
      const text = await answer.text();
      // What was taken back does not count, and comes again: the whole request says little then.
      const isWhole = answer.status === 200 && !text.includes('"superseded"');
      journal.note({
        kind: "settled",
        consumer,
        request,
        status: isWhole || answer.status !== 200 ? answer.status : null,
      });
      return new Response(text, { status: answer.status, headers: answer.headers });
    } catch (error) {
      journal.note({ kind: "settled", consumer, request, status: null });
      throw error;
    }
  }

  async function pull(url: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(url, init);
    const text = await answer.text();
    if (answer.ok) for (const it of (JSON.parse(text) as { deliveries: Delivered[] }).deliveries) noteReceived(it);
    return new Response(text, { status: answer.status, headers: answer.headers });
  }

  async function stream(url: string, init: RequestInit | undefined): Promise<Response> {
    const answer = await fetch(url, init);
    if (!answer.ok || answer.body === null) return answer;
    const parser = createParser({
      onEvent(frame) {
        if (frame.event === undefined) noteReceived(JSON.parse(frame.data) as Delivered);
      },
    });
    const decoder = new TextDecoder();
    const watched = answer.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          parser.feed(decoder.decode(chunk, { stream: true }));
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(watched, { status: answer.status, headers: answer.headers });
  }

  return async (input, init) => {
    const url = String(input);
    if (init?.method === "POST" && url.endsWith("/settlements")) return settle(url, init);
    if (init?.method === "POST" && url.endsWith("/deliveries")) return pull(url, init);
    if (/\/events(\?|$)/.test(url)) return stream(url, init);
    return fetch(input, init);
  };
}
