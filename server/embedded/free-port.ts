import { createServer } from "node:net";

/** The wanted port of 127.0.0.1 when nobody has it, else any free one. */
export async function freePort(wanted: number): Promise<number> {
  const port = (await bind(wanted)) ?? (await bind(0));
  if (port === null) throw new Error("There is no free port on 127.0.0.1.");
  return port;
}

function bind(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(null));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : null));
    });
  });
}
