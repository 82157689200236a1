import { execFileSync } from "node:child_process";
import { StartupError } from "../startup-error.ts";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NAME = "postgres";

/** PostgreSQL refuses to run as root: then it runs as the account `postgres`, created when missing. Null = as we are. */
export function accountForPostgres(): Account | null {
  if (process.getuid?.() !== 0) return null;
  return lookUp() ?? create();
}

function lookUp(): Account | null {
  const id = (flag: string) => Number(execFileSync("id", [flag, NAME], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return null;
  }
}

function create(): Account {
  let cause: unknown;
  try {
    // A system account: systemd removes the shared memory of other accounts when their last session ends.
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    cause = error;
  }
  const account = lookUp();
  if (account !== null) return account;
  throw new StartupError(
    `PostgreSQL does not run as root, and the account "${NAME}" could not be created. Create it, start Millrace as another account, or set DATABASE_URL.`,
    { cause },
  );
}
