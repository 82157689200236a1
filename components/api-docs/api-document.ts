/** As much of an OpenAPI 3.1 document as the reference shows. */
export interface ApiSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ApiSchema;
  readonly items?: ApiSchema;
  readonly anyOf?: readonly ApiSchema[];
  readonly oneOf?: readonly ApiSchema[];
}

export interface ApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: ApiSchema;
}

export type ApiContent = Readonly<Record<string, { readonly schema?: ApiSchema; readonly example?: unknown }>>;

export interface ApiOperation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly servers?: readonly { readonly url: string }[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: ApiContent };
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: ApiContent }>>;
}

export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, ApiSchema>> };
}

export interface ListedOperation {
  readonly id: string;
  readonly method: string;
  /** With what stands before it: `/v1/topics/{topic}`. */
  readonly path: string;
  readonly operation: ApiOperation;
}

export interface ApiGroup {
  readonly tag: string;
  /** The group's part of an address: `position-changes`. */
  readonly slug: string;
  readonly operations: readonly ListedOperation[];
}

const METHODS = ["get", "put", "post", "patch", "delete"];

/** The operations under each tag, in the document's order. */
export function operationsByTag(document: ApiDocument): ApiGroup[] {
  const all = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const operation = methods[method];
      if (operation === undefined) return [];
      const prefix = operation.servers?.[0]?.url === "/" ? "" : "/v1";
      const id = operation.operationId ?? `${method}-${path}`;
      return [{ id, method: method.toUpperCase(), path: `${prefix}${path}`, operation }];
    }),
  );
  return (document.tags ?? []).map(({ name }) => ({
    tag: name,
    slug: name.toLowerCase().replaceAll(" ", "-"),
    operations: all.filter((it) => it.operation.tags?.[0] === name),
  }));
}

const HANDLE = Symbol.for("millrace.openapi");

/**
 * The server's document, which it lays out on `globalThis` before the first page is asked for: pages live in a module
 * graph of their own and never import the server's. Null in a build.
 */
export function servedDocument(): ApiDocument | null {
  return (Reflect.get(globalThis, HANDLE) as ApiDocument | undefined) ?? null;
}
