import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { Authenticate, Identity } from "../auth/identity.ts";
import { LIMITS } from "../contract/limits.ts";
import { DomainError } from "../domain/errors.ts";
import type { Members } from "../engine/members/members.ts";
import type { TopicReader } from "../engine/topics/log.ts";
import type { Services } from "../services/services.ts";
import { answerProblem } from "./answer.ts";
import { bearerOf, unauthenticated } from "./bearer.ts";
import { addConsumerRoutes } from "./consumer-routes.ts";
import { answerControl, type ControlRoutes } from "./control-route.ts";
import { answerPreflight } from "./cors.ts";
import type { EventLimits } from "./event-limits.ts";
import type { DataPlaneEnv, Exchange } from "./exchange.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { HAND_MOUNTED } from "./known-methods.ts";
import { MetricsPage, type MetricsPageDeps } from "./metrics-page.ts";
import { problemOf } from "./problem.ts";
import { ClientGone } from "./read-body.ts";
import { requestIdOf } from "./request-id.ts";
import type { RequestLog } from "./request-log.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { SseConnections, type SseConnectionsOptions } from "./sse-connections.ts";
import { addTopicRoutes } from "./topic-routes.ts";

export interface DataPlaneDeps {
  readonly services: Pick<
    Services,
    | "publishEvents"
    | "readEvents"
    | "getEvent"
    | "describeTopic"
    | "offsetBefore"
    | "settle"
    | "getState"
    | "listState"
    | "consumerTopics"
  >;
  readonly members: Pick<Members, "join" | "pull" | "leave">;
  /** Joins the reader of a topic by its name; throws `topic-not-found`. */
  readonly openReader: (topic: string) => Promise<TopicReader>;
  readonly authenticate: Authenticate;
  readonly control: ControlRoutes;
  /** Rejects, soon, with `database-unavailable` while the database cannot be read and written. */
  readonly checkDatabase: () => Promise<void>;
  readonly log: RequestLog;
  readonly metrics: Pick<MetricsPageDeps, "figures" | "vitals" | "token"> & {
    /** `/metrics` is answered on a port of its own, and not here. */
    readonly isElsewhere: boolean;
  };
  /** Absent: those of the contract. */
  readonly limits?: EventLimits;
  readonly streams?: SseConnectionsOptions;
}

export interface DataPlane {
  /** Everything under `/v1/`, `/healthz`, `/readyz` and `/metrics`. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse): void;
  readonly metricsPage: MetricsPage;
  /** Streams open now. */
  streamCount(): number;
  /** What is mounted by hand, as `GET /v1/topics/:topic/events`. */
  readonly routes: readonly string[];
  /** Counts a request that another plane has answered: the figures of a process stand in one place. */
  countRequest(method: string, route: string, status: number): void;
  /** From here on `/readyz` says no, so that whoever distributes requests sends no more. */
  startDraining(): void;
  /** Ends every stream and refuses new ones. What is being answered is answered. */
  close(): Promise<void>;
}

/** A request that took longer is worth a line, even when it went well. */
const SLOW_MS = 1_000;

