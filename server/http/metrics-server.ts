import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DomainError } from "../domain/errors.ts";
import { answerProblem } from "./answer.ts";
import { boundConnections } from "./connection-bounds.ts";
import type { MetricsPage } from "./metrics-page.ts";
import { problemOf } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Far more than scrape one process, and too few to starve it. */
const MAX_CONNECTIONS = 100;

/** `METRICS_PORT`: `/metrics` and nothing else, so that a firewall can tell who measures from who publishes. */
export async function openMetricsServer(
  page: MetricsPage,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MetricsServer> {
  const server = createServer((req, res) => {
    if (connections.admit(res)) void answer(page, req, res);
  });
  const connections = boundConnections(server, { maxConnections: MAX_CONNECTIONS });
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      connections.destroyAll();
      await closed;
    },
  };
}

async function answer(page: MetricsPage, req: IncomingMessage, res: ServerResponse<IncomingMessage>): Promise<void> {
  const requestId = requestIdOf(req.headers["x-request-id"]);
  const exchange = { req, res, requestId, startedAt: performance.now(), route: "/metrics" };
  try {
    if (!/^\/metrics(\?|$)/.test(req.url ?? "")) {
      throw new DomainError("not-found", "There is nothing at this address but /metrics.");
    }
    if (req.method !== "GET") {
      throw new DomainError("method-not-allowed", "Allowed here: GET.", { facts: { allowed: ["GET"] } });
    }
    await page.answer(exchange);
  } catch (error) {
    answerProblem(exchange, problemOf(error, requestId));
  }
}
