import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono } from "hono";
import type { Identity } from "../auth/identity.ts";
import { pullRequest } from "../contract/deliveries.ts";
import { invalidInputOf } from "../contract/field-problems.ts";
import { LIMITS } from "../contract/limits.ts";
import { consumerName } from "../contract/names.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { Members } from "../engine/members/members.ts";
import type { Services } from "../services/services.ts";
import { answerJson } from "./answer.ts";
import type { DataPlaneEnv, Exchange } from "./exchange.ts";
import { decodeUtf8, parseJson, readBody } from "./read-body.ts";
import { addressOf, readDeliveryId, readMemberName, readMemberQuery } from "./read-member.ts";
import { createReadingGuard, type ReadingGuard } from "./reading-guard.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import { parseSettlements } from "./settlement-body.ts";
import type { SseConnections } from "./sse-connections.ts";
import { addStateRoutes } from "./state-routes.ts";

export interface ConsumerRoutesDeps {
  readonly members: Pick<Members, "join" | "pull" | "leave">;
  readonly services: Pick<Services, "settle" | "getState" | "listState" | "consumerTopics">;
  readonly connections: SseConnections;
  readonly metrics: RequestMetrics;
  /** How often a stream's leave to read is looked at again. */
  readonly recheckMs?: number;
  /** Who asks; throws `unauthenticated`. */
  readonly identify: (exchange: Exchange) => Identity | Promise<Identity>;
}

/**
 * A member's stream and its pulls, which need `consume` and leave to read the topics; its goodbye and its settlements,
 * which need `consume`; the consumer's state.
 */
export function addConsumerRoutes(app: Hono<DataPlaneEnv>, deps: ConsumerRoutesDeps): void {
  const guard = createReadingGuard({
    topicsOf: (consumer) => deps.services.consumerTopics({ consumer }),
    ...(deps.recheckMs !== undefined && { recheckMs: deps.recheckMs }),
  });
  app.get("/v1/consumers/:consumer/events", (context) => streamMember(context, { ...deps, guard }));
  app.post("/v1/consumers/:consumer/deliveries", (context) => pullDeliveries(context, { ...deps, guard }));
  app.delete("/v1/consumers/:consumer/members/:member", (context) => sayGoodbye(context, deps));
  app.post("/v1/consumers/:consumer/settlements", (context) => settleDeliveries(context, deps));
  addStateRoutes(app, deps);
}

type ConsumerContext = Context<
  DataPlaneEnv,
  | "/v1/consumers/:consumer/events"
  | "/v1/consumers/:consumer/settlements"
  | "/v1/consumers/:consumer/deliveries"
  | "/v1/consumers/:consumer/members/:member"
>;

/** A member that comes back has its session's grace for it: it is told to come back well within that. */
const MEMBER_RETRY_MS = 1_000;

async function streamMember(
  context: ConsumerContext,
  deps: ConsumerRoutesDeps & { readonly guard: ReadingGuard },
): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/events";
  const { guard } = deps;
  const { consumer, identity } = await admit(context, deps);
  const query = readMemberQuery(new URL(context.req.url).searchParams, context.req.header("last-event-id"));
  deps.connections.requireRoom();
  await guard.admit(consumer, identity);
  // The headers go out only after the member has joined, so that a refusal is still a problem document. The frames it
  // is sent meanwhile cannot be many: they wait here for a turn of the loop at most.
  const early: string[] = [];
  let connection: ReturnType<SseConnections["open"]> | null = null;
  let onDrain = (): void => {};
  let isEnded = false;
  const joined = await deps.members.join({
    consumer,
    ...query,
    address: addressOf(exchange.req),
    sink: {
      write(frames) {
        if (connection !== null) return connection.write(frames);
        early.push(frames);
        return true;
      },
      onDrain(listener) {
        onDrain = listener;
      },
      end() {
        isEnded = true;
        connection?.close();
      },
    },
  });
  try {
    connection = deps.connections.open(exchange.res, {
      requestId: exchange.requestId,
      signal: identity.signal,
      retryMs: MEMBER_RETRY_MS,
    });
  } catch (error) {
    joined.disconnect();
    throw error;
  }
  const stream = connection;
  const unwatch = guard.watch(consumer, { identity, end: () => stream.close() });
  connection.onDrain(() => onDrain());
  connection.onClose(() => {
    unwatch();
    joined.disconnect();
  });
  for (const frames of early) connection.write(frames);
  if (isEnded) connection.close();
  return RESPONSE_ALREADY_SENT;
}

