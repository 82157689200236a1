import { serve } from "../harness/child.ts";
import { closedLoop } from "../load/closed-loop.ts";
import { plainBatch, plainEvent } from "../load/events.ts";
import { HttpConnection, type HttpTarget, renderRequest } from "../load/http-connection.ts";

interface Publishing {
  readonly target: HttpTarget;
  readonly path: string;
}

// Distinct keys and data without rendering anything while the clock runs.
const DISTINCT_SINGLES = 1_000;
const DISTINCT_BATCHES = 16;

export type HttpLoad = typeof methods;
const methods = serve({
  /** Single events over many connections. */
  singles: ({ target, path, ...options }: Publishing & { connections: number; warmUpMs: number; windowMs: number }) => {
    const requests = Array.from({ length: DISTINCT_SINGLES }, (_, i) => renderRequest(target, path, plainEvent(i)));
    return closedLoop(target.port, requests, options);
  },

  /** Batches over several connections; the rate is of requests. */
  batches: ({
    target,
    path,
    size,
    ...options
  }: Publishing & { size: number; connections: number; warmUpMs: number; windowMs: number }) => {
    const requests = Array.from({ length: DISTINCT_BATCHES }, (_, i) =>
      renderRequest(target, path, plainBatch(i * size, size)),
    );
    return closedLoop(target.port, requests, options);
  },

  /** Publishes exactly so many events in batches, as fast as it goes. */
  fill: async ({ target, path, events, size, connections }: Publishing & Filling) => {
    let left = Math.ceil(events / size);
    const request = renderRequest(target, path, plainBatch(0, size));
    const last = events % size === 0 ? request : renderRequest(target, path, plainBatch(0, events % size));
    const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(target.port)));
    await Promise.all(
      open.map(async (connection) => {
        while (left > 0) {
          left--;
          const answer = await connection.request(left === 0 ? last : request);
          if (answer.status !== 201) throw new Error(answer.text().slice(0, 1_000));
        }
        connection.close();
      }),
    );
  },

  /** One event after the other over one connection: the milliseconds each took. */
  sequential: async ({ target, path, count }: Publishing & { count: number }) => {
    const connection = await HttpConnection.open(target.port);
    const latencies = new Float64Array(count);
    const requests = Array.from({ length: count }, (_, i) => renderRequest(target, path, plainEvent(i)));
    for (const [i, request] of requests.entries()) {
      const sentAt = performance.now();
      const answer = await connection.request(request);
      latencies[i] = performance.now() - sentAt;
      if (answer.status !== 201) throw new Error(answer.text().slice(0, 1_000));
    }
    connection.close();
    return latencies;
  },
});

interface Filling {
  readonly events: number;
  readonly size: number;
  readonly connections: number;
}
