import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpBindings } from "@hono/node-server";

/** One request on its way through the data plane. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse<IncomingMessage>;
  readonly requestId: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** The route's pattern, for the log and the metrics; never the path, which callers make up. */
  route: string;
}

/** The things that Hono carries for every request. */
export interface DataPlaneEnv {
  Bindings: HttpBindings & { exchange: Exchange };
}
