import type { Context, Hono } from "hono";
import { z } from "zod";
import type { Identity } from "../auth/identity.ts";
import { invalidInputOf } from "../contract/field-problems.ts";
import { consumerName, label } from "../contract/names.ts";
import { DomainError } from "../domain/errors.ts";
import type { ExactStateEntry, Services } from "../services/services.ts";
import { answerJson } from "./answer.ts";
import type { DataPlaneEnv, Exchange } from "./exchange.ts";

export interface StateRoutesDeps {
  readonly services: Pick<Services, "getState" | "listState">;
  /** Who asks; throws `unauthenticated`. */
  readonly identify: (exchange: Exchange) => Identity | Promise<Identity>;
}

const ENTRY = "/v1/consumers/:consumer/state/:key";
const LIST = "/v1/consumers/:consumer/state";

/** One entry, as by its path: `.` and `..` are keys that no path can carry, since every URL parser takes them away. */
const entryQuery = z.strictObject({ key: label });

const listQuery = z.strictObject({
  prefix: label.optional(),
  after: label.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/**
 * The state of a consumer, by key and by prefix. By hand, although the control plane has both: a value spliced as text
 * keeps every digit, which no JSON of the control plane's does. Needs `consume` or `read` on the consumer.
 */
export function addStateRoutes(app: Hono<DataPlaneEnv>, deps: StateRoutesDeps): void {
  app.get(ENTRY, (context) => readEntry(context, deps));
  app.get(LIST, (context) => readList(context, deps));
}

async function readEntry(context: Context<DataPlaneEnv, typeof ENTRY>, deps: StateRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/state/{key}";
  const consumer = allow(await deps.identify(exchange), context.req.param("consumer"));
  const key = label.safeParse(context.req.param("key"));
  if (!key.success) throw invalidInputOf(key.error, ["key"]);
  return answerJson(exchange, 200, entryJson(await deps.services.getState({ consumer, key: key.data })));
}

async function readList(context: Context<DataPlaneEnv, typeof LIST>, deps: StateRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/state";
  const consumer = allow(await deps.identify(exchange), context.req.param("consumer"));
  const given = Object.fromEntries(new URL(context.req.url).searchParams);
  if (given.key !== undefined) {
    const entry = entryQuery.safeParse(given);
    if (!entry.success) throw invalidInputOf(entry.error);
    return answerJson(exchange, 200, entryJson(await deps.services.getState({ consumer, key: entry.data.key })));
  }
  const query = listQuery.safeParse(given);
  if (!query.success) throw invalidInputOf(query.error);
  const { limit, prefix, after } = query.data;
  const { entries, next } = await deps.services.listState({
    consumer,
    limit,
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after }),
  });
  return answerJson(exchange, 200, `{"entries":[${entries.map(entryJson).join(",")}],"next":${JSON.stringify(next)}}`);
}

function entryJson({ key, value, version, updatedAt, json }: ExactStateEntry): string {
  const text = json ?? JSON.stringify(value);
  return `{"key":${JSON.stringify(key)},"value":${text},"version":${version},"updatedAt":${JSON.stringify(updatedAt)}}`;
}

function allow(identity: Identity, consumer: string): string {
  const parsed = consumerName.safeParse(consumer);
  if (!parsed.success) throw invalidInputOf(parsed.error, ["consumer"]);
  if (!identity.can("consume", { consumer: parsed.data }) && !identity.can("read", { consumer: parsed.data })) {
    throw new DomainError("forbidden", `The key may not read the state of "${parsed.data}".`);
  }
  return parsed.data;
}
