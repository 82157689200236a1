import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hono } from "hono";
import { DomainError } from "../domain/errors.ts";
import { answerJson } from "./answer.ts";
import type { DataPlaneEnv } from "./exchange.ts";
import type { MetricsPage } from "./metrics-page.ts";

export interface HealthRoutesDeps {
  readonly state: { readonly isDraining: boolean };
  /** Null: `/metrics` is answered on a port of its own, and not here. */
  readonly metricsPage: MetricsPage | null;
  /** Rejects, soon, with `database-unavailable` while the database cannot be read and written. */
  readonly checkDatabase: () => Promise<void>;
}

/** `/healthz`: the process is up. `/readyz`: it can do its work. Both are open to everybody. `/metrics`: for Prometheus. */
export function addHealthRoutes(app: Hono<DataPlaneEnv>, deps: HealthRoutesDeps): void {
  const { state, metricsPage, checkDatabase } = deps;
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
    if (metricsPage === null) throw new DomainError("not-found", "/metrics is answered on a port of its own.");
    await metricsPage.answer(exchange);
    return RESPONSE_ALREADY_SENT;
  });
}
