import type { ErrorCode } from "../domain/errors.ts";

export interface ProblemEntry {
  readonly status: number;
  readonly title: string;
  /** When it is given. */
  readonly meaning: string;
  /** Tells the caller what to do about it. */
  readonly remedy: string;
}

/** Every problem `/v1` can answer with; its `type` is `/docs/problems#<code>`. A code without a row does not compile. */
export const PROBLEM_CATALOGUE: Record<ErrorCode, ProblemEntry> = {
  "malformed-json": {
    status: 400,
    title: "Malformed JSON",
    meaning: "The body is not JSON. Nothing was stored.",
    remedy: "Correct the body; the detail says where reading stopped.",
  },
  "invalid-utf8": {
    status: 400,
    title: "Invalid UTF-8",
    meaning: "The body holds bytes that are not UTF-8. Nothing was stored.",
    remedy: "Encode the body as UTF-8, or publish other encodings as bytes with a content type of their own.",
  },
  "invalid-input": {
    status: 400,
    title: "Invalid input",
    meaning:
      "A field is unknown, missing or of the wrong shape. The request was refused whole; nothing was stored in part.",
    remedy: "`errors` names every field at fault and what is wrong with it.",
  },
  "payload-too-large": {
    status: 413,
    title: "Too large",
    meaning: "The body, one of its events, or the number of events is above the limit.",
    remedy: "Send smaller requests; the facts beside the detail give the limit.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    meaning: "The body's `Content-Type` is missing or not one that this address takes.",
    remedy: "Send one of the content types that the reference lists for the operation.",
  },
  unauthenticated: {
    status: 401,
    title: "Not authenticated",
    meaning: "There is no API key, or it is unknown, revoked or expired.",
    remedy: "Send `Authorization: Bearer <secret>` with a key that is valid.",
  },
  forbidden: {
    status: 403,
    title: "Forbidden",
    meaning: "The key is valid, but its scopes do not cover this action on this name.",
    remedy: "Use a key with the scope, or have one created in the control room.",
  },
  "topic-not-found": {
    status: 404,
    title: "Topic not found",
    meaning:
      "No topic of this name was declared, or it was removed: then `bin` says when, and how long it can be restored.",
    remedy: "Declare it with `PUT /v1/topics/{topic}`, or restore it from the bin.",
  },
  "event-not-found": {
    status: 404,
    title: "Event not found",
    meaning: "The topic has no event at this offset: it was not reached yet, or retention has passed it.",
    remedy: "Compare the offset with the topic's `tail` and `head`.",
  },
  "consumer-not-found": {
    status: 404,
    title: "Consumer not found",
    meaning:
      "No consumer of this name was declared, or it was removed: then `bin` says when, and how long it can be restored.",
    remedy: "Declare it with `PUT /v1/consumers/{consumer}`, or restore it from the bin.",
  },
  "state-entry-not-found": {
    status: 404,
    title: "State entry not found",
    meaning: "The consumer keeps nothing under this key.",
    remedy: "Treat it as absent; a settlement with `state.set` creates it.",
  },
  "plan-not-found": {
    status: 404,
    title: "Plan not found",
    meaning: "There is no such position plan for this consumer, or it has expired.",
    remedy: "Plan the change again.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    meaning: "There is nothing at this address.",
    remedy: "Compare the path with the reference.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    meaning: "The address exists, but not for this method.",
    remedy: "Use one of the methods that the reference lists for it.",
  },
  "already-set-up": {
    status: 409,
    title: "Already set up",
    meaning: "The first administrator exists; set-up happens once.",
    remedy: "Sign in.",
  },
  "unexpected-offset": {
    status: 409,
    title: "Unexpected offset",
    meaning: "`expect` did not hold: somebody appended to the key in between. Nothing of the request was stored.",
    remedy: "Read the key again from the offset in `actual`, decide anew, and repeat with that offset.",
  },
  "history-purged": {
    status: 409,
    title: "History purged",
    meaning:
      "`expect` names a key of which retention may have taken events, and its last offset is not known any more. Nothing of the request was stored.",
    remedy: "Publish without `expect` on the keys in `keys`, or keep aggregates in a topic whose events stay.",
  },
  "id-reused": {
    status: 409,
    title: "Id reused",
    meaning:
      "The topic holds an event of this `source` and `id` whose type, key or data differ. Nothing of the request was stored.",
    remedy: "Give the event an id of its own, or repeat it as it was first sent; `offset` is where the first one lies.",
  },
  "stale-epoch": {
    status: 409,
    title: "Stale epoch",
    meaning:
      "The partition has been claimed by another member, or its position was moved, since the event was delivered.",
    remedy: "Drop the work: whoever holds the partition now is given the event again.",
  },
  "not-delivered": {
    status: 409,
    title: "Not delivered",
    meaning: "The settlement names an offset that was not delivered under this epoch.",
    remedy: "Settle what the stream delivered, with the partition and epoch that stood in the delivery.",
  },
  "member-name-taken": {
    status: 409,
    title: "Member name taken",
    meaning:
      "Another session of this name has a live connection; `address`, `since` and `server` say from where, since when and at which instance. Each process needs a name of its own.",
    remedy:
      "Give this process another name, or none. The process that had the name goes on by `Last-Event-ID`, or ends its session with `DELETE …/members/{member}`.",
  },
  "session-ended": {
    status: 409,
    title: "Session ended",
    meaning: "The session is over: its grace has passed, it said goodbye, or a newcomer of its name took its place.",
    remedy: "Pull again without `session`. What the old session had unsettled is delivered again.",
  },
  "state-conflict": {
    status: 409,
    title: "State conflict",
    meaning:
      "An entry has another version than `expect` says, or holds no number that can be incremented exactly. Nothing of the request was counted.",
    remedy:
      "`conflicts` names settlement, entry and the version there is: read the entry again, decide anew, and repeat with that version.",
  },
  "position-change-not-found": {
    status: 404,
    title: "Position change not found",
    meaning: "The consumer has no position change of this id.",
    remedy: "List the consumer's position changes.",
  },
  "operation-not-found": {
    status: 404,
    title: "Operation not found",
    meaning: "There is no operation of this id.",
    remedy: "List the operations.",
  },
  "already-undone": {
    status: 409,
    title: "Already undone",
    meaning: "The position change was undone, or a later one stands on it: undoing it now would not lead back.",
    remedy: "Undo the newest change first; the facts name it.",
  },
  "operation-over": {
    status: 409,
    title: "Operation over",
    meaning: "The operation is done, aborted or failed, or it is not in a state that allows this.",
    remedy: "`operationStatus` says how it stands; start another one if there is more to do.",
  },
  "removal-outdated": {
    status: 409,
    title: "Removal outdated",
    meaning: "What hangs on the topic or consumer has changed since the dry run. Nothing was removed.",
    remedy:
      "Look at the fresh numbers in `removal`, and repeat with its token. Stop what still publishes or works first.",
  },
  "bin-entry-not-found": {
    status: 404,
    title: "Not in the bin",
    meaning: "There is nothing of this id in the bin: it was restored, or its days are over.",
    remedy: "Look at `GET /v1/bin`.",
  },
  "name-taken": {
    status: 409,
    title: "Name taken",
    meaning: "Something else has been given the name since the removal.",
    remedy: "Restore it under another name, with `as`.",
  },
  "consumer-exists": {
    status: 409,
    title: "Consumer exists",
    meaning: "`copyFrom` makes a new consumer, and one of this name exists. Nothing was changed.",
    remedy: "Choose another name, or declare it without `copyFrom`.",
  },
  "plan-outdated": {
    status: 409,
    title: "Plan outdated",
    meaning: "Something has moved since the plan was made. Nothing was changed.",
    remedy: "Look at the fresh plan in `plan` and apply that one.",
  },
  "queue-full": {
    status: 429,
    title: "Queue full",
    meaning: "More requests wait than the server will hold. This one was not taken.",
    remedy: "Repeat after `Retry-After` seconds, with the same event ids.",
  },
  "too-many-streams": {
    status: 429,
    title: "Too many streams",
    meaning: "The server holds as many live streams as it may.",
    remedy: "Close streams, or connect to another instance.",
  },
  "database-unavailable": {
    status: 503,
    title: "Database unavailable",
    meaning:
      "The database cannot be reached, is full, takes no writes, or is too slow at the moment. Whether a write took effect is unknown.",
    remedy: "Repeat after `Retry-After` seconds with the same event ids: a repeat is harmless.",
  },
  "holder-unavailable": {
    status: 503,
    title: "Holder unavailable",
    meaning:
      "The settlements arrived at an instance that does not hold their partition, and the one that does has not answered. Whether they took effect is unknown.",
    remedy: "Repeat after `Retry-After` seconds: a repeat is harmless.",
  },
  "shutting-down": {
    status: 503,
    title: "Shutting down",
    meaning: "This instance is stopping and takes nothing new.",
    remedy: "Repeat after `Retry-After` seconds.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    meaning: "Something went wrong in the server. Its cause stands in the server's log.",
    remedy: "Quote the request's id (`instance`) to whoever runs the server.",
  },
};
