import { spawnSync } from "node:child_process";

/** Whether Prometheus' own checker is on this machine (Debian: the package `prometheus`). Says so loudly when it is not. */
export const hasPromtool = isThere();

function isThere(): boolean {
  if (spawnSync("promtool", ["--version"]).error === undefined) return true;
  process.stderr.write("\n  SKIPPED: promtool is not installed, so metrics and rules are not checked by it.\n\n");
  return false;
}

/** All that it says, of a check that went well; throws with it otherwise. */
export function promtool(args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8", timeout: 30_000 });
  const said = `${stdout}${stderr}`.trim();
  if (status !== 0) throw new Error(`promtool ${args.join(" ")} says:\n${said}`);
  return said;
}
