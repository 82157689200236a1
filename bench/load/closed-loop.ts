import { HttpConnection } from "./http-connection.ts";

export interface LoopResult {
  readonly requestsPerSecond: number;
  /** Answers that were not 201, within and without the window. */
  readonly refused: number;
  readonly firstRefusal: string | null;
}

/**
 * Sends requests over so many connections, each one as soon as the one before it is answered, and counts the answers of
 * a window that opens after a warm-up. An answer counts when it arrives inside the window, whenever it was asked for.
 */
export async function closedLoop(
  port: number,
  requests: readonly Buffer[],
  options: { readonly connections: number; readonly warmUpMs: number; readonly windowMs: number },
): Promise<LoopResult> {
  const connections = await Promise.all(Array.from({ length: options.connections }, () => HttpConnection.open(port)));
  let next = 0;
  let answered = 0;
  let refused = 0;
  let firstRefusal: string | null = null;
  let running = true;
  const loops = connections.map(
    (connection) =>
      new Promise<void>((resolve, reject) => {
        const send = () => {
          if (!running) return resolve();
          const request = requests[next++ % requests.length] as Buffer;
          connection.send(
            request,
            (answer) => {
              answered++;
              if (answer.status !== 201) {
                refused++;
                firstRefusal ??= answer.text().slice(0, 1_000);
              }
              send();
            },
            reject,
          );
        };
        send();
      }),
  );
  const all = Promise.all(loops);
  // A connection that breaks ends the measurement at once, not at the end of the window.
  const wait = (ms: number) => Promise.race([all, new Promise((resolve) => setTimeout(resolve, ms))]);
  await wait(options.warmUpMs);
  const openedAt = performance.now();
  const before = answered;
  await wait(options.windowMs);
  const requestsPerSecond = ((answered - before) * 1000) / (performance.now() - openedAt);
  running = false;
  await all;
  for (const connection of connections) connection.close();
  return { requestsPerSecond, refused, firstRefusal };
}
