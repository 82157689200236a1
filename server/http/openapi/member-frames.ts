import type { z } from "zod";
import { MEMBER_FRAMES, type MemberFrameName } from "../../contract/member-frames.ts";
import { STORED_EVENT } from "./events-paths.ts";

const SESSION = "q3vXg1kTzY2m8LhA";

/** One delivery as it stands in a stream and in the answer to a pull. */
export const DELIVERY = {
  id: `${SESSION}.1`,
  delivery: {
    topic: "payments",
    partition: 0,
    offset: 1,
    epoch: 1,
    attempt: 1,
    replay: false,
    redelivered: false,
  },
  event: STORED_EVENT,
};

/** A stream of `order=pipelined`: of the same key one more event is on its way when the first one fails. */
const FAILED = { topic: "payments", partition: 0, offset: 1, key: "order-1" };

const frame = (name: MemberFrameName, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n`;

export const MEMBER_STREAM = [
  "retry: 1000\n",
  frame("session", { session: SESSION, member: "billing-1", resumed: false, inFlight: 0 }),
  frame("assignment", { partitions: [{ partition: 0, epoch: 1 }] }),
  `id: ${DELIVERY.id}\ndata: ${JSON.stringify({ delivery: DELIVERY.delivery, event: DELIVERY.event })}\n`,
  frame("caught-up", { topics: [{ topic: "payments", offset: 1 }] }),
  frame("parked", FAILED),
].join("\n");

/** The meaning of each frame; the shapes are `MEMBER_FRAMES`. */
const MEANINGS: Record<MemberFrameName, string> = {
  session:
    "`{session, member, resumed, inFlight}`: the first frame of every connection. `resumed` true: the session of `Last-Event-ID` goes on, with `inFlight` unsettled deliveries. False: a new session has begun, and what is still in hand of an older one is void.",
  assignment: "`{partitions: [{partition, epoch}]}`: the partitions that the member has now, always all of them.",
  revoked:
    "`{reason, partitions}`: these partitions are gone, and what is unsettled of them goes to others. `rebalance`, `lease-lost`, `partitions-changed` and `consumer-changed` leave the stream open. After `ack-timeout` (no answer at all for `ackTimeoutMs`), `left`, `replaced`, `moved` (to another instance) and `shutting-down` the stream ends; come back with `Last-Event-ID`, but after `left`.",
  reset:
    "`{change, partitions: [{partition, epoch}]}`: a position was moved. What is in hand is void, and the flow goes on from the new position under these epochs.",
  parked:
    "`{topic, partition, offset, key}`, only with `order=pipelined`: this event has failed and waits. Every later event of its key that was delivered before this frame is taken back: do not handle it; it comes again in its turn. `key` null: of a topic-ordered consumer everything later, otherwise nothing. A frame that a broken connection may have lost comes again at the same instance, before anything is delivered.",
  paused:
    "`{kind, reason, until}`: nothing new is delivered, and settlements count. `kind` is `operator`, `halted` (a topic-ordered consumer stands before a dead letter) or `breaker` (nearly everything fails; one delivery is tried now and then).",
  resumed: "`{}`: deliveries go on.",
  "caught-up":
    "`{topics: [{topic, offset}]}`: everything there was up to these offsets has been looked at; what follows is live.",
};

export const MEMBER_FRAMES_TEXT = `The frames of a member's stream:
- without a name: a delivery; \`id:\` is \`<session>.<n>\`, n = 1, 2, 3 … in the session (higher, where it goes on at another instance), \`data:\` is \`{delivery, event}\`. \`delivery\` is \`{topic, partition, offset, epoch, attempt, replay, redelivered}\`, with \`parked: true\` where the event was parked and \`operation\` where it belongs to a redrive or replay.
${Object.entries(MEANINGS)
  .map(([name, meaning]) => `- \`${name}\` ${meaning}`)
  .join("\n")}

\`retry:\` says once how long to wait before connecting again. A comment every 15 s.`;

/** OpenAPI 3.1 has no words for the frames of a stream: their data stands among the document's schemas. */
export const MEMBER_FRAME_SCHEMAS: Record<string, z.ZodType> = Object.fromEntries(
  Object.entries(MEMBER_FRAMES).map(([name, schema]) => {
    const id = `${name.replace(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase())}Frame`;
    return [id, schema.meta({ id, description: `The data of \`event: ${name}\` in a member's stream.` })];
  }),
);
