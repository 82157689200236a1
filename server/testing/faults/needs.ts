import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What a test takes that not every machine has. */
export type Need = "nginx" | "pgbouncer" | "strace" | "faketime" | "root";

const FAKETIME = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/** Why a test cannot be tried here, in a sentence; null when it can. */
export function missing(needs: readonly Need[]): string | null {
  for (const need of needs) {
    if (need === "root") {
      if (process.getuid?.() !== 0) return "it mounts a small file system, which only root may";
    } else if (need === "faketime") {
      if (faketimeLibrary() === null) return "libfaketime is not installed (Debian: libfaketime)";
    } else if (programPath(need) === null) return `${need} is not installed (Debian: ${need})`;
  }
  return null;
}

export function faketimeLibrary(): string | null {
  return FAKETIME.find((path) => existsSync(path)) ?? null;
}

export function programPath(name: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
