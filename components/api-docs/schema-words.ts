import type { ApiSchema } from "./api-document.ts";

/** A schema's type in words: `integer`, `list of string`, `StoredEvent`, `"earliest" or "latest"`. */
export function typeInWords(schema: ApiSchema): string {
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) ?? "";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((it) => JSON.stringify(it)).join(" or ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(typeInWords).join(" or ");
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any JSON"]);
  return types.map((type) => singleType(type, schema)).join(" or ");
}

function singleType(type: string, schema: ApiSchema): string {
  if (type === "array") return schema.items === undefined ? "list" : `list of ${typeInWords(schema.items)}`;
  if (type === "string" && schema.format === "date-time") return "time";
  if (type === "string" && schema.format !== undefined) return schema.format;
  return type;
}

/** The bounds of a value besides its type, such as `1 … 256` or `default 100`. */
export function bounds(schema: ApiSchema): string[] {
  const range = (name: string, low?: number, high?: number): string[] => {
    if (low === undefined && high === undefined) return [];
    if (high === undefined) return [`${name}at least ${low}`];
    if (low === undefined) return [`${name}at most ${high}`];
    return [`${name}${low} … ${high}`];
  };
  return [
    ...range("", schema.minimum, schema.maximum),
    ...range("characters: ", schema.minLength, schema.maxLength),
    ...range("entries: ", schema.minItems, schema.maxItems),
    ...(schema.pattern === undefined ? [] : [`matches ${schema.pattern}`]),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ];
}

/** The schema whose fields are worth showing under this one: of an object, a list's entries, or a reference. */
export function withFields(schema: ApiSchema, known: Readonly<Record<string, ApiSchema>>): ApiSchema | null {
  if (schema.$ref !== undefined) {
    const target = known[schema.$ref.split("/").at(-1) ?? ""];
    return target === undefined ? null : withFields(target, known);
  }
  if (schema.properties !== undefined && Object.keys(schema.properties).length > 0) return schema;
  if (schema.items !== undefined) return withFields(schema.items, known);
  return null;
}
