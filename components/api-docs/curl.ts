import type { ListedOperation } from "./api-document.ts";

const NAMES: Readonly<Record<string, string>> = {
  topic: "payments",
  consumer: "billing",
  member: "billing-1",
  offset: "1",
  key: "paid:order-1",
};

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command that can be pasted: the operation's path and example body, the key from the environment. */
export function curlOf({ method, path, operation }: ListedOperation, origin: string): string {
  const url = `${origin}${path.replace(/\{(\w+)\}/g, (_, name: string) => NAMES[name] ?? name)}`;
  const isStream = operation.responses?.["200"]?.content?.["text/event-stream"] !== undefined;
  const isOnlyStream = isStream && operation.responses?.["200"]?.content?.["application/json"] === undefined;
  const parts = [`curl ${isOnlyStream ? "-N " : ""}${method === "GET" ? "" : `-X ${method} `}${quoted(url)}`];
  if ((operation.security?.length ?? 0) > 0) parts.push(`-H "Authorization: Bearer $MILLRACE_API_KEY"`);
  const body = operation.requestBody?.content["application/json"]?.example;
  if (body !== undefined) {
    parts.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`);
  }
  return parts.join(" \\\n  ");
}
