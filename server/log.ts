export type LogLevel = "error" | "warn" | "info" | "debug";

/** One JSON line per entry on standard error. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const RANK: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

export function createLog(level: LogLevel, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  return (entryLevel, message, fields) => {
    if (RANK[entryLevel] > RANK[level]) return;
    const at = new Date().toISOString();
    write(`${JSON.stringify({ at, level: entryLevel, message, ...fields }, plainError)}\n`);
  };
}

function plainError(_key: string, value: unknown): unknown {
  return value instanceof Error
    ? { name: value.name, message: value.message, stack: value.stack, cause: value.cause }
    : value;
}