async function pullDeliveries(
  context: ConsumerContext,
  deps: ConsumerRoutesDeps & { readonly guard: ReadingGuard },
): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/deliveries";
  const { consumer, identity } = await admit(context, deps);
  await deps.guard.admit(consumer, identity);
  requireJson(exchange);
  const body = await readBody(exchange.req, { maxBytes: MAX_PULL_BYTES });
  const parsed = pullRequest.safeParse(parseJson(decodeUtf8(body)));
  if (!parsed.success) throw invalidInputOf(parsed.error);
  const { member = null, session = null, max, waitMs, lastEventId } = parsed.data;
  const place = lastEventId === undefined ? null : readDeliveryId(lastEventId, "lastEventId");
  if (place !== null && place.session !== session) {
    throw invalidField("lastEventId", "must be the id of a delivery of this session");
  }
  const gone = new AbortController();
  exchange.res.once("close", () => gone.abort());
  const pulled = await deps.members.pull({
    ...{ consumer, member, session, max, waitMs },
    after: place?.after ?? null,
    address: addressOf(exchange.req),
    signal: identity.signal === undefined ? gone.signal : AbortSignal.any([gone.signal, identity.signal]),
  });
  // Event and delivery are JSON already.
  const deliveries = pulled.deliveries.map(
    ({ id, delivery, event }) => `{"id":${JSON.stringify(id)},"delivery":${delivery},"event":${event}}`,
  );
  const head = JSON.stringify({ session: pulled.session, member: pulled.member }).slice(0, -1);
  return answerJson(exchange, 200, `${head},"deliveries":[${deliveries.join(",")}]}`);
}

const MAX_PULL_BYTES = 16 * 1024;

/** Says of a member that it does not come back: its partitions go to others at once. */
async function sayGoodbye(context: ConsumerContext, deps: ConsumerRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/members/{member}";
  const { consumer } = await admit(context, deps);
  const query = new URL(context.req.url).searchParams;
  for (const name of query.keys()) {
    if (name !== "session") throw invalidField(name, "is not a known parameter");
    if (query.getAll(name).length > 1) throw invalidField(name, "must be given once");
  }
  const member = readMemberName(context.req.param("member") ?? "");
  await deps.members.leave({ consumer, member, session: query.get("session") });
  return answerJson(exchange, 204, "");
}

async function settleDeliveries(context: ConsumerContext, deps: ConsumerRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/settlements";
  const { consumer } = await admit(context, deps);
  requireJson(exchange);
  const body = await readBody(exchange.req, { maxBytes: LIMITS.maxRequestBytes });
  const settlements = parseSettlements(decodeUtf8(body));
  const result = await deps.metrics.timeSettle(deps.services.settle({ consumer, settlements }));
  return answerJson(exchange, 200, JSON.stringify(result));
}

async function admit(
  context: ConsumerContext,
  deps: ConsumerRoutesDeps,
): Promise<{ consumer: string; identity: Identity }> {
  const identity = await deps.identify(context.env.exchange);
  const parsed = consumerName.safeParse(context.req.param("consumer"));
  if (!parsed.success) throw invalidInputOf(parsed.error, ["consumer"]);
  if (!identity.can("consume", { consumer: parsed.data })) {
    throw new DomainError("forbidden", `The key may not consume as "${parsed.data}".`);
  }
  return { consumer: parsed.data, identity };
}

function requireJson({ req }: Exchange): void {
  const type = (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new DomainError("unsupported-media-type", "The body is taken as application/json.");
}
