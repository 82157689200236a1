import { createHash, timingSafeEqual } from "node:crypto";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hono } from "hono";
import { DomainError } from "../domain/errors.ts";
import { answerJson } from "./answer.ts";
import { bearerOf } from "./bearer.ts";
import type { DataPlaneEnv } from "./exchange.ts";
import type { RequestMetrics } from "./request-metrics.ts";

export interface HealthRoutesDeps {
  readonly state: { readonly isDraining: boolean };
  readonly metrics: RequestMetrics;
  /** The bearer token of `/metrics`; absent: `/metrics` answers everybody. */
  readonly metricsToken?: string;
  /** Rejects, soon, with `database-unavailable` while the database cannot be read and written. */
  readonly checkDatabase: () => Promise<void>;
}

/**
 * `/healthz`: the process is up. `/readyz`: it can do its work. Both are open to everybody. `/metrics`: for Prometheus, with
 * the token of `METRICS_TOKEN` where there is one.
 */
export function addHealthRoutes(app: Hono<DataPlaneEnv>, deps: HealthRoutesDeps): void {
  const { state, metrics, metricsToken, checkDatabase } = deps;
  app.get("/healthz", ({ env }) => {
    env.exchange.route = "/healthz";
    return answerJson(env.exchange, 200, '{"status":"up"}');
  });
  app.get("/readyz", async ({ env }) => {
    env.exchange.route = "/readyz";
    if (state.isDraining) {
      throw new DomainError("shutting-down", "The server is shutting down.", { retryAfterSeconds: 1 });
    }
    await checkDatabase();
    return answerJson(env.exchange, 200, '{"status":"ready"}');
  });
  app.get("/metrics", async ({ env }) => {
    const { exchange } = env;
    exchange.route = "/metrics";
    if (metricsToken !== undefined && !isSame(bearerOf(exchange.req) ?? "", metricsToken)) {
      throw new DomainError("unauthenticated", "Send the METRICS_TOKEN of this server as `Authorization: Bearer …`.");
    }
    const text = await metrics.text();
    exchange.res.writeHead(200, { "content-type": metrics.contentType, "x-request-id": exchange.requestId });
    exchange.res.end(text);
    return RESPONSE_ALREADY_SENT;
  });
}

/** In constant time, whatever the lengths. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
