import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "../harness/child.ts";

// The ceiling of publishing over HTTP: node:http reads the whole body and answers as Millrace does, and does nothing else.
const ANSWER = `{"events":[{"id":"0198c0de-0000-7000-8000-000000000000","offset":1234567,"duplicate":false}]}`;

export type NodeHttp = typeof methods;
const methods = serve({
  listen: () =>
    new Promise<number>((resolve) => {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          response.writeHead(201, { "content-type": "application/json", "content-length": ANSWER.length });
          response.end(ANSWER);
        });
      });
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    }),
});
