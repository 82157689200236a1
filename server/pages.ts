import type { IncomingMessage, ServerResponse } from "node:http";
import next from "next";

export interface Pages {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  close(): Promise<void>;
}

/** Next, for the pages alone: everything under /v1 and /api is answered before it. */
export async function preparePages(options: { root: string; isDevelopment: boolean }): Promise<Pages> {
  const app = next({ dev: options.isDevelopment, dir: options.root });
  await app.prepare();
  const handle = app.getRequestHandler();
  return {
    handle(req, res) {
      handle(req, res).catch(() => res.destroy());
    },
    close: () => app.close(),
  };
}
