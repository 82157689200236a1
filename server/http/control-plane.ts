import type { IncomingMessage, ServerResponse } from "node:http";
import { isDeepStrictEqual } from "node:util";
import type { TRPCError } from "@trpc/server";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";

import type { Access } from "../auth/access.ts";
import type { Identity } from "../auth/identity.ts";
import { headersOf, isSecureRequest, requestOf, sendResponse } from "../auth/node-request.ts";
import type { Scope } from "../contract/api-keys.ts";
import type { AccessScope } from "../domain/access.ts";
import { DomainError } from "../domain/errors.ts";
import { asRefusal } from "../engine/database-unavailable.ts";
import type { TopicReader } from "../engine/topics/log.ts";
import { getOverview } from "../services/insight/get-overview.ts";
import type { Services } from "../services/services.ts";
import type { Context } from "../trpc/context.ts";
import { domainErrorOf, trpcErrorOf } from "../trpc/error-shape.ts";
import { createLive } from "../trpc/live/live.ts";
import { answerRest } from "../trpc/rest.ts";
import { appRouter } from "../trpc/router.ts";
import { openApiDocument, publishOpenApiDocument } from "./openapi/document.ts";
import { guardOrigin, requireJson } from "./origin-guard.ts";
import { problemResponse } from "./problem-response.ts";
import { ClientGone, readBody } from "./read-body.ts";
import { requestIdOf } from "./request-id.ts";

export interface ControlPlaneDeps {
  readonly services: Services;
  readonly access: Access;
  /** Joins the reader of a topic by its name; throws `topic-not-found`. */
  readonly openReader: (topic: string) => Promise<TopicReader>;
  readonly version: string;
  readonly onError: (error: unknown) => void;
  /** Live streams of one person, all tabs together; one more is refused with `too-many-streams`. */
  readonly maxLiveStreams?: number;
  /** How long a live stream may outlive its session, or a change of its person's roles. */
  readonly sessionCheckMs?: number;
}

interface Asking {
  readonly headers: Headers;
  readonly isSecure: boolean;
  readonly scopes: readonly AccessScope[];
}

export interface ControlPlane {
  /** Everything under `/api/`: tRPC and sign-in. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** Answers everything under `/v1` that is not mounted by hand. Refusals are problem documents. */
  rest(request: Request, asking: { identity: Identity | null; requestId: string }): Promise<Response>;
  /** Ends the live streams, so that their tabs connect again elsewhere. */
  close(): void;
}

const MAX_TRPC_BODY_BYTES = 1024 * 1024;
/** Calls in a batch, at most. A batch is one request for whoever counts, and a query per name for the database. */
const MAX_TRPC_BATCH = 20;
const MAX_AUTH_BODY_BYTES = 64 * 1024;
const SESSION_CHECK_MS = 5_000;
/** Far more tabs than anybody keeps open, and few enough that a script with a session cannot take the server up. */
const MAX_LIVE_STREAMS = 32;
/** Of the key that the first administrator is given for his first steps: all but giving out keys. */
const FIRST_KEY: readonly Scope[] = (["publish", "read", "consume", "operate"] as const).map((action) => ({
  action,
  pattern: "*",
}));
const NEVER = new AbortController().signal;

