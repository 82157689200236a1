import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Waits until somebody takes connections at a port of this machine. */
export async function untilListening(port: number, withinMs = 20_000): Promise<void> {
  for (const until = Date.now() + withinMs; ; await delay(50)) {
    const isTaken = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isTaken) return;
    if (Date.now() > until) throw new Error(`nobody listens at ${port}`);
  }
}
