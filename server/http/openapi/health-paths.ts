import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";

// Health stands beside /v1, not under it, and asks for no key.
const atRoot = { servers: [{ url: "/" }], security: [] };
const health = z.looseObject({ status: z.string() });

export const healthPaths: ZodOpenApiPathsObject = {
  "/healthz": {
    get: {
      ...atRoot,
      operationId: "healthz",
      tags: ["Health"],
      summary: "Whether the process lives",
      responses: { "200": { description: "It lives.", content: { "application/json": { schema: health } } } },
    },
  },
  "/readyz": {
    get: {
      ...atRoot,
      operationId: "readyz",
      tags: ["Health"],
      summary: "Whether it can serve: the database answers and nothing is stopping",
      responses: {
        "200": { description: "Ready.", content: { "application/json": { schema: health } } },
        "503": { description: "Not ready." },
      },
    },
  },
  "/metrics": {
    get: {
      ...atRoot,
      operationId: "metrics",
      tags: ["Health"],
      summary: "Metrics in Prometheus' text format",
      responses: {
        "200": { description: "The metrics.", content: { "text/plain": { schema: { type: "string" } } } },
        "401": { description: "The server has a METRICS_TOKEN, and this is not it." },
        "404": { description: "The server answers it on its METRICS_PORT." },
      },
    },
  },
  "/openapi.json": {
    get: {
      security: [],
      operationId: "openapi",
      tags: ["Health"],
      summary: "This document",
      responses: {
        "200": { description: "OpenAPI 3.1.", content: { "application/json": { schema: { type: "object" } } } },
      },
    },
  },
};
