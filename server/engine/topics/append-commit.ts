import { v7 as uuidv7 } from "uuid";
import type { PublishResult } from "../../contract/events.ts";
import { type AppendPlan, type AppendRequest, type AppendVerdict, planAppend } from "../../domain/append-plan.ts";
import { DomainError } from "../../domain/errors.ts";
import { eventName } from "../../domain/event-name.ts";
import type { NewEvent } from "../../domain/new-event.ts";
import { type Database, transaction } from "../../store/database.ts";
import { isDatabaseAway, isRefusedValue, isUniqueViolation } from "../../store/database-errors.ts";
import { appendEvents, type IdentifiedEvent } from "../../store/topics/event-append.ts";
import { dataDigest, lockTopicHead, lookUp } from "../../store/topics/event-lookup.ts";
import { databaseUnavailable } from "../database-unavailable.ts";
import type { CommittedBatch } from "./log.ts";

/** The outcome of one request. */
export type Outcome = { readonly result: PublishResult } | { readonly error: Error };

export interface Commit {
  /** One per request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Events that were written, in offset order; none when every request conflicted or was known. */
  readonly committed: readonly CommittedBatch[];
}

type Request = AppendRequest<NewEvent>;
type Pool = Database["pool"];

/** Appends the requests of one topic, in order, and tells each what it got. Never throws. */
export async function commitAppends(pool: Pool, topicId: number, requests: readonly Request[]): Promise<Commit> {
  try {
    return needsDeciding(requests)
      ? await decide(pool, topicId, requests)
      : await appendAtOnce(pool, topicId, requests);
  } catch (error) {
    return await afterFault(pool, topicId, { requests, error: error as Error });
  }
}

/** An expectation, or a name that the batch itself holds twice. One that the topic holds already shows when inserting. */
function needsDeciding(requests: readonly Request[]): boolean {
  const names = new Set<string>();
  for (const { events, expect } of requests) {
    if (expect !== null) return true;
    for (const { id, source } of events) {
      if (id === null) continue;
      const name = eventName(id, source);
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}

async function appendAtOnce(pool: Pool, topicId: number, requests: readonly Request[]): Promise<Commit> {
  const events = requests.flatMap((request) => request.events.map(identified));
  let appended: Awaited<ReturnType<typeof appendEvents>>;
  try {
    appended = await appendEvents(pool, topicId, events);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return decide(pool, topicId, requests);
  }
  if (appended === null) throw noSuchTopic();
  const { base, recordedAt } = appended;
  let next = 0;
  const outcomes = requests.map((request) => ({
    result: {
      events: request.events.map(() => {
        const id = (events[next] as IdentifiedEvent).id;
        next += 1;
        return { id, offset: base + next, duplicate: false };
      }),
    },
  }));
  return { outcomes, committed: [{ topicId, base, recordedAt, events }] };
}

async function decide(pool: Pool, topicId: number, requests: readonly Request[]): Promise<Commit> {
  const names = new Map<string, { readonly id: string; readonly source: string }>();
  for (const { events } of requests) {
    for (const { id, source } of events) if (id !== null) names.set(eventName(id, source), { id, source });
  }
  const asked = {
    names: [...names.values()],
    keys: [...new Set(requests.flatMap(({ expect }) => (expect === null ? [] : [...expect.keys()])))],
  };
  return transaction(pool, async (client) => {
    const head = await lockTopicHead(client, topicId);
    if (head === null) throw noSuchTopic();
    const plan = planAppend({ head, ...(await lookUp(client, topicId, asked)) }, requests, dataDigest);
    const { outcomes, fresh } = carryOut(plan, requests);
    if (fresh.length === 0) return { outcomes, committed: [] };
    const appended = await appendEvents(client, topicId, fresh);
    if (appended?.base !== head) throw new DomainError("internal", "the head moved under its lock");
    return { outcomes, committed: [{ topicId, base: head, recordedAt: appended.recordedAt, events: fresh }] };
  });
}

function carryOut(plan: AppendPlan, requests: readonly Request[]) {
  const fresh: IdentifiedEvent[] = [];
  const outcomes = requests.map((request, index): Outcome => {
    const verdict = plan.verdicts[index];
    if (verdict === undefined) return { error: new DomainError("internal", "a request got no verdict") };
    if (verdict.kind !== "accepted") return { error: refusalOf(request, verdict) };
    const events = request.events.map((event, place) => {
      const { offset, isDuplicate } = verdict.placements[place] ?? { offset: 0, isDuplicate: true };
      const placed = identified(event);
      if (!isDuplicate) fresh.push(placed);
      return { id: placed.id, offset, duplicate: isDuplicate };
    });
    return { result: { events } };
  });
  return { outcomes, fresh };
}

/**
 * The whole batch was rolled back or never arrived. When one request holds something PostgreSQL refuses, halving finds
 * it, so that its neighbours do not fail with it.
 */
async function afterFault(
  pool: Pool,
  topicId: number,
  fault: { readonly requests: readonly Request[]; readonly error: Error },
): Promise<Commit> {
  const { requests, error } = fault;
  const isOneRequestsFault = isRefusedValue(error) || error instanceof TypeError;
  if (isOneRequestsFault && requests.length > 1) {
    const middle = Math.ceil(requests.length / 2);
    const first = await commitAppends(pool, topicId, requests.slice(0, middle));
    const second = await commitAppends(pool, topicId, requests.slice(middle));
    return {
      outcomes: [...first.outcomes, ...second.outcomes],
      committed: [...first.committed, ...second.committed],
    };
  }
  const told = isDatabaseAway(error) ? databaseUnavailable(error) : isOneRequestsFault ? refusedValue(error) : error;
  return { outcomes: requests.map(() => ({ error: told })), committed: [] };
}

/** Version 7, so that neighbours in the log are neighbours in the index on ids. */
function identified(event: NewEvent): IdentifiedEvent {
  return event.id === null ? { ...event, id: uuidv7() } : (event as IdentifiedEvent);
}

function refusalOf(request: Request, verdict: Exclude<AppendVerdict, { kind: "accepted" }>): DomainError {
  switch (verdict.kind) {
    case "conflict":
      return unexpectedOffset(request, verdict.actual);
    case "reused":
      return reusedId(request, verdict);
    case "forgotten":
      return new DomainError(
        "history-purged",
        "retention may have taken events of a key, so that its last offset is not known",
        { facts: { keys: verdict.keys } },
      );
  }
}

function reusedId(request: Request, { index, offset }: Extract<AppendVerdict, { kind: "reused" }>): DomainError {
  const { id, source } = request.events[index] ?? { id: null, source: "" };
  return new DomainError(
    "id-reused",
    `id "${id}" of source "${source}" names the event at offset ${offset}, whose type, key or data differ`,
    { facts: { index, id, source, offset } },
  );
}

function unexpectedOffset(request: Request, actual: ReadonlyMap<string, number>): DomainError {
  return new DomainError("unexpected-offset", "the last offset of a key is not the expected one", {
    facts: {
      expected: Object.fromEntries([...actual.keys()].map((key) => [key, request.expect?.get(key)])),
      actual: Object.fromEntries(actual),
    },
  });
}

function noSuchTopic(): DomainError {
  return new DomainError("topic-not-found", "no such topic, or it holds 2^53−1 events");
}

function refusedValue(cause: Error): DomainError {
  return new DomainError("invalid-input", "an event holds something that cannot be stored", { cause });
}
