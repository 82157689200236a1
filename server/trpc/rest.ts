import type { OpenApiMeta } from "trpc-to-openapi";
import { z } from "zod";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { Context } from "./context.ts";
import { appRouter } from "./router.ts";

// Why not trpc-to-openapi's own handler: to accept `?limit=5` it sets `coerce` on the schemas it is given, in place, so
// that from then on every route that shares them takes "5" for 5 and "no" for true. It also matches paths without
// regard to case, leaves them percent-encoded, and lets the path overwrite a field of the body. Its document is used
// (openapi.ts); the requests are read here.

/** Control requests are small: a consumer with 32 topics and full filters stays below this. */
const MAX_BODY_BYTES = 1024 * 1024;

interface RestRoute {
  readonly method: string;
  /** As in the document: `/topics/{topic}`. */
  readonly path: string;
  readonly pattern: RegExp;
  readonly pathFields: readonly string[];
  /** Names of numeric parameters of path and query: text becomes a number only where a number is asked for. */
  readonly numbers: ReadonlySet<string>;
  readonly call: (context: Context, input: unknown) => Promise<unknown>;
}

/** A procedure as tRPC keeps it, under its dotted name; tRPC's types show the routers nested instead. */
interface ProcedureRecord {
  readonly _def: { readonly meta?: OpenApiMeta; readonly inputs: readonly z.ZodType[] };
}
const procedures = appRouter._def.procedures as unknown as Readonly<Record<string, ProcedureRecord>>;

/** The procedures that have a REST form, found by method and path. */
export const restRoutes: readonly RestRoute[] = Object.entries(procedures).flatMap(([name, procedure]) => {
  const { meta, inputs } = procedure._def;
  if (meta?.openapi === undefined) return [];
  const { method, path } = meta.openapi;
  const pathFields = [...path.matchAll(/\{(\w+)\}/g)].map((it) => it[1] ?? "");
  const shape = inputs[0] instanceof z.ZodObject ? inputs[0].shape : {};
  return [
    {
      method,
      path,
      pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "([^/]+)")}$`),
      pathFields,
      numbers: new Set(Object.keys(shape).filter((it) => isNumeric(shape[it]))),
      call: (context: Context, input: unknown) => callProcedure(context, name, input),
    },
  ];
});

function callProcedure(context: Context, name: string, input: unknown): Promise<unknown> {
  let target: unknown = appRouter.createCaller(context);
  for (const part of name.split(".")) target = (target as Record<string, unknown>)[part];
  return (target as (input: unknown) => Promise<unknown>)(input);
}

function isNumeric(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return isNumeric(schema.unwrap());
  return schema instanceof z.ZodNumber;
}

/** Answers a request below `/v1` by the procedure that stands there. Throws what the procedure throws. */
export async function answerRest(request: Request, context: Context): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.replace(/^\/v1/, "");
  const matching = restRoutes.filter((it) => it.pattern.test(path));
  const route = matching.find((it) => it.method === request.method);
  if (route === undefined) {
    if (matching.length === 0) throw new DomainError("not-found", "There is nothing at this address.");
    const allowed = matching.map((it) => it.method);
    throw new DomainError("method-not-allowed", `Allowed here: ${allowed.join(", ")}.`, { facts: { allowed } });
  }
  const fields = pathInput(route, path);
  const rest =
    request.method === "GET" || request.method === "DELETE"
      ? queryInput(route, url.searchParams)
      : await bodyInput(request);
  for (const name of route.pathFields) {
    if (Object.hasOwn(rest, name)) throw invalidField(name, "is not a known field");
  }
  const result = await route.call(context, { ...rest, ...fields });
  return Response.json(result, { status: context.answer.status });
}

function pathInput(route: RestRoute, path: string): Record<string, unknown> {
  const parts = route.pattern.exec(path)?.slice(1) ?? [];
  return Object.fromEntries(
    route.pathFields.map((name, index) => {
      try {
        return [name, numberOr(decodeURIComponent(parts[index] ?? ""), route.numbers.has(name))];
      } catch (cause) {
        throw new DomainError("invalid-input", `${name}: is not percent-encoded UTF-8`, {
          fields: [{ field: name, message: "is not percent-encoded UTF-8" }],
          cause,
        });
      }
    }),
  );
}

function queryInput(route: RestRoute, query: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const [value = "", ...more] = query.getAll(name);
      if (more.length > 0) throw invalidField(name, "must be given once");
      return [name, numberOr(value, route.numbers.has(name))];
    }),
  );
}

/** Text that is not a number stays as it is: the schema refuses it by name. */
function numberOr(text: string, isNumber: boolean): unknown {
  return isNumber && /^-?\d{1,16}$/.test(text) ? Number(text) : text;
}

async function bodyInput(request: Request): Promise<Record<string, unknown>> {
  const bytes = await boundedBody(request);
  if (bytes.length === 0) return {};
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new DomainError("unsupported-media-type", "Send application/json.", {
      facts: { accepted: ["application/json"] },
    });
  }
  const body = parseJson(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new DomainError("invalid-input", "The body must be a JSON object.", {
      fields: [{ field: "", message: "must be a JSON object" }],
    });
  }
  return body as Record<string, unknown>;
}

function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DomainError("invalid-utf8", "The body is not valid UTF-8.", { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError("malformed-json", `The body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

async function boundedBody(request: Request): Promise<Uint8Array> {
  const tooLarge = (): DomainError =>
    new DomainError("payload-too-large", `The body is larger than ${MAX_BODY_BYTES} bytes.`, {
      facts: { maxBytes: MAX_BODY_BYTES },
    });
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