export function createControlPlane(deps: ControlPlaneDeps): ControlPlane {
  const { services, access, onError } = deps;
  const startedAt = new Date().toISOString();
  const live = createLive({ services, openReader: deps.openReader, onError });
  const streams = new Set<ServerResponse>();
  const streamsOf = new Map<string, number>();
  const { maxLiveStreams = MAX_LIVE_STREAMS, sessionCheckMs = SESSION_CHECK_MS } = deps;
  const document = openApiDocument(deps.version);
  publishOpenApiDocument(document);

  const shared = {
    services,
    live,
    asRefusal,
    getOverview: getOverview(services),
    environment: () => access.environment(),
    systemInfo: async () => ({ environment: await access.environment(), version: deps.version, startedAt }),
    setup: {
      isNeeded: async () => !(await access.isSetUp()),
      create: async (request, requestId) => {
        const person = await access.createFirstPerson({ ...request, requestId });
        const actor = { name: `person:${person.email}`, requestId };
        return { person, apiKey: await services.createApiKey({ name: "First key", scopes: FIRST_KEY, actor }) };
      },
    },
  } satisfies Partial<Context>;

  /** The person of a session and what he may do at this moment. */
  async function askedBy({ headers, isSecure }: Pick<Asking, "headers" | "isSecure">) {
    const person = await access.people.personOf(headers, isSecure);
    return { person, scopes: person === null ? [] : await access.scopesOf(person.id) };
  }

  /** Aborts when the session that opened the stream is gone. A database that is away ends nobody's session. */
  function sessionSignal(asking: Asking, res: ServerResponse): AbortSignal {
    const end = new AbortController();
    const timer = setInterval(() => {
      askedBy(asking)
        .then(({ person, scopes }) => {
          if (person === null) end.abort();
          // The tab connects again, and is told what its person may see now.
          else if (!isDeepStrictEqual(scopes, asking.scopes)) res.destroy();
        })
        .catch(onError);
    }, sessionCheckMs);
    streams.add(res);
    res.once("close", () => {
      clearInterval(timer);
      streams.delete(res);
    });
    return end.signal;
  }

  /** Throws `too-many-streams`. */
  function takeStream(personId: string, res: ServerResponse): void {
    const count = streamsOf.get(personId) ?? 0;
    if (count >= maxLiveStreams) {
      throw new DomainError("too-many-streams", `You have ${maxLiveStreams} pages open already; close some.`, {
        facts: { maxStreams: maxLiveStreams },
        retryAfterSeconds: 5,
      });
    }
    streamsOf.set(personId, count + 1);
    res.once("close", () => {
      const left = (streamsOf.get(personId) ?? 1) - 1;
      if (left === 0) streamsOf.delete(personId);
      else streamsOf.set(personId, left);
    });
  }

  async function contextOf(req: IncomingMessage, res: ServerResponse, isStream: boolean): Promise<Context> {
    guardOrigin(req);
    requireJson(req);
    const headers = headersOf(req);
    const isSecure = isSecureRequest(req);
    const { person, scopes } = await askedBy({ headers, isSecure }).catch((error: unknown) => {
      throw asRefusal(error);
    });
    if (isStream && person !== null) takeStream(person.id, res);
    const signal = isStream ? sessionSignal({ headers, isSecure, scopes }, res) : NEVER;
    return {
      ...shared,
      ...askedOnce(shared),
      identity: null,
      person,
      scopes,
      requestId: requestIdFor(req, res),
      signal,
      answer: { status: 200 },
    };
  }

  function trpc(req: IncomingMessage, res: ServerResponse, path: string): void {
    // A proxy that holds back what it is sent would hold back a live stream for ever.
    res.setHeader("x-accel-buffering", "no");
    void nodeHTTPRequestHandler<typeof appRouter, IncomingMessage, ServerResponse>({
      router: appRouter,
      req,
      res,
      path,
      maxBodySize: MAX_TRPC_BODY_BYTES,
      responseMeta: ({ errors }) => ({ headers: retryAfterOf(errors) }),
      maxBatchSize: MAX_TRPC_BATCH,
      createContext: async ({ info }) => {
        try {
          return await contextOf(
            req,
            res,
            info.calls.some((it) => it.procedure?._def.type === "subscription"),
          );
        } catch (error) {
          throw error instanceof DomainError ? trpcErrorOf(error) : error;
        }
      },
      onError: ({ error }) => {
        if (domainErrorOf(error).code === "internal") onError(error.cause ?? error);
      },
    });
  }

  async function signIn(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      guardOrigin(req);
      await sendResponse(
        res,
        await access.people.handle(requestOf(req, await readBody(req, { maxBytes: MAX_AUTH_BODY_BYTES }))),
      );
    } catch (error) {
      if (error instanceof ClientGone) return;
      await sendResponse(res, problemResponse(error, requestIdFor(req, res), onError));
    }
  }

  return {
    handle(req, res) {
      const path = new URL(req.url ?? "/", "http://localhost").pathname;
      requestIdFor(req, res);
      if (path.startsWith("/api/trpc/")) trpc(req, res, path.slice("/api/trpc/".length));
      else if (path.startsWith("/api/auth/")) void signIn(req, res).catch(onError);
      else {
        const error = new DomainError("not-found", "There is nothing at this address.");
        void sendResponse(res, problemResponse(error, requestIdFor(req, res), onError)).catch(onError);
      }
    },
    async rest(request, { identity, requestId }) {
      if (request.method === "GET" && new URL(request.url).pathname === "/v1/openapi.json")
        return Response.json(document);
      // Nothing here outlives a minute, so the caller's going away is the end that matters, not that of his key.
      const { signal } = request;
      try {
        return await answerRest(request, {
          ...shared,
          identity,
          person: null,
          scopes: identity?.scopes ?? [],
          requestId,
          signal,
          answer: { status: 200 },
        });
      } catch (error) {
        return problemResponse(error, requestId, onError);
      }
    },
    close() {
      for (const res of streams) res.destroy();
    },
  };
}

/** A question that needs no signing in costs one query a request, however often a batch names it. */
function askedOnce({ environment, setup }: Pick<Context, "environment" | "setup">) {
  let answered: ReturnType<Context["environment"]> | undefined;
  let needed: ReturnType<Context["setup"]["isNeeded"]> | undefined;
  return {
    environment: () => {
      answered ??= environment();
      return answered;
    },
    setup: {
      ...setup,
      isNeeded: () => {
        needed ??= setup.isNeeded();
        return needed;
      },
    },
  };
}

/** A batch is as long in coming back as the slowest of it. */
function retryAfterOf(errors: readonly TRPCError[]): Record<string, string> {
  const seconds = errors.map((it) => domainErrorOf(it).details.retryAfterSeconds ?? 0);
  const longest = Math.max(0, ...seconds);
  return longest === 0 ? {} : { "retry-after": String(Math.ceil(longest)) };
}

function requestIdFor(req: IncomingMessage, res: ServerResponse): string {
  const present = res.getHeader("x-request-id");
  if (typeof present === "string") return present;
  const id = requestIdOf(req.headers["x-request-id"]);
  res.setHeader("x-request-id", id);
  return id;
}
