interface Call {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  /** JSON text, as it is to be sent. */
  readonly json?: string;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The origin this page came from; a placeholder while rendered on the server. */
const origin = (): string => (typeof window === "undefined" ? "http://localhost:3000" : window.location.origin);

/** A call that can be pasted into a shell; `$MILLRACE_API_KEY` holds the key unless one is given. */
export function curl({ method, path, json }: Call, apiKey = "$MILLRACE_API_KEY"): string {
  const lines = [`curl -sS${method === "GET" ? "" : ` -X ${method}`} ${quoted(`${origin()}${path}`)}`];
  lines.push(`-H "Authorization: Bearer ${apiKey}"`);
  if (json !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${quoted(json)}`);
  return lines.join(" \\\n  ");
}
