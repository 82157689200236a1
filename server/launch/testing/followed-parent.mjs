import { followParent } from "../follow-parent.mjs";

// Says its pid and stays until it is told to stop.
followParent();
process.once("SIGTERM", () => {
  process.stdout.write("stopping\n", () => process.exit(0));
});
setInterval(() => undefined, 60_000);
process.stdout.write(`${process.pid}\n`);
