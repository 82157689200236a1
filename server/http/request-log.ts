/** Where the data plane writes its lines: one per request that deserves one, with all there is to know in it. */
export type RequestLog = (level: "info" | "warn" | "error", line: RequestLine) => void;

export interface RequestLine {
  readonly message: "request" | "stream";
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  /** The refusal's code. */
  readonly code?: string;
  readonly error?: unknown;
}
