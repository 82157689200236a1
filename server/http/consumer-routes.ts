import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono } from "hono";
import type { Identity } from "../auth/identity.ts";
import { invalidInputOf } from "../contract/field-problems.ts";
import { LIMITS } from "../contract/limits.ts";
import { consumerName, label } from "../contract/names.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { Members } from "../engine/members.ts";
import type { Services } from "../services/services.ts";
import { answerJson } from "./answer.ts";
import type { DataPlaneEnv, Exchange } from "./exchange.ts";
import { decodeUtf8, readBody } from "./read-body.ts";
import { createReadingGuard, type ReadingGuard } from "./reading-guard.ts";
import { parseSettlements } from "./settlement-body.ts";
import type { SseConnections } from "./sse-connections.ts";
import { addStateRoutes } from "./state-routes.ts";

export interface ConsumerRoutesDeps {
  readonly members: Pick<Members, "join">;
  readonly services: Pick<Services, "settle" | "getState" | "listState" | "consumerTopics">;
  readonly connections: SseConnections;
  /** How often a stream's leave to read is looked at again. */
  readonly recheckMs?: number;
  /** Who asks; throws `unauthenticated`. */
  readonly identify: (exchange: Exchange) => Identity | Promise<Identity>;
}

/** A member's stream, which needs `consume` and leave to read the topics; its settlements; the consumer's state. */
export function addConsumerRoutes(app: Hono<DataPlaneEnv>, deps: ConsumerRoutesDeps): void {
  const guard = createReadingGuard({
    topicsOf: (consumer) => deps.services.consumerTopics({ consumer }),
    ...(deps.recheckMs !== undefined && { recheckMs: deps.recheckMs }),
  });
  app.get("/v1/consumers/:consumer/events", (context) => streamMember(context, { ...deps, guard }));
  app.post("/v1/consumers/:consumer/settlements", (context) => settleDeliveries(context, deps));
  addStateRoutes(app, deps);
}

type ConsumerContext = Context<DataPlaneEnv, "/v1/consumers/:consumer/events" | "/v1/consumers/:consumer/settlements">;

/** `Last-Event-ID` is not looked at: the position is the truth. */
async function streamMember(
  context: ConsumerContext,
  deps: ConsumerRoutesDeps & { readonly guard: ReadingGuard },
): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/events";
  const { guard } = deps;
  const { consumer, identity } = await admit(context, deps);
  const member = memberOf(new URL(context.req.url).searchParams);
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
    member,
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
  const leave = (): void => {
    // Should the database be away, the leases run out by themselves.
    joined.leave().catch(() => undefined);
  };
  try {
    connection = deps.connections.open(exchange.res, { requestId: exchange.requestId, signal: identity.signal });
  } catch (error) {
    leave();
    throw error;
  }
  const stream = connection;
  const unwatch = guard.watch(consumer, { identity, end: () => stream.close() });
  connection.onDrain(() => onDrain());
  connection.onClose(() => {
    unwatch();
    leave();
  });
  for (const frames of early) connection.write(frames);
  if (isEnded) connection.close();
  return RESPONSE_ALREADY_SENT;
}

async function settleDeliveries(context: ConsumerContext, deps: ConsumerRoutesDeps): Promise<Response> {
  const { exchange } = context.env;
  exchange.route = "/v1/consumers/{consumer}/settlements";
  const { consumer } = await admit(context, deps);
  requireJson(exchange);
  const body = await readBody(exchange.req, { maxBytes: LIMITS.maxRequestBytes });
  const settlements = parseSettlements(decodeUtf8(body));
  const result = await deps.services.settle({ consumer, settlements });
  return answerJson(exchange, 200, JSON.stringify(result));
}

async function admit(
  context: ConsumerContext,
  deps: ConsumerRoutesDeps,
): Promise<{ consumer: string; identity: Identity }> {
  const identity = await deps.identify(context.env.exchange);
  const parsed = consumerName.safeParse(context.req.param("consumer"));
  if (!parsed.success) throw invalidInputOf(parsed.error, ["consumer"]);
  if (!identity.can("consume", parsed.data)) {
    throw new DomainError("forbidden", `The key may not consume as "${parsed.data}".`);
  }
  return { consumer: parsed.data, identity };
}

function memberOf(query: URLSearchParams): string | null {
  for (const name of query.keys()) if (name !== "member") throw invalidField(name, "is not a known parameter");
  const member = query.get("member");
  if (member === null) return null;
  const parsed = label.safeParse(member);
  if (!parsed.success) throw invalidInputOf(parsed.error, ["member"]);
  return parsed.data;
}

function requireJson({ req }: Exchange): void {
  const type = (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new DomainError("unsupported-media-type", "Settlements are taken as application/json.");
}
