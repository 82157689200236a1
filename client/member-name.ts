import { randomId } from "./random-id.ts";

interface NodeProcess {
  readonly pid?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly getBuiltinModule?: (name: string) => { hostname?: () => string } | undefined;
}

/**
 * A name that no other process has: two under one name are refused. Host and process, where they are known, tell an
 * operator which one it is.
 */
export function madeUpName(): string {
  const { process } = globalThis as { process?: NodeProcess };
  const host = hostOf(process).replace(/[^\w.-]/g, "");
  const parts = [host === "" ? "member" : host.slice(0, 64), process?.pid, randomId().slice(0, 8)];
  return parts.filter((it) => it !== undefined).join("-");
}

/** Without an import, which browsers would stumble over. Some runtimes have the function and refuse to be asked. */
function hostOf(process: NodeProcess | undefined): string {
  try {
    return process?.getBuiltinModule?.("node:os")?.hostname?.() ?? process?.env?.HOSTNAME ?? "";
  } catch {
    return "";
  }
}
