import { z } from "zod";
import { LIMITS } from "./contract/limits.ts";
import { StartupError } from "./startup-error.ts";

const wholeNumber = (min: number, max: number) => z.coerce.number("must be a number").int().min(min).max(max);

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" });

/** Everything that is configured from outside, and its defaults. Listed in the README. */
const environmentSchema = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATA_DIR: z.string().min(1).default(".data"),
  /** Absent: the embedded PostgreSQL, in DATA_DIR. */
  DATABASE_URL: postgresUrl.optional(),
  /** Migrates at start, and grants the role of DATABASE_URL what serving takes. Absent: DATABASE_URL does both. */
  DATABASE_OWNER_URL: postgresUrl.optional(),
  DATABASE_CONNECTIONS: wholeNumber(4, 500).default(20),
  MILLRACE_ADMIN_EMAIL: z.email().optional(),
  MILLRACE_ADMIN_PASSWORD: z.string().min(8, "must be at least 8 characters").optional(),
  MILLRACE_API_KEY: z.string().min(16, "must be at least 16 characters").optional(),
  /** Absent: `/metrics` answers everybody. */
  METRICS_TOKEN: z.string().min(16, "must be at least 16 characters").optional(),
  /** `/metrics` is answered on this port of HOST, and not on PORT. */
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  MAX_EVENT_BYTES: wholeNumber(1_024, 16 * 1024 * 1024).default(LIMITS.maxEventBytes),
  LOG_LEVEL: z.enum(["error", "warn", "info", "debug"]).default("info"),
});

export type Environment = z.infer<typeof environmentSchema>;

/** Parses the variables of a process; throws one readable sentence per variable that is wrong. */
export function parseEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  // An empty variable means an absent one: compose files and CI systems cannot unset.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  requireNoBlankEnds(given);
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new StartupError(`The configuration is wrong:\n${lines.join("\n")}`);
  }
  const { MILLRACE_ADMIN_EMAIL: email, MILLRACE_ADMIN_PASSWORD: password } = parsed.data;
  if ((email === undefined) !== (password === undefined)) {
    throw new StartupError(
      "The configuration is wrong:\n  give MILLRACE_ADMIN_EMAIL and MILLRACE_ADMIN_PASSWORD together",
    );
  }
  if (parsed.data.DATABASE_OWNER_URL !== undefined && parsed.data.DATABASE_URL === undefined) {
    throw new StartupError("The configuration is wrong:\n  DATABASE_OWNER_URL goes with a DATABASE_URL");
  }
  const { PORT, METRICS_PORT } = parsed.data;
  if (METRICS_PORT !== undefined && METRICS_PORT !== 0 && METRICS_PORT === PORT) {
    throw new StartupError("The configuration is wrong:\n  METRICS_PORT: must be another than PORT");
  }
  return parsed.data;
}

/**
 * A line feed at the end of a secret (`echo secret > file`, a CRLF in an .env) can never be sent in a header, and makes a
 * password another. Cut off in silence it would be another value than the one that was given: it is refused.
 */
function requireNoBlankEnds(given: Readonly<Record<string, string | undefined>>): void {
  const names = Object.keys(environmentSchema.shape).filter((name) => given[name] !== given[name]?.trim());
  if (names.length === 0) return;
  const lines = names.map((name) => `  ${name}: begins or ends in white space`);
  throw new StartupError(`The configuration is wrong:\n${lines.join("\n")}`);
}
