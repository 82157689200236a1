import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hono } from "hono";
import { DomainError } from "../domain/errors.ts";
import { answerJson } from "./answer.ts";
import type { DataPlaneEnv } from "./exchange.ts";
import type { RequestMetrics } from "./request-metrics.ts";

export interface HealthRoutesDeps {
  readonly state: { readonly isDraining: boolean };
  readonly metrics: RequestMetrics;
  /** Rejects, soon, with `database-unavailable` while the database cannot be read and written. */
  readonly checkDatabase: () => Promise<void>;
}

/** `/healthz`: the process is up. `/readyz`: it can do its work. `/metrics`: for Prometheus. Open to everybody. */
export function addHealthRoutes(app: Hono<DataPlaneEnv>, { state, metrics, checkDatabase }: HealthRoutesDeps): void {
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
    const text = await metrics.text();
    exchange.res.writeHead(200, { "content-type": metrics.contentType, "x-request-id": exchange.requestId });
    exchange.res.end(text);
    return RESPONSE_ALREADY_SENT;
  });
}
