import { openFrames } from "./frame-stream.ts";
import type { Member } from "./member.ts";
import { MillraceError } from "./millrace-error.ts";
import type { SessionPlace } from "./session-place.ts";
import { path, type Transport } from "./transport.ts";
import type { CloudEvent, ConsumerDescription, Delivery, ParkedNotice } from "./wire.ts";

/** The partitions a member has, always all of them. */
export type Assignment = readonly { readonly partition: number; readonly epoch: number }[];

/** Why a consumer was paused, and until when; null = until somebody resumes it. */
export interface Pause {
  /** `halted`: where the order is the topic's, an event is out of attempts. */
  readonly kind: "operator" | "halted" | "breaker";
  readonly reason: string;
  readonly until: string | null;
}

export interface MemberConnection {
  readonly consumer: string;
  readonly memberName: string;
  /** The place that the server is asked to go on from; null = the session is to begin anew. */
  readonly resumeFrom: string | null;
  readonly place: SessionPlace;
  readonly signal: AbortSignal;
  readonly idleMs: number;
  readonly onOpen: () => void;
  readonly onRetry: (ms: number) => void;
  readonly onAssignment: (partitions: Assignment) => void;
  readonly onPause: (pause: Pause) => void;
  readonly onResume: () => void;
}

/** The part of a description that is read; a server that awaits nobody does not name its grace. */
type Described = ConsumerDescription & { readonly reconnectGraceMs?: number };

/** One connection of a member, until it ends or breaks. */
export async function runConnection(transport: Transport, member: Member, input: MemberConnection): Promise<void> {
  const { consumer, memberName, resumeFrom, place, signal } = input;
  if (resumeFrom === null) {
    const answer = await transport.ask(path("consumers", consumer), { signal, once: true, timeLimitMs: 15_000 });
    const described = JSON.parse(answer) as Described;
    place.graceMs = described.reconnectGraceMs ?? 0;
    member.declared(described);
  }
  member.connected();
  const query = new URLSearchParams({ member: memberName, order: "pipelined" });
  if (resumeFrom !== null) query.set("lastEventId", resumeFrom);
  for await (const frames of openFrames(transport, `${path("consumers", consumer, "events")}?${query}`, input)) {
    for (const { id, event, data } of frames) {
      if (event !== undefined && event !== "message") {
        handleControl(event, data, { member, input });
        continue;
      }
      const frame = JSON.parse(data) as { delivery: Delivery; event: CloudEvent };
      const lossless = transport.isPlainJson ? frame : (transport.parse(data) as { event: CloudEvent });
      member.take(frame.delivery, lossless.event);
      place.seen(id);
    }
    member.pump();
    await member.room(signal);
  }
}

function handleControl(
  event: string,
  data: string,
  { member, input }: { readonly member: Member; readonly input: MemberConnection },
): void {
  switch (event) {
    case "session": {
      const { session, resumed } = JSON.parse(data) as { session: string; resumed: boolean };
      input.place.begin(session);
      if (resumed) member.resumed();
      else member.beginAnew();
      break;
    }
    case "assignment": {
      const { partitions } = JSON.parse(data) as { partitions: Assignment };
      const epochs = new Map(partitions.map((it) => [it.partition, it.epoch]));
      // Also what was revoked while the connection was gone.
      member.dropQueued(({ partition, epoch }) => epochs.get(partition) !== epoch);
      input.onAssignment(partitions);
      break;
    }
    case "revoked": {
      const { partitions } = JSON.parse(data) as { partitions: number[] };
      member.dropQueued((delivery) => partitions.includes(delivery.partition));
      break;
    }
    case "reset": {
      const { partitions } = JSON.parse(data) as { partitions?: Assignment };
      member.dropEverything();
      if (partitions !== undefined) input.onAssignment(partitions);
      break;
    }
    case "parked":
      member.parked(JSON.parse(data) as ParkedNotice);
      break;
    case "paused":
      input.onPause(JSON.parse(data) as Pause);
      break;
    case "resumed":
      input.onResume();
      break;
    case "removed":
      throw new MillraceError("consumer-removed", `consumer '${input.consumer}' was removed`, 0);
    // caught-up: nothing to do here; frames of later versions: not for this one.
  }
}
