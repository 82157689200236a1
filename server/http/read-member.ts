import type { IncomingMessage } from "node:http";
import { invalidInputOf } from "../contract/field-problems.ts";
import { memberName } from "../contract/names.ts";
import { invalidField } from "../domain/errors.ts";
import type { SessionPlace } from "../engine/members/requests.ts";

/** How a member wants to be given its stream. */
export interface MemberQuery {
  readonly member: string | null;
  readonly isPipelined: boolean;
  readonly resume: SessionPlace | null;
}

const KNOWN = new Set(["member", "order", "lastEventId"]);

/**
 * The query of a member's stream. `Last-Event-ID`, which a browser sends by itself, goes before `lastEventId`, which
 * clients send that cannot set a header. Throws `invalid-input` with the parameter's name.
 */
export function readMemberQuery(query: URLSearchParams, lastEventId: string | undefined): MemberQuery {
  for (const name of query.keys()) {
    if (!KNOWN.has(name)) throw invalidField(name, "is not a known parameter");
    if (query.getAll(name).length > 1) throw invalidField(name, "must be given once");
  }
  const order = query.get("order") ?? "strict";
  if (order !== "strict" && order !== "pipelined") throw invalidField("order", 'must be "strict" or "pipelined"');
  const header = lastEventId === undefined || lastEventId === "" ? null : readDeliveryId(lastEventId, "Last-Event-ID");
  const asked = query.get("lastEventId");
  const resume = header ?? (asked === null || asked === "" ? null : readDeliveryId(asked, "lastEventId"));
  const member = query.get("member");
  return { member: member === null ? null : readMemberName(member), isPipelined: order === "pipelined", resume };
}

const DELIVERY_ID = /^([\w-]{1,64})\.(\d{1,15})$/;

/** `<session>.<n>`, as it stands in the frames. */
export function readDeliveryId(text: string, field: string): SessionPlace {
  const [, session, after] = DELIVERY_ID.exec(text) ?? [];
  if (session === undefined || after === undefined) {
    throw invalidField(field, "must be the id of a delivery of this stream: <session>.<number>");
  }
  return { session, after: Number(after) };
}

export function readMemberName(text: string): string {
  const parsed = memberName.safeParse(text);
  if (!parsed.success) throw invalidInputOf(parsed.error, ["member"]);
  return parsed.data;
}

/** Where a request comes from, for those who ask who has a name. */
export function addressOf({ socket }: IncomingMessage): string | null {
  const { remoteAddress, remotePort } = socket;
  return remoteAddress === undefined ? null : `${remoteAddress}:${remotePort ?? 0}`;
}