/** The hot routes by hand, the rest handed to the control plane. */
export function createDataPlane(deps: DataPlaneDeps): DataPlane {
  const { services, log, control } = deps;
  const connections = new SseConnections(deps.streams);
  const metrics = new RequestMetrics({ streamsOpen: () => connections.count, streamsOpened: () => connections.opened });
  const { isElsewhere, ...measured } = deps.metrics;
  const metricsPage = new MetricsPage({ requests: metrics, ...measured });
  const state = { isDraining: false };

  function identify({ req }: Exchange): Identity | Promise<Identity> {
    const bearer = bearerOf(req);
    if (bearer === null) throw unauthenticated();
    return deps.authenticate(bearer);
  }

  /** Answers with what was thrown. Faults, and refusals that are not the caller's doing, get a line in the log. */
  function refuse(exchange: Exchange, error: unknown): Response {
    const answer = problemOf(error, exchange.requestId);
    const { status, code } = answer.problem;
    if (error instanceof ClientGone) exchange.res.destroy();
    else if (status >= 500) {
      const cause = error instanceof DomainError ? (error.cause ?? error.message) : error;
      log(answer.fault === null ? "warn" : "error", { ...lineOf(exchange, status), code, error: cause });
    }
    return answerProblem(exchange, answer);
  }

  /** A fault in a stream, long after its headers were sent. */
  function logStreamError(error: unknown, requestId: string): void {
    log("error", {
      message: "stream",
      requestId,
      method: "GET",
      route: "/v1/topics/{topic}/events (stream)",
      status: 200,
      durationMs: 0,
      error,
    });
  }

  const app = new Hono<DataPlaneEnv>();
  app.options("/v1/*", ({ env }) => answerPreflight(env.exchange));
  addTopicRoutes(app, {
    services,
    openReader: deps.openReader,
    connections,
    metrics,
    limits: deps.limits ?? LIMITS,
    identify,
    onStreamError: logStreamError,
  });
  addConsumerRoutes(app, { services, members: deps.members, connections, metrics, identify });
  addHealthRoutes(app, {
    state,
    metricsPage: isElsewhere ? null : metricsPage,
    checkDatabase: deps.checkDatabase,
  });
  const routes = app.routes.filter((it) => it.method !== "OPTIONS").map((it) => `${it.method} ${it.path}`);
  for (const [path, allowed] of Object.entries(HAND_MOUNTED)) {
    app.all(path, () => {
      throw new DomainError("method-not-allowed", `Allowed here: ${allowed.join(", ")}.`, { facts: { allowed } });
    });
  }
  app.all("/v1/*", async ({ env: { exchange }, req }) => {
    exchange.route = "/v1/* (control)";
    const bearer = bearerOf(exchange.req);
    const identity = bearer === null ? null : await deps.authenticate(bearer);
    return answerControl(exchange, req.url, { control, identity });
  });
  app.notFound(({ env }) => refuse(env.exchange, new DomainError("not-found", "There is nothing at this address.")));
  app.onError((error, { env }) => refuse(env.exchange, error));

  const listener = getRequestListener(
    (request, { incoming, outgoing }) => {
      const exchange = openExchange(incoming as IncomingMessage, outgoing as ServerResponse<IncomingMessage>);
      exchange.res.once("close", () => settleExchange(exchange));
      return app.fetch(request, { incoming, outgoing, exchange } as DataPlaneEnv["Bindings"]);
    },
    {
      // Pages and sign-in in this process keep Node's own Request and Response; bodies are read and drained here.
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
      errorHandler: answerUnreadable,
    },
  );

  function settleExchange(exchange: Exchange): void {
    const { req, res, route, startedAt } = exchange;
    const status = res.headersSent ? res.statusCode : 499;
    metrics.countRequest(req.method ?? "", route, status);
    if (performance.now() - startedAt > SLOW_MS) log("info", lineOf(exchange, status));
  }

  return {
    handle(req, res) {
      void listener(req, res);
    },
    metricsPage,
    streamCount: () => connections.count,
    routes,
    countRequest: (method, route, status) => metrics.countRequest(method, route, status),
    startDraining() {
      state.isDraining = true;
    },
    async close() {
      state.isDraining = true;
      connections.close();
    },
  };
}

function openExchange(req: IncomingMessage, res: ServerResponse<IncomingMessage>): Exchange {
  return {
    req,
    res,
    requestId: requestIdOf(req.headers["x-request-id"]),
    startedAt: performance.now(),
    route: "unknown",
  };
}

function lineOf({ req, requestId, route, startedAt }: Exchange, status: number) {
  const durationMs = Math.round(performance.now() - startedAt);
  return { message: "request" as const, requestId, method: req.method ?? "", route, status, durationMs };
}

/** A request without a Host, or with an address that is no URL, never becomes an exchange. */
function answerUnreadable(cause: unknown): Response {
  const { problem } = problemOf(
    new DomainError("invalid-input", "The request's address or Host header cannot be read.", { cause }),
    requestIdOf(undefined),
  );
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "x-request-id": problem.instance },
  });
}
