import { generateOpenApiDocument, type OpenAPIObject } from "trpc-to-openapi";
import type { ErrorCode } from "../../domain/errors.ts";
import { appRouter } from "../../trpc/router.ts";
import { consumerPaths } from "./consumer-paths.ts";
import { eventPaths } from "./events-paths.ts";
import { EXAMPLES } from "./examples.ts";
import { healthPaths } from "./health-paths.ts";
import { MEMBER_FRAME_SCHEMAS } from "./member-frames.ts";
import { problemResponses, problemSchema } from "./problems.ts";

/** Refusals of the procedures, by operation; the hand-mounted paths name theirs themselves. */
const REFUSALS: Record<string, readonly ErrorCode[]> = {
  "topics-list": [],
  "topics-get": ["invalid-input", "topic-not-found"],
  "topics-declare": [],
  "topics-remove": ["invalid-input", "topic-not-found", "removal-outdated"],
  "consumers-list": [],
  "consumers-get": ["invalid-input", "consumer-not-found"],
  "consumers-declare": ["topic-not-found", "consumer-not-found", "consumer-exists"],
  "positions-plan": ["consumer-not-found", "topic-not-found"],
  "positions-applyPlan": ["consumer-not-found", "plan-not-found", "plan-outdated"],
  "positions-undo": ["consumer-not-found", "position-change-not-found", "already-undone"],
  "positions-list": ["invalid-input", "consumer-not-found"],
  "accounts-get": ["invalid-input", "consumer-not-found", "queue-full"],
  "accounts-fates": ["invalid-input", "topic-not-found", "event-not-found"],
  "accounts-consumerHistory": ["invalid-input", "consumer-not-found"],
  "accounts-topicHistory": ["invalid-input", "topic-not-found"],
  "accounts-processed": ["invalid-input", "consumer-not-found"],
  "accounts-wait": ["invalid-input", "consumer-not-found", "queue-full"],
  "consumers-pause": ["consumer-not-found"],
  "consumers-resume": ["consumer-not-found"],
  "parked-list": ["invalid-input", "consumer-not-found"],
  "parked-groups": ["invalid-input", "consumer-not-found"],
  "parked-facets": ["invalid-input", "consumer-not-found"],
  "parked-sequence": ["invalid-input", "consumer-not-found"],
  "parked-sequenceByKey": ["invalid-input", "consumer-not-found"],
  "parked-redrive": ["consumer-not-found"],
  "parked-discard": ["consumer-not-found"],
  "parked-restore": ["consumer-not-found"],
  "parked-replay": ["consumer-not-found"],
  "operations-list": ["invalid-input"],
  "operations-get": ["invalid-input", "operation-not-found"],
  "operations-pause": ["invalid-input", "operation-not-found", "operation-over"],
  "operations-resume": ["invalid-input", "operation-not-found", "operation-over"],
  "operations-abort": ["invalid-input", "operation-not-found", "operation-over"],
  "operations-changeRate": ["operation-not-found", "operation-over"],
  "apiKeys-list": [],
  "apiKeys-create": [],
  "apiKeys-rotate": ["not-found"],
  "apiKeys-revoke": ["invalid-input", "not-found"],
  "roles-list": [],
  "roles-put": [],
  "roles-delete": ["invalid-input", "not-found"],
  "roles-people": [],
  "roles-assign": ["not-found"],
  "consumers-remove": ["invalid-input", "consumer-not-found", "removal-outdated"],
  "bin-list": [],
  "bin-restore": ["bin-entry-not-found", "name-taken"],
  "bin-configure": [],
  "alerts-list": ["invalid-input"],
  "alerts-acknowledge": ["not-found"],
  "alerts-rules": [],
  "alerts-putRule": [],
  "alerts-deleteRule": ["invalid-input", "not-found"],
  "alerts-preview": [],
  "state-get": ["invalid-input", "consumer-not-found", "state-entry-not-found"],
  "state-list": ["invalid-input", "consumer-not-found"],
};
/** Procedures that make something new, or change what is there. */
const CREATES = new Set(["topics-declare", "consumers-declare", "roles-put", "alerts-putRule"]);
/** Procedures that start an operation, and answer before it is over. */
const STARTS_OPERATION = new Set(["parked-redrive", "parked-discard", "parked-restore", "parked-replay"]);
/** Procedures that make something new whenever they succeed. */
const ALWAYS_CREATES = new Set(["apiKeys-create"]);
const WITH_BODY: readonly ErrorCode[] = [
  "malformed-json",
  "invalid-utf8",
  "invalid-input",
  "payload-too-large",
  "unsupported-media-type",
];

