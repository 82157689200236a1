import { expect, it } from "vitest";
import type { FiguresReading } from "../engine/insight/database-figures.ts";
import type { Exchange } from "./exchange.ts";
import { MetricsPage } from "./metrics-page.ts";
import { RequestMetrics } from "./request-metrics.ts";

const VITALS = {
  connections: { used: 0, idle: 0, waiting: 0 },
  members: 0,
  inFlight: 0,
  inFlightOf: new Map(),
  attemptsOf: new Map(),
  settlementsQueued: 0,
  eventsQueued: 0,
  wakeups: { sent: 0, received: 0, isListening: true },
};

async function ask(page: MetricsPage): Promise<string> {
  let text = "";
  const res = {
    writeHead: () => undefined,
    end(body: string) {
      text = body;
    },
  };
  await page.answer({ req: { headers: {} }, res, requestId: "r1" } as unknown as Exchange);
  return text;
}

it("a page is written once for all who ask meanwhile, and anew for who asks after that", async () => {
  let reads = 0;
  const held: ((reading: FiguresReading) => void)[] = [];
  const page = new MetricsPage({
    requests: new RequestMetrics({ streamsOpen: () => 0, streamsOpened: () => 0 }),
    figures: {
      read() {
        reads += 1;
        return new Promise((resolve) => held.push(resolve));
      },
    },
    vitals: () => VITALS,
  });
  const asked = Array.from({ length: 100 }, () => ask(page));
  await expect.poll(() => held.length).toBe(1);
  held[0]?.({ isDatabaseUp: true, figures: null, ageSeconds: 0 });
  const texts = new Set(await Promise.all(asked));
  expect([reads, texts.size]).toEqual([1, 1]);
  const after = ask(page);
  await expect.poll(() => held.length).toBe(2);
  held[1]?.({ isDatabaseUp: false, figures: null, ageSeconds: 0 });
  expect(await after).toContain("millrace_database_up 0");
});
