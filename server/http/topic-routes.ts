import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono } from "hono";
import type { Identity } from "../auth/identity.ts";
import { topicName } from "../contract/names.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { TopicReader } from "../engine/topics/log.ts";
import type { Services } from "../services/services.ts";
import { answerJson } from "./answer.ts";
import type { EventLimits } from "./event-limits.ts";
import type { DataPlaneEnv, Exchange } from "./exchange.ts";
import { type FollowPlace, readFollowQuery, readOffset, readPageQuery } from "./read-place.ts";
import { readPublish } from "./read-publish.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import type { SseConnections } from "./sse-connections.ts";
import { SseFollower, type SseFollowerOptions } from "./sse-follower.ts";

export interface TopicRoutesDeps {
  readonly services: Pick<Services, "publishEvents" | "readEvents" | "getEvent" | "describeTopic" | "offsetBefore">;
  /** Joins the reader of a topic by its name; throws `topic-not-found`. */
  readonly openReader: (topic: string) => Promise<TopicReader>;
  readonly connections: SseConnections;
  readonly metrics: RequestMetrics;
  readonly limits: EventLimits;
  /** Who asks; throws `unauthenticated`. Without a promise when the key is known already. */
  readonly identify: (exchange: Exchange) => Identity | Promise<Identity>;
  readonly onStreamError: (error: unknown, requestId: string) => void;
}

const EVENTS = "/v1/topics/:topic/events";
const EVENT = "/v1/topics/:topic/events/:offset";

/** Publishing needs `publish` on the topic, reading and following need `read`. */
export function addTopicRoutes(app: Hono<DataPlaneEnv>, deps: TopicRoutesDeps): void {
  app.post(EVENTS, (context) => publish(context, deps));
  app.get(EVENTS, (context) => {
    const { accept } = context.env.incoming.headers;
    // A HEAD request, which comes here too, has no use for a stream.
    const isFollow = context.env.incoming.method === "GET" && acceptsStream(accept ?? "");
    return isFollow ? follow(context, deps) : readPage(context, deps);
  });
  app.get(EVENT, (context) => readEvent(context, deps));
}

/** Whether an `Accept` names event streams, and not as what is refused (`q=0`). */
function acceptsStream(accept: string): boolean {
  return accept.split(",").some((it) => {
    const [type = "", ...parameters] = it.split(";").map((part) => part.trim().toLowerCase());
    return type === "text/event-stream" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

type EventsContext = Context<DataPlaneEnv, typeof EVENTS>;

async function publish(context: EventsContext, deps: TopicRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/topics/{topic}/events";
  const topic = await admit(exchange, context.req.param("topic"), { action: "publish", deps });
  const { events, expect } = await readPublish(exchange.req, deps.limits);
  const result = await deps.metrics.timePublish(deps.services.publishEvents({ topic, events, expect }));
  deps.metrics.countPublished(result.events);
  return answerJson(exchange, 201, JSON.stringify(result));
}

async function readPage(context: EventsContext, deps: TopicRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/topics/{topic}/events";
  const topic = await admit(exchange, context.req.param("topic"), { action: "read", deps });
  const { after, from, limit, order, filter } = readPageQuery(exchange.req.url ?? "");
  const { rows, ...rest } = await deps.services.readEvents({
    topic,
    order,
    limit,
    filter,
    ...(after === undefined ? {} : { after }),
    ...(from === undefined ? {} : { from }),
  });
  // Spliced, as everything that holds data: parsing it would lose digits.
  const json = `{"events":[${rows.map((row) => row.json).join(",")}],${JSON.stringify(rest).slice(1)}`;
  return answerJson(exchange, 200, json);
}

async function readEvent(context: Context<DataPlaneEnv, typeof EVENT>, deps: TopicRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/topics/{topic}/events/{offset}";
  const topic = await admit(exchange, context.req.param("topic"), { action: "read", deps });
  const { json } = await deps.services.getEvent({ topic, offset: readOffset(context.req.param("offset")) });
  return answerJson(exchange, 200, json);
}

async function follow(context: EventsContext, deps: TopicRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/topics/{topic}/events (stream)";
  const { req, res, requestId } = exchange;
  const identity = await identityOf(exchange, deps);
  const topic = allow(identity, context.req.param("topic"), "read");
  const lastEventId = req.headers["last-event-id"];
  const { place, filter } = readFollowQuery(req.url ?? "", typeof lastEventId === "string" ? lastEventId : undefined);
  deps.connections.requireRoom();
  const reader = await deps.openReader(topic);
  try {
    const start = await startOf(place, topic, { reader, services: deps.services });
    const connection = deps.connections.open(res, { requestId, signal: identity.signal });
    new SseFollower(connection, reader, { ...start, filter, onError: (error) => deps.onStreamError(error, requestId) });
  } catch (error) {
    reader.release();
    throw error;
  }
  return RESPONSE_ALREADY_SENT;
}

async function startOf(
  place: FollowPlace,
  topic: string,
  { reader, services }: { reader: TopicReader; services: TopicRoutesDeps["services"] },
): Promise<Pick<SseFollowerOptions, "after" | "ahead">> {
  // The reader may be one wake-up behind what was published before the request.
  const newest = async () => Math.max(reader.head, (await services.describeTopic({ topic })).head);
  if ("after" in place) {
    const { after } = place;
    const head = after <= reader.head ? reader.head : await newest();
    return after <= head ? { after } : { after: head, ahead: { requested: after, head } };
  }
  if ("time" in place) return { after: await services.offsetBefore({ topic, time: place.time }) };
  return { after: place.from === "earliest" ? reader.firstAvailable - 1 : await newest() };
}

interface Admission {
  readonly action: "publish" | "read";
  readonly deps: TopicRoutesDeps;
}

async function admit(exchange: Exchange, topic: string, { action, deps }: Admission): Promise<string> {
  return allow(await identityOf(exchange, deps), topic, action);
}

function identityOf(exchange: Exchange, deps: TopicRoutesDeps): Identity | Promise<Identity> {
  return deps.identify(exchange);
}

function allow(identity: Identity, topic: string, action: "publish" | "read"): string {
  const parsed = topicName.safeParse(topic);
  if (!parsed.success) throw invalidField("topic", parsed.error.issues[0]?.message ?? "is not a name");
  if (!identity.can(action, { topic })) {
    throw new DomainError("forbidden", `This key may not ${action} "${topic}".`, { facts: { action, name: topic } });
  }
  return topic;
}