/** The whole of `/v1`: what the procedures say of themselves, and the hot routes beside them. */
export function openApiDocument(version: string): OpenAPIObject {
  const document = generateOpenApiDocument(appRouter, {
    title: "Millrace",
    description:
      "Topics keep and publish events; consumers keep what a component has settled, and its state. Errors are RFC 9457 problem documents, explained at /docs/problems.",
    version,
    baseUrl: "/v1",
    docsUrl: "/docs",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    tags: [
      "Topics",
      "Events",
      "Consumers",
      "State",
      "Position changes",
      "Parked events",
      "Operations",
      "Accounts",
      "Alerts",
      "Keys",
      "Roles",
      "Bin",
      "Health",
    ],
    securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "An API key's secret." } },
    paths: { ...eventPaths, ...consumerPaths, ...healthPaths },
    defs: { Problem: problemSchema, ...MEMBER_FRAME_SCHEMAS },
  });
  for (const methods of Object.values(document.paths ?? {})) {
    for (const method of ["get", "put", "post", "delete", "patch"] as const) {
      const operation = methods[method];
      if (operation === undefined) continue;
      const id = operation.operationId ?? "";
      operation.security ??= [{ apiKey: [] }];
      const refusals = REFUSALS[id];
      if (refusals === undefined) continue;
      const ok = operation.responses?.["200"];
      if (ok !== undefined && EXAMPLES[id] !== undefined)
        ok.content["application/json"].example = EXAMPLES[id].response;
      const body = operation.requestBody;
      if (body !== undefined && "content" in body && EXAMPLES[id]?.request !== undefined) {
        const json = body.content["application/json"];
        if (json !== undefined) json.example = EXAMPLES[id].request;
      }
      operation.responses = {
        ...(STARTS_OPERATION.has(id)
          ? { "202": { ...ok, description: "Started." } }
          : ALWAYS_CREATES.has(id)
            ? { "201": { ...ok, description: "Created." } }
            : { "200": { ...ok, description: "Done." } }),
        ...(CREATES.has(id) ? { "201": { ...ok, description: "Created." } } : {}),
        ...problemResponses(body === undefined ? refusals : [...WITH_BODY, ...refusals]),
      };
    }
  }
  for (const name of Object.keys(document.components?.schemas ?? {})) {
    if (name.startsWith("error.")) delete document.components?.schemas?.[name];
  }
  return withoutNoise(document) as OpenAPIObject;
}

/** Leaves out what zod adds and nobody reads: the bounds of a safe integer, and a time's pattern beside its format. */
function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (typeof value !== "object" || value === null) return value;
  const isTime = "format" in value && value.format === "date-time";
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, it]) => Math.abs(Number(it)) !== Number.MAX_SAFE_INTEGER && !(isTime && name === "pattern"))
      .map(([name, it]) => [name, withoutNoise(it)]),
  );
}

const HANDLE = Symbol.for("millrace.openapi");

/** Lays the document out for `/docs`: the pages live in a module graph of their own and reach this by the handle. */
export function publishOpenApiDocument(document: OpenAPIObject): void {
  Object.assign(globalThis, { [HANDLE]: document });
}
